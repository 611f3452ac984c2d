from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

VAULT, PLAN = "airas-dev-db", "airas-dev-db"
RULE: dict[str, Any] = {
    "RuleName": "daily",
    "TargetBackupVaultName": VAULT,
    "ScheduleExpression": "cron(30 4 * * ? *)",
    "ScheduleExpressionTimezone": "Asia/Tokyo",
    "StartWindowMinutes": 60,
    "Lifecycle": {"DeleteAfterDays": 35},
}
TRUST = {
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}]
}


@pytest.fixture
def backup(emulator: Any) -> Any:
    return emulator.client("backup")


@pytest.fixture
def role(emulator: Any) -> str:
    made = emulator.client("iam").create_role(RoleName="airas-dev-backup", AssumeRolePolicyDocument=json.dumps(TRUST))
    return str(made["Role"]["Arn"])


@pytest.fixture
def instance(emulator: Any) -> str:
    made = emulator.client("rds").create_db_instance(
        DBInstanceIdentifier="airas-dev-db",
        Engine="postgres",
        DBInstanceClass="db.t3.small",
        AllocatedStorage=20,
        MasterUsername="airas_admin",
        ManageMasterUserPassword=True,
        BackupRetentionPeriod=7,
    )
    return str(made["DBInstance"]["DBInstanceArn"])


def refusal(call: Any, **params: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**params)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def planned(backup: Any, *rules: dict[str, Any]) -> str:
    made = backup.create_backup_plan(BackupPlan={"BackupPlanName": PLAN, "Rules": list(rules or (RULE,))})
    return str(made["BackupPlanId"])


def selected(backup: Any, plan: str, role: str, *resources: str) -> str:
    selection = {"SelectionName": "database", "IamRoleArn": role, "Resources": list(resources)}
    return str(backup.create_backup_selection(BackupPlanId=plan, BackupSelection=selection)["SelectionId"])


def test_a_vault_has_a_key_and_at_most_one_policy(backup: Any) -> None:
    assert refusal(backup.describe_backup_vault, BackupVaultName=VAULT)[0] == "AccessDeniedException"
    backup.create_backup_vault(BackupVaultName=VAULT, BackupVaultTags={"Environment": "dev"})
    [told] = backup.list_backup_vaults()["BackupVaultList"]
    assert ":key/" in told["EncryptionKeyArn"]
    assert backup.list_tags(ResourceArn=told["BackupVaultArn"])["Tags"] == {"Environment": "dev"}
    assert refusal(backup.get_backup_vault_access_policy, BackupVaultName=VAULT)[0] == "ResourceNotFoundException"
    statement = {"Effect": "Deny", "Principal": "*", "Action": "backup:DeleteRecoveryPoint", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    backup.put_backup_vault_access_policy(BackupVaultName=VAULT, Policy=policy)
    assert backup.get_backup_vault_access_policy(BackupVaultName=VAULT)["Policy"] == policy
    refused = refusal(backup.put_backup_vault_access_policy, BackupVaultName=VAULT, Policy="{}")
    assert refused[0] == "InvalidParameterValueException"
    backup.delete_backup_vault_access_policy(BackupVaultName=VAULT)
    assert refusal(backup.get_backup_vault_access_policy, BackupVaultName=VAULT)[0] == "ResourceNotFoundException"
    backup.delete_backup_vault(BackupVaultName=VAULT)
    assert backup.list_backup_vaults()["BackupVaultList"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"TargetBackupVaultName": "none"},
        {"StartWindowMinutes": 30},
        {"Lifecycle": {"DeleteAfterDays": 36}, "EnableContinuousBackup": True},
        {"Lifecycle": {"DeleteAfterDays": 100, "MoveToColdStorageAfterDays": 30}},
    ],
)
def test_a_rule_that_aws_refuses(backup: Any, change: dict[str, Any]) -> None:
    backup.create_backup_vault(BackupVaultName=VAULT)
    plan = {"BackupPlanName": PLAN, "Rules": [{**RULE, **change}]}
    assert refusal(backup.create_backup_plan, BackupPlan=plan)[0] == "InvalidParameterValueException"


def test_a_plan_is_changed_in_place_and_goes_when_nothing_is_assigned_to_it(backup: Any, role: str) -> None:
    backup.create_backup_vault(BackupVaultName=VAULT)
    plan = planned(backup)
    first = backup.get_backup_plan(BackupPlanId=plan)
    assert first["BackupPlan"]["Rules"][0]["CompletionWindowMinutes"] == 10080
    changed = {"BackupPlanName": PLAN, "Rules": [{**RULE, "Lifecycle": {"DeleteAfterDays": 7}}]}
    backup.update_backup_plan(BackupPlanId=plan, BackupPlan=changed)
    told = backup.get_backup_plan(BackupPlanId=plan)
    assert told["BackupPlan"]["Rules"][0]["Lifecycle"] == {"DeleteAfterDays": 7}
    assert told["BackupPlan"]["Rules"][0]["RuleId"] == first["BackupPlan"]["Rules"][0]["RuleId"]
    assert told["VersionId"] != first["VersionId"]
    selection = selected(backup, plan, role, "arn:aws:rds:ap-northeast-1:427979936961:db:airas-dev-db")
    [listed] = backup.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"]
    assert (listed["SelectionId"], listed["SelectionName"], listed["IamRoleArn"]) == (selection, "database", role)
    found = backup.get_backup_selection(BackupPlanId=plan, SelectionId=selection)["BackupSelection"]
    assert (found["NotResources"], found["ListOfTags"]) == ([], [])
    assert refusal(backup.delete_backup_plan, BackupPlanId=plan)[0] == "InvalidRequestException"
    backup.delete_backup_selection(BackupPlanId=plan, SelectionId=selection)
    backup.delete_backup_plan(BackupPlanId=plan)
    assert backup.list_backup_plans()["BackupPlansList"] == []
    assert planned(backup) != plan


