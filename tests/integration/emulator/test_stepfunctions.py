from __future__ import annotations

import json
import time
from typing import Any

import pytest

ROLE = "arn:aws:iam::427979936961:role/states"


class Machines:
    """State machines that run one ECS task."""

    def __init__(self, emulator: Any, network: Any) -> None:
        self.states, self.ecs = emulator.client("stepfunctions"), emulator.client("ecs")
        self.ecs.create_cluster(clusterName="c")
        self.ecs.register_task_definition(
            family="job",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[{"name": "main", "image": "registry.example.com/job"}],
        )
        self.run = {
            "Type": "Task",
            "Resource": "arn:aws:states:::ecs:runTask.sync",
            "Parameters": {
                "Cluster": "c",
                "LaunchType": "FARGATE",
                "TaskDefinition": "job",
                "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": [network.subnet]}},
                "Overrides": {"ContainerOverrides": [{"Name": "main", "Command.$": "$.command"}]},
            },
            "ResultPath": "$.task",
            "End": True,
        }

    def make(self, name: str = "m", **states: Any) -> str:
        definition = {"StartAt": next(iter(states)), "States": states}
        return str(
            self.states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE)[
                "stateMachineArn"
            ]
        )

    def start(self, machine: str) -> str:
        document = json.dumps({"command": ["python", "job.py"]})
        return str(self.states.start_execution(stateMachineArn=machine, input=document)["executionArn"])

    def ended(self, execution: str) -> dict[str, Any]:
        for _ in range(300):
            told: dict[str, Any] = self.states.describe_execution(executionArn=execution)
            if told["status"] != "RUNNING":
                return told
            time.sleep(0.05)
        raise AssertionError(f"the execution goes on: {self.history(execution)}")

    def history(self, execution: str) -> list[str]:
        return [event["type"] for event in self.states.get_execution_history(executionArn=execution)["events"]]

    def tasks(self, status: str) -> list[dict[str, Any]]:
        arns = self.ecs.list_tasks(cluster="c", desiredStatus=status)["taskArns"]
        return list(self.ecs.describe_tasks(cluster="c", tasks=arns)["tasks"]) if arns else []


@pytest.fixture
def machines(emulator: Any, network: Any) -> Machines:
    return Machines(emulator, network)


def test_a_task_is_run_and_waited_for(machines: Machines) -> None:
    execution = machines.start(machines.make(Run=machines.run))
    told = machines.ended(execution)
    assert told["status"] == "SUCCEEDED"
    output = json.loads(told["output"])
    assert output["command"] == ["python", "job.py"]
    assert output["task"]["Containers"][0]["ExitCode"] == 0
    [task] = machines.tasks("STOPPED")
    assert task["startedBy"] == "AWS Step Functions"
    assert task["overrides"]["containerOverrides"] == [{"name": "main", "command": ["python", "job.py"]}]
    assert machines.history(execution) == [
        "ExecutionStarted",
        "TaskStateEntered",
        "TaskScheduled",
        "TaskStarted",
        "TaskSubmitted",
        "TaskSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]


def test_failures_are_tried_again_then_caught_and_told(emulator: Any, machines: Machines) -> None:
    topic = emulator.client("sns").create_topic(Name="failures")["TopicArn"]
    emulator.set_images({"*": {"exit_code": 1}})
    retry = [{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 60, "MaxAttempts": 2, "BackoffRate": 2.0}]
    catch = [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.failure", "Next": "Tell"}]
    tell = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish",
        "Parameters": {
            "TopicArn": topic,
            "Message": {"execution.$": "$$.Execution.Name", "failure.$": "$.failure"},
            "Subject.$": "States.Format('{} failed', $$.StateMachine.Name)",
        },
        "ResultPath": None,
        "Next": "Failed",
    }
    failed = {"Type": "Fail", "ErrorPath": "$.failure.Error", "Cause": "The task failed."}
    machine = machines.make(Run={**machines.run, "Retry": retry, "Catch": catch}, Tell=tell, Failed=failed)
    execution = machines.start(machine)
    told = machines.ended(execution)
    assert (told["status"], told["error"], told["cause"]) == ("FAILED", "States.TaskFailed", "The task failed.")
    assert len(machines.tasks("STOPPED")) == 3
    [published] = [call for call in emulator.calls() if call["operation"] == "Publish"]
    assert published["params"]["Subject"] == "m failed"
    assert json.loads(published["params"]["Message"])["failure"]["Error"] == "States.TaskFailed"
    [listed] = machines.states.list_executions(stateMachineArn=machine, statusFilter="FAILED")["executions"]
    assert listed["executionArn"] == execution


def test_time_out_and_stop_end_the_task(emulator: Any, machines: Machines) -> None:
    emulator.set_images({"*": {"stays": True}})
    execution = machines.start(machines.make(Run={**machines.run, "TimeoutSeconds": 1}))
    told = machines.ended(execution)
    assert (told["status"], told["error"]) == ("TIMED_OUT", "States.Timeout")
    [task] = machines.tasks("STOPPED")
    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "Timed out")

    execution = machines.start(machines.make("other", Run=machines.run))
    for _ in range(200):
        if machines.tasks("RUNNING"):
            break
        time.sleep(0.05)
    machines.states.stop_execution(executionArn=execution, cause="enough")
    told = machines.ended(execution)
    assert (told["status"], told["cause"]) == ("ABORTED", "enough")
    for _ in range(200):
        if not machines.tasks("RUNNING"):
            break
        time.sleep(0.05)
    assert machines.tasks("RUNNING") == []


def test_refused_calls_fail_the_execution(machines: Machines) -> None:
    run = {**machines.run, "Parameters": {**machines.run["Parameters"], "Cluster": "none"}}
    told = machines.ended(machines.start(machines.make(Run=run)))
    assert (told["status"], told["error"]) == ("FAILED", "ECS.ClusterNotFoundException")


def test_definitions_and_names(machines: Machines, refused: Any) -> None:
    machine = machines.make(Run=machines.run)
    assert machines.make(Run=machines.run) == machine
    with refused("StateMachineAlreadyExists"):
        machines.make(Run={**machines.run, "TimeoutSeconds": 9})
    with refused("InvalidDefinition", "Missing 'Next' target: Nowhere"):
        machines.make("bad", Run={**machines.run, "End": False, "Next": "Nowhere"})
    with refused("InvalidDefinition", "INVALID_JSON"):
        machines.states.update_state_machine(stateMachineArn=machine, definition="{")
    checked = machines.states.validate_state_machine_definition(definition='{"States": {}}')
    assert (checked["result"], checked["diagnostics"][0]["code"]) == ("FAIL", "SCHEMA_VALIDATION_FAILED")
    machines.states.tag_resource(resourceArn=machine, tags=[{"key": "a", "value": "b"}])
    machines.states.delete_state_machine(stateMachineArn=machine)
    machines.make(Run=machines.run)
    assert machines.states.list_tags_for_resource(resourceArn=machine)["tags"] == []
