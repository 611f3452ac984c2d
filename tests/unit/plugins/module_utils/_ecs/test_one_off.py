from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._ecs import one_off
from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError

Fake = Callable[..., Any]

ARN = "arn:aws:ecs:ap-northeast-1:427979936961:task-definition/app:3"
TASK = "arn:aws:ecs:ap-northeast-1:427979936961:task/c/0123456789abcdef0123456789abcdef"
SERVICE = {
    "serviceName": "s",
    "status": "ACTIVE",
    "taskDefinition": ARN,
    "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}},
}
DEFINITION = {"taskDefinitionArn": ARN, "containerDefinitions": [{"name": "backend"}]}
PARAMS = {
    "cluster": "c",
    "service": "s",
    "task_definition": None,
    "container": "backend",
    "command": ["migrate", "a b"],
    "cpu": None,
    "memory": None,
    "log_lines": 100,
    "task": None,
}


@pytest.fixture
def aws(fake_aws: Fake) -> Fake:
    def make(**answers: Any) -> Any:
        found = {
            "describe_services": {"services": [SERVICE]},
            "describe_task_definition": {"taskDefinition": DEFINITION},
        }
        return fake_aws(**{**found, **answers})

    return make


def task(status: str, **container: Any) -> dict[str, Any]:
    found = {"taskArn": TASK, "lastStatus": status, "taskDefinitionArn": ARN}
    return {**found, "containers": [{"name": "backend", **container}], "stoppedReason": "Essential container exited"}


def test_a_task_to_start(aws: Fake) -> None:
    made = aws(run_task={"tasks": [task("PROVISIONING")], "failures": []})
    [resource] = one_off.resources(made, {**PARAMS, "cpu": 512, "memory": 1024})
    assert resource.address == "ecs_task/app: migrate 'a b'"
    assert resource.create
    resource.known.update(resource.create.run({}) or {})
    assert (resource.pending, resource.resume(resource.known)) == ("PROVISIONING", {"task": TASK})
    request = made.calls[-1][1]
    assert request["overrides"] == {
        "containerOverrides": [{"name": "backend", "command": ["migrate", "a b"]}],
        "cpu": "512",
        "memory": "1024",
    }


def test_no_capacity(aws: Fake) -> None:
    [resource] = one_off.resources(aws(run_task={"tasks": [], "failures": [{"reason": "RESOURCE:CPU"}]}), PARAMS)
    assert resource.create
    with pytest.raises(PlatformError, match=r"AWS does not start it: RESOURCE:CPU."):
        resource.create.run({})


def test_a_followed_task_is_no_difference(aws: Fake) -> None:
    [resource] = one_off.resources(aws(describe_tasks={"tasks": [task("RUNNING")]}), {**PARAMS, "task": TASK})
    assert {key: (resource.before or {})[key] for key in resource.after or {}} == resource.after
    assert resource.pending == "RUNNING"
    [ended] = one_off.resources(aws(describe_tasks={"tasks": [task("STOPPED", exitCode=0)]}), {**PARAMS, "task": TASK})
    assert ended.pending is None


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ([task("STOPPED", exitCode=3)], "it ended with exit code 3"),
        ([task("STOPPED", reason="CannotPullContainerError")], "without running to its end(.|\n)*CannotPull"),
        ([], "AWS does not know the task 0123456789abcdef0123456789abcdef any more"),
    ],
)
def test_a_bad_end(aws: Fake, found: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(PlatformError, match=message):
        one_off.resources(aws(describe_tasks={"tasks": found}), {**PARAMS, "task": TASK})
