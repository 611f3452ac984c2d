"""ElastiCache's groups against the embedded AWS: the replication group, and what it stands on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer

Result = dict[str, Any]
Apply = Callable[..., Result]
Boto = Callable[[str], Any]

NAME, GROUP = "airas-dev-redis", "replication_group/airas-dev-redis"
TAGS = {"Environment": "dev", "Component": "cache"}
PARAMETERS = {"name": f"{NAME}-redis7", "family": "redis7", "parameters": {"maxmemory-policy": "noeviction"}}


@pytest.fixture
def subnets(boto: Boto) -> list[str]:
    ec2 = boto("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"ap-northeast-1{zone}")["Subnet"][
            "SubnetId"
        ]
        for n, zone in enumerate("ac")
    ]


def group_args(**options: Any) -> dict[str, Any]:
    return {
        "name": NAME,
        "description": "Queue of airas-dev",
        "parameter_group": f"{NAME}-redis7",
        "subnet_group": NAME,
        "security_group_ids": ["sg-0a1b2c3d4e5f60718"],
        "tags": TAGS,
        **options,
    }


@pytest.fixture
def ground(apply: Apply, subnets: list[str]) -> None:
    apply("elasticache_subnet_group", {"name": NAME, "subnet_ids": subnets, "tags": TAGS})
    apply("elasticache_parameter_group", {**PARAMETERS, "tags": TAGS})


def held(boto: Boto) -> dict[str, Any]:
    found: dict[str, Any] = boto("elasticache").describe_replication_groups()["ReplicationGroups"][0]
    return found


# -- subnets and parameters ------------------------------------------------------------------------------------------


def test_a_subnet_group_is_planned_made_changed_and_removed(
    apply: Apply, boto: Boto, subnets: list[str], changes: Callable[[Result], Any], writes: Callable[[], list[str]]
) -> None:
    args, before = {"name": NAME, "subnet_ids": subnets, "tags": TAGS}, writes()
    planned = apply("elasticache_subnet_group", args, check=True)
    assert writes() == before
    assert planned["plan"] == apply("elasticache_subnet_group", args)["plan"]
    assert not apply("elasticache_subnet_group", args)["changed"]
    arn = f"arn:aws:elasticache:ap-northeast-1:427979936961:subnetgroup:{NAME}"
    boto("elasticache").remove_tags_from_resource(ResourceName=arn, TagKeys=["Component"])
    boto("elasticache").modify_cache_subnet_group(CacheSubnetGroupName=NAME, SubnetIds=subnets[:1])
    address = f"cache_subnet_group/{NAME}"
    assert changes(apply("elasticache_subnet_group", args)) == {address: ["subnet_ids", "tags.Component"]}
    assert not apply("elasticache_subnet_group", args)["changed"]
    gone = {"name": NAME, "state": "absent"}
    assert apply("elasticache_subnet_group", gone, check=True)["changed"]
    assert [apply("elasticache_subnet_group", gone)["changed"] for _time in range(2)] == [True, False]


def test_a_parameter_group_differs_from_its_family_in_what_is_named_alone(
    apply: Apply, run_module: Apply, boto: Boto, value_changes: Callable[[Result], Any]
) -> None:
    assert apply("elasticache_parameter_group", PARAMETERS, check=True)["changed"]
    apply("elasticache_parameter_group", PARAMETERS)
    assert not apply("elasticache_parameter_group", PARAMETERS)["changed"]
    others = [
        {"ParameterName": "maxmemory-policy", "ParameterValue": "allkeys-lru"},
        {"ParameterName": "databases", "ParameterValue": "1"},
    ]
    boto("elasticache").modify_cache_parameter_group(
        CacheParameterGroupName=PARAMETERS["name"], ParameterNameValues=others
    )
    repaired = apply("elasticache_parameter_group", PARAMETERS)
    address = f"cache_parameter_group/{NAME}-redis7"
    assert value_changes(repaired) == {
        f"{address} parameters.databases": ("1", None),
        f"{address} parameters.maxmemory-policy": ("allkeys-lru", "noeviction"),
    }
    assert repaired["plan"][0]["impact"] == "restart"  # the number of databases changes with one
    assert not apply("elasticache_parameter_group", PARAMETERS)["changed"]
    refused = run_module("elasticache_parameter_group", {**PARAMETERS, "family": "valkey8"})
    assert "another name" in refused["msg"]
    gone = {"name": PARAMETERS["name"], "state": "absent"}
    assert [apply("elasticache_parameter_group", gone)["changed"] for _time in range(2)] == [True, False]


def test_interrupted_at_each_write(interrupt_each_write: Callable[..., None], boto: Boto) -> None:
    def census() -> Any:
        groups = boto("elasticache").describe_cache_parameters(
            CacheParameterGroupName=PARAMETERS["name"], Source="user"
        )
        return groups["Parameters"]

    interrupt_each_write("elasticache_parameter_group", lambda: PARAMETERS, census)


# -- the replication group -------------------------------------------------------------------------------------------


def test_a_plan_on_an_empty_account_names_every_attribute(apply: Apply, writes: Callable[[], list[str]]) -> None:
    planned = apply("elasticache_replication_group", group_args(), check=True)
    assert writes() == []
    paths = {change["path"] for change in planned["plan"][0]["changes"]}
    assert {"arn", "endpoint", "engine", "engine_version", "members", "transit_encryption", "tags.Name"} <= paths
    assert planned["resources"][GROUP]["endpoint"].startswith(f"master.{NAME}.0000")


@pytest.mark.usefixtures("ground")
def test_it_is_creating_until_it_has_an_endpoint(
    emulator: EmulatorServer, apply: Apply, boto: Boto, settled: Callable[..., list[Result]]
) -> None:
    emulator.set_delays({"replication_group.creating": 3600})
    for changed in (True, False):
        result = apply("elasticache_replication_group", group_args())
        assert (result["changed"], result["pending"]) == (changed, [{"resource": GROUP, "state": "creating"}])
    emulator.set_delays({})
    found = settled("elasticache_replication_group", group_args())[-1]["resources"][GROUP]
    primary = held(boto)["NodeGroups"][0]["PrimaryEndpoint"]
    assert (found["endpoint"], found["port"]) == (primary["Address"], primary["Port"])
    assert (held(boto)["TransitEncryptionMode"], held(boto)["AtRestEncryptionEnabled"]) == ("required", True)


@pytest.mark.usefixtures("ground")
def test_members_stand_in_both_zones_and_replicas_come_before_failover_and_go_after_it(
    emulator: EmulatorServer, boto: Boto, settled: Callable[..., list[Result]], writes: Callable[[], list[str]]
) -> None:
    settled("elasticache_replication_group", group_args())
    before = len(writes())
    two = group_args(members=2, automatic_failover=True, multi_az=True)
    results = settled("elasticache_replication_group", two)
    assert writes()[before:] == ["elasticache:IncreaseReplicaCount", "elasticache:ModifyReplicationGroup"]
    assert [plan["impact"] for result in results for plan in result["plan"]] == ["none", "none"]
    members = held(boto)["NodeGroups"][0]["NodeGroupMembers"]
    assert [member["PreferredAvailabilityZone"] for member in members] == ["ap-northeast-1a", "ap-northeast-1c"]
    boto("elasticache").test_failover(ReplicationGroupId=NAME, NodeGroupId="0001")
    assert not settled("elasticache_replication_group", two)[-1]["changed"]
    before = len(writes())
    settled("elasticache_replication_group", group_args())
    assert writes()[before:] == ["elasticache:ModifyReplicationGroup", "elasticache:DecreaseReplicaCount"]
    assert held(boto)["AutomaticFailover"] == "disabled"


@pytest.mark.usefixtures("ground")
def test_nodes_and_versions_are_classed_and_changed_one_at_a_time(
    apply: Apply, boto: Boto, settled: Callable[..., list[Result]]
) -> None:
    settled("elasticache_replication_group", group_args())
    apply("elasticache_parameter_group", {**PARAMETERS, "name": f"{NAME}-valkey8", "family": "valkey8"})
    more = group_args(
        engine="valkey", engine_version="8.0", parameter_group=f"{NAME}-valkey8", node_type="cache.t4g.small"
    )
    [plan] = apply("elasticache_replication_group", more, check=True)["plan"]
    assert {change["path"]: change["impact"] for change in plan["changes"]} == {
        "engine": "outage",
        "engine_version": "outage",
        "node_type": "outage",
        "parameter_group": "none",
    }
    settled("elasticache_replication_group", more)
    [cluster] = boto("elasticache").describe_cache_clusters()["CacheClusters"]
    assert (cluster["Engine"], cluster["EngineVersion"], cluster["CacheNodeType"]) == (
        "valkey",
        "8.0.1",
        "cache.t4g.small",
    )
    assert not apply("elasticache_replication_group", more)["changed"]


@pytest.mark.usefixtures("ground")
@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"engine_version": "6.2"}, "AWS does not go back to redis 6.2"),
        ({"subnet_group": "other"}, "AWS cannot change it in place"),
        ({"automatic_failover": True}, "needs at least two members"),
        ({"multi_az": True, "members": 2}, "multi_az needs automatic_failover"),
    ],
)
def test_what_aws_cannot_do_is_refused_with_the_reason(
    run_module: Apply, settled: Callable[..., list[Result]], options: dict[str, Any], reason: str
) -> None:
    settled("elasticache_replication_group", group_args())
    failed = run_module("elasticache_replication_group", group_args(**options), check=True)
    assert reason in failed["msg"]


@pytest.mark.usefixtures("ground")
def test_drift_is_named_and_repaired(
    apply: Apply, boto: Boto, settled: Callable[..., list[Result]], changes: Callable[[Result], Any]
) -> None:
    boto("logs").create_log_group(logGroupName="/elasticache/airas-dev-redis")
    args = group_args(logs=[{"type": "slow-log", "log_group": "/elasticache/airas-dev-redis"}])
    settled("elasticache_replication_group", args)
    boto("elasticache").modify_replication_group(
        ReplicationGroupId=NAME,
        ReplicationGroupDescription="other",
        SecurityGroupIds=["sg-1"],
        SnapshotRetentionLimit=3,
        PreferredMaintenanceWindow="mon:00:00-mon:01:00",
        LogDeliveryConfigurations=[{"LogType": "slow-log", "Enabled": False}],
        ApplyImmediately=True,
    )
    boto("elasticache").describe_replication_groups()
    boto("elasticache").remove_tags_from_resource(ResourceName=held(boto)["ARN"], TagKeys=["Component"])
    assert changes(apply("elasticache_replication_group", args, check=True)) == {
        GROUP: [
            "description",
            "logs.slow-log.format",
            "logs.slow-log.log_group",
            "maintenance_window",
            "security_group_ids",
            "snapshot_retention_days",
            "tags.Component",
        ]
    }
    settled("elasticache_replication_group", args)
    assert not apply("elasticache_replication_group", args, check=True)["changed"]


@pytest.mark.usefixtures("ground")
def test_a_lost_answer_makes_no_second_group(
    emulator: EmulatorServer, run_module: Apply, boto: Boto, settled: Callable[..., list[Result]]
) -> None:
    lost = {"service": "elasticache", "operation": "CreateReplicationGroup", "effect": "drop_after", "times": 1}
    emulator.set_faults([lost])
    run_module("elasticache_replication_group", group_args())
    emulator.set_faults([])
    settled("elasticache_replication_group", group_args())
    assert len(boto("elasticache").describe_replication_groups()["ReplicationGroups"]) == 1


@pytest.mark.usefixtures("ground")
def test_its_removal_is_a_loss_of_data_with_a_final_snapshot(
    apply: Apply, run_module: Apply, boto: Boto, settled: Callable[..., list[Result]]
) -> None:
    settled("elasticache_replication_group", group_args())
    gone = {"name": NAME, "state": "absent"}
    refused = run_module("elasticache_replication_group", {**gone, "protected": True, "environment": "prod"})
    assert f"-e confirm=prod:{GROUP}" in refused["msg"]
    results = settled("elasticache_replication_group", gone)
    assert (results[0]["changed"], results[0]["pending"][0]["state"]) == (True, "deleting")
    assert not apply("elasticache_replication_group", gone)["changed"]
    [snapshot] = boto("elasticache").describe_snapshots()["Snapshots"]
    assert snapshot["SnapshotName"].startswith(f"{NAME}-final-20")
