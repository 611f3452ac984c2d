from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._aws import AwsError
from ansible_collections.airas.platform.plugins.module_utils._events import rules
from ansible_collections.airas.platform.plugins.module_utils._reconcile import apply, plan_resource

NAME = "airas-dev-nightly"
TARGET = {
    "id": "t",
    "arn": "arn:t",
    "role_arn": None,
    "dead_letter_arn": None,
    "retry_attempts": 185,
    "retry_max_age_s": 86400,
    "input": None,
    "input_transformer": None,
}
RULE = {
    "name": NAME,
    "description": "",
    "event_pattern": None,
    "schedule": "rate(1 day)",
    "enabled": True,
    "targets": [TARGET],
}
FOUND = {"Name": NAME, "Arn": "arn:rule", "ScheduleExpression": "rate(1 day)", "State": "ENABLED"}
TAGS = {"Tags": [{"Key": "Name", "Value": NAME}]}


def params(**options: Any) -> dict[str, Any]:
    return {"rules": [{**RULE, **options}], "tags": {}, "state": "present"}


def answers(*targets: dict[str, Any]) -> dict[str, Any]:
    return {
        "describe_rule": FOUND,
        "list_targets_by_rule": {"Targets": list(targets)},
        "list_tags_for_resource": TAGS,
    }


@pytest.mark.parametrize(
    "spelling",
    [{}, {"RetryPolicy": {"MaximumRetryAttempts": 185}}, {"DeadLetterConfig": {}, "InputTransformer": None}],
)
def test_what_a_target_leaves_out_is_the_default(fake_aws: Callable[..., Any], spelling: dict[str, Any]) -> None:
    aws = fake_aws(**answers({"Id": "t", "Arn": "arn:t", **spelling}))
    assert [plan_resource(rule).action for rule in rules.resources(aws, params())] == ["none"]


def test_only_targets_that_differ_are_written(fake_aws: Callable[..., Any]) -> None:
    aws = fake_aws(**answers({"Id": "t", "Arn": "arn:t"}, {"Id": "gone", "Arn": "arn:g"}))
    wanted = params(targets=[TARGET, {**TARGET, "id": "new", "input": {}}])
    apply([plan_resource(rule) for rule in rules.resources(aws, wanted)], [])
    retry = {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 86400}
    assert aws.calls[-2:] == [
        ("events:remove_targets", {"Rule": NAME, "Ids": ["gone"]}),
        (
            "events:put_targets",
            {"Rule": NAME, "Targets": [{"Id": "new", "Arn": "arn:t", "RetryPolicy": retry, "Input": "{}"}]},
        ),
    ]


def test_a_failed_target_in_a_successful_answer_is_a_failure(fake_aws: Callable[..., Any]) -> None:
    failed = {"TargetId": "t", "ErrorCode": "ConcurrentModificationException", "ErrorMessage": "Try later"}
    aws = fake_aws(**answers(), put_targets={"FailedEntryCount": 1, "FailedEntries": [failed]})
    plans = [plan_resource(rule) for rule in rules.resources(aws, params())]
    with pytest.raises(AwsError, match="Failed to change target t: ConcurrentModificationException: Try later"):
        apply(plans, [])


def test_targets_go_before_their_rule(fake_aws: Callable[..., Any]) -> None:
    aws = fake_aws(**answers({"Id": "t", "Arn": "arn:t"}))
    apply([plan_resource(rule) for rule in rules.resources(aws, {**params(), "state": "absent"})], [])
    assert [call for call, _sent in aws.calls[-2:]] == ["events:remove_targets", "events:delete_rule"]
