"""ElastiCache users and user groups: role-based access control."""

from __future__ import annotations

from typing import Any

from moto.elasticache.responses import ElastiCacheResponse

from emulator import delays
from emulator.extensions import patch
from emulator.protocol import AwsError
from emulator.services._elasticache import (
    API,
    GUIDE,
    add,
    answer,
    combination,
    get,
    invalid,
    listed,
    pages,
    refresh_servers,
    remove,
    settle,
    shown,
    things,
)
from emulator.valkey import hashed

USER = delays.declare("cache_user.modifying", "A change of a cache user until it is active again, or gone")
GROUP = delays.declare("cache_user_group.modifying", "A change of a cache user group until it is active again, or gone")


def _ensure_default(backend: Any) -> None:
    """Every account has the user ``default``, who needs no password and may do everything."""
    if "default" not in things(backend, "users"):
        user = {
            "UserId": "default",
            "UserName": "default",
            "Status": "active",
            "Engine": "redis",
            "MinimumEngineVersion": "6.0",
            "AccessString": "on ~* +@all",
            "UserGroupIds": [],
            "Authentication": {"Type": "no-password"},
            "_passwords": [],
        }
        add(backend, "users", "default", user, {}, "UserAlreadyExists")


def _authentication(params: dict[str, Any]) -> dict[str, Any] | None:
    """What a request says of it, with the hashes of the passwords; None if nothing."""
    mode = params.get("AuthenticationMode") or {}
    passwords = params.get("Passwords") or mode.get("Passwords") or []
    if str(params.get("NoPasswordRequired", "")).lower() == "true" or mode.get("Type") == "no-password-required":
        if passwords:
            raise combination("No password required flag is true but a password is given.")
        return {"Authentication": {"Type": "no-password"}, "_passwords": []}
    if mode.get("Type") == "iam":
        return {"Authentication": {"Type": "iam"}, "_passwords": []}
    if not passwords:
        return None
    if len(passwords) > 2 or any(not 16 <= len(password) <= 128 for password in passwords):
        raise invalid("Passwords length must be between 16-128 characters, and at most two are allowed.")
    if any(set(password) & set(',"/@ ') for password in passwords):
        raise invalid('Passwords may not contain any of , " / @ and spaces.')
    return {
        "Authentication": {"Type": "password", "PasswordCount": len(passwords)},
        "_passwords": [hashed(password) for password in passwords],
    }


def _check_access(text: str) -> None:
    if any(word == "reset" or word == "nopass" or word[0] in "<>#!" for word in text.split()):
        raise invalid("An access string has neither passwords nor reset in it.")


@patch(ElastiCacheResponse, "create_user", aws=f"{GUIDE}/Clusters.RBAC.html")
def create_user(_original: Any, self: Any) -> Any:
    """A user has one or two passwords, needs none, or has an IAM identity; valkey users cannot do without."""
    params, backend = self._get_params(), self.elasticache_backend
    _ensure_default(backend)
    engine, authentication = params["Engine"].lower(), _authentication(params)
    if engine not in ("redis", "valkey"):
        raise invalid(f"Unknown engine {engine}")
    if authentication is None:
        raise invalid("No password was provided, and NoPasswordRequired is not set.")
    _check_access(params["AccessString"])
    if engine == "valkey" and authentication["Authentication"]["Type"] == "no-password":
        raise combination("A valkey user needs a password or an IAM identity.")
    user_id = params["UserId"].lower()
    user = {
        "UserId": user_id,
        "UserName": params["UserName"],
        "Engine": engine,
        "MinimumEngineVersion": "6.0" if engine == "redis" else "7.2",
        "AccessString": params["AccessString"],
        "UserGroupIds": [],
        **authentication,
    }
    add(backend, "users", user_id, user, params, "UserAlreadyExists")
    user["Status"] = "active"
    return answer(**shown(user))


@patch(ElastiCacheResponse, "describe_users", aws=f"{API}/API_DescribeUsers.html")
def describe_users(_original: Any, self: Any) -> Any:
    """The users of the account, the default one among them."""
    backend = self.elasticache_backend
    _ensure_default(backend)
    return pages(Users=[shown(user) for user in listed(backend, "users", self._get_params().get("UserId"))])


@patch(ElastiCacheResponse, "modify_user", added=True, aws=f"{API}/API_ModifyUser.html")
def modify_user(self: Any) -> Any:
    """New passwords take the place of all old ones; a user is modifying until its caches know."""
    params, backend = self._get_params(), self.elasticache_backend
    user = get(backend, "users", params["UserId"])
    _active(user, "InvalidUserState", user["UserId"])
    authentication = _authentication(params)
    _check_access(params.get("AccessString") or params.get("AppendAccessString") or "")
    user.update({key: params[key] for key in ("AccessString", "Engine") if params.get(key)})
    if params.get("AppendAccessString"):
        user["AccessString"] += f" {params['AppendAccessString']}"
    user.update(authentication or {})
    settle(USER, user, "modifying", "active", lambda: refresh_servers(backend))
    return answer(**shown(user))


