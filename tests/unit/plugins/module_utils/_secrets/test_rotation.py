from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError, apply, plan_resource
from ansible_collections.airas.platform.plugins.module_utils._secrets import rotation

NAME = "airas-dev/database-url"
ARN = "arn:aws:lambda:ap-northeast-1:427979936961:function:f"
MONTHLY = "cron(0 18 1 * ? *)"
FOUND = {
    "Name": NAME,
    "RotationEnabled": True,
    "RotationLambdaARN": ARN,
    "RotationRules": {"ScheduleExpression": MONTHLY, "Duration": "3h", "AutomaticallyAfterDays": 31},
}


def params(state: str = "present", **options: Any) -> dict[str, Any]:
    return {"name": NAME, "function_arn": ARN, "schedule": MONTHLY, "window": "3h", "state": state, **options}


@pytest.mark.parametrize(
    ("schedule", "hours"),
    [
        ("rate(30 days)", 720),
        ("rate(1 day)", 24),
        ("rate(12 hours)", 12),
        (MONTHLY, 28 * 24),
        ("cron(0 18 L * ? *)", 28 * 24),
        ("cron(0 18 ? * SUN *)", 7 * 24),
        ("cron(0 18 ? * 2#1 *)", 7 * 24),
        ("cron(0 18 * * ? *)", 24),
        ("cron(0 18 1,15 * ? *)", 24),
        ("cron(0 /4 * * ? *)", 1),
        ("cron(30 18 1 * ? *)", None),
        ("monthly", None),
    ],
)
def test_the_shortest_gap_of_a_schedule(schedule: str, hours: int | None) -> None:
    assert rotation.shortest_gap_hours(schedule) == hours


def test_what_is_there_already_is_left_alone(fake_aws: Callable[..., Any]) -> None:
    [found] = rotation.resources(fake_aws(describe_secret=FOUND), params())
    assert plan_resource(found).action == "none"


@pytest.mark.parametrize("before", [None, {"Name": NAME}, {**FOUND, "RotationEnabled": False}])
def test_it_is_set_without_a_rotation(fake_aws: Callable[..., Any], refusal: Any, before: Any) -> None:
    aws = fake_aws(describe_secret=before or refusal("ResourceNotFoundException"))
    apply([plan_resource(item) for item in rotation.resources(aws, params())], [])
    call, sent = aws.calls[-1]
    assert call == "secretsmanager:rotate_secret"
    assert sent["RotateImmediately"] is False
    assert sent["RotationRules"] == {"ScheduleExpression": MONTHLY, "Duration": "3h"}


def test_days_in_aws_are_a_rate(fake_aws: Callable[..., Any]) -> None:
    found = {**FOUND, "RotationRules": {"AutomaticallyAfterDays": 30}}
    [changed] = rotation.resources(fake_aws(describe_secret=found), params())
    assert {change.path: change.before for change in plan_resource(changed).changes} == {
        "schedule": "rate(30 days)",
        "window": "",
    }


def test_absent_cancels_once(fake_aws: Callable[..., Any]) -> None:
    aws = fake_aws(describe_secret=FOUND)
    apply([plan_resource(item) for item in rotation.resources(aws, params("absent"))], [])
    assert aws.calls[-1] == ("secretsmanager:cancel_rotate_secret", {"SecretId": NAME})
    [gone] = rotation.resources(fake_aws(describe_secret={"Name": NAME}), params("absent"))
    assert plan_resource(gone).action == "none"


@pytest.mark.parametrize(
    ("code", "message", "says"),
    [
        ("ResourceNotFoundException", "Secrets Manager can't find the specified secret.", "there is no such secret"),
        ("InvalidRequestException", "A previous rotation isn't complete.", r"playbooks/rotate\.yml"),
        ("InternalServiceError", "Oh", "Oh"),
    ],
)
def test_what_aws_refuses_is_explained(
    fake_aws: Callable[..., Any], refusal: Any, code: str, message: str, says: str
) -> None:
    aws = fake_aws(describe_secret={"Name": NAME}, rotate_secret=refusal(code, message))
    plans = [plan_resource(item) for item in rotation.resources(aws, params())]
    with pytest.raises(PlatformError, match=says):
        apply(plans, [])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"name": "airas-dev/api-key-encryption-key"}, "must never rotate"),
        ({"schedule": "rate(4 hours)"}, "several times a day"),
        ({"schedule": "sometimes"}, "schedule is 'sometimes'"),
    ],
)
def test_wrong_options_are_refused(fake_aws: Callable[..., Any], options: dict[str, Any], says: str) -> None:
    aws = fake_aws()
    with pytest.raises(PlatformError, match=says):
        rotation.resources(aws, params(**options))
    assert aws.calls == []
