"""rds_snapshot and rds_restore."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer

Run = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]

NAME = "airas-dev-db"
SNAPSHOT = {"name": "before-release", "instance": NAME, "tags": {"Environment": "dev"}}
RESTORE = {"name": f"{NAME}-drill", "source": NAME, "instance_class": "db.t3.medium", "tags": {"Environment": "dev"}}
ADDRESS = f"db_instance/{NAME}-drill"


@pytest.fixture
def instance(boto: Boto) -> None:
    boto("rds").create_db_instance(
        DBInstanceIdentifier=NAME,
        Engine="postgres",
        EngineVersion="16",
        DBInstanceClass="db.t3.small",
        AllocatedStorage=20,
        MasterUsername="airas_admin",
        ManageMasterUserPassword=True,
        DeletionProtection=True,
    )
    boto("rds").describe_db_instances()


def names(boto: Boto) -> list[str]:
    return sorted(each["DBInstanceIdentifier"] for each in boto("rds").describe_db_instances()["DBInstances"])


@pytest.mark.usefixtures("instance")
def test_a_recovery_point_of_aws_backup_is_restored_and_otherwise_left_alone(
    apply: Run, run_module: Run, boto: Boto
) -> None:
    backup = boto("backup")
    backup.create_backup_vault(BackupVaultName=NAME)
    instance = boto("rds").describe_db_instances()["DBInstances"][0]["DBInstanceArn"]
    role = "arn:aws:iam::427979936961:role/airas-dev-backup"
    job = backup.start_backup_job(BackupVaultName=NAME, ResourceArn=instance, IamRoleArn=role)
    point = job["RecoveryPointArn"].partition(":snapshot:")[2]
    for state in ("present", "absent"):
        refused = run_module("rds_snapshot", {**SNAPSHOT, "name": point, "state": state})
        assert "a recovery point of AWS Backup" in refused["msg"]
    made = apply("rds_restore", {**RESTORE, "snapshot": point})
    assert made["resources"][ADDRESS]["restored_to"]
    assert names(boto) == [NAME, f"{NAME}-drill"]
    nothing = run_module("rds_restore", {**RESTORE, "name": "other", "snapshot": "awsbackup:job-none"})
    assert nothing.get("failed")


@pytest.mark.usefixtures("instance")
def test_a_snapshot_is_taken_once(apply: Run, run_module: Run, boto: Boto, emulator: EmulatorServer) -> None:
    assert apply("rds_snapshot", SNAPSHOT, check=True)["changed"]
    emulator.set_delays({"db_snapshot.creating": 60})
    assert apply("rds_snapshot", SNAPSHOT)["pending"][0]["state"] == "creating (0 %)"
    emulator.set_delays({})
    done = apply("rds_snapshot", SNAPSHOT)
    assert (done["changed"], done["pending"]) == (False, [])
    boto("rds").add_tags_to_resource(
        ResourceName=done["resources"]["db_snapshot/before-release"]["arn"],
        Tags=[{"Key": "Environment", "Value": "prod"}],
    )
    assert apply("rds_snapshot", SNAPSHOT)["changed"]
    assert not apply("rds_snapshot", SNAPSHOT)["changed"]
    nothing = run_module("rds_snapshot", {**SNAPSHOT, "name": "other", "instance": "nobody"})
    assert "there is no instance nobody" in nothing["msg"]
    protected = {"name": "before-release", "state": "absent", "protected": True, "environment": "prod"}
    assert "confirm=prod:db_snapshot/before-release" in run_module("rds_snapshot", protected)["msg"]
    assert apply("rds_snapshot", {"name": "before-release", "state": "absent"})["changed"]
    assert not apply("rds_snapshot", {"name": "before-release", "state": "absent"})["changed"]


@pytest.mark.usefixtures("instance")
def test_a_restore_and_its_end(apply: Run, run_module: Run, boto: Boto, emulator: EmulatorServer) -> None:
    assert apply("rds_restore", RESTORE, check=True)["changed"]
    emulator.set_delays({"db_instance.creating": 60, "db_instance.deleting": 60})
    assert apply("rds_restore", RESTORE)["pending"] == [{"resource": ADDRESS, "state": "creating"}]
    emulator.set_delays({"db_instance.deleting": 60})
    done = apply("rds_restore", RESTORE)
    assert (done["changed"], done["pending"]) == (False, [])
    found = done["resources"][ADDRESS]
    assert found["restored_to"].endswith("+00:00")
    assert found["master_secret_arn"]
    told = boto("rds").describe_db_instances(DBInstanceIdentifier=RESTORE["name"])["DBInstances"][0]
    assert (told["DBInstanceClass"], told["DeletionProtection"], told["PubliclyAccessible"]) == (
        "db.t3.medium",
        False,
        False,
    )
    absent = {"name": RESTORE["name"], "source": NAME, "state": "absent"}
    assert apply("rds_restore", absent)["pending"] == [{"resource": ADDRESS, "state": "deleting"}]
    assert not apply("rds_restore", absent)["changed"]
    emulator.set_delays({})
    apply("rds_restore", absent)
    assert names(boto) == [NAME]
    assert not apply("rds_restore", absent)["changed"]


@pytest.mark.usefixtures("instance")
def test_only_what_was_restored_is_removed(run_module: Run, boto: Boto) -> None:
    refused = run_module("rds_restore", {"name": NAME, "source": NAME, "state": "absent"})
    assert "was not restored from" in refused["msg"]
    assert names(boto) == [NAME]


@pytest.mark.usefixtures("instance")
def test_a_snapshot_or_a_moment(apply: Run, run_module: Run, boto: Boto) -> None:
    apply("rds_snapshot", SNAPSHOT)
    apply("rds_snapshot", SNAPSHOT)
    made = apply("rds_restore", {**RESTORE, "snapshot": "before-release"})
    assert made["plan"][0]["changes"][0]["call"] == "rds:RestoreDBInstanceFromDBSnapshot"
    for moment, reason in (("yesterday", "Write a moment"), ("2026-03-01T12:00:00", "no time zone")):
        refused = run_module("rds_restore", {**RESTORE, "name": "other", "restore_time": moment})
        assert reason in refused["msg"]
    early = run_module("rds_restore", {**RESTORE, "name": "other", "restore_time": "2020-01-01T00:00:00+09:00"})
    assert "InvalidRestoreFault" in early["msg"]
