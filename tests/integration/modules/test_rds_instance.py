from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer

NAME = "airas-dev-db"
ADDRESS = f"db_instance/{NAME}"
ARGS: dict[str, Any] = {
    "name": NAME,
    "instance_class": "db.t3.small",
    "allocated_storage_gib": 20,
    "max_allocated_storage_gib": 100,
    "database_name": "airas",
    "master_username": "airas_admin",
    "subnet_group": NAME,
    "parameter_group": "airas-dev-db-postgres16",
    "backup_window": "17:00-17:30",
    "maintenance_window": "Sun:18:00-Sun:18:30",
    "deletion_protection": False,
    "log_exports": ["upgrade", "postgresql"],
    "tags": {"Environment": "dev"},
}
NOW = {"apply_immediately": True}

Run = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]


@pytest.fixture
def prepare(boto: Boto, apply: Run) -> Callable[[], dict[str, Any]]:
    """The groups that an instance needs; returns the arguments of the instance."""

    def run() -> dict[str, Any]:
        ec2 = boto("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"ap-northeast-1{zone}")
            for n, zone in enumerate("ac")
        ]
        group = ec2.create_security_group(GroupName="database", Description="database", VpcId=vpc)["GroupId"]
        apply("rds_subnet_group", {"name": NAME, "subnet_ids": [each["Subnet"]["SubnetId"] for each in subnets]})
        apply(
            "rds_parameter_group",
            {
                "name": "airas-dev-db-postgres16",
                "family": "postgres16",
                "parameters": {"log_lock_waits": True, "max_connections": 200},
            },
        )
        return {**ARGS, "security_group_ids": [group]}

    return run


@pytest.fixture
def settle(apply: Run) -> Run:
    """Calls the module the way the action plugin does, until nothing is pending; returns the first result."""

    def run(name: str, args: dict[str, Any]) -> dict[str, Any]:
        first = latest = apply(name, args)
        for _ in range(20):
            if not latest["pending"]:
                return first
            latest = apply(name, {**args, **latest.get("resume", {})})
        raise AssertionError(latest["pending"])

    return run


def told(boto: Boto) -> dict[str, Any]:
    found: dict[str, Any] = boto("rds").describe_db_instances(DBInstanceIdentifier=NAME)["DBInstances"][0]
    return found


def census(boto: Boto) -> Any:
    instances = boto("rds").describe_db_instances()["DBInstances"]
    return [(i["DBInstanceIdentifier"], i["DBInstanceClass"], i["MasterUsername"]) for i in instances]


def test_plan_on_an_empty_account(apply: Run, writes: Callable[[], list[str]], changes: Any) -> None:
    args = {**ARGS, "security_group_ids": ["sg-00000000000000000"]}
    result = apply("rds_instance", args, check=True)
    assert writes() == []
    assert {"arn", "instance_class", "allocated_storage_gib", "log_exports", "tags.Name", "maintenance_window"} <= set(
        changes(result)[ADDRESS]
    )


def test_made_then_unchanged(
    prepare: Any, apply: Run, settle: Run, boto: Boto, emulator: EmulatorServer, writes: Callable[[], list[str]]
) -> None:
    args = prepare()
    emulator.set_delays({"db_instance.creating": 60})
    first = apply("rds_instance", args)
    assert first["pending"] == [{"resource": ADDRESS, "state": "creating"}]
    assert first["resources"][ADDRESS]["endpoint"] is None
    assert apply("rds_instance", args)["pending"] == first["pending"]
    emulator.set_delays({})
    settle("rds_instance", args)
    again = apply("rds_instance", args)
    assert not again["changed"], again["plan"]
    assert again["resources"][ADDRESS]["endpoint"] == "localhost"
    assert [call for call in writes() if "DBInstance" in call] == ["rds:CreateDBInstance"]
    found = told(boto)
    assert (found["StorageType"], found["StorageEncrypted"], found["PubliclyAccessible"]) == ("gp3", True, False)
    assert found["MasterUserSecret"]["SecretStatus"] == "active"


