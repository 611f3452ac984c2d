from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._ecs import rollout
from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError

Fake = Callable[..., Any]

ARN = "arn:aws:ecs:ap-northeast-1:427979936961:task-definition/app:{}"
PLACE = {"cluster": "c", "service": "s"}
PARAMS = {
    **PLACE,
    "task_definition": None,
    "minimum_tasks": 0,
    "desired_count": None,
    "started_deployment": None,
}


def service(desired: int = 1, running: int = 1, state: str = "COMPLETED") -> dict[str, Any]:
    deployment = {
        "id": "ecs-svc/1",
        "status": "PRIMARY",
        "taskDefinition": ARN.format(3),
        "rolloutState": state,
        "runningCount": running,
    }
    return {
        "serviceName": "s",
        "serviceArn": "arn:aws:ecs:ap-northeast-1:427979936961:service/c/s",
        "status": "ACTIVE",
        "taskDefinition": ARN.format(3),
        "desiredCount": desired,
        "runningCount": running,
        "deployments": [deployment],
    }


def definition(**params: Any) -> dict[str, Any]:
    arn = params["taskDefinition"]
    return {
        "taskDefinition": {"taskDefinitionArn": arn, "family": "app", "status": "ACTIVE", "containerDefinitions": []}
    }


@pytest.fixture
def aws(fake_aws: Fake) -> Fake:
    def make(found: dict[str, Any], **answers: Any) -> Any:
        return fake_aws(describe_services={"services": [found]}, describe_task_definition=definition, **answers)

    return make


@pytest.mark.parametrize(
    ("desired", "running", "minimum", "wanted"),
    [(0, 0, 2, 1), (1, 0, 2, None), (1, 1, 2, 2), (2, 2, 2, None), (3, 3, 2, None), (0, 0, 0, None)],
)
def test_one_task_comes_first(aws: Fake, desired: int, running: int, minimum: int, wanted: int | None) -> None:
    resource, *_bound = rollout.resources(aws(service(desired, running)), {**PARAMS, "minimum_tasks": minimum})
    assert (resource.after or {}).get("desired_count") == wanted


@pytest.mark.parametrize(("lowest", "highest", "raised"), [(0, 4, True), (1, 4, False), (0, 0, False), (0, 1, False)])
def test_the_bound_of_before_the_first_image(aws: Fake, lowest: int, highest: int, raised: bool) -> None:
    place = {"ServiceNamespace": "ecs", "ResourceId": "service/c/s", "ScalableDimension": "ecs:service:DesiredCount"}
    target = {**place, "MinCapacity": lowest, "MaxCapacity": highest}
    found = aws(service(), describe_scalable_targets={"ScalableTargets": [target]})
    bounds = rollout.resources(found, {**PARAMS, "minimum_tasks": 2})[1:]
    assert [bound.address for bound in bounds] == (["scalable_target/s"] if raised else [])
    for bound in bounds:
        bound.updates[0].run({})
        assert found.calls[-1][1] == {**place, "MinCapacity": 2}


def test_a_start_goes_on_until_all_tasks_run(aws: Fake) -> None:
    [resource] = rollout.resources(aws(service(1, 1)), {**PARAMS, "minimum_tasks": 2})
    assert resource.pending == "STARTED, 1 of 1 tasks running"


def test_a_failed_deployment_is_tried_again(aws: Fake) -> None:
    [resource] = rollout.resources(aws(service(state="FAILED")), {**PARAMS, "task_definition": "3"})
    assert resource.after == {"task_definition": ARN.format(3), "rollout": "COMPLETED"}


def test_the_previous_one_is_what_went_well(aws: Fake) -> None:
    deployments = [{"targetServiceRevisionArn": name} for name in ("newest", "lost", "older", "oldest")]
    revisions = [
        {"serviceRevisionArn": name, "taskDefinition": ARN.format(number)}
        for name, number in (("oldest", 1), ("older", 2), ("newest", 3))
    ]
    found = aws(
        service(),
        list_service_deployments={"serviceDeployments": deployments},
        describe_service_revisions={"serviceRevisions": revisions},
    )
    [resource] = rollout.resources(found, {**PARAMS, "task_definition": "previous"})
    assert resource.after == {"task_definition": ARN.format(2)}
    assert resource.resume(resource.known)["task_definition"] == ARN.format(2)


def test_another_familys_revision_is_refused(aws: Fake) -> None:
    found = aws(service(), list_task_definitions={"taskDefinitionArns": [ARN.format(3)]})
    other = {**definition(taskDefinition=ARN.format(3))["taskDefinition"], "family": "other"}
    found.answers = {**found.answers, "describe_task_definition": {"taskDefinition": other}}
    with pytest.raises(PlatformError, match=r"Choose one of: app:3."):
        rollout.resources(found, {**PARAMS, "task_definition": "other:3"})
