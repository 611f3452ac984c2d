"""The state machine that role workflow makes runs the application's task, and tells when it fails."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer
from tests.integration.lock_table import LockTable
from tests.integration.playbooks.conftest import Playbooks
from tests.integration.service_stack import CLUSTER, NAME, ServiceStack

Boto = Callable[[str], Any]

MACHINE = "arn:aws:states:ap-northeast-1:427979936961:stateMachine:airas-dev-task"


@pytest.fixture
def stack(emulator: EmulatorServer, boto: Boto) -> ServiceStack:
    LockTable(boto("dynamodb"))
    return ServiceStack(emulator, boto)


def started(states: Any, *command: str) -> dict[str, Any]:
    """How an execution that runs the command ends."""
    arn = states.start_execution(stateMachineArn=MACHINE, input=json.dumps({"command": command}))["executionArn"]
    for _look in range(400):
        told: dict[str, Any] = states.describe_execution(executionArn=arn)
        if told["status"] != "RUNNING":
            return told
        time.sleep(0.05)
    raise AssertionError("the execution goes on")


def test_a_command_runs_and_its_failure_is_told(playbooks: Playbooks, stack: ServiceStack, boto: Boto) -> None:
    sns, sqs, states = boto("sns"), boto("sqs"), boto("stepfunctions")
    topic = sns.create_topic(Name="airas-dev-alarms")["TopicArn"]
    queue = sqs.create_queue(QueueName="heard")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    place = stack.service()["networkConfiguration"]["awsvpcConfiguration"]
    options = {
        "workflow_enabled": True,
        "workflow_subnet_ids": place["subnets"],
        "workflow_security_group_ids": place["securityGroups"],
    }
    made = playbooks.run("site.yml", "-i", "inventories/dev", "--tags", "workflow", "-e", json.dumps(options))
    assert made.status == 0, made.output

    stack.emulator.set_images({"*": {"commands": {"good*": {"exit_code": 0}, "bad*": {"exit_code": 3}}}})
    assert started(states, "good", "--all")["status"] == "SUCCEEDED"
    assert sqs.receive_message(QueueUrl=queue).get("Messages") is None
    [task] = [task for task in _tasks(stack) if task["startedBy"].startswith("AWS Step Functions")]
    assert task["taskDefinitionArn"] == stack.first
    [override] = task["overrides"]["containerOverrides"]
    assert override["command"] == ["good", "--all"]
    assert [item["name"] for item in override["environment"]] == ["WORKFLOW_EXECUTION"]

    # A revision that was not rolled out well is not what runs.
    stack.register("registry.example.com/app:broken")
    failed = started(states, "bad")
    assert (failed["status"], failed["error"]) == ("FAILED", "States.TaskFailed")
    tasks = [task for task in _tasks(stack) if task["startedBy"].startswith("AWS Step Functions")]
    assert [task["taskDefinitionArn"] for task in tasks] == [stack.first] * 3, "it is tried twice"
    [message] = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"]
    notice = json.loads(message["Body"])
    assert notice["Subject"] == "airas-dev-task has failed"
    assert "has failed (States.TaskFailed)" in notice["Message"]


def _tasks(stack: ServiceStack) -> list[dict[str, Any]]:
    arns = stack.ecs.list_tasks(cluster=CLUSTER, desiredStatus="STOPPED", family=NAME)["taskArns"]
    return list(stack.ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"])