def test_interrupted_anywhere(prepare: Any, boto: Boto, interrupt_each_write: Any) -> None:
    interrupt_each_write("rds_instance", prepare, lambda: census(boto))


DRIFTS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "class": ({"DBInstanceClass": "db.t3.large"}, ["instance_class"]),
    "protection": ({"DeletionProtection": True}, ["deletion_protection"]),
    "retention": ({"BackupRetentionPeriod": 1}, ["backup_retention_days"]),
    "windows": (
        {"PreferredBackupWindow": "01:00-01:30", "PreferredMaintenanceWindow": "mon:03:00-mon:03:30"},
        ["backup_window", "maintenance_window"],
    ),
    "logs": (
        {"CloudwatchLogsExportConfiguration": {"DisableLogTypes": ["upgrade"], "EnableLogTypes": []}},
        ["log_exports"],
    ),
    "insights": (
        {"EnablePerformanceInsights": False},
        ["performance_insights", "performance_insights_retention_days"],
    ),
    "copies": ({"MultiAZ": True}, ["multi_az"]),
    "scaling": ({"MaxAllocatedStorage": 200}, ["max_allocated_storage_gib"]),
    "certificate": ({"CACertificateIdentifier": "rds-ca-ecc384-g1"}, ["ca_certificate"]),
    "login": ({"EnableIAMDatabaseAuthentication": True}, ["iam_authentication"]),
    "small things": (
        {"CopyTagsToSnapshot": False, "AutoMinorVersionUpgrade": False, "PubliclyAccessible": True},
        ["auto_minor_version_upgrade", "copy_tags_to_snapshot", "publicly_accessible"],
    ),
    "parameters": ({"DBParameterGroupName": "default.postgres16"}, ["parameter_group"]),
}


def test_drift_is_named_and_repaired(
    prepare: Any, run_module: Run, apply: Run, settle: Run, boto: Boto, changes: Any
) -> None:
    args = {**prepare(), **NOW, "ca_certificate": "rds-ca-rsa2048-g1"}
    settle("rds_instance", args)
    rds = boto("rds")
    # The default group exists once an instance has used it.
    for what, (change, paths) in DRIFTS.items():
        if what == "parameters":
            rds.create_db_instance(
                DBInstanceIdentifier="other",
                Engine="postgres",
                EngineVersion="16",
                DBInstanceClass="db.t3.small",
                AllocatedStorage=20,
                MasterUsername="someone",
                ManageMasterUserPassword=True,
            )
        rds.modify_db_instance(DBInstanceIdentifier=NAME, ApplyImmediately=True, **change)
        for _ in range(4):
            told(boto)
        plan = run_module("rds_instance", args, check=True)
        assert changes(plan)[ADDRESS] == paths, what
        if what == "parameters":
            run_module("rds_instance", args)  # says that a restart is wanted
            rds.reboot_db_instance(DBInstanceIdentifier=NAME)
        settle("rds_instance", args)
        again = apply("rds_instance", args)
        assert not again["changed"], (what, again["plan"])


def test_a_static_parameter_waits_until_a_restart_is_asked_for(
    prepare: Any, apply: Run, run_module: Run, settle: Run, boto: Boto, value_changes: Any, writes: Any
) -> None:
    args = prepare()
    settle("rds_instance", args)
    group = {"name": args["parameter_group"], "family": "postgres16", "parameters": {"max_connections": 300}}
    plan = apply("rds_parameter_group", group, check=True)
    assert (plan["plan"][0]["impact"], value_changes(plan)) == (
        "restart",
        {f"db_parameter_group/{group['name']} parameters.max_connections": ("200", "300")},
    )
    apply("rds_parameter_group", group)
    waiting = run_module("rds_instance", args)
    assert not waiting["changed"]
    assert "restart_for_parameters" in str(waiting["warnings"])
    assert "rds:RebootDBInstance" not in writes()
    restart = {**args, "restart_for_parameters": True}
    plan = run_module("rds_instance", restart, check=True)
    assert (plan["plan"][0]["impact"], value_changes(plan)) == (
        "restart",
        {f"{ADDRESS} parameters_wait": (True, False)},
    )
    assert "rds:RebootDBInstance" not in writes()
    run_module("rds_instance", restart)
    assert told(boto)["DBParameterGroups"][0]["ParameterApplyStatus"] == "in-sync"
    settle("rds_instance", restart)
    assert not apply("rds_instance", restart)["changed"]
    assert writes().count("rds:RebootDBInstance") == 1


