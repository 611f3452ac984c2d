from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._logs import groups
from ansible_collections.airas.platform.plugins.module_utils._reconcile import apply, plan_resource

NAME = "/ecs/airas-dev-backend"
ARN = f"arn:aws:logs:ap-northeast-1:427979936961:log-group:{NAME}"


def params(**group: Any) -> dict[str, Any]:
    options = {"name": NAME, "retention_days": 7, "kms_key_id": None, "log_group_class": "STANDARD", **group}
    return {"groups": [options], "tags": {"Environment": "dev"}, "state": "present"}


def described(**item: Any) -> dict[str, Any]:
    group = {"logGroupName": NAME, "arn": f"{ARN}:*", "retentionInDays": 7, "creationTime": 1, "storedBytes": 5, **item}
    return {"logGroups": [{"logGroupName": f"{NAME}-2", "arn": f"{ARN}-2:*"}, group]}


def tags(**more: str) -> dict[str, Any]:
    return {"tags": {"Environment": "dev", "Name": NAME, **more}}


def test_what_aws_adds_is_not_compared(fake_aws: Callable[..., Any]) -> None:
    aws = fake_aws(describe_log_groups=described(metricFilterCount=2), list_tags_for_resource=tags(cost="theirs"))
    [group] = groups.resources(aws, params())
    assert plan_resource(group).action == "none"
    assert ("logs:list_tags_for_resource", {"resourceArn": ARN}) in aws.calls


def test_makes_the_group_with_its_tags_and_key_then_sets_the_retention(fake_aws: Callable[..., Any]) -> None:
    aws = fake_aws(describe_log_groups={"logGroups": []})
    [group] = groups.resources(aws, params(kms_key_id="arn:key"))
    apply([plan_resource(group)], [])
    assert aws.calls[1:] == [
        (
            "logs:create_log_group",
            {
                "logGroupName": NAME,
                "logGroupClass": "STANDARD",
                "tags": {"Environment": "dev", "Name": NAME},
                "kmsKeyId": "arn:key",
            },
        ),
        ("logs:put_retention_policy", {"logGroupName": NAME, "retentionInDays": 7}),
    ]


@pytest.mark.parametrize(
    ("days", "wanted", "impact"),
    [(30, 7, "data loss"), (0, 7, "data loss"), (7, 30, "none"), (7, 0, "none")],
)
def test_a_shorter_retention_is_a_loss_of_data(
    fake_aws: Callable[..., Any], days: int, wanted: int, impact: str
) -> None:
    found = described() if days else {"logGroups": [{"logGroupName": NAME, "arn": f"{ARN}:*"}]}
    if days:
        found["logGroups"][1]["retentionInDays"] = days
    aws = fake_aws(describe_log_groups=found, list_tags_for_resource=tags())
    [group] = groups.resources(aws, params(retention_days=wanted))
    plan = plan_resource(group)
    assert [(change.path, change.before, change.after) for change in plan.changes] == [("retention_days", days, wanted)]
    assert plan.impact == impact
