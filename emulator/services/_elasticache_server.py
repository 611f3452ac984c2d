"""The server behind a replication group: who may log in, and what the parameters are to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from emulator import valkey
from emulator.loopback import loopback
from emulator.services._elasticache import Thing, get
from emulator.services.elasticache_settings import PARAMETERS, parameter_group

# https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ClientConfig.RestrictedCommands.html, and what would let a
# client change the users of a group.
_RESTRICTED = (
    *("acl|deluser", "acl|load", "acl|save", "acl|setuser", "bgrewriteaof", "bgsave", "config", "debug", "migrate"),
    *("module", "psync", "replicaof", "save", "shutdown", "slaveof", "sync"),
)
_EVERYTHING = "on ~* &* +@all"
# What only AWS has, and what the bundled program is built without.
_NOT_THE_SERVERS = frozenset({"activedefrag", "cluster-enabled", "reserved-memory-percent"})
# Bytes; a node of another type has no limit here.
# https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/ParameterGroups.Engine.html#ParameterGroups.Redis.NodeSpecific
_MAXMEMORY = {
    "cache.t3.micro": 536870912,
    "cache.t3.small": 1471026299,
    "cache.t3.medium": 3317862236,
    "cache.t4g.micro": 536870912,
    "cache.t4g.small": 1471026299,
    "cache.t4g.medium": 3317862236,
}


def serve(backend: Any, group: Thing) -> None:
    """Give a new group its server, where there is a program for one."""
    if loopback.ca_file is not None and valkey.program():
        encrypted = group["TransitEncryptionEnabled"]
        group["_server"] = valkey.Server(encrypted, lambda: _settings(backend, group), lambda: _users(backend, group))


def _settings(backend: Any, group: Thing) -> Mapping[str, str]:
    asked = parameter_group(backend, group["_parameter_group"])["_values"]
    values = {name: asked.get(name, default) for name, (default, _allowed, _immediate) in PARAMETERS.items()}
    reserved = int(values["reserved-memory-percent"])
    usable = _MAXMEMORY.get(group["CacheNodeType"], 0) * (100 - reserved) // 100
    return {
        **{name: value for name, value in values.items() if name not in _NOT_THE_SERVERS},
        "maxmemory": str(usable),
    }


def _users(backend: Any, group: Thing) -> Mapping[str, str]:
    """The rules of each user by its name. Without user groups everybody is `default`, with the AUTH token if any."""
    if not group["UserGroupIds"]:
        return {"default": _rules(_EVERYTHING, group["_tokens"], free=not group["_tokens"])}
    users = [
        get(backend, "users", user_id)
        for name in group["UserGroupIds"]
        for user_id in get(backend, "user_groups", name)["UserIds"]
    ]
    told = {
        user["UserName"]: _rules(
            user["AccessString"], user["_passwords"], free=user["Authentication"]["Type"] == "no-password"
        )
        for user in users
    }
    return {"default": "off -@all", **told}


def _rules(access: str, passwords: list[str], *, free: bool) -> str:
    """Who logs in by IAM has no password, so that nobody can: there are no tokens to check here."""
    words = ["nopass"] if free else [f"#{password}" for password in passwords]
    return " ".join([*words, access, *(f"-{command}" for command in _RESTRICTED)])
