# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A replication group of ElastiCache with cluster mode disabled: a primary, and replicas that can take its place.

A group takes one change at a time, and settles after each. The others are planned with it and made by later calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .._aws import Aws, tag_list
from .._reconcile import Impact, Operation, PlatformError, Refused, Resource, managed_tags
from ._common import arn, find, read_tags, tagging, unless_made

MISSING = "ReplicationGroupNotFoundFault"
PORT = 6379
# Attribute: what ModifyReplicationGroup calls it. Those that can go together, with a failover at most.
_SETTINGS = {
    "description": "ReplicationGroupDescription",
    "automatic_failover": "AutomaticFailoverEnabled",
    "multi_az": "MultiAZEnabled",
    "parameter_group": "CacheParameterGroupName",
    "security_group_ids": "SecurityGroupIds",
    "maintenance_window": "PreferredMaintenanceWindow",
    "snapshot_retention_days": "SnapshotRetentionLimit",
    "snapshot_window": "SnapshotWindow",
    "auto_minor_version_upgrade": "AutoMinorVersionUpgrade",
}
_FIXED = "Take what is in it elsewhere if it is needed, remove the group (state: absent), and run again."
_REFUSED = dict.fromkeys(("at_rest_encryption", "kms_key_arn", "port", "subnet_group", "transit_encryption"), _FIXED)


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The group named by the options."""
    name = params["name"]
    tags = {**params["tags"], "Name": name}
    item = find(aws, "describe_replication_groups", "ReplicationGroups", MISSING, ReplicationGroupId=name)
    leaving = bool(item) and item is not None and item["Status"] == "deleting"
    before = _read(aws, item, tags) if item and not leaving else None
    desired = _desired(params, tags, before) if params["state"] == "present" else None
    if before and desired:
        _refuse_downgrade(name, before, desired)
    calls = _Calls(aws, params, desired or {})
    group = Resource(
        "replication_group",
        name,
        before=before,
        after=desired,
        placeholders={"arn": arn(aws, "replicationgroup", name), "endpoint": endpoint_placeholder(name)},
        create=Operation("elasticache:CreateReplicationGroup", calls.create, settled_only=True),
        updates=_updates(calls, before, desired, tagging(aws, arn(aws, "replicationgroup", name), tags)),
        delete=Operation("elasticache:DeleteReplicationGroup", calls.delete, settled_only=True),
        refuse_on=_REFUSED,
        impacts=_impacts(before, desired),
        settling=lambda known: _settling(name, known, params["state"]),
    )
    if leaving:
        group.known["status"] = "deleting"
    return [group]


def endpoint_placeholder(name: str) -> str:
    return f"master.{name}.{'0' * 16}.cache.amazonaws.com"


def endpoint_of(item: Mapping[str, Any]) -> tuple[str, int] | None:
    """The address and the port of the primary, which a group has once it is available."""
    for node_group in item.get("NodeGroups") or ():
        if found := node_group.get("PrimaryEndpoint"):
            return found["Address"], found["Port"]
    return None


def _settling(name: str, known: Mapping[str, Any], state: str) -> str | None:
    status = known.get("status", "available")
    if status == "create-failed":
        if state == "absent":
            return None
        raise PlatformError(
            "AWS could not make it.",
            mend="The events of ElastiCache say why. Remove it (state: absent), mend that, and run again.",
            resource=f"replication_group/{name}",
            call="elasticache:CreateReplicationGroup",
        )
    return None if status == "available" else str(status)


# -- desired ---------------------------------------------------------------------------------------------------------


def _desired(params: Mapping[str, Any], tags: Mapping[str, str], before: Mapping[str, Any] | None) -> dict[str, Any]:
    problem = ""
    if params["automatic_failover"] and params["members"] < 2:
        problem = "automatic_failover needs at least two members, and there is one."
    elif params["multi_az"] and not params["automatic_failover"]:
        problem = "multi_az needs automatic_failover."
    if problem:
        raise PlatformError(problem, resource=f"replication_group/{params['name']}")
    kept = ("engine", "node_type", "members", "subnet_group", "kms_key_arn", *_SETTINGS)
    return {
        **{key: params[key] for key in kept},
        "engine_version": _version(params, before),
        "port": _port(params["port"], before),
        "security_group_ids": sorted(params["security_group_ids"]),
        "user_group_ids": sorted(params["user_group_ids"]),
        "transit_encryption": True,
        "at_rest_encryption": True,
        "logs": {
            entry["type"]: {"log_group": entry["log_group"], "format": entry["format"]} for entry in params["logs"]
        },
        "tags": dict(tags),
    }


def _port(asked: int | None, before: Mapping[str, Any] | None) -> int | None:
    """Not compared if it was not asked for, and not before the group has an endpoint that tells it."""
    if before is None:
        return asked or PORT
    return asked if asked and before["port"] else before["port"]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _version(params: Mapping[str, Any], before: Mapping[str, Any] | None) -> str:
    """What is asked for, where ``7`` is any 7, and what AWS upgraded by itself stays."""
    asked = str(params["engine_version"])
    if not before or before["engine"] != params["engine"]:
        return asked
    found = str(before["engine_version"])
    newer = _numbers(found) > _numbers(asked) and _numbers(found)[0] == _numbers(asked)[0]
    stays = f"{found}.".startswith(f"{asked}.") or (newer and params["auto_minor_version_upgrade"])
    return found if stays else asked


def _refuse_downgrade(name: str, before: Mapping[str, Any], desired: Mapping[str, Any]) -> None:
    older = _numbers(desired["engine_version"]) < _numbers(before["engine_version"])
    back = (before["engine"], desired["engine"]) == ("valkey", "redis")
    if back or (before["engine"] == desired["engine"] and older):
        raise Refused(
            f"it runs {before['engine']} {before['engine_version']}, and AWS does not go back to"
            f" {desired['engine']} {desired['engine_version']}.",
            mend=f"Write down what runs, or: {_FIXED}",
            resource=f"replication_group/{name}",
        )


def _impacts(before: Mapping[str, Any] | None, desired: Mapping[str, Any] | None) -> dict[str, Impact]:
    """With a replica a change of the nodes ends in a failover of seconds; without one nobody is there meanwhile."""
    alone = (before or {}).get("members", 1) < 2 or (desired or {}).get("members", 1) < 2
    change: Impact = "outage" if alone else "restart"
    return {"delete": "data loss", "node_type": change, "engine": change, "engine_version": change}


# -- found -----------------------------------------------------------------------------------------------------------


def _read(aws: Aws, item: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    """The group, with what only its members tell."""
    clusters, tagged = aws.gather(
        (
            lambda: aws.pages("elasticache", "describe_cache_clusters", "CacheClusters", CacheClusterId=_first(item)),
            lambda: [read_tags(aws, item["ARN"])],
        )
    )
    member, endpoint = clusters[0], endpoint_of(item)
    engine = (item.get("Engine") or member["Engine"]).lower()
    return {
        "arn": item["ARN"],
        "status": item["Status"],
        "endpoint": endpoint[0] if endpoint else endpoint_placeholder(item["ReplicationGroupId"]),
        "description": item["Description"],
        "engine": engine,
        "engine_version": member["EngineVersion"],
        "node_type": item["CacheNodeType"],
        "members": len(item["MemberClusters"]),
        "automatic_failover": item["AutomaticFailover"] in ("enabled", "enabling"),
        "multi_az": item.get("MultiAZ") == "enabled",
        "parameter_group": member["CacheParameterGroup"]["CacheParameterGroupName"],
        "subnet_group": member["CacheSubnetGroupName"],
        "security_group_ids": sorted(group["SecurityGroupId"] for group in member.get("SecurityGroups") or ()),
        "user_group_ids": sorted(item.get("UserGroupIds") or ()),
        "maintenance_window": member["PreferredMaintenanceWindow"],
        "snapshot_retention_days": item.get("SnapshotRetentionLimit") or 0,
        "snapshot_window": item.get("SnapshotWindow"),
        "port": endpoint[1] if endpoint else None,
        "kms_key_arn": item.get("KmsKeyId"),
        "auto_minor_version_upgrade": bool(item.get("AutoMinorVersionUpgrade")),
        "transit_encryption": bool(item.get("TransitEncryptionEnabled")),
        "at_rest_encryption": bool(item.get("AtRestEncryptionEnabled")),
        "logs": {
            log["LogType"]: {
                "log_group": log["DestinationDetails"].get("CloudWatchLogsDetails", {}).get("LogGroup"),
                "format": log["LogFormat"],
            }
            for log in item.get("LogDeliveryConfigurations") or ()
            if log.get("Status") != "disabling"
        },
        "tags": managed_tags(tagged[0], tags),
    }


def _first(item: Mapping[str, Any]) -> str:
    first: str = item["MemberClusters"][0]
    return first


# -- changed ---------------------------------------------------------------------------------------------------------


def _updates(
    calls: _Calls, before: Mapping[str, Any] | None, desired: Mapping[str, Any] | None, tag: Operation
) -> tuple[Operation, ...]:
    """In an order in which each may be made: replicas come before failover needs them, and go after it does not."""
    grows = bool(before and desired and desired["members"] > before["members"])
    replicas = Operation(
        f"elasticache:{'Increase' if grows else 'Decrease'}ReplicaCount",
        calls.resize,
        covers=("members",),
        settled_only=True,
    )

    def modify(run: Any, *covers: str) -> Operation:
        return Operation("elasticache:ModifyReplicationGroup", run, covers=covers, settled_only=True)

    changes = (
        modify(calls.upgrade, "engine", "engine_version"),
        modify(calls.scale, "node_type"),
        modify(calls.set, *_SETTINGS),
        modify(calls.admit, "user_group_ids"),
        modify(calls.log, "logs"),
    )
    return (replicas, *changes, tag) if grows else (*changes, replicas, tag)


@dataclass(frozen=True)
class _Calls:
    """The writes of the group; each leaves it modifying."""

    aws: Aws
    params: Mapping[str, Any]
    wanted: Mapping[str, Any]

    def create(self, _known: dict[str, Any]) -> dict[str, Any]:
        wanted = self.wanted
        settings = {theirs: wanted[ours] for ours, theirs in _SETTINGS.items()}
        unless_made(
            self.aws,
            "ReplicationGroupAlreadyExists",
            "create_replication_group",
            ReplicationGroupId=self.params["name"],
            Engine=wanted["engine"],
            EngineVersion=wanted["engine_version"],
            CacheNodeType=wanted["node_type"],
            NumCacheClusters=wanted["members"],
            CacheSubnetGroupName=wanted["subnet_group"],
            Port=wanted["port"],
            TransitEncryptionEnabled=True,
            TransitEncryptionMode="required",
            AtRestEncryptionEnabled=True,
            **settings,
            **_given(
                KmsKeyId=wanted["kms_key_arn"],
                UserGroupIds=wanted["user_group_ids"],
                LogDeliveryConfigurations=[_log(kind, log) for kind, log in sorted(wanted["logs"].items())],
            ),
            Tags=tag_list(wanted["tags"]),
        )
        return {"status": "creating"}

    def resize(self, known: dict[str, Any]) -> dict[str, Any]:
        more = known["members"] < self.wanted["members"]
        operation = "increase_replica_count" if more else "decrease_replica_count"
        self.aws.call(
            "elasticache",
            operation,
            ReplicationGroupId=self.params["name"],
            NewReplicaCount=self.wanted["members"] - 1,
            ApplyImmediately=True,
        )
        return {"status": "modifying"}

    def upgrade(self, known: dict[str, Any]) -> dict[str, Any]:
        """With the parameter group, as one goes with a family of versions."""
        other = {"Engine": self.wanted["engine"]} if known["engine"] != self.wanted["engine"] else {}
        return self._modify(
            EngineVersion=self.wanted["engine_version"], CacheParameterGroupName=self.wanted["parameter_group"], **other
        )

    def scale(self, _known: dict[str, Any]) -> dict[str, Any]:
        return self._modify(CacheNodeType=self.wanted["node_type"])

    def set(self, known: dict[str, Any]) -> dict[str, Any]:
        changed = {
            theirs: self.wanted[ours] for ours, theirs in _SETTINGS.items() if known.get(ours) != self.wanted[ours]
        }
        return self._modify(**changed)

    def admit(self, known: dict[str, Any]) -> dict[str, Any]:
        held, wanted = set(known["user_group_ids"]), set(self.wanted["user_group_ids"])
        return self._modify(
            **_given(UserGroupIdsToAdd=sorted(wanted - held), UserGroupIdsToRemove=sorted(held - wanted))
        )

    def log(self, known: dict[str, Any]) -> dict[str, Any]:
        off = [{"LogType": kind, "Enabled": False} for kind in sorted(set(known["logs"]) - set(self.wanted["logs"]))]
        changed = [
            _log(kind, log) for kind, log in sorted(self.wanted["logs"].items()) if known["logs"].get(kind) != log
        ]
        return self._modify(LogDeliveryConfigurations=[*off, *changed])

    def delete(self, _known: dict[str, Any]) -> dict[str, Any]:
        snapshot = (
            {"FinalSnapshotIdentifier": f"{self.params['name']}-final-{datetime.now(UTC):%Y%m%d%H%M%S}"}
            if self.params["final_snapshot"]
            else {}
        )
        self.aws.call_or_none(
            "elasticache",
            "delete_replication_group",
            (MISSING,),
            ReplicationGroupId=self.params["name"],
            RetainPrimaryCluster=False,
            **snapshot,
        )
        return {"status": "deleting"}

    def _modify(self, **changes: Any) -> dict[str, Any]:
        self.aws.call(
            "elasticache",
            "modify_replication_group",
            ReplicationGroupId=self.params["name"],
            ApplyImmediately=True,
            **changes,
        )
        return {"status": "modifying"}


def _given(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}


def _log(kind: str, log: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "LogType": kind,
        "DestinationType": "cloudwatch-logs",
        "DestinationDetails": {"CloudWatchLogsDetails": {"LogGroup": log["log_group"]}},
        "LogFormat": log["format"],
        "Enabled": True,
    }
