# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Users of ElastiCache and the groups in which a cache takes them.

A user is made with a password that nobody has; M(airas.platform.elasticache_url) gives it one that a secret holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from .._aws import Aws, tag_list, unquoted
from .._reconcile import Operation, Resource, managed_tags
from ._common import arn, find, read_tags, tagging, unless_made
from ._password import new_password

MISSING = {"user": "UserNotFound", "group": "UserGroupNotFound"}
# What ElastiCache writes into every access string, wherever it is not there.
# https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html#Access-string
_IMPLIED = ("-@all", "resetchannels", "resetkeys", "sanitize-payload")


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The users of the options, then the groups, so that they are removed in the other order."""
    users, groups = params["users"], params["groups"]
    found = aws.gather(
        [
            *(partial(_find_user, aws, user["id"]) for user in users),
            *(partial(_find_group, aws, g["id"]) for g in groups),
        ]
    )
    return [
        *(_user(aws, params, user, item) for user, item in zip(users, found[: len(users)], strict=True)),
        *(_group(aws, params, group, item) for group, item in zip(groups, found[len(users) :], strict=True)),
    ]


def _find_user(aws: Aws, user_id: str) -> dict[str, Any] | None:
    item = find(aws, "describe_users", "Users", MISSING["user"], UserId=user_id)
    return {**item, "Tags": read_tags(aws, item["ARN"])} if item else None


def _find_group(aws: Aws, group_id: str) -> dict[str, Any] | None:
    item = find(aws, "describe_user_groups", "UserGroups", MISSING["group"], UserGroupId=group_id)
    return {**item, "Tags": read_tags(aws, item["ARN"])} if item else None


def _engine(params: Mapping[str, Any], item: Mapping[str, Any] | None) -> str:
    """Those of Redis OSS serve Valkey too, and a cache that is still to become Valkey takes no others.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Clusters.RBAC.html
    """
    engine: str = params["engine"]
    return "redis" if item and item["Engine"].lower() == "redis" else engine


# -- users -----------------------------------------------------------------------------------------------------------


def _access(text: str) -> str:
    return " ".join(word for word in text.split() if word not in _IMPLIED)


def _user(aws: Aws, params: Mapping[str, Any], user: Mapping[str, Any], item: dict[str, Any] | None) -> Resource:
    tags = {**params["tags"], "Name": user["id"]}
    engine = _engine(params, item)
    wanted = {"user_name": user["name"], "engine": engine, "access_string": _access(user["access_string"])}

    def create(_known: dict[str, Any]) -> dict[str, Any]:
        password = new_password()
        call = partial(
            unless_made,
            aws,
            "UserAlreadyExists",
            "create_user",
            UserId=user["id"],
            UserName=user["name"],
            Engine=params["engine"],
            AccessString=user["access_string"],
            AuthenticationMode={"Type": "password", "Passwords": [password]},
            Tags=tag_list(tags),
        )
        unquoted(call, password)
        return {"arn": arn(aws, "user", user["id"])}

    def modify(_known: dict[str, Any]) -> dict[str, Any]:
        aws.call(
            "elasticache",
            "modify_user",
            UserId=user["id"],
            AccessString=user["access_string"],
            Engine=engine,
        )
        return {"status": "modifying"}

    def delete(_known: dict[str, Any]) -> dict[str, Any]:
        aws.call_or_none("elasticache", "delete_user", (MISSING["user"],), UserId=user["id"])
        return {"status": "deleting"}

    return _resource(
        aws,
        params,
        ("cache_user", "user", user["id"]),
        None
        if item is None
        else {
            "arn": item["ARN"],
            "status": item["Status"],
            "used_by": item.get("UserGroupIds") or [],
            "user_name": item["UserName"],
            "engine": item["Engine"].lower(),
            "access_string": _access(item["AccessString"]),
            "tags": managed_tags(item["Tags"], tags),
        },
        {**wanted, "tags": tags},
        create=Operation("elasticache:CreateUser", create),
        modify=Operation("elasticache:ModifyUser", modify, covers=("access_string", "engine"), settled_only=True),
        delete=Operation("elasticache:DeleteUser", delete, settled_only=True),
        refuse_on={"user_name": "Give a user of another name another id."},
    )


# -- groups ----------------------------------------------------------------------------------------------------------


def _group(aws: Aws, params: Mapping[str, Any], group: Mapping[str, Any], item: dict[str, Any] | None) -> Resource:
    tags = {**params["tags"], "Name": group["id"]}
    wanted = {"engine": _engine(params, item), "user_ids": sorted(group["user_ids"])}

    def create(_known: dict[str, Any]) -> dict[str, Any]:
        unless_made(
            aws,
            "UserGroupAlreadyExists",
            "create_user_group",
            UserGroupId=group["id"],
            Engine=params["engine"],
            UserIds=wanted["user_ids"],
            Tags=tag_list(tags),
        )
        return {"arn": arn(aws, "usergroup", group["id"]), "status": "creating"}

    def modify(known: dict[str, Any]) -> dict[str, Any]:
        held = set(known["user_ids"])
        changed = {
            "Engine": wanted["engine"] if known["engine"] != wanted["engine"] else None,
            "UserIdsToAdd": sorted(set(wanted["user_ids"]) - held),
            "UserIdsToRemove": sorted(held - set(wanted["user_ids"])),
        }
        given = {key: value for key, value in changed.items() if value}
        aws.call("elasticache", "modify_user_group", UserGroupId=group["id"], **given)
        return {"status": "modifying"}

    def delete(_known: dict[str, Any]) -> dict[str, Any]:
        aws.call_or_none("elasticache", "delete_user_group", (MISSING["group"],), UserGroupId=group["id"])
        return {"status": "deleting"}

    return _resource(
        aws,
        params,
        ("cache_user_group", "usergroup", group["id"]),
        None
        if item is None
        else {
            "arn": item["ARN"],
            "status": item["Status"],
            "used_by": item.get("ReplicationGroups") or [],
            "engine": item["Engine"].lower(),
            "user_ids": sorted(item.get("UserIds") or ()),
            "tags": managed_tags(item["Tags"], tags),
        },
        {**wanted, "tags": tags},
        create=Operation("elasticache:CreateUserGroup", create),
        modify=Operation("elasticache:ModifyUserGroup", modify, covers=("engine", "user_ids"), settled_only=True),
        delete=Operation("elasticache:DeleteUserGroup", delete, settled_only=True),
    )


# -- both ------------------------------------------------------------------------------------------------------------


def _resource(
    aws: Aws,
    params: Mapping[str, Any],
    names: tuple[str, str, str],
    before: dict[str, Any] | None,
    after: dict[str, Any],
    *,
    create: Operation,
    modify: Operation,
    delete: Operation,
    refuse_on: Mapping[str, str] | None = None,
) -> Resource:
    kind, part, name = names
    present = params["state"] == "present"
    leaving = bool(before) and before is not None and before["status"] == "deleting"

    def settling(known: Mapping[str, Any]) -> str | None:
        if known.get("status", "active") != "active":
            return str(known["status"])
        if not present and known.get("used_by"):
            return f"in use by {', '.join(known['used_by'])}"
        return None

    resource = Resource(
        kind,
        name,
        before=None if leaving else before,
        after=after if present else None,
        placeholders={"arn": arn(aws, part, name)},
        create=Operation(create.call, create.run, settled_only=True),
        updates=(modify, tagging(aws, arn(aws, part, name), after["tags"])),
        delete=delete,
        refuse_on=refuse_on or {},
        impacts={"delete": "outage"},
        settling=settling,
    )
    if leaving:
        resource.known["status"] = "deleting"
    return resource