def test_what_waits_for_the_window_is_neither_asked_for_again_nor_applied_along(
    prepare: Any, apply: Run, settle: Run, boto: Boto, emulator: EmulatorServer
) -> None:
    args = {**prepare(), "instance_class": "db.t3.medium"}
    settle("rds_instance", {**args, "instance_class": "db.t3.small"})
    settle("rds_instance", args)
    waiting = {"DBInstanceClass": "db.t3.medium"}

    def modified() -> list[dict[str, Any]]:
        calls = [call for call in emulator.calls() if call["operation"] == "ModifyDBInstance"]
        return [call["params"] for call in calls]

    before = modified()
    for _ in range(2):
        assert not apply("rds_instance", args)["changed"]
    assert modified() == before
    assert (told(boto)["DBInstanceClass"], told(boto)["PendingModifiedValues"]) == ("db.t3.small", waiting)
    # Another change of the same instance leaves it waiting.
    settle("rds_instance", {**args, "backup_retention_days": 9})
    [request] = modified()[len(before) :]
    assert request == {"DBInstanceIdentifier": NAME, "ApplyImmediately": False, "BackupRetentionPeriod": 9}
    assert (told(boto)["DBInstanceClass"], told(boto)["PendingModifiedValues"]) == ("db.t3.small", waiting)


def test_a_class_change_is_a_restart_and_waits_for_the_window(
    prepare: Any, apply: Run, settle: Run, boto: Boto, emulator: EmulatorServer, value_changes: Any
) -> None:
    args = prepare()
    settle("rds_instance", args)
    larger = {**args, "instance_class": "db.t3.medium"}
    plan = apply("rds_instance", larger, check=True)
    assert value_changes(plan) == {f"{ADDRESS} instance_class": ("db.t3.small", "db.t3.medium")}
    assert plan["plan"][0]["impact"] == "restart"
    settle("rds_instance", larger)
    assert told(boto)["PendingModifiedValues"] == {"DBInstanceClass": "db.t3.medium"}
    assert not apply("rds_instance", larger)["changed"]
    # What waits is one difference for those who do not want to wait, and is over once it is applied.
    plan = apply("rds_instance", {**larger, **NOW}, check=True)
    assert value_changes(plan) == {f"{ADDRESS} waiting": (["instance_class"], [])}
    emulator.set_delays({"db_instance.modify_begins": 30})
    assert apply("rds_instance", {**larger, **NOW})["pending"][0]["state"] == "about to be modified"
    emulator.set_delays({})
    settle("rds_instance", {**larger, **NOW, "modified": True})
    assert (told(boto)["DBInstanceClass"], told(boto)["PendingModifiedValues"]) == ("db.t3.medium", {})
    assert not apply("rds_instance", {**larger, **NOW})["changed"]


def test_storage_grows_and_never_shrinks(prepare: Any, apply: Run, run_module: Run, settle: Run, boto: Boto) -> None:
    args = {**prepare(), **NOW}
    settle("rds_instance", args)
    settle("rds_instance", {**args, "allocated_storage_gib": 40})
    for size, reason in ((20, "never shrinks"), (41, "ten percent")):
        refused = run_module("rds_instance", {**args, "allocated_storage_gib": size}, check=True)
        assert reason in refused["msg"], refused
    # RDS enlarges it by itself, which is no wish of anybody to shrink it.
    boto("rds").modify_db_instance(DBInstanceIdentifier=NAME, AllocatedStorage=60, ApplyImmediately=True)
    for _ in range(4):
        told(boto)
    assert not apply("rds_instance", {**args, "allocated_storage_gib": 40})["changed"]


