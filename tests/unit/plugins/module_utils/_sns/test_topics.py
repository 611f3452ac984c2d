from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ansible_collections.airas.platform.plugins.module_utils._reconcile import apply, plan_resource
from ansible_collections.airas.platform.plugins.module_utils._sns import topics

NAME = "airas-dev-alerts"
ARN = f"arn:aws:sns:ap-northeast-1:427979936961:{NAME}"
TOPIC = {
    "name": NAME,
    "display_name": "",
    "kms_master_key_id": None,
    "policy": None,
    "delivery_policy": None,
    "signature_version": "2",
    "subscriptions": None,
}
MAIL = {
    "protocol": "email",
    "endpoint": "ops@example.com",
    "filter_policy": None,
    "dead_letter_arn": None,
    "raw": False,
}


def params(**options: Any) -> dict[str, Any]:
    return {"topics": [{**TOPIC, **options}], "tags": {}, "state": "present"}


def answers(aws: Any, listed: list[dict[str, str]], **attributes: str) -> dict[str, Any]:
    policy = json.dumps(topics.default_policy(aws, NAME))
    found = {"TopicArn": ARN, "Policy": policy, "SignatureVersion": "2", "DisplayName": "", **attributes}
    return {
        "get_topic_attributes": {"Attributes": found},
        "list_tags_for_resource": {"Tags": [{"Key": "Name", "Value": NAME}]},
        "list_subscriptions_by_topic": {"Subscriptions": listed},
    }


def subscription(arn: str) -> dict[str, str]:
    return {"SubscriptionArn": arn, "Protocol": "email", "Endpoint": "ops@example.com"}


def test_what_sns_adds_to_a_delivery_policy_is_not_compared(fake_aws: Callable[..., Any]) -> None:
    aws = fake_aws()
    filled = {
        "http": {"defaultHealthyRetryPolicy": {"numRetries": 5, "numNoDelayRetries": 0}, "disableOverrides": False}
    }
    aws.answers = answers(aws, [], DeliveryPolicy=json.dumps(filled))
    wanted = {"http": {"defaultHealthyRetryPolicy": {"numRetries": 5}}}
    [topic] = topics.resources(aws, params(delivery_policy=wanted))
    assert plan_resource(topic).action == "none"


def test_an_unconfirmed_subscription_is_there_and_warned_of(fake_aws: Callable[..., Any]) -> None:
    aws = fake_aws()
    aws.answers = answers(aws, [subscription("PendingConfirmation")])
    _topic, mail = topics.resources(aws, params(subscriptions=[MAIL]))
    assert plan_resource(mail).action == "none"
    assert "has not confirmed it yet" in str(mail.warns(mail.known))
    assert all(call != "sns:get_subscription_attributes" for call, _sent in aws.calls)


def test_a_subscription_nobody_lists_goes_unless_it_is_unconfirmed(fake_aws: Callable[..., Any]) -> None:
    aws = fake_aws()
    confirmed = subscription(f"{ARN}:1") | {"Endpoint": "stranger@example.com"}
    aws.answers = answers(aws, [subscription("PendingConfirmation"), confirmed, subscription("Deleted")])
    aws.answers["get_subscription_attributes"] = {"Attributes": {"RawMessageDelivery": "false"}}
    apply([plan_resource(resource) for resource in topics.resources(aws, params(subscriptions=[]))], [])
    assert aws.calls[-1] == ("sns:unsubscribe", {"SubscriptionArn": f"{ARN}:1"})


def test_only_what_is_set_is_sent_with_a_new_subscription(fake_aws: Callable[..., Any]) -> None:
    aws = fake_aws(subscribe={"SubscriptionArn": f"{ARN}:1"})
    aws.answers.update(answers(aws, []))
    apply([plan_resource(resource) for resource in topics.resources(aws, params(subscriptions=[MAIL]))], [])
    assert aws.calls[-1] == (
        "sns:subscribe",
        {
            "TopicArn": ARN,
            "Protocol": "email",
            "Endpoint": "ops@example.com",
            "Attributes": {},
            "ReturnSubscriptionArn": True,
        },
    )
