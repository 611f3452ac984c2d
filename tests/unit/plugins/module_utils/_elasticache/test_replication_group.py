from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._elasticache import replication_group
from ansible_collections.airas.platform.plugins.module_utils._reconcile import (
    PlatformError,
    Refused,
    apply,
    plan_resource,
)

Fake = Callable[..., Any]

PARAMS: dict[str, Any] = {
    "name": "queue",
    "description": "",
    "engine": "redis",
    "engine_version": "7.1",
    "node_type": "cache.t4g.micro",
    "members": 1,
    "automatic_failover": False,
    "multi_az": False,
    "parameter_group": "default.redis7",
    "subnet_group": "queue",
    "security_group_ids": [],
    "user_group_ids": [],
    "port": 6379,
    "kms_key_arn": None,
    "maintenance_window": "sun:17:30-sun:18:30",
    "snapshot_retention_days": 0,
    "snapshot_window": "16:30-17:30",
    "auto_minor_version_upgrade": True,
    "logs": [],
    "final_snapshot": True,
    "tags": {},
    "state": "present",
}
GROUP = {
    "ARN": "arn:group",
    "ReplicationGroupId": "queue",
    "Status": "available",
    "Description": "",
    "CacheNodeType": "cache.t4g.micro",
    "MemberClusters": ["queue-001"],
    "AutomaticFailover": "disabled",
    "MultiAZ": "disabled",
    "SnapshotRetentionLimit": 0,
    "SnapshotWindow": "16:30-17:30",
    "AutoMinorVersionUpgrade": True,
    "TransitEncryptionEnabled": True,
    "AtRestEncryptionEnabled": True,
}
CLUSTER = {
    "Engine": "redis",
    "EngineVersion": "7.1.0",
    "CacheParameterGroup": {"CacheParameterGroupName": "default.redis7"},
    "CacheSubnetGroupName": "queue",
    "PreferredMaintenanceWindow": "sun:17:30-sun:18:30",
}


def account(fake_aws: Fake, **group: Any) -> Any:
    return fake_aws(
        describe_replication_groups={"ReplicationGroups": [{**GROUP, **group}]},
        describe_cache_clusters={"CacheClusters": [CLUSTER]},
        list_tags_for_resource={"TagList": [{"Key": "Name", "Value": "queue"}]},
    )


def plan(aws: Any, **options: Any) -> Any:
    [resource] = replication_group.resources(aws, {**PARAMS, **options})
    return plan_resource(resource)


def test_a_patch_of_the_version_is_the_version(fake_aws: Fake) -> None:
    assert plan(account(fake_aws)).action == "none"
    assert [change.path for change in plan(account(fake_aws), engine_version="7.2").changes] == ["engine_version"]


def test_what_aws_has_upgraded_by_itself_stays(fake_aws: Fake) -> None:
    assert plan(account(fake_aws), engine_version="7.0").action == "none"
    assert plan(account(fake_aws), engine_version="7").action == "none"
    with pytest.raises(Refused, match=r"AWS does not go back to redis 7\.0"):
        plan(account(fake_aws), engine_version="7.0", auto_minor_version_upgrade=False)


@pytest.mark.parametrize(
    ("asked", "told", "differs"), [(None, 6380, False), (6380, 6380, False), (6379, 6380, True), (6379, None, False)]
)
def test_a_port_is_compared_if_it_is_asked_for_and_told(
    fake_aws: Fake, asked: int | None, told: int | None, differs: bool
) -> None:
    endpoint = [{"PrimaryEndpoint": {"Address": "a", "Port": told}}] if told else []
    [group] = replication_group.resources(account(fake_aws, NodeGroups=endpoint), {**PARAMS, "port": asked})
    assert group.before is not None
    assert group.after is not None
    assert (group.before["port"] != group.after["port"]) is differs


def test_one_change_at_a_time_in_an_order_that_aws_takes(fake_aws: Fake) -> None:
    aws = account(fake_aws)
    changes = plan(aws, members=2, automatic_failover=True, node_type="cache.t4g.small")
    assert [operation.call for operation in changes.updates] == [
        "elasticache:IncreaseReplicaCount",
        "elasticache:ModifyReplicationGroup",
        "elasticache:ModifyReplicationGroup",
    ]
    before = len(aws.calls)
    apply([changes], [])
    assert [call for call, _params in aws.calls[before:]] == ["elasticache:increase_replica_count"]
    assert changes.resource.pending == "modifying"


@pytest.mark.parametrize(("members", "impact"), [(1, "outage"), (2, "restart")])
def test_a_replica_makes_a_restart_of_an_outage(fake_aws: Fake, members: int, impact: str) -> None:
    aws = account(fake_aws, MemberClusters=["queue-001", "queue-002"][:members])
    assert plan(aws, members=members, node_type="cache.t4g.small").impact == impact


def test_one_that_could_not_be_made_is_named_and_can_be_removed(fake_aws: Fake) -> None:
    aws = account(fake_aws, Status="create-failed")
    with pytest.raises(PlatformError, match="AWS could not make it"):
        _pending = plan(aws).resource.pending
    removal = plan(aws, state="absent")
    assert (removal.action, removal.impact) == ("delete", "data loss")
    apply([removal], [])
    assert aws.calls[-1][1]["FinalSnapshotIdentifier"].startswith("queue-final-")


def test_a_group_that_is_leaving_is_waited_for(fake_aws: Fake) -> None:
    again = plan(account(fake_aws, Status="deleting"))
    assert (again.action, again.resource.pending) == ("create", "deleting")
    gone = plan(account(fake_aws, Status="deleting"), state="absent")
    assert (gone.action, gone.resource.pending) == ("none", "deleting")