@patch(ElastiCacheResponse, "delete_user", aws=f"{API}/API_DeleteUser.html")
def delete_user(_original: Any, self: Any) -> Any:
    """A deleted user leaves its groups; a default user that is in one stays."""
    backend = self.elasticache_backend
    user = get(backend, "users", self._get_params()["UserId"])
    _active(user, "InvalidUserState", user["UserId"])
    if user["UserName"] == "default" and user["UserGroupIds"]:
        raise AwsError("DefaultUserAssociatedToUserGroup", f"User {user['UserId']} is the default user of a group.")

    def gone() -> None:
        for group in things(backend, "user_groups").values():
            group["UserIds"] = [one for one in group["UserIds"] if one != user["UserId"]]
        remove(backend, "users", user["UserId"])
        refresh_servers(backend)

    settle(USER, user, "deleting", "deleting", gone)
    return answer(**shown(user))


def _active(thing: dict[str, Any], code: str, name: str) -> None:
    if thing["Status"] != "active":
        raise AwsError(code, f"{name} is not in the active state, but {thing['Status']}.")


# -- groups ------------------------------------------------------------------------------------------------------------


def group_shown(backend: Any, group: dict[str, Any]) -> dict[str, Any]:
    users = [name for name, held in things(backend, "groups").items() if group["UserGroupId"] in held["UserGroupIds"]]
    return {**group, "ReplicationGroups": users}


def _check_users(backend: Any, engine: str, ids: list[str]) -> None:
    users = [get(backend, "users", user_id) for user_id in ids]
    names = [user["UserName"] for user in users]
    if len(set(names)) < len(names):
        raise AwsError("DuplicateUserName", "Two users of a group have the same name.")
    if engine == "redis" and "default" not in names:
        raise AwsError("DefaultUserRequired", "A user group of redis needs a user of the name default.")
    if engine == "valkey" and any(user["Authentication"]["Type"] == "no-password" for user in users):
        raise combination("A user group of valkey takes only users with a password or an IAM identity.")


def _assign(backend: Any, group: dict[str, Any], ids: list[str]) -> None:
    group["UserIds"] = ids
    for user in things(backend, "users").values():
        others = [one for one in user["UserGroupIds"] if one != group["UserGroupId"]]
        user["UserGroupIds"] = [*others, *([group["UserGroupId"]] if user["UserId"] in ids else [])]


@patch(ElastiCacheResponse, "create_user_group", added=True, aws=f"{API}/API_CreateUserGroup.html")
def create_user_group(self: Any) -> Any:
    """A group of redis needs a user of the name default, and no two of the same name."""
    params, backend = self._get_params(), self.elasticache_backend
    _ensure_default(backend)
    engine, ids = params["Engine"].lower(), list(params.get("UserIds") or ())
    _check_users(backend, engine, ids)
    name = params["UserGroupId"].lower()
    group = {"UserGroupId": name, "Engine": engine, "MinimumEngineVersion": "6.0", "UserIds": []}
    add(backend, "user_groups", name, group, params, "UserGroupAlreadyExists")
    _assign(backend, group, ids)
    settle(GROUP, group, "creating", "active")
    return answer(**group_shown(backend, group))


@patch(ElastiCacheResponse, "describe_user_groups", added=True, aws=f"{API}/API_DescribeUserGroups.html")
def describe_user_groups(self: Any) -> Any:
    """A group tells who is in it and which caches use it."""
    backend = self.elasticache_backend
    found = listed(backend, "user_groups", self._get_params().get("UserGroupId"))
    return pages(UserGroups=[group_shown(backend, group) for group in found])


@patch(ElastiCacheResponse, "modify_user_group", added=True, aws=f"{API}/API_ModifyUserGroup.html")
def modify_user_group(self: Any) -> Any:
    """Users come and go; the group is modifying until its caches know."""
    params, backend = self._get_params(), self.elasticache_backend
    group = get(backend, "user_groups", params["UserGroupId"])
    _active(group, "InvalidUserGroupState", group["UserGroupId"])
    removed = set(params.get("UserIdsToRemove") or ())
    ids = [one for one in group["UserIds"] if one not in removed] + list(params.get("UserIdsToAdd") or ())
    engine = (params.get("Engine") or group["Engine"]).lower()
    _check_users(backend, engine, ids)
    if engine == "valkey" and any(
        things(backend, "groups")[name]["Engine"] == "redis"
        for name in group_shown(backend, group)["ReplicationGroups"]
    ):
        raise combination("A user group of valkey cannot be used by redis.")
    group["Engine"] = engine
    _assign(backend, group, ids)
    settle(GROUP, group, "modifying", "active", lambda: refresh_servers(backend))
    return answer(**group_shown(backend, group))


@patch(ElastiCacheResponse, "delete_user_group", added=True, aws=f"{API}/API_DeleteUserGroup.html")
def delete_user_group(self: Any) -> Any:
    """A group that a cache uses stays."""
    backend = self.elasticache_backend
    group = get(backend, "user_groups", self._get_params()["UserGroupId"])
    _active(group, "InvalidUserGroupState", group["UserGroupId"])
    if group_shown(backend, group)["ReplicationGroups"]:
        raise AwsError("InvalidUserGroupState", f"User group {group['UserGroupId']} is in use by a replication group.")
    _assign(backend, group, [])
    settle(GROUP, group, "deleting", "deleting", lambda: remove(backend, "user_groups", group["UserGroupId"]))
    return answer(**group_shown(backend, group))
