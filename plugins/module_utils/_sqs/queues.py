# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""SQS standard queues, mostly dead-letter queues: retention, encryption, redrive and access policy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from .._aws import Aws
from .._policy import checked, normalised, to_json
from .._reconcile import Impact, Operation, PlatformError, Resource, managed_tags

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
VISIBILITY_S = range(43200 + 1)
RETENTION_S = range(60, 1209600 + 1)
RECEIVES = range(1, 1000 + 1)
SSE_SQS = "SSE-SQS"
# SQS answers with the codes of its older protocol as well, and botocore prefers those.
_MISSING = ["AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"]
# Messages that wait, that somebody is at work on, and that are delayed; about as many, as SQS says.
_COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")
_DELETED_RECENTLY = ("AWS.SimpleQueueService.QueueDeletedRecently", "QueueDeletedRecently")


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The queues of the options."""
    present = params["state"] == "present"
    desired = [_desired(queue, params["tags"]) if present else None for queue in params["queues"]]
    found = aws.gather(partial(_find, aws, queue["name"], params["tags"]) for queue in params["queues"])
    return [
        _queue(aws, queue, before, after) for queue, before, after in zip(params["queues"], found, desired, strict=True)
    ]


def queue_arn(aws: Aws, name: str) -> str:
    return aws.arn("sqs", name)


def _desired(queue: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    address, redrive = f"sqs_queue/{queue['name']}", queue["redrive_policy"] or {}
    for option, value, allowed in (
        ("visibility_timeout_s", queue["visibility_timeout_s"], VISIBILITY_S),
        ("message_retention_s", queue["message_retention_s"], RETENTION_S),
        ("redrive_policy.max_receive_count", redrive.get("max_receive_count", 1), RECEIVES),
    ):
        if value not in allowed:
            raise PlatformError(
                f"{option} is {value}.",
                mend=f"AWS takes {allowed.start} to {allowed.stop - 1}.",
                resource=address,
            )
    return {
        "visibility_timeout_s": queue["visibility_timeout_s"],
        "message_retention_s": queue["message_retention_s"],
        "encryption": queue["kms_master_key_id"] or SSE_SQS,
        "redrive_policy": dict(redrive),
        "policy": normalised(checked(queue["policy"], "policy", address)) if queue["policy"] else {},
        "tags": {**tags, "Name": queue["name"]},
    }


def _find(aws: Aws, name: str, tags: Mapping[str, str]) -> dict[str, Any] | None:
    answer = aws.call_or_none("sqs", "get_queue_url", _MISSING, QueueName=name)
    if answer is None:
        return None
    url = answer["QueueUrl"]
    attributes = aws.call_or_none("sqs", "get_queue_attributes", _MISSING, QueueUrl=url, AttributeNames=["All"])
    if attributes is None:  # deleted a moment ago, and still named
        return None
    actual = aws.call("sqs", "list_queue_tags", QueueUrl=url).get("Tags", {})
    return _normalised(url, attributes["Attributes"], managed_tags(actual, {**tags, "Name": name}))


def _normalised(url: str, attributes: Mapping[str, str], tags: Mapping[str, str]) -> dict[str, Any]:
    redrive = json.loads(attributes.get("RedrivePolicy") or "{}")
    by_sqs = SSE_SQS if attributes.get("SqsManagedSseEnabled") == "true" else "none"
    return {
        "url": url,
        "arn": attributes["QueueArn"],
        "messages": sum(int(attributes.get(key) or 0) for key in _COUNTS),
        "visibility_timeout_s": int(attributes["VisibilityTimeout"]),
        "message_retention_s": int(attributes["MessageRetentionPeriod"]),
        "encryption": attributes.get("KmsMasterKeyId") or by_sqs,
        "redrive_policy": {
            "dead_letter_arn": redrive["deadLetterTargetArn"],
            "max_receive_count": int(redrive["maxReceiveCount"]),
        }
        if redrive
        else {},
        "policy": normalised(attributes.get("Policy")),
        "tags": dict(tags),
    }


def _queue(
    aws: Aws, options: Mapping[str, Any], before: dict[str, Any] | None, after: dict[str, Any] | None
) -> Resource:
    calls = _Calls(aws, options, after or {})
    settings = ("visibility_timeout_s", "message_retention_s", "encryption")
    return Resource(
        "sqs_queue",
        options["name"],
        before=before,
        after=after,
        placeholders={
            "arn": queue_arn(aws, options["name"]),
            "url": f"https://sqs.{aws.region}.amazonaws.com/{aws.account_id}/{options['name']}",
        },
        create=Operation("sqs:CreateQueue", calls.create, covers=(*settings, "tags")),
        updates=(
            Operation("sqs:SetQueueAttributes", calls.configure, covers=settings),
            # Apart, because they may name other queues of the same call, which have to exist first.
            Operation("sqs:SetQueueAttributes", calls.set_policies, covers=("policy", "redrive_policy")),
            Operation("sqs:TagQueue", calls.tag, covers=("tags",)),
        ),
        delete=Operation("sqs:DeleteQueue", calls.delete),
        impacts={"delete": "data loss", "message_retention_s": _retention_impact(before, after)},
    )


@dataclass(frozen=True)
class _Calls:
    """The writes of one queue; ``wanted`` is the normalised form of its ``options``."""

    aws: Aws
    options: Mapping[str, Any]
    wanted: Mapping[str, Any]

    def create(self, _known: dict[str, Any]) -> dict[str, Any]:
        name, tags = self.options["name"], self.wanted["tags"]
        sent = {"QueueName": name, "Attributes": self._settings(), "tags": tags}
        made = self.aws.once_consistent(  # a name is free again a minute after its queue was deleted
            lambda: self.aws.call("sqs", "create_queue", **sent), lambda error: error.code in _DELETED_RECENTLY
        )
        return {"url": made["QueueUrl"], "arn": queue_arn(self.aws, name)}

    def configure(self, known: dict[str, Any]) -> None:
        to_sqs = self.wanted["encryption"] == SSE_SQS and known["encryption"] not in (SSE_SQS, "none")
        self._set(known, {**self._settings(), **({"KmsMasterKeyId": ""} if to_sqs else {})})

    def set_policies(self, known: dict[str, Any]) -> None:
        redrive = self.wanted["redrive_policy"]
        texts = {
            "Policy": to_json(self.options["policy"]) if self.wanted["policy"] else "",
            "RedrivePolicy": to_json(
                {"deadLetterTargetArn": redrive["dead_letter_arn"], "maxReceiveCount": redrive["max_receive_count"]}
            )
            if redrive
            else "",
        }
        if any(texts.values()) or known.get("policy") or known.get("redrive_policy"):
            self._set(known, texts)

    def tag(self, known: dict[str, Any]) -> None:
        self.aws.call("sqs", "tag_queue", QueueUrl=known["url"], Tags=self.wanted["tags"])

    def delete(self, known: dict[str, Any]) -> None:
        self.aws.call("sqs", "delete_queue", QueueUrl=known["url"])

    def _settings(self) -> dict[str, str]:
        key = self.wanted["encryption"]
        return {
            "VisibilityTimeout": str(self.wanted["visibility_timeout_s"]),
            "MessageRetentionPeriod": str(self.wanted["message_retention_s"]),
            **({"SqsManagedSseEnabled": "true"} if key == SSE_SQS else {"KmsMasterKeyId": key}),
        }

    def _set(self, known: Mapping[str, Any], attributes: Mapping[str, str]) -> None:
        self.aws.call("sqs", "set_queue_attributes", QueueUrl=known["url"], Attributes=dict(attributes))


def _retention_impact(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Impact:
    """A shorter retention deletes the messages that are older."""
    shorter = before and after and after["message_retention_s"] < before["message_retention_s"]
    return "data loss" if shorter else "none"