def test_versions(prepare: Any, apply: Run, run_module: Run, settle: Run, boto: Boto) -> None:
    args = {**prepare(), **NOW, "engine_version": "16.10"}
    settle("rds_instance", args)
    assert not apply("rds_instance", {**args, "engine_version": "16"})["changed"]
    upgrade = apply("rds_instance", {**args, "engine_version": "16.11"}, check=True)
    assert upgrade["plan"][0]["impact"] == "outage"
    settle("rds_instance", {**args, "engine_version": "16.11"})
    assert not apply("rds_instance", args)["changed"]  # as if RDS had upgraded it by itself
    back = run_module("rds_instance", {**args, "auto_minor_version_upgrade": False})
    assert "never goes back" in back["msg"]
    major = run_module("rds_instance", {**args, "engine_version": "17"}, check=True)
    assert "allow_major_version_upgrade" in major["msg"]
    allowed = {**args, "engine_version": "17", "allow_major_version_upgrade": True}
    assert apply("rds_instance", allowed, check=True)["plan"][0]["impact"] == "outage"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"storage_encrypted": False}, "Copy a snapshot"),
        ({"database_name": "other"}, "with SQL"),
        ({"master_username": "other"}, "with SQL"),
        ({"subnet_group": "other"}, "restore a snapshot"),
        ({"database_insights_mode": "advanced"}, "465"),
    ],
)
def test_what_cannot_be_changed(prepare: Any, run_module: Run, settle: Run, change: Any, reason: str) -> None:
    args = prepare()
    settle("rds_instance", args)
    refused = run_module("rds_instance", {**args, **change})
    assert reason in refused["msg"], refused


def test_a_password_of_somebody_is_handed_to_rds(prepare: Any, apply: Run, settle: Run, boto: Boto) -> None:
    args = {**prepare(), **NOW}
    settle("rds_instance", args)
    boto("rds").modify_db_instance(DBInstanceIdentifier=NAME, ManageMasterUserPassword=False, ApplyImmediately=True)
    assert settle("rds_instance", args)["changed"]
    assert "MasterUserSecret" in told(boto)
    assert not apply("rds_instance", args)["changed"]


def test_deleted_with_a_final_snapshot_that_is_found_again(
    prepare: Any, apply: Run, run_module: Run, settle: Run, boto: Boto, emulator: EmulatorServer
) -> None:
    args = {**prepare(), "deletion_protection": True, "state": "absent"}
    settle("rds_instance", {**args, "state": "present"})
    assert "deletion protection is on" in run_module("rds_instance", args)["msg"]
    guarded = {**args, "deletion_protection": False, "protected": True, "environment": "prod"}
    refused = run_module("rds_instance", guarded)
    assert f"confirm=prod:{ADDRESS}" in refused["msg"]
    assert told(boto)["DeletionProtection"]
    confirmed = {**guarded, "confirm": [f"prod:{ADDRESS}"]}
    plan = apply("rds_instance", confirmed, check=True)
    assert plan["plan"][0]["impact"] == "data loss"
    emulator.set_delays({"db_instance.deleting": 60})
    assert apply("rds_instance", confirmed)["pending"] == [{"resource": ADDRESS, "state": "deleting"}]
    assert not apply("rds_instance", confirmed)["changed"]
    present = run_module("rds_instance", {**args, "state": "present"})
    assert "still deleting" in present["msg"]
    emulator.set_delays({})
    settle("rds_instance", confirmed)
    assert not apply("rds_instance", confirmed)["changed"]
    [final] = boto("rds").describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    assert final["DBSnapshotIdentifier"].startswith(f"{NAME}-final-")


def test_a_failed_instance_says_how_it_is_mended(prepare: Any, run_module: Run, settle: Run, boto: Boto) -> None:
    args = prepare()
    settle("rds_instance", args)
    boto("rds").stop_db_instance(DBInstanceIdentifier=NAME)
    assert not settle("rds_instance", args)["changed"]
