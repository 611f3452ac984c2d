from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._ecs import image_revision
from ansible_collections.airas.platform.plugins.module_utils._reconcile import is_placeholder

Fake = Callable[..., Any]

DIGEST = f"sha256:{'a' * 64}"
IMAGE = f"427979936961.dkr.ecr.ap-northeast-1.amazonaws.com/app@{DIGEST}"
ARN = "arn:aws:ecs:ap-northeast-1:427979936961:task-definition/app:{}"
PARAMS = {"cluster": "c", "service": "s", "container": "backend", "repository": "app", "tag": "2", "digest": None}


def definition(number: int, image: str, **more: Any) -> dict[str, Any]:
    return {
        "taskDefinitionArn": ARN.format(number),
        "family": "app",
        "revision": number,
        "status": "ACTIVE",
        "cpu": "256",
        "containerDefinitions": [{"name": "backend", "image": image}, {"name": "protect", "image": "python"}],
        **more,
    }


@pytest.fixture
def aws(fake_aws: Fake) -> Fake:
    def make(running: dict[str, Any], newest: dict[str, Any]) -> Any:
        def described(**params: Any) -> dict[str, Any]:
            return {"taskDefinition": newest if params["taskDefinition"] == "app" else running, "tags": []}

        pushed = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
        detail = {"repositoryName": "app", "imageDigest": DIGEST, "imageTags": ["2"], "imagePushedAt": pushed}
        manifest = json.dumps({"manifests": [{"platform": {"architecture": "amd64"}}]})
        return fake_aws(
            describe_services={"services": [{"status": "ACTIVE", "taskDefinition": running["taskDefinitionArn"]}]},
            describe_task_definition=described,
            describe_images={"imageDetails": [detail]},
            batch_get_image={"images": [{"imageManifest": manifest}]},
            register_task_definition={"taskDefinition": {"taskDefinitionArn": ARN.format(4), "revision": 4}},
        )

    return make


def test_only_the_image_is_new(aws: Fake) -> None:
    running = definition(3, "app:1", registeredAt="yesterday")
    edge = aws(running, running)
    [resource] = image_revision.resources(edge, PARAMS)
    assert resource.after == {"images": {"backend": IMAGE, "protect": "python"}}
    assert is_placeholder(resource.report()["arn"])
    assert resource.updates[0].run({}) == {"arn": ARN.format(4), "revision": 4}
    _call, request = edge.calls[-1]
    assert request == {
        "family": "app",
        "cpu": "256",
        "containerDefinitions": [{"name": "backend", "image": IMAGE}, {"name": "protect", "image": "python"}],
    }


def test_what_is_registered_already_is_taken(aws: Fake) -> None:
    [resource] = image_revision.resources(aws(definition(3, "app:1"), definition(4, IMAGE)), PARAMS)
    assert (resource.known["arn"], resource.known["images"]) == (ARN.format(4), (resource.after or {})["images"])


def test_a_newer_revision_that_differs_otherwise_is_not(aws: Fake) -> None:
    [resource] = image_revision.resources(aws(definition(3, "app:1"), definition(4, IMAGE, cpu="512")), PARAMS)
    assert (resource.before or {})["images"]["backend"] == "app:1"
