from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._scheduler import schedules

Fake = Callable[..., Any]

SCHEDULE: dict[str, Any] = {
    "name": "nightly",
    "description": "",
    "expression": "rate(1 day)",
    "timezone": "UTC",
    "window_minutes": 0,
    "enabled": True,
    "target_arn": "target",
    "role_arn": "role",
    "input": None,
    "dead_letter_arn": None,
    "retry_attempts": 185,
    "retry_max_age_s": 86400,
}
PARAMS = {
    "group": "g",
    "manage_group": False,
    "purge": False,
    "schedules": [SCHEDULE],
    "state": "present",
    "tags": {},
}


def test_what_aws_adds_is_no_difference(fake_aws: Fake) -> None:
    found = {
        "Arn": "arn",
        "ScheduleExpression": "rate(1 day)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": "target", "RoleArn": "role"},
    }
    [resource] = schedules.resources(fake_aws(get_schedule=found), PARAMS)
    assert {key: (resource.before or {})[key] for key in resource.after or {}} == resource.after


def test_an_update_sends_the_whole_schedule(fake_aws: Fake, refusal: Fake) -> None:
    aws = fake_aws(get_schedule=refusal("ResourceNotFoundException"), create_schedule={"ScheduleArn": "arn"})
    whole = {**SCHEDULE, "window_minutes": 15, "enabled": False, "input": {"a": 1}, "dead_letter_arn": "queue"}
    [resource] = schedules.resources(aws, {**PARAMS, "schedules": [whole]})
    assert resource.create
    resource.create.run({})
    assert aws.calls[-1][1] == {
        "GroupName": "g",
        "Name": "nightly",
        "Description": "",
        "ScheduleExpression": "rate(1 day)",
        "ScheduleExpressionTimezone": "UTC",
        "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15},
        "State": "DISABLED",
        "Target": {
            "Arn": "target",
            "RoleArn": "role",
            "RetryPolicy": {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 86400},
            "Input": '{"a":1}',
            "DeadLetterConfig": {"Arn": "queue"},
        },
    }


@pytest.mark.parametrize("there", [True, False])
def test_purge(fake_aws: Fake, refusal: Fake, there: bool) -> None:
    found = {"Arn": "arn", "ScheduleExpression": "rate(1 day)", "Target": {"Arn": "target", "RoleArn": "role"}}
    aws = fake_aws(
        get_schedule=found,
        get_schedule_group={} if there else refusal("ResourceNotFoundException"),
        list_schedules={"Schedules": [{"Name": "nightly"}, {"Name": "other"}]},
    )
    going = [item.name for item in schedules.resources(aws, {**PARAMS, "purge": True}) if item.after is None]
    assert going == (["g/other"] if there else [])
