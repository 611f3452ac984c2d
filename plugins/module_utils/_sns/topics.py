# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""SNS standard topics and their subscriptions."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from .._aws import Aws, tag_list, tags_of
from .._policy import Document, checked, normalised, to_json, unordered
from .._reconcile import Operation, Resource, State, managed_tags

PROTOCOLS = ("application", "email", "email-json", "firehose", "http", "https", "lambda", "sms", "sqs")
_MISSING = ["NotFound", "NotFoundException"]
_UNCONFIRMED = "PendingConfirmation"
# Attribute of ours -> attribute of the topic
_TOPIC = {
    "display_name": "DisplayName",
    "kms_master_key_id": "KmsMasterKeyId",
    "policy": "Policy",
    "delivery_policy": "DeliveryPolicy",
    "signature_version": "SignatureVersion",
}
_SUBSCRIPTION = {
    "filter_policy": "FilterPolicy",
    "redrive_policy": "RedrivePolicy",
    "raw": "RawMessageDelivery",
}


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The topics of the options, each with the subscriptions that its entry lists, or that it should lose."""
    present = params["state"] == "present"
    desired = [_desired(aws, topic, params["tags"]) if present else None for topic in params["topics"]]
    found = aws.gather(partial(_find, aws, topic, params["tags"], present) for topic in params["topics"])
    managed: list[Resource] = []
    for options, (before, subscribed), after in zip(params["topics"], found, desired, strict=True):
        managed.append(_topic(aws, options, before, after))
        if present and options["subscriptions"] is not None:  # a deleted topic takes its subscriptions along
            managed += _subscriptions(aws, options, subscribed)
    return managed


def topic_arn(aws: Aws, name: str) -> str:
    return aws.arn("sns", name)


def default_policy(aws: Aws, name: str) -> Document:
    """The account's own principals may use the topic as far as their IAM policies allow it; nobody else may.

    That is what AWS's default means too, but its text has changed over the years.
    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
    """
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Owner",
                "Effect": "Allow",
                "Principal": {"AWS": aws.arn("iam", "root", region=False)},
                "Action": ["sns:GetTopicAttributes", "sns:Publish", "sns:SetTopicAttributes", "sns:Subscribe"],
                "Resource": topic_arn(aws, name),
            }
        ],
    }


# -- topic -----------------------------------------------------------------------------------------------------------


def _desired(aws: Aws, topic: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    name = topic["name"]
    return {
        "display_name": topic["display_name"],
        "kms_master_key_id": topic["kms_master_key_id"],
        "policy": normalised(checked(topic["policy"] or default_policy(aws, name), "policy", f"sns_topic/{name}")),
        "delivery_policy": topic["delivery_policy"] or {},
        "signature_version": topic["signature_version"],
        "tags": {**tags, "Name": name},
    }


def _find(
    aws: Aws, topic: Mapping[str, Any], tags: Mapping[str, str], present: bool
) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    arn = topic_arn(aws, topic["name"])
    answer = aws.call_or_none("sns", "get_topic_attributes", _MISSING, TopicArn=arn)
    if answer is None:
        return None, []
    actual = tags_of(aws.call("sns", "list_tags_for_resource", ResourceArn=arn))
    subscribed = _subscribed(aws, arn) if present and topic["subscriptions"] is not None else []
    wanted_tags = {**tags, "Name": topic["name"]}
    return _normalised(answer["Attributes"], topic["delivery_policy"], managed_tags(actual, wanted_tags)), subscribed


def _normalised(
    attributes: Mapping[str, str], wanted_delivery: Mapping[str, Any] | None, tags: Mapping[str, str]
) -> dict[str, Any]:
    delivery = json.loads(attributes.get("DeliveryPolicy") or "{}")
    return {
        "arn": attributes["TopicArn"],
        "display_name": attributes.get("DisplayName", ""),
        "kms_master_key_id": attributes.get("KmsMasterKeyId") or None,
        "policy": normalised(attributes["Policy"]),
        "delivery_policy": _spoken_of(delivery, wanted_delivery) if wanted_delivery else delivery,
        "signature_version": attributes.get("SignatureVersion") or "1",
        "tags": dict(tags),
    }


def _spoken_of(actual: Any, wanted: Any) -> Any:
    """The part of a document that the wanted one speaks of: SNS fills the rest with defaults."""
    if isinstance(actual, Mapping) and isinstance(wanted, Mapping):
        return {key: _spoken_of(actual[key], value) for key, value in wanted.items() if key in actual}
    return actual


def _topic(
    aws: Aws, options: Mapping[str, Any], before: dict[str, Any] | None, after: dict[str, Any] | None
) -> Resource:
    calls = _TopicCalls(aws, options, after or {})
    return Resource(
        "sns_topic",
        options["name"],
        before=before,
        after=after,
        placeholders={"arn": calls.arn},
        create=Operation("sns:CreateTopic", calls.create),
        updates=(
            *(
                Operation("sns:SetTopicAttributes", partial(calls.set, attribute), covers=(attribute,))
                for attribute in _TOPIC
            ),
            Operation("sns:TagResource", calls.tag, covers=("tags",)),
        ),
        delete=Operation("sns:DeleteTopic", calls.delete),
        impacts={"delete": "outage"},
    )


@dataclass(frozen=True)
class _TopicCalls:
    """The writes of one topic; ``wanted`` is the normalised form of its ``options``."""

    aws: Aws
    options: Mapping[str, Any]
    wanted: Mapping[str, Any]

    @property
    def arn(self) -> str:
        return topic_arn(self.aws, self.options["name"])

    def create(self, _known: dict[str, Any]) -> dict[str, Any]:
        attributes = {key: text for attribute, key in _TOPIC.items() if (text := self._text(attribute))}
        tags = tag_list(self.wanted["tags"])
        self.aws.call("sns", "create_topic", Name=self.options["name"], Attributes=attributes, Tags=tags)
        return {"arn": self.arn}

    def set(self, attribute: str, _known: dict[str, Any]) -> None:
        sent = {"AttributeName": _TOPIC[attribute], "AttributeValue": self._text(attribute)}
        self.aws.call("sns", "set_topic_attributes", TopicArn=self.arn, **sent)

    def tag(self, _known: dict[str, Any]) -> None:
        self.aws.call("sns", "tag_resource", ResourceArn=self.arn, Tags=tag_list(self.wanted["tags"]))

    def delete(self, _known: dict[str, Any]) -> None:
        self.aws.call("sns", "delete_topic", TopicArn=self.arn)

    def _text(self, attribute: str) -> str:
        if attribute == "policy":
            return to_json(self.options["policy"] or default_policy(self.aws, self.options["name"]))
        return _text(self.wanted[attribute])


# -- subscriptions ---------------------------------------------------------------------------------------------------


def _subscribed(aws: Aws, arn: str) -> list[dict[str, Any]]:
    listed = aws.pages("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=arn)
    there = [item for item in listed if item["SubscriptionArn"] != "Deleted"]
    return aws.gather(partial(_normalised_subscription, aws, item) for item in there)


def _normalised_subscription(aws: Aws, item: Mapping[str, str]) -> dict[str, Any]:
    found = {"arn": item["SubscriptionArn"], "protocol": item["Protocol"], "endpoint": item["Endpoint"]}
    if not found["arn"].startswith("arn:"):  # nothing more can be read or set until its recipient confirms it
        return {**found, "arn": _UNCONFIRMED}
    attributes = aws.call("sns", "get_subscription_attributes", SubscriptionArn=found["arn"])["Attributes"]
    return {
        **found,
        "filter_policy": unordered(json.loads(attributes.get("FilterPolicy") or "{}")),
        "redrive_policy": json.loads(attributes.get("RedrivePolicy") or "{}"),
        "raw": attributes.get("RawMessageDelivery") == "true",
    }


def _subscriptions(aws: Aws, topic: Mapping[str, Any], subscribed: Sequence[dict[str, Any]]) -> list[Resource]:
    found = {(item["protocol"], item["endpoint"]): item for item in subscribed}
    wanted = {(item["protocol"], item["endpoint"]): item for item in topic["subscriptions"]}
    removable = [key for key in found if key not in wanted and found[key]["arn"] != _UNCONFIRMED]
    return [
        *(_subscription(aws, topic["name"], key, found.get(key), item) for key, item in wanted.items()),
        *(_subscription(aws, topic["name"], key, found[key], None) for key in removable),
    ]


def _subscription(
    aws: Aws,
    topic: str,
    key: tuple[str, str],
    before: dict[str, Any] | None,
    options: Mapping[str, Any] | None,
) -> Resource:
    protocol, endpoint = key
    wanted = _desired_subscription(options) if options else {}
    unconfirmed = bool(before and before["arn"] == _UNCONFIRMED)

    def create(_known: dict[str, Any]) -> dict[str, Any]:
        made = aws.call(
            "sns",
            "subscribe",
            TopicArn=topic_arn(aws, topic),
            Protocol=protocol,
            Endpoint=endpoint,
            Attributes={
                name: _text(wanted[attribute]) for attribute, name in _SUBSCRIPTION.items() if wanted[attribute]
            },
            ReturnSubscriptionArn=True,
        )
        return {"arn": made["SubscriptionArn"]}

    def change(attribute: str, known: dict[str, Any]) -> None:
        empty = "{}" if attribute == "filter_policy" else ""  # SNS takes no empty text for a filter policy
        sent = {"AttributeName": _SUBSCRIPTION[attribute], "AttributeValue": _text(wanted[attribute]) or empty}
        aws.call("sns", "set_subscription_attributes", SubscriptionArn=known["arn"], **sent)

    def delete(known: dict[str, Any]) -> None:
        aws.call("sns", "unsubscribe", SubscriptionArn=known["arn"])

    return Resource(
        "sns_subscription",
        f"{topic} {protocol} {endpoint}",
        before={**wanted, **(before or {})} if unconfirmed else before,
        after=wanted if options else None,
        placeholders={"arn": f"{topic_arn(aws, topic)}:00000000-0000-0000-0000-{'0' * 16}"},
        create=Operation("sns:Subscribe", create),
        updates=tuple(
            Operation("sns:SetSubscriptionAttributes", partial(change, attribute), covers=(attribute,))
            for attribute in _SUBSCRIPTION
        ),
        delete=Operation("sns:Unsubscribe", delete),
        impacts={"delete": "outage"},
        warns=_waits_for_confirmation,
    )


def _desired_subscription(options: Mapping[str, Any]) -> dict[str, Any]:
    dead_letter = options["dead_letter_arn"]
    return {
        "filter_policy": unordered(options["filter_policy"] or {}),
        "redrive_policy": {"deadLetterTargetArn": dead_letter} if dead_letter else {},
        "raw": options["raw"],
    }


def _waits_for_confirmation(known: State) -> str | None:
    if known["arn"] != _UNCONFIRMED:
        return None
    return "its recipient has not confirmed it yet, and gets nothing until then; the request is in the mail."


def _text(value: Any) -> str:
    """A value as an attribute's text; empty for what is not set."""
    if isinstance(value, bool):
        return str(value).lower()
    return to_json(value) if isinstance(value, Mapping) and value else str(value or "")
