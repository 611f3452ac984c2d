from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from ansible_collections.airas.platform.plugins.module_utils._rds import instance
from ansible_collections.airas.platform.plugins.module_utils._reconcile import (
    PlatformError,
    Refused,
    apply,
    plan_resource,
)

NAME = "airas-dev-db"
ARN = f"arn:aws:rds:ap-northeast-1:427979936961:db:{NAME}"
OPTIONS: dict[str, Any] = {
    "name": NAME,
    "state": "present",
    "engine": "postgres",
    "engine_version": "16",
    "allow_major_version_upgrade": False,
    "instance_class": "db.t3.small",
    "allocated_storage_gib": 20,
    "max_allocated_storage_gib": 100,
    "storage_type": "gp3",
    "storage_encrypted": True,
    "kms_key_arn": None,
    "database_name": "airas",
    "master_username": "airas_admin",
    "master_secret_kms_key_id": None,
    "multi_az": False,
    "subnet_group": NAME,
    "security_group_ids": ["sg-1"],
    "port": None,
    "parameter_group": None,
    "publicly_accessible": False,
    "backup_retention_days": 7,
    "backup_window": None,
    "maintenance_window": None,
    "copy_tags_to_snapshot": True,
    "deletion_protection": None,
    "log_exports": ["upgrade", "postgresql"],
    "performance_insights": True,
    "performance_insights_retention_days": 7,
    "database_insights_mode": "standard",
    "monitoring_interval_s": 0,
    "monitoring_role_arn": None,
    "ca_certificate": None,
    "iam_authentication": False,
    "auto_minor_version_upgrade": True,
    "apply_immediately": False,
    "restart_for_parameters": False,
    "final_snapshot": True,
    "modified": False,
    "tags": {},
}
# As AWS describes it.
DESCRIBED: dict[str, Any] = {
    "DBInstanceIdentifier": NAME,
    "DBInstanceArn": ARN,
    "DbiResourceId": "db-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "DBInstanceStatus": "available",
    "Engine": "postgres",
    "EngineVersion": "16.10",
    "DBInstanceClass": "db.t3.small",
    "AllocatedStorage": 20,
    "MaxAllocatedStorage": 100,
    "StorageType": "gp3",
    "StorageEncrypted": True,
    "KmsKeyId": "arn:aws:kms:ap-northeast-1:427979936961:key/aws-rds",
    "DBName": "airas",
    "MasterUsername": "airas_admin",
    "MasterUserSecret": {"SecretArn": "arn:secret", "SecretStatus": "active"},
    "MultiAZ": False,
    "DBSubnetGroup": {"DBSubnetGroupName": NAME},
    "VpcSecurityGroups": [
        {"VpcSecurityGroupId": "sg-1", "Status": "active"},
        {"VpcSecurityGroupId": "sg-2", "Status": "removing"},
    ],
    "Endpoint": {"Address": f"{NAME}.abc.ap-northeast-1.rds.amazonaws.com", "Port": 5432},
    "DBParameterGroups": [{"DBParameterGroupName": "default.postgres16", "ParameterApplyStatus": "in-sync"}],
    "PubliclyAccessible": False,
    "BackupRetentionPeriod": 7,
    "PreferredBackupWindow": "17:00-17:30",
    "PreferredMaintenanceWindow": "sat:18:00-sat:18:30",
    "CopyTagsToSnapshot": True,
    "DeletionProtection": False,
    "EnabledCloudwatchLogsExports": ["postgresql", "upgrade"],
    "PerformanceInsightsEnabled": True,
    "PerformanceInsightsRetentionPeriod": 7,
    "MonitoringInterval": 0,
    "CACertificateIdentifier": "rds-ca-rsa2048-g1",
    "IAMDatabaseAuthenticationEnabled": False,
    "AutoMinorVersionUpgrade": True,
    "PendingModifiedValues": {},
    "TagList": [{"Key": "Name", "Value": NAME}, {"Key": "AllocatedStorageGib", "Value": "20"}],
}

