from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._backup import plan
from ansible_collections.airas.platform.plugins.module_utils._reconcile import (
    PlatformError,
    ResourcePlan,
    apply,
    plan_resource,
)

Fake = Callable[..., Any]

NAME, ROLE = "airas-dev-db", "arn:aws:iam::427979936961:role/airas-dev-backup"
RULE: dict[str, Any] = {
    "name": "nightly",
    "vault": NAME,
    "schedule": "cron(30 4 * * ? *)",
    "timezone": "Asia/Tokyo",
    "start_window_minutes": 60,
    "completion_window_minutes": 180,
    "delete_after_days": 35,
    "cold_storage_after_days": None,
    "continuous": False,
    "recovery_point_tags": {},
    "copies": [],
}
SELECTION: dict[str, Any] = {"name": "database", "role_arn": ROLE, "resources": ["arn:b", "arn:a"]}
OPTIONS: dict[str, Any] = {
    "name": NAME,
    "state": "present",
    "rules": [RULE],
    "selections": [{**SELECTION, "not_resources": [], "tags": {}}],
    "tags": {},
}
TOLD: dict[str, Any] = {
    "RuleName": "nightly",
    "RuleId": "1",
    "TargetBackupVaultName": NAME,
    "ScheduleExpression": "cron(30 4 * * ? *)",
    "ScheduleExpressionTimezone": "Asia/Tokyo",
    "StartWindowMinutes": 60,
    "CompletionWindowMinutes": 180,
    "Lifecycle": {"DeleteAfterDays": 35},
}


def held(fake_aws: Fake, rule: dict[str, Any] = TOLD, **selection: Any) -> Any:
    item = {"BackupPlanId": "p", "BackupPlanArn": "arn:plan", "BackupPlanName": NAME}
    document = {"SelectionName": "database", "IamRoleArn": ROLE, "Resources": ["arn:a", "arn:b"], **selection}
    return fake_aws(
        list_backup_plans={"BackupPlansList": [item]},
        get_backup_plan={"BackupPlan": {"BackupPlanName": NAME, "Rules": [rule]}},
        list_tags={"Tags": {"Name": NAME}},
        list_backup_selections={"BackupSelectionsList": [{"SelectionId": "s"}]},
        get_backup_selection={"BackupSelection": document},
        create_backup_selection={"SelectionId": "t"},
    )


def plans(aws: Any, **options: Any) -> list[ResourcePlan]:
    return [plan_resource(resource) for resource in plan.resources(aws, {**OPTIONS, **options})]


def test_as_it_is_found_nothing_changes(fake_aws: Fake) -> None:
    assert [each.action for each in plans(held(fake_aws))] == ["none", "none"]
    # What AWS leaves out is what it does by default.
    bare = {key: TOLD[key] for key in TOLD if key not in ("ScheduleExpressionTimezone", "Lifecycle")}
    rule = {**RULE, "timezone": "Etc/UTC", "delete_after_days": None}
    assert [each.action for each in plans(held(fake_aws, bare), rules=[rule])] == ["none", "none"]


def test_the_plan_is_changed_as_a_whole(fake_aws: Fake) -> None:
    aws = held(fake_aws)
    changed = plans(aws, rules=[{**RULE, "delete_after_days": 7}])
    assert [(change.path, change.impact) for change in changed[0].changes] == [
        ("rules.nightly.delete_after_days", "none")  # snapshots keep the retention that they were taken with
    ]
    apply(changed, [])
    call, request = aws.calls[-1]
    assert (call, request["BackupPlanId"]) == ("backup:update_backup_plan", "p")
    [rule] = request["BackupPlan"]["Rules"]
    assert rule["Lifecycle"] == {"DeleteAfterDays": 7}
    assert "RuleId" not in rule


def test_a_selection_is_replaced(fake_aws: Fake) -> None:
    aws = held(fake_aws, NotResources=["arn:c"])
    apply(plans(aws), [])
    assert [call for call, _request in aws.calls[-2:]] == [
        "backup:delete_backup_selection",
        "backup:create_backup_selection",
    ]
    assert aws.calls[-1][1]["BackupSelection"] == {
        "SelectionName": "database",
        "IamRoleArn": ROLE,
        "Resources": ["arn:a", "arn:b"],
    }


def test_two_plans_of_one_name_are_told_apart_by_a_person(fake_aws: Fake) -> None:
    twice = [{"BackupPlanId": name, "BackupPlanArn": name, "BackupPlanName": NAME} for name in ("p", "q")]
    with pytest.raises(PlatformError, match="p and q"):
        plans(fake_aws(list_backup_plans={"BackupPlansList": twice}))
