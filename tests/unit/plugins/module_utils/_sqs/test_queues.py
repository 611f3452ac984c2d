from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._reconcile import apply, plan_resource
from ansible_collections.airas.platform.plugins.module_utils._sqs import queues

NAME = "airas-dev-dead"
URL = f"https://sqs.ap-northeast-1.amazonaws.com/427979936961/{NAME}"
QUEUE = {
    "name": NAME,
    "visibility_timeout_s": 30,
    "message_retention_s": 345600,
    "kms_master_key_id": None,
    "redrive_policy": None,
    "policy": None,
}
FOUND = {
    "QueueArn": f"arn:aws:sqs:ap-northeast-1:427979936961:{NAME}",
    "VisibilityTimeout": "30",
    "MessageRetentionPeriod": "345600",
    "SqsManagedSseEnabled": "true",
}


def params(**options: Any) -> dict[str, Any]:
    return {"queues": [{**QUEUE, **options}], "tags": {}, "state": "present"}


def answers(**attributes: str) -> dict[str, Any]:
    return {
        "get_queue_url": {"QueueUrl": URL},
        "get_queue_attributes": {"Attributes": {**FOUND, **attributes}},
        "list_queue_tags": {"Tags": {"Name": NAME}},
    }


def test_the_count_of_a_redrive_policy_may_be_a_text(fake_aws: Callable[..., Any]) -> None:
    aws = fake_aws(**answers(RedrivePolicy='{"deadLetterTargetArn":"arn:d","maxReceiveCount":"3"}'))
    [queue] = queues.resources(aws, params(redrive_policy={"dead_letter_arn": "arn:d", "max_receive_count": 3}))
    assert plan_resource(queue).action == "none"


@pytest.mark.parametrize(
    ("found", "wanted", "sent"),
    [
        ({"KmsMasterKeyId": "arn:k"}, None, {"SqsManagedSseEnabled": "true", "KmsMasterKeyId": ""}),
        ({"SqsManagedSseEnabled": "false"}, None, {"SqsManagedSseEnabled": "true"}),
        ({}, "arn:k", {"KmsMasterKeyId": "arn:k"}),
    ],
)
def test_one_kind_of_encryption_takes_the_place_of_the_other(
    fake_aws: Callable[..., Any], found: dict[str, str], wanted: str | None, sent: dict[str, str]
) -> None:
    aws = fake_aws(**answers(**found))
    apply([plan_resource(queue) for queue in queues.resources(aws, params(kms_master_key_id=wanted))], [])
    operation, made = aws.calls[-1]
    assert operation == "sqs:set_queue_attributes"
    assert made["Attributes"] == {"VisibilityTimeout": "30", "MessageRetentionPeriod": "345600", **sent}


def test_a_new_queue_without_policies_takes_one_call(fake_aws: Callable[..., Any], refusal: Any) -> None:
    missing = refusal("AWS.SimpleQueueService.NonExistentQueue")
    aws = fake_aws(get_queue_url=missing, create_queue={"QueueUrl": URL})
    apply([plan_resource(queue) for queue in queues.resources(aws, params())], [])
    assert [call for call, _sent in aws.calls] == ["sqs:get_queue_url", "sqs:create_queue"]


def test_a_queue_that_is_still_named_but_gone_is_not_there(fake_aws: Callable[..., Any], refusal: Any) -> None:
    aws = fake_aws(**{**answers(), "get_queue_attributes": refusal("QueueDoesNotExist")})
    assert [plan_resource(queue).action for queue in queues.resources(aws, params())] == ["create"]
