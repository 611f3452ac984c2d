"""SNS topics against the embedded AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer

ALERTS, REPORTS = "airas-dev-alerts", "airas-dev-reports"
ARN = "arn:aws:sns:ap-northeast-1:427979936961"
RELAY = "arn:aws:lambda:ap-northeast-1:427979936961:function:airas-dev-relay"
QUEUE = "arn:aws:sqs:ap-northeast-1:427979936961:airas-dev-queue"
DEAD = "arn:aws:sqs:ap-northeast-1:427979936961:airas-dev-dead"
TAGS = {"Environment": "dev"}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Alarms",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": f"{ARN}:{ALERTS}",
        }
    ],
}
DELIVERY = {"http": {"defaultHealthyRetryPolicy": {"numRetries": 5, "minDelayTarget": 1, "maxDelayTarget": 60}}}
ARGS = {
    "region": "ap-northeast-1",
    "topics": [
        {
            "name": ALERTS,
            "display_name": "airas dev",
            "kms_master_key_id": "alias/airas-dev",
            "policy": POLICY,
            "delivery_policy": DELIVERY,
            "subscriptions": [
                {"protocol": "lambda", "endpoint": RELAY, "dead_letter_arn": DEAD},
                {"protocol": "sqs", "endpoint": QUEUE, "raw": True, "filter_policy": {"level": ["error", "warning"]}},
            ],
        },
        {"name": REPORTS},
    ],
    "tags": TAGS,
}
ABSENT = {**ARGS, "topics": [{"name": ALERTS}, {"name": REPORTS}], "state": "absent"}

Apply = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]
Changes = Callable[[dict[str, Any]], dict[str, tuple[Any, Any]]]
Writes = Callable[[], list[str]]


@pytest.fixture(autouse=True)
def _queues(boto: Boto) -> None:
    """SNS asks for a queue that exists."""
    _make_queues(boto)


def _make_queues(boto: Boto) -> None:
    for arn in (QUEUE, DEAD):
        boto("sqs").create_queue(QueueName=arn.rsplit(":", 1)[-1])


def subscriptions(boto: Boto) -> dict[str, dict[str, Any]]:
    sns = boto("sns")
    listed = sns.list_subscriptions()["Subscriptions"]
    attributes = [sns.get_subscription_attributes(SubscriptionArn=s["SubscriptionArn"])["Attributes"] for s in listed]
    return {
        item["Endpoint"]: {
            "arn": item["SubscriptionArn"],
            "filter": json.loads(item.get("FilterPolicy") or "{}"),
            "redrive": json.loads(item.get("RedrivePolicy") or "{}"),
            "raw": item.get("RawMessageDelivery"),
        }
        for item in attributes
    }


def census(boto: Boto) -> dict[str, Any]:
    sns = boto("sns")
    found: dict[str, Any] = {}
    for arn in (topic["TopicArn"] for topic in sns.list_topics()["Topics"]):
        attributes = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
        found[arn] = {
            "name": attributes["DisplayName"],
            "key": attributes.get("KmsMasterKeyId"),
            "signature": attributes.get("SignatureVersion"),
            "policy": json.loads(attributes["Policy"]),
            "delivery": json.loads(attributes.get("DeliveryPolicy") or "{}"),
            "tags": {tag["Key"]: tag["Value"] for tag in sns.list_tags_for_resource(ResourceArn=arn)["Tags"]},
        }
    found |= {end: {**item, "arn": ""} for end, item in subscriptions(boto).items()}
    return found


def with_alerts(**options: Any) -> dict[str, Any]:
    return {**ARGS, "topics": [{**ARGS["topics"][0], **options}]}


def test_makes_them_and_then_changes_nothing(apply: Apply, boto: Boto, writes: Writes) -> None:
    planned = apply("sns_topics", ARGS, check=True)
    assert census(boto) == {}
    made = apply("sns_topics", ARGS)
    assert made["plan"] == planned["plan"]
    found = census(boto)
    assert found[f"{ARN}:{ALERTS}"] == {
        "name": "airas dev",
        "key": "alias/airas-dev",
        "signature": "2",
        "policy": POLICY,
        "delivery": DELIVERY,
        "tags": {**TAGS, "Name": ALERTS},
    }
    assert found[f"{ARN}:{REPORTS}"]["policy"]["Statement"][0]["Principal"] == {"AWS": "arn:aws:iam::427979936961:root"}
    assert found[RELAY] == {"arn": "", "filter": {}, "redrive": {"deadLetterTargetArn": DEAD}, "raw": "false"}
    assert found[QUEUE] == {"arn": "", "filter": {"level": ["error", "warning"]}, "redrive": {}, "raw": "true"}
    assert made["resources"][f"sns_topic/{ALERTS}"]["arn"] == f"{ARN}:{ALERTS}"
    assert made["resources"][f"sns_subscription/{ALERTS} lambda {RELAY}"]["arn"] == subscriptions(boto)[RELAY]["arn"]
    before = writes()
    assert apply("sns_topics", ARGS)["changed"] is False
    assert writes() == before


def test_names_and_mends_each_attribute_that_drifted(apply: Apply, boto: Boto, value_changes: Changes) -> None:
    apply("sns_topics", ARGS)
    sns, topic = boto("sns"), f"{ARN}:{ALERTS}"
    anyone = json.dumps({**POLICY, "Statement": {**POLICY["Statement"][0], "Principal": "*"}})
    retries = {
        "http": {"defaultHealthyRetryPolicy": {**DELIVERY["http"]["defaultHealthyRetryPolicy"], "numRetries": 9}}
    }
    for name, value in (
        ("DisplayName", "changed"),
        ("KmsMasterKeyId", ""),
        ("Policy", anyone),
        ("DeliveryPolicy", json.dumps(retries)),
        ("SignatureVersion", "1"),
    ):
        sns.set_topic_attributes(TopicArn=topic, AttributeName=name, AttributeValue=value)
    sns.tag_resource(ResourceArn=topic, Tags=[{"Key": "Environment", "Value": "prod"}])
    there = subscriptions(boto)
    sns.set_subscription_attributes(
        SubscriptionArn=there[QUEUE]["arn"], AttributeName="RawMessageDelivery", AttributeValue="false"
    )
    sns.set_subscription_attributes(
        SubscriptionArn=there[QUEUE]["arn"], AttributeName="FilterPolicy", AttributeValue='{"level": ["error"]}'
    )
    sns.unsubscribe(SubscriptionArn=there[RELAY]["arn"])
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=DEAD)
    relay = f"sns_subscription/{ALERTS} lambda {RELAY}"
    queue, stranger = (f"sns_subscription/{ALERTS} sqs {arn}" for arn in (QUEUE, DEAD))
    found = value_changes(apply("sns_topics", ARGS, check=True))
    assert {path: change for path, change in found.items() if not path.startswith((relay, stranger))} == {
        f"sns_topic/{ALERTS} display_name": ("changed", "airas dev"),
        f"sns_topic/{ALERTS} kms_master_key_id": (None, "alias/airas-dev"),
        f"sns_topic/{ALERTS} policy.Statement.Alarms.Principal.AWS": (["*"], None),
        f"sns_topic/{ALERTS} policy.Statement.Alarms.Principal.Service": (None, ["cloudwatch.amazonaws.com"]),
        f"sns_topic/{ALERTS} delivery_policy.http.defaultHealthyRetryPolicy.numRetries": (9, 5),
        f"sns_topic/{ALERTS} signature_version": ("1", "2"),
        f"sns_topic/{ALERTS} tags.Environment": ("prod", "dev"),
        f"{queue} filter_policy.level": (["error"], ["error", "warning"]),
        f"{queue} raw": (False, True),
    }
    assert found[f"{relay} redrive_policy.deadLetterTargetArn"] == (None, DEAD)
    assert found[f"{stranger} raw"] == (False, None)
    assert value_changes(apply("sns_topics", ARGS)) == found
    assert apply("sns_topics", ARGS)["changed"] is False
    assert set(subscriptions(boto)) == {RELAY, QUEUE}


def test_subscriptions_of_others_stay_where_none_are_listed(apply: Apply, boto: Boto) -> None:
    apply("sns_topics", ARGS)
    boto("sns").subscribe(TopicArn=f"{ARN}:{REPORTS}", Protocol="sqs", Endpoint=DEAD)
    assert apply("sns_topics", ARGS)["changed"] is False
    assert DEAD in subscriptions(boto)


def test_what_is_set_can_be_taken_away(apply: Apply, boto: Boto) -> None:
    apply("sns_topics", ARGS)
    bare = [{"protocol": "sqs", "endpoint": QUEUE}, {"protocol": "lambda", "endpoint": RELAY}]
    plain = with_alerts(kms_master_key_id=None, delivery_policy=None, subscriptions=bare)
    apply("sns_topics", plain)
    found = census(boto)
    assert (found[f"{ARN}:{ALERTS}"]["key"] or None, found[f"{ARN}:{ALERTS}"]["delivery"]) == (None, {})
    assert found[QUEUE] == {"arn": "", "filter": {}, "redrive": {}, "raw": "false"}
    assert found[RELAY]["redrive"] == {}
    assert apply("sns_topics", plain)["changed"] is False


def test_absent_twice(apply: Apply, boto: Boto) -> None:
    apply("sns_topics", ARGS)
    apply("sns_topics", ABSENT)
    assert census(boto) == {}
    assert apply("sns_topics", ABSENT)["changed"] is False


def test_interrupted_anywhere_it_ends_the_same(interrupt_each_write: Callable[..., None], boto: Boto) -> None:
    def prepare() -> dict[str, Any]:
        _make_queues(boto)
        return ARGS

    interrupt_each_write("sns_topics", prepare, lambda: census(boto))


def test_one_throttled_call_in_five_is_survived(apply: Apply, emulator: EmulatorServer) -> None:
    emulator.set_faults([{"error": "throttle", "every": 5}])
    apply("sns_topics", ARGS)
    emulator.set_faults([])
    assert apply("sns_topics", ARGS)["changed"] is False


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"policy": {"Version": "2012-10-17"}}, "policy: it has no Statement"),
        ({"signature_version": "3"}, "value of signature_version must be one of: 1, 2"),
        (
            {"subscriptions": [{"protocol": "discord", "endpoint": "x"}]},
            "value of protocol must be one of: application",
        ),
        ({"subscriptions": [{"protocol": "sqs"}]}, "missing required arguments: endpoint"),
    ],
)
def test_wrong_input_is_refused_before_any_write(
    run_module: Apply, writes: Writes, options: dict[str, Any], message: str
) -> None:
    before = writes()
    result = run_module("sns_topics", with_alerts(**options))
    assert result["failed"]
    assert message in result["msg"]
    assert writes() == before
