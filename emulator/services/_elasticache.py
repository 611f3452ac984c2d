"""What the extensions of ElastiCache share: their state, ARNs, tags and errors.

Everything is kept as a dict in the spelling of the API's answers, so that an answer is the thing itself.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from moto.core.responses import ActionResult, PaginatedResult

from emulator import delays
from emulator.protocol import AwsError
from emulator.services._common import state_of

API = "https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference"
GUIDE = "https://docs.aws.amazon.com/AmazonElastiCache/latest/dg"

Thing = dict[str, Any]

# Kind: the part of the ARN, and the error's code and words when there is none.
_KINDS = {
    "groups": ("replicationgroup", "ReplicationGroupNotFoundFault", "ReplicationGroup {} not found."),
    "parameter_groups": ("parametergroup", "CacheParameterGroupNotFound", "CacheParameterGroup {} not found."),
    "snapshots": ("snapshot", "SnapshotNotFoundFault", "Snapshot {} not found."),
    "subnet_groups": ("subnetgroup", "CacheSubnetGroupNotFoundFault", "Cache Subnet Group {} does not exist."),
    "user_groups": ("usergroup", "UserGroupNotFound", "User group {} not found."),
    "users": ("user", "UserNotFound", "User {} not found."),
}


def things(backend: Any, kind: str) -> dict[str, Thing]:
    """All of one kind, by name."""
    held: dict[str, Thing] = state_of(backend, f"elasticache_{kind}", dict)
    return held


def tags(backend: Any) -> dict[str, dict[str, str]]:
    """The tags of everything, by ARN."""
    held: dict[str, dict[str, str]] = state_of(backend, "elasticache_tags", dict)
    return held


def arn(backend: Any, kind: str, name: str) -> str:
    return f"arn:aws:elasticache:{backend.region_name}:{backend.account_id}:{_KINDS[kind][0]}:{name}"


def get(backend: Any, kind: str, name: str) -> Thing:
    found = things(backend, kind).get(name.lower())
    if found is None:
        _part, code, words = _KINDS[kind]
        raise AwsError(code, words.format(name), 404)
    return found


def add(backend: Any, kind: str, name: str, thing: Thing, params: Mapping[str, Any], exists: str) -> Thing:
    """Keeps a new thing with its ARN and the tags of the request; ``exists`` is the error's code when there is one."""
    if name in things(backend, kind):
        raise AwsError(exists, f"{name} already exists.")
    things(backend, kind)[name] = thing
    thing["ARN"] = arn(backend, kind, name)
    tags(backend)[thing["ARN"]] = {tag["Key"]: tag.get("Value", "") for tag in params.get("Tags") or ()}
    return thing


def remove(backend: Any, kind: str, name: str) -> None:
    thing = things(backend, kind).pop(name, None)
    if thing:
        tags(backend).pop(thing["ARN"], None)


def shown(thing: Thing) -> Thing:
    """A thing without what AWS does not tell, whose names begin with an underscore."""
    return {key: value for key, value in thing.items() if not key.startswith("_")}


def refresh_servers(backend: Any) -> None:
    """Tell the real servers that users or parameters have changed."""
    for group in things(backend, "groups").values():
        if server := group.get("_server"):
            server.refresh()


def listed(backend: Any, kind: str, name: str | None) -> list[Thing]:
    return [get(backend, kind, name)] if name else list(things(backend, kind).values())


def answer(**members: Any) -> ActionResult:
    return ActionResult(copy.deepcopy(members))


def pages(**members: Any) -> PaginatedResult:
    return PaginatedResult(copy.deepcopy(members))


def settle(key: str, thing: Thing, status: str, then: str, done: Callable[[], None] | None = None) -> None:
    """Puts a thing in ``status`` now and in ``then`` when the delay of ``key`` is over."""
    thing["Status"] = status

    def finish() -> None:
        thing["Status"] = then
        if done:
            done()

    delays.schedule(key, finish)


def invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValue", message)


def combination(message: str) -> AwsError:
    return AwsError("InvalidParameterCombination", message)
