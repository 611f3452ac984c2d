"""rds_subnet_group, rds_parameter_group and rds_event_subscription."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]

GROUP: dict[str, Any] = {
    "name": "airas-dev-db-postgres16",
    "family": "postgres16",
    "parameters": {"rds.force_ssl": True, "log_min_duration_statement": 1000, "max_connections": 200},
    "tags": {"Environment": "dev"},
}
GROUP_ADDRESS = "db_parameter_group/airas-dev-db-postgres16"


@pytest.fixture
def subnets(boto: Boto) -> list[str]:
    ec2 = boto("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    made = (
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"ap-northeast-1{zone}")
        for n, zone in enumerate("acd")
    )
    return [each["Subnet"]["SubnetId"] for each in made]


def test_a_subnet_group(apply: Run, boto: Boto, subnets: list[str], changes: Any, writes: Any) -> None:
    args = {"name": "airas-dev-db", "subnet_ids": subnets[:2], "tags": {"Environment": "dev"}}
    before = writes()
    apply("rds_subnet_group", args, check=True)
    assert writes() == before
    made = apply("rds_subnet_group", args)
    assert made["resources"]["db_subnet_group/airas-dev-db"]["arn"].endswith(":subgrp:airas-dev-db")
    assert not apply("rds_subnet_group", args)["changed"]
    rds = boto("rds")
    rds.modify_db_subnet_group(DBSubnetGroupName="airas-dev-db", SubnetIds=subnets)
    rds.add_tags_to_resource(
        ResourceName=made["resources"]["db_subnet_group/airas-dev-db"]["arn"],
        Tags=[{"Key": "Environment", "Value": "prod"}],
    )
    plan = apply("rds_subnet_group", args, check=True)
    assert changes(plan) == {"db_subnet_group/airas-dev-db": ["subnet_ids", "tags.Environment"]}
    assert apply("rds_subnet_group", args)["plan"] == plan["plan"]
    assert not apply("rds_subnet_group", args)["changed"]
    absent = {"name": "airas-dev-db", "state": "absent"}
    assert apply("rds_subnet_group", absent, check=True)["changed"]
    assert apply("rds_subnet_group", absent)["changed"]
    assert not apply("rds_subnet_group", absent)["changed"]


def test_a_parameter_group_compares_what_is_asked(
    apply: Run, boto: Boto, value_changes: Any, interrupt_each_write: Any
) -> None:
    apply("rds_parameter_group", GROUP, check=True)
    apply("rds_parameter_group", GROUP)
    assert not apply("rds_parameter_group", GROUP)["changed"]
    methods = {
        item["ParameterName"]: item["ApplyMethod"]
        for item in boto("rds").describe_db_parameters(DBParameterGroupName=GROUP["name"], Source="user")["Parameters"]
    }
    assert methods == {
        "rds.force_ssl": "immediate",
        "log_min_duration_statement": "immediate",
        "max_connections": "pending-reboot",
    }
    drift = [
        {"ParameterName": name, "ParameterValue": value, "ApplyMethod": "immediate"}
        for name, value in (("log_min_duration_statement", "5"), ("log_statement", "all"))
    ]
    boto("rds").modify_db_parameter_group(DBParameterGroupName=GROUP["name"], Parameters=drift)
    plan = apply("rds_parameter_group", GROUP, check=True)
    assert value_changes(plan) == {f"{GROUP_ADDRESS} parameters.log_min_duration_statement": ("5", "1000")}
    apply("rds_parameter_group", GROUP)
    assert not apply("rds_parameter_group", GROUP)["changed"]

    def census() -> list[str]:
        pages = boto("rds").get_paginator("describe_db_parameters").paginate(DBParameterGroupName=GROUP["name"])
        values = {item["ParameterName"]: item.get("ParameterValue") for page in pages for item in page["Parameters"]}
        return [values[name] for name in GROUP["parameters"]]

    interrupt_each_write("rds_parameter_group", lambda: GROUP, census)


def test_many_parameters_go_in_parts(apply: Run, writes: Callable[[], list[str]]) -> None:
    names = ("deadlock_timeout", "log_temp_files", "statement_timeout", "lock_timeout", "temp_file_limit")
    costs = [f"autovacuum_{n}" for n in ("naptime", "vacuum_threshold", "analyze_threshold", "freeze_max_age")]
    more = ["work_mem", "maintenance_work_mem", "max_wal_size", "min_wal_size", "checkpoint_timeout"]
    workers = ["max_parallel_workers", "max_worker_processes", "max_wal_senders", "max_replication_slots"]
    rest = ["log_lock_waits", "log_connections", "log_disconnections", "track_io_timing"]
    parameters = dict.fromkeys((*names, *costs), 1000000) | dict.fromkeys(more, 64000)
    parameters |= dict.fromkeys(workers, 8) | dict.fromkeys(rest, True)
    parameters |= {"checkpoint_timeout": 600, "autovacuum_naptime": 60}
    apply("rds_parameter_group", {**GROUP, "parameters": parameters})
    assert writes().count("rds:ModifyDBParameterGroup") == 2
    assert not apply("rds_parameter_group", {**GROUP, "parameters": parameters})["changed"]


def test_what_a_parameter_group_refuses(apply: Run, run_module: Run) -> None:
    apply("rds_parameter_group", GROUP)
    for parameters, reason in (({"log_lock_wait": True}, "no parameter log_lock_wait"), ({"ssl": True}, "nobody")):
        refused = run_module("rds_parameter_group", {**GROUP, "parameters": parameters}, check=True)
        assert reason in refused["msg"]
    other = run_module("rds_parameter_group", {**GROUP, "family": "postgres17"})
    assert "another name" in other["msg"]
    absent = {"name": GROUP["name"], "state": "absent"}
    assert apply("rds_parameter_group", absent)["changed"]
    assert not apply("rds_parameter_group", absent)["changed"]


def test_an_event_subscription(apply: Run, run_module: Run, boto: Boto, changes: Any) -> None:
    topic = boto("sns").create_topic(Name="airas-dev-alarms")["TopicArn"]
    for name in ("airas-dev-db", "other"):
        boto("rds").create_db_instance(
            DBInstanceIdentifier=name,
            Engine="postgres",
            DBInstanceClass="db.t3.small",
            AllocatedStorage=20,
            MasterUsername="someone",
            ManageMasterUserPassword=True,
        )
    args = {
        "name": "airas-dev-db",
        "topic_arn": topic,
        "source_ids": ["airas-dev-db"],
        "categories": ["failure", "low storage"],
        "tags": {"Environment": "dev"},
    }
    address = "db_event_subscription/airas-dev-db"
    assert apply("rds_event_subscription", args, check=True)["changed"]
    apply("rds_event_subscription", args)
    assert not apply("rds_event_subscription", args)["changed"]
    rds = boto("rds")
    rds.modify_event_subscription(SubscriptionName="airas-dev-db", EventCategories=["backup"], Enabled=False)
    rds.add_source_identifier_to_subscription(SubscriptionName="airas-dev-db", SourceIdentifier="other")
    assert changes(apply("rds_event_subscription", args, check=True)) == {
        address: ["categories", "enabled", "source_ids"]
    }
    apply("rds_event_subscription", args)
    assert not apply("rds_event_subscription", args)["changed"]
    absent = {"name": "airas-dev-db", "state": "absent"}
    assert apply("rds_event_subscription", absent)["changed"]
    assert not apply("rds_event_subscription", absent)["changed"]