Fake = Callable[..., Any]


def resource(aws: Any, **options: Any) -> Any:
    [found] = instance.resources(aws, {**OPTIONS, **options})
    return found


def answer(**attributes: Any) -> dict[str, Any]:
    return {"DBInstances": [{**DESCRIBED, **attributes}]}


def changed(aws: Any, **options: Any) -> dict[str, tuple[Any, Any, str]]:
    plan = plan_resource(resource(aws, **options))
    return {change.path: (change.before, change.after, change.impact) for change in plan.changes}


def test_as_it_is_found_nothing_changes(fake_aws: Fake) -> None:
    assert changed(fake_aws(describe_db_instances=answer())) == {}
    assert changed(fake_aws(describe_db_instances=answer()), apply_immediately=True) == {}


def test_one_that_does_not_exist_is_made_in_one_call(fake_aws: Fake, refusal: Fake) -> None:
    aws = fake_aws(
        describe_db_instances=refusal("DBInstanceNotFound"),
        create_db_instance={"DBInstance": {**DESCRIBED, "DBInstanceStatus": "creating", "Endpoint": None}},
    )
    made = resource(aws, kms_key_arn="arn:key", ca_certificate="rds-ca-rsa2048-g1", port=5433)
    apply([plan_resource(made)], [])
    [(call, request)] = [entry for entry in aws.calls if entry[0] != "rds:describe_db_instances"]
    assert call == "rds:create_db_instance"
    assert request["ManageMasterUserPassword"]
    assert "MasterUserPassword" not in request
    assert (request["Port"], request["KmsKeyId"], request["EngineVersion"]) == (5433, "arn:key", "16")
    assert "DBParameterGroupName" not in request
    assert made.pending == "creating"


@pytest.mark.parametrize(
    ("pending", "options", "expected"),
    [
        # What waits for the window was asked for.
        ({"DBInstanceClass": "db.t3.medium"}, {"instance_class": "db.t3.medium"}, {}),
        (
            {"DBInstanceClass": "db.t3.medium"},
            {"instance_class": "db.t3.small"},
            {"instance_class": ("db.t3.medium", "db.t3.small", "restart")},
        ),
        (
            {"DBInstanceClass": "db.t3.medium"},
            {"instance_class": "db.t3.medium", "apply_immediately": True},
            {"waiting": (["instance_class"], [], "restart")},
        ),
        (
            {"DBInstanceClass": "db.t3.medium"},
            {"instance_class": "db.t3.medium", "apply_immediately": True, "modified": True},
            {},
        ),
        ({"PendingCloudwatchLogsExports": {"LogTypesToEnable": ["upgrade"]}}, {}, {}),
    ],
)
def test_what_waits(fake_aws: Fake, pending: Any, options: Any, expected: Any) -> None:
    assert changed(fake_aws(describe_db_instances=answer(PendingModifiedValues=pending)), **options) == expected


def test_what_waits_is_applied_with_its_own_values_only(fake_aws: Fake) -> None:
    found = answer(PendingModifiedValues={"DBInstanceClass": "db.t3.medium"})
    aws = fake_aws(describe_db_instances=found, modify_db_instance={"DBInstance": found["DBInstances"][0]})
    flushed = resource(aws, instance_class="db.t3.medium", apply_immediately=True)
    apply([plan_resource(flushed)], [])
    assert aws.calls[-1] == (
        "rds:modify_db_instance",
        {"DBInstanceIdentifier": NAME, "ApplyImmediately": True, "DBInstanceClass": "db.t3.medium"},
    )
    assert flushed.pending == "about to be modified"
    assert flushed.resume(flushed.known) == {"modified": True}


