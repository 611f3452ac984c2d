from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._ecr import image
from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError

Fake = Callable[..., Any]

DIGEST = f"sha256:{'a' * 64}"
REGISTRY = "427979936961.dkr.ecr.ap-northeast-1.amazonaws.com"


def detail(*tags: str, day: int = 1) -> dict[str, Any]:
    pushed = dt.datetime(2026, 11, day, tzinfo=dt.UTC)
    return {"repositoryName": "app", "imageDigest": DIGEST, "imageTags": list(tags), "imagePushedAt": pushed}


def test_an_image_is_found(fake_aws: Fake) -> None:
    found = image.find(fake_aws(describe_images={"imageDetails": [detail("v1", "latest")]}), "app", tag="v1")
    assert found == image.Image("app", DIGEST, ("latest", "v1"), "2026-11-01T00:00:00+00:00")
    assert found.name == "app:latest"


def test_what_there_is_instead_is_named(fake_aws: Fake, refusal: Fake) -> None:
    images = [detail("old"), detail("new", day=3), detail(day=2)]

    def answer(**params: Any) -> Any:
        return refusal("ImageNotFoundException")() if "imageIds" in params else {"imageDetails": images}

    aws = fake_aws(describe_images=answer, describe_repositories={"repositories": [{}]})
    with pytest.raises(PlatformError, match=f"it has no image v2. .* the newest are new, {DIGEST}, old."):
        image.find(aws, "app", tag="v2")


@pytest.mark.parametrize(
    ("reference", "by"),
    [
        (f"{REGISTRY}/app:v1", {"imageTag": "v1"}),
        (f"{REGISTRY}/app", {"imageTag": "latest"}),
        (f"{REGISTRY}/app@{DIGEST}", {"imageDigest": DIGEST}),
        (f"{REGISTRY}/app:v1@{DIGEST}", {"imageDigest": DIGEST}),
    ],
)
def test_references_into_our_registry(fake_aws: Fake, reference: str, by: dict[str, str]) -> None:
    aws = fake_aws(describe_images={"imageDetails": [detail("v1")]})
    assert image.look_up(aws, **(image.parsed(aws, reference) or {}))
    assert aws.calls == [("ecr:describe_images", {"repositoryName": "app", "imageIds": [by]})]


def test_other_registries_are_not_asked(fake_aws: Fake) -> None:
    aws = fake_aws()
    assert image.parsed(aws, "public.ecr.aws/docker/library/python:3.12-slim") is None
    assert aws.calls == []


def test_an_index_tells_its_architectures_itself(fake_aws: Fake) -> None:
    entries = [{"platform": {"architecture": name}} for name in ("amd64", "arm64", "unknown")]
    manifest = json.dumps({"manifests": [*entries, {}]})
    aws = fake_aws(batch_get_image={"images": [{"imageManifest": manifest}]})
    found = image.Image("app", DIGEST, (), "")
    assert image.architectures(aws, found) == {"amd64", "arm64"}
    image.check_architecture(aws, found, "ARM64")


def test_the_wrong_architecture_is_refused(fake_aws: Fake) -> None:
    manifest = json.dumps({"manifests": [{"platform": {"architecture": "arm64"}}]})
    aws = fake_aws(batch_get_image={"images": [{"imageManifest": manifest}]})
    with pytest.raises(PlatformError, match=r"is for arm64, and the service runs on X86_64.*--platform linux/amd64"):
        image.check_architecture(aws, image.Image("app", DIGEST, ("v1",), ""), "X86_64")
