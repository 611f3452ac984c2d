from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._ecs import _containers, task_definition
from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError, plan_resource

from .test_containers import CONTAINER, OPTIONS, request

PARAMS: dict[str, Any] = {
    **OPTIONS,
    "state": "present",
    "containers": [CONTAINER],
    "image_from_service": None,
    "keep_revisions": None,
    "tags": {},
}

Fake = Callable[..., Any]


def arn(number: int) -> str:
    return f"arn:aws:ecs:ap-northeast-1:427979936961:task-definition/app:{number}"


def described(number: int, **container: Any) -> dict[str, Any]:
    tags = [{"key": "Name", "value": "app"}]
    return {
        "taskDefinition": {**request(container), "taskDefinitionArn": arn(number), "revision": number},
        "tags": tags,
    }


def read(aws: Any, **given: Any) -> list[Any]:
    return task_definition.resources(aws, {**PARAMS, **given})


@pytest.mark.parametrize(
    ("wrong", "problem", "mend"),
    [
        ({"cpu": 300}, "Fargate has no cpu 300", "Choose one of 256, 512"),
        ({"memory": 4096}, "Fargate has no memory 4096 with cpu 256", "512, 1024 or 2048"),
        ({"cpu": 8192, "memory": 17408}, "no memory 17408 with cpu 8192", "steps of 4096"),
        ({"ephemeral_storage_gib": 300}, "ephemeral_storage_gib is 300", "20 to 200"),
        ({"keep_revisions": 1}, "keep_revisions is 1", "roll back"),
        ({"containers": [CONTAINER, CONTAINER]}, "two containers are called backend", "its own name"),
        ({"containers": [{**CONTAINER, "essential": False}]}, "no container is essential", "essential: true"),
        ({"containers": [{**CONTAINER, "stop_timeout": 300}]}, "stop_timeout 300", "120 s at most"),
        ({"containers": [{**CONTAINER, "secrets": {"A": "arn"}}]}, "has secrets", "execution_role_arn"),
        (
            {"containers": [{**CONTAINER, "secrets": {"A": "arn"}, "environment": {"A": "x"}}]},
            "has A both in environment and in secrets",
            "Keep one",
        ),
        ({"containers": [{**CONTAINER, "depends_on": {"init": "START"}}]}, "depends on init", "Name one of"),
        (
            {"containers": [{**CONTAINER, "mount_points": [{"source_volume": "v", "container_path": "/v"}]}]},
            "mounts volume v",
            "Add it to volumes",
        ),
    ],
)
def test_what_aws_would_refuse_is_said_before(wrong: dict[str, Any], problem: str, mend: str) -> None:
    params = {**PARAMS, **wrong}
    with pytest.raises(PlatformError, match=problem) as caught:
        task_definition.check(params, _containers.request(params, params["containers"]))
    assert mend in caught.value.mend


def test_the_newest_is_compared_where_no_service_runs(fake_aws: Fake) -> None:
    [same] = read(fake_aws(describe_task_definition=described(7)))
    assert plan_resource(same).action == "none"
    assert same.report()["arn"] == arn(7)


def test_a_new_revision_has_no_arn_in_a_plan(fake_aws: Fake) -> None:
    [changed] = read(fake_aws(describe_task_definition=described(7, image="app:0")))
    assert [change.path for change in plan_resource(changed).changes] == ["containers.backend.image"]
    assert changed.report()["arn"] == task_definition.placeholder_arn(fake_aws(), "app")


def service_runs(number: int, newest: dict[str, Any], running: dict[str, Any]) -> dict[str, Any]:
    service = {"status": "ACTIVE", "taskDefinition": arn(number), "deployments": [{"taskDefinition": arn(number)}]}
    return {
        "describe_services": {"services": [service]},
        "describe_task_definition": lambda **params: running if params["taskDefinition"] == arn(number) else newest,
    }


SOURCE = {"image_from_service": {"cluster": "c", "service": "s", "container": None}}
NO_IMAGE = {"containers": [{**CONTAINER, "image": None}]}


def test_the_running_image_is_kept_and_its_revision_used_again(fake_aws: Fake) -> None:
    answers = service_runs(3, newest=described(4, image="app:bad"), running=described(3, image="app:ci"))
    [same] = read(fake_aws(**answers), **SOURCE, **NO_IMAGE)
    assert plan_resource(same).action == "none"
    assert same.report()["arn"] == arn(3)


def test_what_an_interrupted_run_registered_is_used(fake_aws: Fake) -> None:
    answers = service_runs(3, newest=described(4), running=described(3, user="root"))
    [same] = read(fake_aws(**answers), **SOURCE, **NO_IMAGE)
    assert plan_resource(same).action == "none"
    assert same.report()["arn"] == arn(4)


def test_another_familys_image_can_be_kept(fake_aws: Fake) -> None:
    """A worker runs the backend's image under a family of its own."""
    backend = described(3, image="app:ci")
    backend["taskDefinition"]["family"] = "backend"
    source = {"image_from_service": {"cluster": "c", "service": "s", "container": "backend"}}
    aws = fake_aws(**service_runs(3, newest=described(9), running=backend))
    [worker] = read(aws, **source, containers=[{**CONTAINER, "name": "worker", "image": None}])
    assert worker.after["containers"]["worker"]["image"] == "app:ci"
    assert worker.before["revision"] == 9


def test_revisions_in_use_are_not_pruned(fake_aws: Fake) -> None:
    answers = service_runs(2, newest=described(6), running=described(2, image="app:0"))
    revisions = {"ACTIVE": [arn(number) for number in (6, 5, 4, 3, 2, 1)], "INACTIVE": [arn(0)]}
    aws = fake_aws(
        **answers, list_task_definitions=lambda **params: {"taskDefinitionArns": revisions[params["status"]]}
    )
    _family, *going = read(aws, **SOURCE, keep_revisions=3)
    assert [resource.name for resource in going] == ["app:3", "app:1", "app:0"]
    assert all(plan_resource(resource).action == "delete" for resource in going)