@pytest.mark.parametrize(
    ("attributes", "options", "impact"),
    [
        ({"DeletionProtection": True}, {"deletion_protection": False}, "data loss"),
        ({"DeletionProtection": False}, {"deletion_protection": True}, "none"),
        ({"BackupRetentionPeriod": 30}, {}, "data loss"),
        ({"BackupRetentionPeriod": 0}, {}, "outage"),
        ({"BackupRetentionPeriod": 1}, {}, "none"),
        ({}, {"engine_version": "16.11"}, "outage"),
        ({}, {"instance_class": "db.t3.medium"}, "restart"),
        ({}, {"multi_az": True}, "none"),
    ],
)
def test_how_much_a_change_hurts(fake_aws: Fake, attributes: Any, options: Any, impact: str) -> None:
    found = changed(fake_aws(describe_db_instances=answer(**attributes)), **options)
    assert {change[2] for change in found.values()} == {impact}


@pytest.mark.parametrize(
    ("attributes", "options", "outcome"),
    [
        ({"AllocatedStorage": 60}, {}, 60),  # RDS enlarged it
        ({"AllocatedStorage": 60}, {"allocated_storage_gib": 70}, 70),
        ({}, {"allocated_storage_gib": 21}, "ten percent"),
        ({"AllocatedStorage": 60, "TagList": []}, {}, "never shrinks"),
        ({"AllocatedStorage": 60}, {"allocated_storage_gib": 10}, "never shrinks"),
    ],
)
def test_storage(fake_aws: Fake, attributes: Any, options: Any, outcome: Any) -> None:
    aws = fake_aws(describe_db_instances=answer(**attributes))
    if isinstance(outcome, str):
        with pytest.raises(Refused, match=outcome):
            resource(aws, **options)
    else:
        assert resource(aws, **options).after["allocated_storage_gib"] == outcome


@pytest.mark.parametrize(
    ("options", "outcome"),
    [
        ({"engine_version": "16.10"}, "16.10"),
        ({"engine_version": "16.9"}, "16.10"),  # RDS upgraded it
        ({"engine_version": "16.9", "auto_minor_version_upgrade": False}, "never goes back"),
        ({"engine_version": "15"}, "never goes back"),
        ({"engine_version": "17"}, "a major version"),
        ({"engine_version": "17", "allow_major_version_upgrade": True}, "17"),
    ],
)
def test_versions(fake_aws: Fake, options: Any, outcome: str) -> None:
    aws = fake_aws(describe_db_instances=answer())
    if " " in outcome:
        with pytest.raises(Refused, match=outcome):
            resource(aws, **options)
    else:
        assert resource(aws, **options).after["engine_version"] == outcome


def test_autoscaling_is_switched_off_by_a_limit_that_is_reached(fake_aws: Fake) -> None:
    aws = fake_aws(describe_db_instances=answer(), modify_db_instance={"DBInstance": DESCRIBED})
    apply([plan_resource(resource(aws, max_allocated_storage_gib=None))], [])
    assert aws.calls[-1][1]["MaxAllocatedStorage"] == 20
    reached = fake_aws(describe_db_instances=answer(MaxAllocatedStorage=20))
    assert changed(reached, max_allocated_storage_gib=None) == {}


def test_a_failed_one_says_how_it_is_mended(fake_aws: Fake) -> None:
    broken = resource(fake_aws(describe_db_instances=answer(DBInstanceStatus="storage-full")))
    with pytest.raises(PlatformError, match="Allocate more storage"):
        _ = broken.pending


def test_parameters_that_wait_are_named(fake_aws: Fake) -> None:
    waiting = [{"DBParameterGroupName": "g", "ParameterApplyStatus": "pending-reboot"}]
    found = resource(fake_aws(describe_db_instances=answer(DBParameterGroups=waiting)))
    assert "reboot it" in (found.warns(found.known) or "")


