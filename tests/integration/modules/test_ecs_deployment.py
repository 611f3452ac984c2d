"""A deployment, step by step: the revision with the image, a command before it, and the rollout."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer
from tests.integration.service_stack import CLUSTER, NAME, REGISTRY, REPOSITORY, ServiceStack

Run = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]

FAMILY = f"ecs_task_definition/{NAME}"
SERVICE = f"ecs_service/{NAME}"
PLACE = {"cluster": CLUSTER, "service": NAME}
IMAGE = {**PLACE, "container": "backend", "repository": REPOSITORY}


@pytest.fixture
def stack(emulator: EmulatorServer, boto: Boto) -> ServiceStack:
    return ServiceStack(emulator, boto)


@pytest.fixture
def settle(run_module: Run) -> Run:
    """Calls a module until nothing is pending, as the action plugin does, which also sleeps in between."""

    def run(name: str, args: dict[str, Any]) -> dict[str, Any]:
        total = result = run_module(name, args)
        for _call in range(20):
            if result.get("failed") or not result["pending"]:
                return {**result, "plan": total.get("plan", []) + result.get("plan", [])}
            result = run_module(name, {**args, **result["resume"]})
        raise AssertionError(f"still pending after twenty calls: {result['pending']}")

    return run


def deploy(apply: Run, settle: Run, tag: str) -> dict[str, Any]:
    revision = apply("ecs_image_revision", {**IMAGE, "tag": tag})["resources"][FAMILY]["arn"]
    return settle("ecs_deployment", {**PLACE, "task_definition": revision})


def test_an_image_is_deployed_and_nothing_else_changes(
    stack: ServiceStack, apply: Run, settle: Run, changes: Any, writes: Any
) -> None:
    digest = stack.emulator.put_image(REPOSITORY, "2")
    before = len(writes())
    plan = apply("ecs_image_revision", {**IMAGE, "tag": "2"}, check=True)
    assert changes(plan) == {FAMILY: ["images.backend"]}
    arn = plan["resources"][FAMILY]["arn"]
    assert arn.endswith(f"{NAME}:0000000000000000")
    rollout = apply("ecs_deployment", {**PLACE, "task_definition": arn}, check=True)
    assert changes(rollout) == {SERVICE: ["task_definition"]}
    assert rollout["plan"][0]["changes"][0]["after"] == "(known after apply)"
    assert len(writes()) == before

    assert not deploy(apply, settle, "2").get("failed")
    assert writes()[before:] == ["ecs:RegisterTaskDefinition", "ecs:UpdateService"]
    assert stack.image() == f"@{digest}"
    old, new = (
        stack.ecs.describe_task_definition(taskDefinition=f"{NAME}:{number}", include=["TAGS"]) for number in (1, 2)
    )
    new["taskDefinition"]["containerDefinitions"][0]["image"] = f"{REGISTRY}@{stack.digest}"
    own = ("taskDefinitionArn", "revision", "registeredAt")
    for found in (old, new):
        assert [found["taskDefinition"].pop(key) for key in own]
    assert (old["taskDefinition"], old["tags"]) == (new["taskDefinition"], new["tags"])
    again = apply("ecs_image_revision", {**IMAGE, "digest": digest})
    assert not again["changed"]
    assert not apply("ecs_deployment", {**PLACE, "task_definition": again["resources"][FAMILY]["arn"]})["changed"]


def test_a_broken_image_is_rolled_back_with_the_reason(stack: ServiceStack, apply: Run, settle: Run) -> None:
    digest = stack.emulator.put_image(REPOSITORY, "broken")
    stack.emulator.set_images({f"*@{digest}": {"exit_code": 1, "log_lines": ["ModuleNotFoundError: api.main"]}})
    failed = deploy(apply, settle, "broken")
    assert failed["failed"]
    for words in (f"AWS has gone back to {NAME}:1", "container backend: exit code 1", "ModuleNotFoundError: api.main"):
        assert words in failed["msg"]
    assert stack.image() == f"@{stack.digest}"
    stack.emulator.set_images({})
    assert not deploy(apply, settle, "broken").get("failed"), "the same again, once its cause is mended"
    assert stack.revisions() == [f"{NAME}:1", f"{NAME}:2"]


def test_the_reason_is_shown_before_aws_gives_up(stack: ServiceStack, run_module: Run, apply: Run) -> None:
    digest = stack.emulator.put_image(REPOSITORY, "broken")
    stack.emulator.set_images({f"*@{digest}": {"exit_code": 1}})
    stack.emulator.set_delays({"ecs_service.restart": 3600})
    revision = apply("ecs_image_revision", {**IMAGE, "tag": "broken"})["resources"][FAMILY]["arn"]
    args = {**PLACE, "task_definition": revision}
    first = run_module("ecs_deployment", args)
    second = run_module("ecs_deployment", {**args, **first["resume"]})
    [pending] = run_module("ecs_deployment", {**args, **second["resume"]})["pending"]
    assert "1 failed (Essential container in task exited; container backend: exit code 1)" in pending["state"]


def test_back_to_what_ran_well_before(stack: ServiceStack, apply: Run, settle: Run, changes: Any) -> None:
    bad = stack.emulator.put_image(REPOSITORY, "bad")
    stack.emulator.set_images({f"*@{bad}": {"exit_code": 1}})
    stack.emulator.put_image(REPOSITORY, "3")
    assert deploy(apply, settle, "bad")["failed"]
    assert not deploy(apply, settle, "3").get("failed")
    assert stack.service()["taskDefinition"].endswith(":3")
    back = {**PLACE, "task_definition": "previous"}
    assert changes(apply("ecs_deployment", back, check=True)) == {SERVICE: ["task_definition"]}
    assert not settle("ecs_deployment", back).get("failed")
    assert stack.service()["taskDefinition"] == stack.first
    assert not settle("ecs_deployment", {**PLACE, "task_definition": "3"}).get("failed")
    assert stack.service()["taskDefinition"].endswith(":3")


def test_a_service_without_tasks_starts_one_and_then_the_others(
    emulator: EmulatorServer, boto: Boto, settle: Run, writes: Any
) -> None:
    stack = ServiceStack(emulator, boto, desired=0)
    before = len(writes())
    woken = settle("ecs_deployment", {**PLACE, "minimum_tasks": 2})
    assert not woken.get("failed")
    counts = [call["params"].get("desiredCount") for call in emulator.calls() if call["operation"] == "UpdateService"]
    assert counts == [1, 2]
    assert stack.service()["runningCount"] == 2
    assert len(writes()) == before + 2
    assert not settle("ecs_deployment", {**PLACE, "desired_count": 0}).get("failed")
    assert stack.service()["desiredCount"] == 0


def test_waking_up_ends_where_no_task_can_start(
    emulator: EmulatorServer, boto: Boto, settle: Run, run_module: Run, writes: Any
) -> None:
    """More tasks for a deployment that is complete without any would be tried again without end."""
    stack = ServiceStack(emulator, boto, desired=0)
    emulator.set_images({f"*@{stack.digest}": {"exit_code": 1}})
    failed = settle("ecs_deployment", {**PLACE, "minimum_tasks": 1})
    assert failed["failed"]
    assert "container backend: exit code 1" in failed["msg"]
    assert not settle("ecs_deployment", {**PLACE, "desired_count": 0}).get("failed")

    boto("ecr").batch_delete_image(repositoryName=REPOSITORY, imageIds=[{"imageDigest": stack.digest}])
    before = len(writes())
    assert "it has no image" in run_module("ecs_deployment", {**PLACE, "minimum_tasks": 1})["msg"]
    assert len(writes()) == before


def test_autoscaling_owns_the_number(stack: ServiceStack, boto: Boto, run_module: Run) -> None:
    scaling = boto("application-autoscaling")
    place = {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{CLUSTER}/{NAME}",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    scaling.register_scalable_target(**place, MinCapacity=1, MaxCapacity=4)
    metric = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}
    scaling.put_scaling_policy(
        **place,
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={"TargetValue": 70, "PredefinedMetricSpecification": metric},
    )
    refused = run_module("ecs_deployment", {**PLACE, "desired_count": 0})
    assert "the number of its tasks is Application Auto Scaling's" in refused["msg"]


def test_a_command_runs_to_its_end(stack: ServiceStack, apply: Run, settle: Run, changes: Any, writes: Any) -> None:
    command = ["alembic", "upgrade", "head"]
    stack.emulator.set_images({"*": {"commands": {"alembic*": {"exit_code": 0, "log_lines": ["Running upgrade"]}}}})
    args = {**PLACE, "container": "backend", "command": command}
    before = len(writes())
    address = f"ecs_task/{NAME}: alembic upgrade head"
    assert set(changes(apply("ecs_run_task", args, check=True))) == {address}
    assert len(writes()) == before
    ran = settle("ecs_run_task", {**args, "cpu": 512, "memory": 1024})
    assert (ran["resources"][address]["exit_code"], ran["resources"][address]["log"]) == (0, ["Running upgrade"])
    assert [item["action"] for item in ran["plan"]] == ["create"]
    [task] = stack.ecs.describe_tasks(cluster=CLUSTER, tasks=[ran["resources"][address]["task_arn"]])["tasks"]
    assert (task["cpu"], task["memory"], task["launchType"]) == ("512", "1024", "FARGATE")


def test_a_command_that_fails_says_why(stack: ServiceStack, settle: Run) -> None:
    fails = {"exit_code": 3, "log_lines": ["relation already exists"]}
    stack.emulator.set_images({"*": {"commands": {"alembic*": fails}}})
    failed = settle("ecs_run_task", {**PLACE, "container": "backend", "command": ["alembic", "upgrade", "head"]})
    assert "it ended with exit code 3" in failed["msg"]
    assert "relation already exists" in failed["msg"]


@pytest.mark.parametrize(
    ("module", "args", "message"),
    [
        ("ecs_image_revision", {**IMAGE, "tag": "none"}, "it has no image none. Push it, or choose another one"),
        ("ecs_image_revision", {**IMAGE, "tag": "arm"}, "the image airas-backend:arm is for arm64, and the service"),
        ("ecs_image_revision", {**IMAGE, "tag": "1", "container": "web"}, "Name one of: backend."),
        ("ecs_image_revision", {**IMAGE, "tag": "1", "repository": "other"}, "docker push"),
        ("ecs_image_revision", {**IMAGE, "tag": "1", "service": "other"}, "there is no such service"),
        ("ecs_deployment", {**PLACE, "service": "other"}, "Stand the stack up first"),
        ("ecs_deployment", {**PLACE, "task_definition": "7"}, f"Choose one of: {NAME}:1."),
        ("ecs_deployment", {**PLACE, "task_definition": "previous"}, "nothing else has run well here"),
        ("ecs_run_task", {**PLACE, "container": "web", "command": ["ls"]}, "has no container web. Name one of"),
        ("ecs_run_task", {**PLACE, "service": "other", "container": "a", "command": ["ls"]}, "there is no such"),
    ],
)
def test_wrong_input(stack: ServiceStack, run_module: Run, module: str, args: dict[str, Any], message: str) -> None:
    if args.get("tag") == "arm":
        stack.emulator.put_image(REPOSITORY, "arm", architecture="arm64")
    failed = run_module(module, args)
    assert message in failed["msg"]


def test_an_index_with_the_right_architecture(stack: ServiceStack, apply: Run) -> None:
    digest = stack.emulator.put_image(REPOSITORY, "both", architecture=["amd64", "arm64"])
    found = apply("ecs_image_revision", {**IMAGE, "tag": "both"})["resources"][FAMILY]
    assert found["images"]["backend"] == f"{REGISTRY}@{digest}"


def test_an_image_that_has_expired_is_not_gone_back_to(stack: ServiceStack, apply: Run, run_module: Run) -> None:
    stack.emulator.put_image(REPOSITORY, "2")
    apply("ecs_image_revision", {**IMAGE, "tag": "2"})
    stack.ecr.batch_delete_image(repositoryName=REPOSITORY, imageIds=[{"imageTag": "2"}])
    assert "it has no image sha256:" in run_module("ecs_deployment", {**PLACE, "task_definition": "2"})["msg"]
