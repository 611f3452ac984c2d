"""SQS queues against the embedded AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer

WORK, DEAD = "airas-dev-work", "airas-dev-dead"
ARN = "arn:aws:sqs:ap-northeast-1:427979936961"
TAGS = {"Environment": "dev"}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Events",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": f"{ARN}:{DEAD}",
            "Condition": {"StringEquals": {"aws:SourceAccount": "427979936961"}},
        }
    ],
}
ARGS = {
    "region": "ap-northeast-1",
    "queues": [
        {"name": WORK, "visibility_timeout_s": 900, "redrive_policy": {"dead_letter_arn": f"{ARN}:{DEAD}"}},
        {"name": DEAD, "message_retention_s": 1209600, "policy": POLICY, "kms_master_key_id": "alias/aws/sqs"},
    ],
    "tags": TAGS,
}
ABSENT = {**ARGS, "queues": [{"name": WORK}, {"name": DEAD}], "state": "absent"}

Apply = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]
Changes = Callable[[dict[str, Any]], dict[str, tuple[Any, Any]]]
Writes = Callable[[], list[str]]


def census(boto: Boto) -> dict[str, Any]:
    sqs = boto("sqs")
    found: dict[str, Any] = {}
    for url in sqs.list_queues().get("QueueUrls", []):
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        found[url.rsplit("/", 1)[-1]] = {
            "visibility": attributes["VisibilityTimeout"],
            "retention": attributes["MessageRetentionPeriod"],
            "key": attributes.get("KmsMasterKeyId"),
            "redrive": json.loads(attributes.get("RedrivePolicy", "{}")),
            "policy": json.loads(attributes.get("Policy", "{}")),
            "tags": sqs.list_queue_tags(QueueUrl=url).get("Tags", {}),
        }
    return found


def url(boto: Boto, name: str) -> str:
    return boto("sqs").get_queue_url(QueueName=name)["QueueUrl"]


def test_makes_them_and_then_changes_nothing(apply: Apply, boto: Boto, writes: Writes) -> None:
    planned = apply("sqs_queues", ARGS, check=True)
    assert census(boto) == {}
    made = apply("sqs_queues", ARGS)
    assert made["plan"] == planned["plan"]
    assert census(boto) == {
        WORK: {
            "visibility": "900",
            "retention": "345600",
            "key": None,
            "redrive": {"deadLetterTargetArn": f"{ARN}:{DEAD}", "maxReceiveCount": 5},
            "policy": {},
            "tags": {**TAGS, "Name": WORK},
        },
        DEAD: {
            "visibility": "30",
            "retention": "1209600",
            "key": "alias/aws/sqs",
            "redrive": {},
            "policy": POLICY,
            "tags": {**TAGS, "Name": DEAD},
        },
    }
    assert made["resources"][f"sqs_queue/{DEAD}"]["arn"] == f"{ARN}:{DEAD}"
    assert made["resources"][f"sqs_queue/{DEAD}"]["url"] == url(boto, DEAD)
    before = writes()
    assert apply("sqs_queues", ARGS)["changed"] is False
    assert writes() == before


def test_names_and_mends_each_attribute_that_drifted(apply: Apply, boto: Boto, value_changes: Changes) -> None:
    apply("sqs_queues", ARGS)
    sqs = boto("sqs")
    anyone = {**POLICY["Statement"][0], "Principal": "*"}
    work = {"VisibilityTimeout": "30", "MessageRetentionPeriod": "60", "RedrivePolicy": ""}
    sqs.set_queue_attributes(QueueUrl=url(boto, WORK), Attributes=work)
    dead = {
        "KmsMasterKeyId": "",
        "Policy": json.dumps({**POLICY, "Statement": anyone}),
        "SqsManagedSseEnabled": "false",
    }
    sqs.set_queue_attributes(QueueUrl=url(boto, DEAD), Attributes=dead)
    sqs.tag_queue(QueueUrl=url(boto, DEAD), Tags={"Environment": "prod", "cost": "theirs"})
    drift = {
        f"sqs_queue/{WORK} visibility_timeout_s": (30, 900),
        f"sqs_queue/{WORK} message_retention_s": (60, 345600),
        f"sqs_queue/{WORK} redrive_policy.dead_letter_arn": (None, f"{ARN}:{DEAD}"),
        f"sqs_queue/{WORK} redrive_policy.max_receive_count": (None, 5),
        f"sqs_queue/{DEAD} encryption": ("none", "alias/aws/sqs"),
        f"sqs_queue/{DEAD} policy.Statement.Events.Principal.AWS": (["*"], None),
        f"sqs_queue/{DEAD} policy.Statement.Events.Principal.Service": (None, ["events.amazonaws.com"]),
        f"sqs_queue/{DEAD} tags.Environment": ("prod", "dev"),
    }
    assert value_changes(apply("sqs_queues", ARGS, check=True)) == drift
    assert value_changes(apply("sqs_queues", ARGS)) == drift
    assert apply("sqs_queues", ARGS)["changed"] is False
    assert census(boto)[DEAD]["tags"] == {**TAGS, "Name": DEAD, "cost": "theirs"}


def test_key_and_policies_can_be_taken_away(apply: Apply, boto: Boto, value_changes: Changes) -> None:
    apply("sqs_queues", ARGS)
    plain = {**ARGS, "queues": [{"name": WORK}, {"name": DEAD, "message_retention_s": 1209600}]}
    taken = value_changes(apply("sqs_queues", plain))
    assert taken[f"sqs_queue/{DEAD} encryption"] == ("alias/aws/sqs", "SSE-SQS")
    found = census(boto)
    assert (found[WORK]["redrive"], found[DEAD]["policy"], found[DEAD]["key"] or None) == ({}, {}, None)
    assert apply("sqs_queues", plain)["changed"] is False


def test_absent_twice(apply: Apply, boto: Boto) -> None:
    apply("sqs_queues", ARGS)
    assert {plan["impact"] for plan in apply("sqs_queues", ABSENT)["plan"]} == {"data loss"}
    assert census(boto) == {}
    assert apply("sqs_queues", ABSENT)["changed"] is False


def test_a_protected_environment_keeps_its_messages(apply: Apply, run_module: Apply, boto: Boto) -> None:
    guarded = {**ARGS, "protected": True, "environment": "prod"}
    apply("sqs_queues", guarded)
    shorter = {**guarded, "queues": [{"name": WORK, "message_retention_s": 60}]}
    assert f"confirm=prod:sqs_queue/{WORK}" in run_module("sqs_queues", shorter)["msg"]
    assert run_module("sqs_queues", {**guarded, **ABSENT})["failed"]
    assert census(boto)[WORK]["retention"] == "345600"


def test_a_name_that_was_freed_a_moment_ago_is_waited_for(apply: Apply, emulator: EmulatorServer) -> None:
    code = "AWS.SimpleQueueService.QueueDeletedRecently"
    emulator.set_faults([{"service": "sqs", "operation": "CreateQueue", "error": code, "times": 1}])
    assert apply("sqs_queues", ARGS)["changed"]


def test_interrupted_anywhere_it_ends_the_same(interrupt_each_write: Callable[..., None], boto: Boto) -> None:
    interrupt_each_write("sqs_queues", lambda: ARGS, lambda: census(boto))


def test_one_throttled_call_in_five_is_survived(apply: Apply, emulator: EmulatorServer) -> None:
    emulator.set_faults([{"error": "throttle", "every": 5}])
    apply("sqs_queues", ARGS)
    emulator.set_faults([])
    assert apply("sqs_queues", ARGS)["changed"] is False


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"visibility_timeout_s": 43201}, "visibility_timeout_s is 43201. AWS takes 0 to 43200."),
        ({"message_retention_s": 59}, "message_retention_s is 59. AWS takes 60 to 1209600."),
        (
            {"redrive_policy": {"dead_letter_arn": f"{ARN}:{DEAD}", "max_receive_count": 0}},
            "redrive_policy.max_receive_count is 0. AWS takes 1 to 1000.",
        ),
        ({"policy": {"Statement": "x"}}, "policy: statement 1: a statement is a mapping, not 'x'"),
    ],
)
def test_wrong_input_is_refused_before_any_write(
    run_module: Apply, writes: Writes, options: dict[str, Any], message: str
) -> None:
    result = run_module("sqs_queues", {**ARGS, "queues": [{"name": WORK, **options}]})
    assert result["msg"].startswith(f"sqs_queue/{WORK}: {message}")
    assert writes() == []
