"""backup_vault and backup_plan."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer

Run = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]

NAME = "airas-dev-db"
VAULT_ADDRESS, PLAN_ADDRESS = f"backup_vault/{NAME}", f"backup_plan/{NAME}"
SELECTION_ADDRESS = f"backup_selection/{NAME}/database"
INSTANCE = f"arn:aws:rds:ap-northeast-1:427979936961:db:{NAME}"
ROLE = "arn:aws:iam::427979936961:role/airas-dev-backup"
DENY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "Keep", "Effect": "Deny", "Principal": "*", "Action": "backup:DeleteRecoveryPoint", "Resource": "*"}
    ],
}
VAULT: dict[str, Any] = {"name": NAME, "policy": DENY, "tags": {"Environment": "dev"}}
RULE: dict[str, Any] = {
    "name": "nightly",
    "vault": NAME,
    "schedule": "cron(30 4 * * ? *)",
    "timezone": "Asia/Tokyo",
    "delete_after_days": 35,
}
PLAN: dict[str, Any] = {
    "name": NAME,
    "rules": [RULE],
    "selections": [{"name": "database", "role_arn": ROLE, "resources": [INSTANCE]}],
    "tags": {"Environment": "dev"},
}


@pytest.fixture
def prepare(boto: Boto) -> Callable[[], dict[str, Any]]:
    """The vault and the role that a plan needs; returns the arguments of the plan."""

    def run() -> dict[str, Any]:
        statement = {"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        boto("iam").create_role(RoleName="airas-dev-backup", AssumeRolePolicyDocument=trust)
        boto("backup").create_backup_vault(BackupVaultName=NAME)
        return PLAN

    return run


def census(boto: Boto) -> Any:
    backup = boto("backup")
    found = []
    for plan in backup.list_backup_plans()["BackupPlansList"]:
        named = {"BackupPlanId": plan["BackupPlanId"]}
        rules = [rule["RuleName"] for rule in backup.get_backup_plan(**named)["BackupPlan"]["Rules"]]
        selections = [each["SelectionName"] for each in backup.list_backup_selections(**named)["BackupSelectionsList"]]
        found.append((plan["BackupPlanName"], rules, selections))
    return found


def test_a_vault(apply: Run, boto: Boto, changes: Any, writes: Any, interrupt_each_write: Any) -> None:
    plan = apply("backup_vault", VAULT, check=True)
    assert writes() == []
    assert {"arn", "policy.Version", "tags.Environment", "tags.Name"} <= set(changes(plan)[VAULT_ADDRESS])
    apply("backup_vault", VAULT)
    assert not apply("backup_vault", VAULT)["changed"]
    backup = boto("backup")
    other = {**DENY["Statement"][0], "Action": "backup:StartCopyJob"}  # type: ignore[dict-item]
    backup.put_backup_vault_access_policy(BackupVaultName=NAME, Policy=json.dumps({**DENY, "Statement": [other]}))
    backup.tag_resource(
        ResourceArn=f"arn:aws:backup:ap-northeast-1:427979936961:backup-vault:{NAME}", Tags={"Environment": "prod"}
    )
    plan = apply("backup_vault", VAULT, check=True)
    assert changes(plan) == {VAULT_ADDRESS: ["policy.Statement.Keep.Action", "tags.Environment"]}
    assert apply("backup_vault", VAULT)["plan"] == plan["plan"]
    assert not apply("backup_vault", VAULT)["changed"]
    apply("backup_vault", {**VAULT, "policy": {}})
    assert not apply("backup_vault", {**VAULT, "policy": {}})["changed"]
    absent = {"name": NAME, "state": "absent"}
    assert apply("backup_vault", absent, check=True)["changed"]
    assert apply("backup_vault", absent)["changed"]
    assert not apply("backup_vault", absent)["changed"]
    interrupt_each_write("backup_vault", lambda: VAULT, lambda: len(backup.list_backup_vaults()["BackupVaultList"]))


def test_a_vault_that_holds_recovery_points_stays(
    prepare: Any, apply: Run, run_module: Run, boto: Boto, writes: Any
) -> None:
    prepare()
    boto("rds").create_db_instance(
        DBInstanceIdentifier=NAME,
        Engine="postgres",
        DBInstanceClass="db.t3.small",
        AllocatedStorage=20,
        MasterUsername="airas_admin",
        ManageMasterUserPassword=True,
    )
    boto("rds").describe_db_instances()
    boto("backup").start_backup_job(BackupVaultName=NAME, ResourceArn=INSTANCE, IamRoleArn=ROLE)
    refused = run_module("backup_vault", {"name": NAME, "state": "absent"}, check=True)
    assert "it holds 1 recovery points" in refused["msg"]
    kept = run_module("backup_vault", {"name": NAME, "state": "absent", "keep_filled": True})
    assert not kept["changed"]
    assert "stays until the last" in str(kept["warnings"])
    assert "backup:DeleteBackupVault" not in writes()


def test_the_key_of_a_vault_is_for_ever(apply: Run, run_module: Run) -> None:
    apply("backup_vault", VAULT)
    key = "arn:aws:kms:ap-northeast-1:427979936961:key/11111111-1111-1111-1111-111111111111"
    assert "another name" in run_module("backup_vault", {**VAULT, "kms_key_arn": key})["msg"]
    assert "Give a key's ARN" in run_module("backup_vault", {**VAULT, "kms_key_arn": "alias/a"})["msg"]


def test_a_plan_on_an_empty_account(apply: Run, writes: Any, changes: Any) -> None:
    found = changes(apply("backup_plan", PLAN, check=True))
    assert writes() == []
    assert {"arn", "id", "rules.nightly.schedule", "rules.nightly.delete_after_days"} <= set(found[PLAN_ADDRESS])
    assert {"id", "resources", "role_arn"} <= set(found[SELECTION_ADDRESS])


def test_a_plan_is_changed_and_its_selections_replaced(
    prepare: Any, apply: Run, boto: Boto, changes: Any, value_changes: Any, interrupt_each_write: Any
) -> None:
    args = prepare()
    apply("backup_plan", args)
    assert not apply("backup_plan", args)["changed"]
    backup = boto("backup")
    [plan_id] = [plan["BackupPlanId"] for plan in backup.list_backup_plans()["BackupPlansList"]]
    document = {
        "BackupPlanName": NAME,
        "Rules": [
            {"RuleName": "nightly", "TargetBackupVaultName": NAME, "ScheduleExpression": "cron(0 5 ? * * *)"},
            {"RuleName": "mine", "TargetBackupVaultName": NAME, "ScheduleExpression": "cron(0 5 ? * * *)"},
        ],
    }
    backup.update_backup_plan(BackupPlanId=plan_id, BackupPlan=document)
    [selection] = backup.list_backup_selections(BackupPlanId=plan_id)["BackupSelectionsList"]
    backup.delete_backup_selection(BackupPlanId=plan_id, SelectionId=selection["SelectionId"])
    tag = {"ConditionType": "STRINGEQUALS", "ConditionKey": "a", "ConditionValue": "b"}
    for name in ("database", "mine"):
        drift = {"SelectionName": name, "IamRoleArn": ROLE, "Resources": ["*"], "ListOfTags": [tag]}
        backup.create_backup_selection(BackupPlanId=plan_id, BackupSelection=drift)
    plan = apply("backup_plan", args, check=True)
    found = changes(plan)
    assert set(found) == {PLAN_ADDRESS, SELECTION_ADDRESS, f"backup_selection/{NAME}/mine"}
    assert {"rules.nightly.schedule", "rules.nightly.timezone", "rules.nightly.delete_after_days"} <= set(
        found[PLAN_ADDRESS]
    )
    assert found[SELECTION_ADDRESS] == ["resources", "tags.ListOfTags"]
    assert {each["resource"]: each["action"] for each in plan["plan"]}[SELECTION_ADDRESS] == "replace"
    assert apply("backup_plan", args)["plan"] == plan["plan"]
    assert not apply("backup_plan", args)["changed"]
    assert census(boto) == [(NAME, ["nightly"], ["database"])]
    absent = {"name": NAME, "state": "absent"}
    assert apply("backup_plan", absent, check=True)["changed"]
    assert apply("backup_plan", absent)["changed"]
    assert not apply("backup_plan", absent)["changed"]
    interrupt_each_write("backup_plan", prepare, lambda: census(boto))


def test_copies_tags_and_exclusions_are_compared(prepare: Any, apply: Run, value_changes: Any) -> None:
    args = prepare()
    elsewhere = "arn:aws:backup:us-west-2:427979936961:backup-vault:elsewhere"
    rule = {**RULE, "copies": [{"vault_arn": elsewhere, "delete_after_days": 7}], "recovery_point_tags": {"a": "b"}}
    selection = {**args["selections"][0], "not_resources": [f"{INSTANCE}-drill"], "tags": {"Environment": "dev"}}
    full = {**args, "rules": [rule], "selections": [selection]}
    apply("backup_plan", full)
    assert not apply("backup_plan", full)["changed"]
    longer = {**rule, "copies": [{"vault_arn": elsewhere, "delete_after_days": 14}]}
    plan = apply("backup_plan", {**full, "rules": [longer]}, check=True)
    assert value_changes(plan) == {f"{PLAN_ADDRESS} rules.nightly.copies[{elsewhere}].delete_after_days": (7, 14)}


def test_what_costs_backups_is_asked_about(prepare: Any, apply: Run, run_module: Run) -> None:
    protection = {"protected": True, "environment": "prod"}
    args = {**prepare(), **protection, "rules": [{**RULE, "continuous": True}]}
    apply("backup_plan", args)
    for change in (
        {"rules": [{**RULE, "continuous": True, "delete_after_days": 7}]},
        {"rules": [RULE]},
        {"rules": [{**RULE, "name": "other"}]},
        {"state": "absent", "rules": [], "selections": []},
    ):
        refused = run_module("backup_plan", {**args, **change})
        assert f"-e confirm=prod:{PLAN_ADDRESS}" in refused["msg"]
    none = run_module("backup_plan", {**args, "selections": []})
    assert f"-e confirm=prod:{SELECTION_ADDRESS}" in none["msg"]
    # A schedule is no loss.
    assert apply("backup_plan", {**args, "rules": [{**args["rules"][0], "schedule": "cron(0 4 * * ? *)"}]})["changed"]


def test_a_role_made_a_moment_ago(
    prepare: Any, apply: Run, emulator: EmulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    args = prepare()
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    message = f"IAM Role {ROLE} cannot be assumed by AWS Backup"
    rule = {"service": "backup", "operation": "CreateBackupSelection", "effect": "refuse", "times": 2}
    emulator.set_faults([{**rule, "error": "InvalidParameterValueException", "message": message}])
    apply("backup_plan", args)
    assert not apply("backup_plan", args)["changed"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"continuous": True, "delete_after_days": 36}, "from 1 to 35"),
        ({"continuous": True, "delete_after_days": None}, "unlimited"),
        ({"delete_after_days": 100, "cold_storage_after_days": 30}, "delete after 120"),
        ({"start_window_minutes": 30}, "60 at least"),
    ],
)
def test_a_rule_that_aws_would_refuse(run_module: Run, change: dict[str, Any], reason: str) -> None:
    assert reason in run_module("backup_plan", {**PLAN, "rules": [{**RULE, **change}]}, check=True)["msg"]
