"""ElastiCache replication groups with cluster mode disabled: members in their zones, states, changes, failover."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

from moto.core.utils import utcnow
from moto.elasticache.responses import ElastiCacheResponse

from emulator import delays
from emulator.extensions import patch
from emulator.loopback import HOST
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
from emulator.services._elasticache_server import serve
from emulator.services.elasticache_settings import parameter_group
from emulator.valkey import hashed

CREATING = delays.declare("replication_group.creating", "CreateReplicationGroup until the group is available")
MODIFYING = delays.declare("replication_group.modifying", "A change of a replication group until it is available again")
DELETING = delays.declare("replication_group.deleting", "DeleteReplicationGroup until the group is gone")
WINDOW = delays.declare("replication_group.maintenance_window", "A change until the next maintenance window", 604800)

# Major and minor version: the full one that a new group gets.
# https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/engine-versions.html
VERSIONS = {
    "redis": {"6.2": "6.2.6", "7.0": "7.0.7", "7.1": "7.1.0"},
    "valkey": {"7.2": "7.2.6", "8.0": "8.0.1", "8.1": "8.1.0", "8.2": "8.2.0"},
}


def _family(engine: str, version: str) -> str:
    major = version.split(".", maxsplit=1)[0]
    return "redis6.x" if (engine, major) == ("redis", "6") else f"{engine}{major}"


def _full_version(engine: str, asked: str | None) -> str:
    known = VERSIONS.get(engine)
    if known is None:
        raise invalid(f"Unknown engine {engine}")
    if asked is None:
        return list(known.values())[-1]
    found = known.get(asked) or next((full for full in known.values() if full == asked), None)
    if found is None:
        raise combination(f"Cannot find version {asked} for {engine}")
    return found


def _flag(self: Any, name: str) -> bool | None:
    flag: bool | None = self._get_bool_param(name)
    return flag


# -- create ------------------------------------------------------------------------------------------------------------


@patch(ElastiCacheResponse, "create_replication_group", aws=f"{API}/API_CreateReplicationGroup.html")
def create_replication_group(_original: Any, self: Any) -> Any:
    """A group is creating before it is available, with one member in each of its zones, and endpoints only then."""
    params, backend = self._get_params(), self.elasticache_backend
    name = params["ReplicationGroupId"].lower()
    if not re.fullmatch(r"[a-z](?:-?[a-z0-9]){0,39}", name) or len(name) > 40:
        raise invalid(f"The parameter ReplicationGroupIdentifier is not a valid identifier: {name}")
    engine = (params.get("Engine") or "redis").lower()
    version = _full_version(engine, params.get("EngineVersion"))
    group = {
        "ReplicationGroupId": name,
        "Description": params["ReplicationGroupDescription"],
        "Engine": engine,
        "CacheNodeType": params.get("CacheNodeType") or "cache.t3.small",
        "AutomaticFailover": _word(_flag(self, "AutomaticFailoverEnabled")),
        "MultiAZ": _word(_flag(self, "MultiAZEnabled")),
        "ClusterEnabled": False,
        "ClusterMode": "disabled",
        "AuthTokenEnabled": bool(params.get("AuthToken")),
        "TransitEncryptionEnabled": bool(_flag(self, "TransitEncryptionEnabled")),
        "AtRestEncryptionEnabled": bool(_flag(self, "AtRestEncryptionEnabled")),
        "SnapshotRetentionLimit": int(params.get("SnapshotRetentionLimit") or 0),
        "SnapshotWindow": params.get("SnapshotWindow") or "16:30-17:30",
        "AutoMinorVersionUpgrade": _flag(self, "AutoMinorVersionUpgrade") is not False,
        "UserGroupIds": list(params.get("UserGroupIds") or ()),
        "LogDeliveryConfigurations": _log_deliveries(params),
        "ReplicationGroupCreateTime": utcnow(),
        "DataTiering": "disabled",
        "NetworkType": "ipv4",
        "IpDiscovery": "ipv4",
        "PendingModifiedValues": {},
        "MemberClusters": [],
        "_version": version,
        "_parameter_group": params.get("CacheParameterGroupName") or f"default.{_family(engine, version)}",
        "_subnet_group": (params.get("CacheSubnetGroupName") or "default").lower(),
        "_security_groups": list(params.get("SecurityGroupIds") or ()),
        "_window": params.get("PreferredMaintenanceWindow") or "sun:17:30-sun:18:30",
        "_port": int(params.get("Port") or 6379),
        "_zones": {},
        "_tokens": [hashed(params["AuthToken"])] if params.get("AuthToken") else [],
    }
    if group["TransitEncryptionEnabled"]:
        group["TransitEncryptionMode"] = params.get("TransitEncryptionMode") or "required"
    if params.get("KmsKeyId"):
        group["KmsKeyId"] = params["KmsKeyId"]
    _check(backend, group, int(params.get("NumCacheClusters") or 1))
    add(backend, "groups", name, group, params, "ReplicationGroupAlreadyExists")
    _resize(backend, group, int(params.get("NumCacheClusters") or 1), params.get("PreferredCacheClusterAZs") or [])
    group["_primary"] = group["MemberClusters"][0]
    serve(backend, group)
    settle(CREATING, group, "creating", "available")
    return answer(ReplicationGroup=_shown(group))


def _word(flag: bool | None) -> str:
    return "enabled" if flag else "disabled"


def _log_deliveries(params: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {**{key: value for key, value in entry.items() if key != "Enabled"}, "Status": "active"}
        for entry in params.get("LogDeliveryConfigurations") or ()
        if str(entry.get("Enabled", "true")).lower() != "false"
    ]


def _check(backend: Any, group: dict[str, Any], members: int) -> None:
    if group["AutomaticFailover"] == "enabled" and members < 2:
        raise combination("Automatic failover needs a group with at least one replica.")
    if group["MultiAZ"] == "enabled" and group["AutomaticFailover"] != "enabled":
        raise combination("Multi-AZ needs automatic failover.")
    if (group["UserGroupIds"] or group["AuthTokenEnabled"]) and not group["TransitEncryptionEnabled"]:
        raise combination("User groups and AUTH tokens need encryption in transit.")
    if group["UserGroupIds"] and group["AuthTokenEnabled"]:
        raise combination("A group has either user groups or an AUTH token.")
    for user_group in group["UserGroupIds"]:
        held = get(backend, "user_groups", user_group)
        if held["Status"] != "active":
            raise AwsError("InvalidUserGroupState", f"User group {user_group} is not in the active state.")
        if held["Engine"] == "valkey" and group["Engine"] == "redis":
            raise combination("A user group of valkey cannot be used by redis.")
    family = parameter_group(backend, group["_parameter_group"])["CacheParameterGroupFamily"]
    if family != _family(group["Engine"], group["_version"]):
        wanted = _family(group["Engine"], group["_version"])
        raise combination(f"Expected a parameter group of family {wanted} but found one of {family}")
    if group["_subnet_group"] != "default":
        get(backend, "subnet_groups", group["_subnet_group"])


def _resize(backend: Any, group: dict[str, Any], members: int, wanted_zones: list[str]) -> None:
    """Members come and go at the end; without a wish each goes to the zone that has the fewest."""
    subnets = things(backend, "subnet_groups").get(group["_subnet_group"], {}).get("Subnets", ())
    zones = sorted({subnet["SubnetAvailabilityZone"]["Name"] for subnet in subnets}) or [f"{backend.region_name}a"]
    while len(group["MemberClusters"]) > members:
        last = next(name for name in reversed(group["MemberClusters"]) if name != group["_primary"])
        group["MemberClusters"].remove(last)
        del group["_zones"][last]
    while len(group["MemberClusters"]) < members:
        number = next(n for n in range(1, 10) if _member(group, n) not in group["MemberClusters"])
        taken = list(group["_zones"].values())
        position = len(group["MemberClusters"])
        zone = wanted_zones[position] if position < len(wanted_zones) else min(zones, key=taken.count)
        group["MemberClusters"].append(_member(group, number))
        group["_zones"][_member(group, number)] = zone


def _member(group: dict[str, Any], number: int) -> str:
    return f"{group['ReplicationGroupId']}-{number:03}"


# -- describe ----------------------------------------------------------------------------------------------------------


def _domain(group: dict[str, Any]) -> str:
    digest = hashlib.md5(group["ARN"].encode(), usedforsecurity=False).hexdigest()[:6]
    region = "".join(re.findall(r"^..|-.|\d", group["ARN"].split(":")[3])).replace("-", "")
    return f"{digest}.{region}.cache.amazonaws.com"


def _endpoint(group: dict[str, Any], first: str) -> dict[str, Any]:
    """A name of its own; a real server is on this machine."""
    if server := group.get("_server"):
        return {"Address": HOST, "Port": server.port}
    return {"Address": f"{first}.{_domain(group)}", "Port": group["_port"]}


def _shown(group: dict[str, Any]) -> dict[str, Any]:
    if group["Status"] == "creating":
        return {**shown(group), "NodeGroups": []}
    name = group["ReplicationGroupId"]
    node_group = {
        "NodeGroupId": "0001",
        "Status": "available" if group["Status"] == "available" else group["Status"],
        "PrimaryEndpoint": _endpoint(group, f"master.{name}"),
        "ReaderEndpoint": _endpoint(group, f"replica.{name}"),
        "NodeGroupMembers": [
            {
                "CacheClusterId": member,
                "CacheNodeId": "0001",
                "ReadEndpoint": _endpoint(group, member),
                "PreferredAvailabilityZone": group["_zones"][member],
                "CurrentRole": "primary" if member == group["_primary"] else "replica",
            }
            for member in group["MemberClusters"]
        ],
    }
    return {**shown(group), "NodeGroups": [node_group], "SnapshottingClusterId": group["MemberClusters"][-1]}


@patch(ElastiCacheResponse, "describe_replication_groups", aws=f"{API}/API_DescribeReplicationGroups.html")
def describe_replication_groups(_original: Any, self: Any) -> Any:
    """Members tell their zones and roles; there are endpoints once the group is available."""
    name = self._get_params().get("ReplicationGroupId")
    return pages(ReplicationGroups=[_shown(group) for group in listed(self.elasticache_backend, "groups", name)])


@patch(ElastiCacheResponse, "describe_cache_clusters", aws=f"{API}/API_DescribeCacheClusters.html")
def describe_cache_clusters(original: Any, self: Any) -> Any:
    """Members of replication groups are cache clusters, with their nodes when those are asked for."""
    backend, name = self.elasticache_backend, self._get_params().get("CacheClusterId")
    with_nodes = bool(_flag(self, "ShowCacheNodeInfo"))
    members = {
        member: _cluster(group, member, with_nodes)
        for group in things(backend, "groups").values()
        for member in group["MemberClusters"]
    }
    if name in members:
        return pages(CacheClusters=[members[name]])
    if name:
        return original(self)
    return pages(CacheClusters=list(members.values())) if members else original(self)


_OF_THE_GROUP = (
    "Engine",
    "CacheNodeType",
    "AutoMinorVersionUpgrade",
    "SnapshotRetentionLimit",
    "SnapshotWindow",
    "AuthTokenEnabled",
    "TransitEncryptionEnabled",
    "AtRestEncryptionEnabled",
    "NetworkType",
    "IpDiscovery",
)


def _cluster(group: dict[str, Any], member: str, with_nodes: bool) -> dict[str, Any]:
    node = {
        "CacheNodeId": "0001",
        "CacheNodeStatus": group["Status"],
        "CacheNodeCreateTime": group["ReplicationGroupCreateTime"],
        "Endpoint": _endpoint(group, member),
        "ParameterGroupStatus": "in-sync",
        "CustomerAvailabilityZone": group["_zones"][member],
    }
    return {
        **{key: group[key] for key in _OF_THE_GROUP},
        "CacheClusterId": member,
        "ARN": group["ARN"].replace(":replicationgroup:", ":cluster:").rpartition(":")[0] + f":{member}",
        "ReplicationGroupId": group["ReplicationGroupId"],
        "EngineVersion": group["_version"],
        "CacheClusterStatus": group["Status"],
        "CacheClusterCreateTime": group["ReplicationGroupCreateTime"],
        "NumCacheNodes": 1,
        "PreferredAvailabilityZone": group["_zones"][member],
        "PreferredMaintenanceWindow": group["_window"],
        "CacheParameterGroup": {
            "CacheParameterGroupName": group["_parameter_group"],
            "ParameterApplyStatus": "in-sync",
            "CacheNodeIdsToReboot": [],
        },
        "CacheSubnetGroupName": group["_subnet_group"],
        "SecurityGroups": [{"SecurityGroupId": one, "Status": "active"} for one in group["_security_groups"]],
        "PendingModifiedValues": {},
        **({"CacheNodes": [node]} if with_nodes else {}),
    }


# -- change ------------------------------------------------------------------------------------------------------------


def _available(self: Any) -> dict[str, Any]:
    group = get(self.elasticache_backend, "groups", self._get_params()["ReplicationGroupId"])
    if group["Status"] != "available":
        raise AwsError(
            "InvalidReplicationGroupState",
            f"Replication group {group['ReplicationGroupId']} is not available, but {group['Status']}.",
        )
    return group


@patch(ElastiCacheResponse, "modify_replication_group", aws=f"{API}/API_ModifyReplicationGroup.html")
def modify_replication_group(_original: Any, self: Any) -> Any:
    """A change is checked, and the group is modifying; what restarts members may wait for the maintenance window."""
    params, backend, group = self._get_params(), self.elasticache_backend, _available(self)
    wanted = {**group, **_changes(self, params, group)}
    _check_upgrade(group, wanted)
    _check(backend, wanted, len(group["MemberClusters"]))
    restarts = {key: wanted[key] for key in ("CacheNodeType", "Engine", "_version") if wanted[key] != group[key]}
    if restarts and not _flag(self, "ApplyImmediately"):
        delays.schedule(WINDOW, lambda: group.update(restarts))
        wanted.update({key: group[key] for key in restarts})
    group.update(wanted)
    settle(MODIFYING, group, "modifying", "available", lambda: refresh_servers(backend))
    return answer(ReplicationGroup=_shown(group))


def _changes(self: Any, params: dict[str, Any], group: dict[str, Any]) -> dict[str, Any]:
    renamed: dict[str, tuple[str, Callable[[Any], Any]]] = {
        "ReplicationGroupDescription": ("Description", str),
        "CacheNodeType": ("CacheNodeType", str),
        "Engine": ("Engine", str.lower),
        "SnapshotRetentionLimit": ("SnapshotRetentionLimit", int),
        "SnapshotWindow": ("SnapshotWindow", str),
        "PreferredMaintenanceWindow": ("_window", str),
        "CacheParameterGroupName": ("_parameter_group", str),
        "SecurityGroupIds": ("_security_groups", list),
        "TransitEncryptionMode": ("TransitEncryptionMode", str),
    }
    changes = {ours: made(params[name]) for name, (ours, made) in renamed.items() if params.get(name) is not None}
    for name, ours in (("AutomaticFailoverEnabled", "AutomaticFailover"), ("MultiAZEnabled", "MultiAZ")):
        if (flag := _flag(self, name)) is not None:
            changes[ours] = _word(flag)
    if (flag := _flag(self, "AutoMinorVersionUpgrade")) is not None:
        changes["AutoMinorVersionUpgrade"] = flag
    engine = changes.get("Engine", group["Engine"])
    if params.get("EngineVersion") or engine != group["Engine"]:
        changes["_version"] = _full_version(engine, params.get("EngineVersion"))
    if params.get("UserGroupIdsToAdd") or params.get("UserGroupIdsToRemove"):
        removed = set(params.get("UserGroupIdsToRemove") or ())
        kept = [one for one in group["UserGroupIds"] if one not in removed]
        changes["UserGroupIds"] = kept + list(params.get("UserGroupIdsToAdd") or ())
    if params.get("AuthToken") or params.get("AuthTokenUpdateStrategy"):
        changes["_tokens"] = _tokens(params, group)
        changes["AuthTokenEnabled"] = bool(changes["_tokens"])
    if params.get("LogDeliveryConfigurations"):
        told = {entry["LogType"] for entry in params["LogDeliveryConfigurations"]}
        kept_logs = [entry for entry in group["LogDeliveryConfigurations"] if entry["LogType"] not in told]
        changes["LogDeliveryConfigurations"] = kept_logs + _log_deliveries(params)
    return changes


def _tokens(params: dict[str, Any], group: dict[str, Any]) -> list[str]:
    """ROTATE adds a token to the one that there is, SET leaves the new one alone, DELETE none."""
    strategy = params.get("AuthTokenUpdateStrategy") or "ROTATE"
    if strategy == "DELETE":
        return []
    if not params.get("AuthToken"):
        raise combination("AuthTokenUpdateStrategy needs AuthToken.")
    kept = group["_tokens"][-1:] if strategy == "ROTATE" else []
    return [*kept, hashed(params["AuthToken"])]


def _check_upgrade(group: dict[str, Any], wanted: dict[str, Any]) -> None:
    old, new = (tuple(map(int, held["_version"].split("."))) for held in (group, wanted))
    if wanted["Engine"] == group["Engine"] and new < old:
        raise combination(f"Downgrading from {group['_version']} to {wanted['_version']} is not supported.")
    if group["Engine"] == "valkey" and wanted["Engine"] == "redis":
        raise combination("Changing from valkey to redis is not supported.")


def _replicas(self: Any, allowed: Callable[[int, int], bool], at_least: int) -> Any:
    backend, group = self.elasticache_backend, _available(self)
    now, wanted = len(group["MemberClusters"]) - 1, int(self._get_params()["NewReplicaCount"])
    if not allowed(now, wanted):
        raise AwsError("NoOperationFault", f"The group has {now} replicas, and {wanted} were asked for.")
    if wanted < at_least or wanted > 5:
        raise invalid(f"A group with automatic failover has 1 to 5 replicas, and {wanted} were asked for.")
    if not _flag(self, "ApplyImmediately"):
        raise invalid("ApplyImmediately must be true.")
    _resize(backend, group, wanted + 1, [])
    settle(MODIFYING, group, "modifying", "available")
    return answer(ReplicationGroup=_shown(group))


@patch(ElastiCacheResponse, "increase_replica_count", added=True, aws=f"{API}/API_IncreaseReplicaCount.html")
def increase_replica_count(self: Any) -> Any:
    """Replicas are added at once, up to five."""
    return _replicas(self, lambda now, wanted: wanted > now, 0)


@patch(ElastiCacheResponse, "decrease_replica_count", added=True, aws=f"{API}/API_DecreaseReplicaCount.html")
def decrease_replica_count(self: Any) -> Any:
    """Replicas are removed at once; automatic failover keeps the last one."""
    group = _available(self)
    return _replicas(self, lambda now, wanted: wanted < now, 1 if group["AutomaticFailover"] == "enabled" else 0)


@patch(ElastiCacheResponse, "test_failover", added=True, aws=f"{API}/API_TestFailover.html")
def test_failover(self: Any) -> Any:
    """A replica becomes the primary, and the primary endpoint leads to it."""
    group = _available(self)
    if group["AutomaticFailover"] != "enabled":
        raise AwsError("InvalidReplicationGroupState", "Automatic failover is not enabled.")
    group["_primary"] = next(member for member in group["MemberClusters"] if member != group["_primary"])
    if server := group.get("_server"):
        server.disconnect()
    settle(MODIFYING, group, "modifying", "available")
    return answer(ReplicationGroup=_shown(group))


# -- delete and snapshots ----------------------------------------------------------------------------------------------


@patch(ElastiCacheResponse, "delete_replication_group", aws=f"{API}/API_DeleteReplicationGroup.html")
def delete_replication_group(_original: Any, self: Any) -> Any:
    """A group is deleting, after its final snapshot if one is asked for, until it is gone with all its members."""
    params, backend, group = self._get_params(), self.elasticache_backend, _available(self)
    if params.get("FinalSnapshotIdentifier"):
        _snapshot(backend, group, params["FinalSnapshotIdentifier"], params)

    def gone() -> None:
        remove(backend, "groups", group["ReplicationGroupId"])
        if server := group.get("_server"):
            server.remove()

    settle(DELETING, group, "deleting", "deleting", gone)
    return answer(ReplicationGroup=_shown(group))


def _snapshot(backend: Any, group: dict[str, Any], name: str, params: dict[str, Any]) -> dict[str, Any]:
    snapshot = {
        "SnapshotName": name,
        "SnapshotStatus": "available",
        "SnapshotSource": "manual",
        "ReplicationGroupId": group["ReplicationGroupId"],
        "ReplicationGroupDescription": group["Description"],
        "CacheNodeType": group["CacheNodeType"],
        "Engine": group["Engine"],
        "EngineVersion": group["_version"],
        "NodeSnapshots": [{"CacheClusterId": group["_primary"], "SnapshotCreateTime": utcnow(), "CacheSize": "1 MB"}],
    }
    return add(backend, "snapshots", name.lower(), snapshot, params, "SnapshotAlreadyExistsFault")


@patch(ElastiCacheResponse, "create_snapshot", aws=f"{API}/API_CreateSnapshot.html")
def create_snapshot(original: Any, self: Any) -> Any:
    """A replication group is snapshotted as a whole."""
    params = self._get_params()
    if not params.get("ReplicationGroupId"):
        return original(self)
    return answer(Snapshot=_snapshot(self.elasticache_backend, _available(self), params["SnapshotName"], params))


@patch(ElastiCacheResponse, "describe_snapshots", aws=f"{GUIDE}/backups-describing.html")
def describe_snapshots(original: Any, self: Any) -> Any:
    """Snapshots of replication groups, which outlive their group."""
    params, backend = self._get_params(), self.elasticache_backend
    found = [
        snapshot
        for snapshot in things(backend, "snapshots").values()
        if params.get("SnapshotName", snapshot["SnapshotName"]) == snapshot["SnapshotName"]
        and params.get("ReplicationGroupId", snapshot["ReplicationGroupId"]) == snapshot["ReplicationGroupId"]
    ]
    return pages(Snapshots=found) if found or params.get("ReplicationGroupId") else original(self)


@patch(ElastiCacheResponse, "delete_snapshot", aws=f"{API}/API_DeleteSnapshot.html")
def delete_snapshot(original: Any, self: Any) -> Any:
    """A snapshot of a replication group can be deleted."""
    backend, name = self.elasticache_backend, self._get_params()["SnapshotName"].lower()
    snapshot = things(backend, "snapshots").get(name)
    if snapshot is None:
        return original(self)
    remove(backend, "snapshots", name)
    return answer(Snapshot={**snapshot, "SnapshotStatus": "deleting"})