def test_a_restart_for_parameters_happens_only_when_it_is_asked_for_and_needed(fake_aws: Fake) -> None:
    waiting = [{"DBParameterGroupName": "g", "ParameterApplyStatus": "pending-reboot"}]
    assert changed(fake_aws(describe_db_instances=answer()), restart_for_parameters=True) == {}
    assert changed(fake_aws(describe_db_instances=answer(DBParameterGroups=waiting))) == {}
    aws = fake_aws(
        describe_db_instances=answer(DBParameterGroups=waiting),
        reboot_db_instance={"DBInstance": {**DESCRIBED, "DBInstanceStatus": "rebooting"}},
    )
    assert changed(aws, restart_for_parameters=True) == {"parameters_wait": (True, False, "restart")}
    found = resource(aws, restart_for_parameters=True)
    apply([plan_resource(found)], [])
    assert aws.calls[-1] == ("rds:reboot_db_instance", {"DBInstanceIdentifier": NAME})
    assert found.pending == "rebooting"


def test_a_monitoring_role_made_a_moment_ago_is_waited_for(fake_aws: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    refusals = ["IAM role ARN value is invalid or does not include the required permissions for: ENHANCED_MONITORING"]

    def modify(**_request: Any) -> dict[str, Any]:
        if refusals:
            error = {"Code": "InvalidParameterValue", "Message": refusals.pop()}
            raise ClientError({"Error": error}, "ModifyDBInstance")
        return {"DBInstance": DESCRIBED}

    aws = fake_aws(describe_db_instances=answer(), modify_db_instance=modify)
    apply([plan_resource(resource(aws, monitoring_interval_s=60, monitoring_role_arn="arn:role"))], [])
    calls = [request for call, request in aws.calls if call == "rds:modify_db_instance"]
    assert len(calls) == 2
    assert (calls[1]["MonitoringInterval"], calls[1]["MonitoringRoleArn"]) == (60, "arn:role")


def test_a_role_without_monitoring_is_nobodys_concern(fake_aws: Fake) -> None:
    found = answer(MonitoringInterval=0, MonitoringRoleArn="arn:role")
    assert changed(fake_aws(describe_db_instances=found), monitoring_role_arn="arn:other") == {}


def test_what_aws_backup_sets_is_not_compared(fake_aws: Fake) -> None:
    point = {"AwsBackupRecoveryPointArn": "arn:aws:backup:ap-northeast-1:427979936961:recovery-point:continuous:db-a"}
    kept = {"BackupRetentionPeriod": 35, "PreferredBackupWindow": "03:00-03:30"}
    assert changed(fake_aws(describe_db_instances=answer(**kept, **point)), backup_window="17:00-17:30") == {}
    found = changed(fake_aws(describe_db_instances=answer(**kept)), backup_window="17:00-17:30")
    assert set(found) == {"backup_retention_days", "backup_window"}


def test_the_final_snapshot_is_named_after_the_instances_id(fake_aws: Fake) -> None:
    aws = fake_aws(describe_db_instances=answer(DeletionProtection=True))
    with pytest.raises(Refused, match="deletion protection is on"):
        resource(aws, state="absent", deletion_protection=True)
    gone = resource(aws, state="absent", deletion_protection=False)
    apply([plan_resource(gone)], [])
    assert [call for call, _request in aws.calls[2:]] == ["rds:modify_db_instance", "rds:delete_db_instance"]
    assert aws.calls[-1][1] == {
        "DBInstanceIdentifier": NAME,
        "FinalDBSnapshotIdentifier": f"{NAME}-final-abcdefghijklmnopqrstuvwxyz",
        "DeleteAutomatedBackups": False,
    }
    assert gone.pending == "deleting"


def test_one_that_is_changing_is_deleted_by_a_later_call(fake_aws: Fake, refusal: Fake) -> None:
    aws = fake_aws(describe_db_instances=answer(), delete_db_instance=refusal("InvalidDBInstanceState"))
    gone = resource(aws, state="absent")
    apply([plan_resource(gone)], [])
    assert gone.pending == "changing"
