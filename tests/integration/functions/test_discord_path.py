"""The whole way of an alarm in the embedded AWS: CloudWatch, SNS, SQS, Lambda, and the webhook."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._lambda import package
from emulator.testing import EmulatorServer

from .discord_receiver import Receiver

SOURCE = Path(__file__).parents[3] / "functions" / "discord_relay"
NAME = "airas-dev-discord-relay"
SCOPE = "ap-northeast-1:427979936961"
TOPIC = f"arn:aws:sns:{SCOPE}:airas-dev-alarms"
QUEUE = f"arn:aws:sqs:{SCOPE}:{NAME}"
DEAD = f"{QUEUE}-dlq"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver(limit=5, window_s=0.2) as server:
        yield server


class Stack:
    """What ADR 7 describes, with a webhook that is the receiver's."""

    def __init__(self, emulator: EmulatorServer, url: str) -> None:
        self.emulator = emulator
        self.cloudwatch, self.sqs = emulator.client("cloudwatch"), emulator.client("sqs")
        emulator.client("secretsmanager").create_secret(Name="airas-dev/discord-webhook-url", SecretString=url)
        emulator.client("sns").create_topic(Name="airas-dev-alarms")
        self._queues()
        self._function()
        emulator.client("sns").subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=QUEUE)

    def _queues(self) -> None:
        self.dead = self.sqs.create_queue(QueueName=f"{NAME}-dlq")["QueueUrl"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": QUEUE,
            "Condition": {"ArnEquals": {"aws:SourceArn": TOPIC}},
        }
        attributes = {
            "VisibilityTimeout": "360",
            "Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
            "RedrivePolicy": json.dumps({"deadLetterTargetArn": DEAD, "maxReceiveCount": 3}),
        }
        self.sqs.create_queue(QueueName=NAME, Attributes=attributes)

    def _function(self) -> None:
        iam, client = self.emulator.client("iam"), self.emulator.client("lambda")
        policy = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": QUEUE}}
        role = iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(policy))["Role"]["Arn"]
        iam.put_role_policy(RoleName=NAME, PolicyName="relay", PolicyDocument=json.dumps(policy))
        variables = {"WEBHOOK_SECRET_ID": "airas-dev/discord-webhook-url", "STACK": "airas-dev", "LANGUAGE": "en"}
        client.create_function(
            FunctionName=NAME,
            Runtime="python3.13",
            Role=role,
            Handler="handler.handler",
            Timeout=60,
            Code={"ZipFile": package.build(str(SOURCE)).content},
            Environment={"Variables": variables},
        )
        client.put_function_concurrency(FunctionName=NAME, ReservedConcurrentExecutions=1)
        client.create_event_source_mapping(
            FunctionName=NAME,
            EventSourceArn=QUEUE,
            BatchSize=200,
            MaximumBatchingWindowInSeconds=5,
            FunctionResponseTypes=["ReportBatchItemFailures"],
        )

    def alarm(self, name: str) -> None:
        self.cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="AWS/ECS",
            MetricName="CPUUtilization",
            Statistic="Average",
            Period=300,
            EvaluationPeriods=1,
            Threshold=80.0,
            ComparisonOperator="GreaterThanThreshold",
            AlarmActions=[TOPIC],
            OKActions=[TOPIC],
        )

    def set(self, name: str, state: str) -> None:
        self.cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="because")

    def count(self, url: str) -> int:
        told = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        return int(told["Attributes"]["ApproximateNumberOfMessages"])


@pytest.fixture
def stack(emulator: EmulatorServer, receiver: Receiver) -> Stack:
    return Stack(emulator, receiver.url)


def titles(receiver: Receiver) -> list[str]:
    return [embed["title"] for embed in receiver.embeds]


def eventually(look: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 60
    while not look():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)


def test_an_alarm_and_its_end_arrive_once_each(stack: Stack, receiver: Receiver) -> None:
    stack.alarm("airas-dev-cpu")
    stack.set("airas-dev-cpu", "ALARM")
    stack.set("airas-dev-cpu", "ALARM")
    stack.set("airas-dev-cpu", "OK")
    eventually(lambda: len(titles(receiver)) == 2)
    assert titles(receiver) == ["🔴 Alarm: airas-dev-cpu", "🟢 OK: airas-dev-cpu"]


def test_two_hundred_alarms_at_once_arrive_in_order_within_the_rate_limit(stack: Stack, receiver: Receiver) -> None:
    names = [f"airas-dev-{number:03}" for number in range(200)]
    for name in names:
        stack.alarm(name)
    stack.emulator.set_delays({"lambda_event_source.window": 3})
    for name in names:
        stack.set(name, "ALARM")
    eventually(lambda: len(titles(receiver)) >= 200)
    assert titles(receiver) == [f"🔴 Alarm: {name}" for name in names]
    assert receiver.refusals == []
    assert len(receiver.messages) < 40


def test_a_webhook_that_is_gone_ends_in_the_dead_letter_queue_and_loses_nothing(
    stack: Stack, receiver: Receiver
) -> None:
    receiver.gone = True
    stack.alarm("airas-dev-cpu")
    stack.set("airas-dev-cpu", "ALARM")
    eventually(lambda: stack.count(stack.dead) == 1)
    assert receiver.messages == []
    [kept] = stack.sqs.receive_message(QueueUrl=stack.dead)["Messages"]
    assert json.loads(json.loads(kept["Body"])["Message"])["AlarmName"] == "airas-dev-cpu"