def test_a_role_that_aws_backup_cannot_assume(emulator: Any, backup: Any) -> None:
    backup.create_backup_vault(BackupVaultName=VAULT)
    plan = planned(backup)
    selection = {"SelectionName": "a", "IamRoleArn": "arn:aws:iam::427979936961:role/none", "Resources": ["*"]}
    code, message = refusal(backup.create_backup_selection, BackupPlanId=plan, BackupSelection=selection)
    assert (code, "cannot be assumed by AWS Backup" in message) == ("InvalidParameterValueException", True)


def test_a_recovery_point_is_a_snapshot_and_holds_its_vault(
    emulator: Any, backup: Any, role: str, instance: str
) -> None:
    backup.create_backup_vault(BackupVaultName=VAULT)
    emulator.set_delays({"backup_job.running": 30})
    asked = {"BackupVaultName": VAULT, "ResourceArn": instance, "IamRoleArn": role}
    job = backup.start_backup_job(**asked, Lifecycle={"DeleteAfterDays": 7})
    assert backup.describe_backup_job(BackupJobId=job["BackupJobId"])["State"] == "RUNNING"
    assert backup.list_protected_resources()["Results"] == []
    emulator.set_delays({})
    assert backup.describe_backup_job(BackupJobId=job["BackupJobId"])["State"] == "COMPLETED"
    [point] = backup.list_recovery_points_by_backup_vault(BackupVaultName=VAULT)["RecoveryPoints"]
    arn = point["RecoveryPointArn"]
    snapshot = arn.partition(":snapshot:")[2]
    rds = emulator.client("rds")
    assert not any(s["DBSnapshotIdentifier"] == snapshot for s in rds.describe_db_snapshots()["DBSnapshots"])
    [told] = rds.describe_db_snapshots(SnapshotType="awsbackup")["DBSnapshots"]
    assert (told["DBSnapshotIdentifier"], told["Status"]) == (snapshot, "available")
    assert backup.describe_protected_resource(ResourceArn=instance)["LastRecoveryPointArn"] == arn
    assert backup.describe_backup_vault(BackupVaultName=VAULT)["NumberOfRecoveryPoints"] == 1
    assert refusal(backup.delete_backup_vault, BackupVaultName=VAULT)[0] == "InvalidRequestException"
    restored = rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier="airas-dev-db-drill", DBSnapshotIdentifier=snapshot
    )
    assert restored["DBInstance"]["DBInstanceStatus"] == "creating"
    statement = {"Effect": "Deny", "Principal": "*", "Action": "backup:DeleteRecoveryPoint", "Resource": "*"}
    backup.put_backup_vault_access_policy(
        BackupVaultName=VAULT, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    named = {"BackupVaultName": VAULT, "RecoveryPointArn": arn}
    assert refusal(backup.delete_recovery_point, **named)[0] == "AccessDeniedException"
    backup.delete_backup_vault_access_policy(BackupVaultName=VAULT)
    backup.delete_recovery_point(**named)
    backup.delete_backup_vault(BackupVaultName=VAULT)
    assert rds.describe_db_snapshots(SnapshotType="awsbackup")["DBSnapshots"] == []


def test_with_a_continuous_backup_the_plan_rules_retention_and_window(
    emulator: Any, backup: Any, role: str, instance: str
) -> None:
    backup.create_backup_vault(BackupVaultName=VAULT)
    plan = planned(backup, {**RULE, "EnableContinuousBackup": True})
    selected(backup, plan, role, instance)
    rds = emulator.client("rds")
    assert "AwsBackupRecoveryPointArn" not in rds.describe_db_instances()["DBInstances"][0]
    emulator.set_delays({"backup_plan.schedule": 0})
    [told] = rds.describe_db_instances()["DBInstances"]
    assert ":recovery-point:continuous:" in told["AwsBackupRecoveryPointArn"]
    assert told["BackupRetentionPeriod"] == 35
    for change in ({"BackupRetentionPeriod": 7}, {"PreferredBackupWindow": "01:00-01:30"}):
        code, message = refusal(rds.modify_db_instance, DBInstanceIdentifier="airas-dev-db", **change)
        assert (code, "AwsBackupRecoveryPointArn" in message) == ("InvalidParameterValue", True)
    rds.modify_db_instance(DBInstanceIdentifier="airas-dev-db", BackupRetentionPeriod=35)
