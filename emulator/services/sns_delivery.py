"""SNS: what is published reaches functions and queues that let it in; what cannot is kept in a dead-letter queue."""

from __future__ import annotations

import json
from typing import Any

from moto.sns.models import Subscription
from moto.sqs.models import sqs_backends

from emulator.extensions import patch
from emulator.services._lambda_invoke import Refused, check_source, invoke_later
from emulator.services._resource_policy import allows

GUIDE = "https://docs.aws.amazon.com/sns/latest/dg"

_SERVICE = "sns.amazonaws.com"


@patch(Subscription, "publish", aws=f"{GUIDE}/sns-message-delivery-retries.html")
def publish(original: Any, self: Any, message: str, message_id: str, **others: Any) -> None:
    """Functions and queues get what their policies let in; a delivery that is refused is not retried."""
    if self.protocol not in ("lambda", "sqs"):
        original(self, message=message, message_id=message_id, **others)
        return
    matcher = self._filter_policy_matcher
    if matcher is not None and not matcher.matches(others.get("message_attributes"), message):
        return
    if self.protocol == "lambda":
        _to_function(self, message, message_id, others)
    elif _lets_in(self.endpoint, self.topic.arn, self.account_id):
        original(self, message=message, message_id=message_id, **others)
    else:
        _keep(self, message)


def _to_function(subscription: Any, message: str, message_id: str, others: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html"""
    if others.get("message_structure") == "json":
        message = subscription._parse_message_structure(message, "lambda")
    notification = subscription.get_post_data(message, message_id, others.get("subject"))
    notification["SigningCertUrl"] = notification.pop("SigningCertURL")
    notification["UnsubscribeUrl"] = notification.pop("UnsubscribeURL")
    notification.setdefault("Subject", None)
    notification["MessageAttributes"] = others.get("message_attributes") or {}
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription.arn,
        "Sns": notification,
    }
    try:
        function = check_source(subscription.endpoint, _SERVICE, subscription.topic.arn, subscription.account_id)
    except Refused:
        _keep(subscription, message)
    else:
        invoke_later(function, {"Records": [record]})


def _lets_in(queue_arn: str, topic_arn: str, account_id: str) -> bool:
    """https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html"""
    _arn, _aws, _sqs, region, owner, name = queue_arn.split(":")
    queue = sqs_backends[owner][region].queues.get(name)
    if queue is None:
        return False
    statements = json.loads(queue.policy)["Statement"] if queue.policy else []
    return allows(statements, _SERVICE, "sqs:SendMessage", topic_arn, account_id)


def _keep(subscription: Any, message: str) -> None:
    """https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html"""
    policy = json.loads(subscription.attributes.get("RedrivePolicy") or "{}")
    target = policy.get("deadLetterTargetArn")
    if target and _lets_in(target, subscription.topic.arn, subscription.account_id):
        _arn, _aws, _sqs, region, owner, name = target.split(":")
        sqs_backends[owner][region].send_message(name, message)
