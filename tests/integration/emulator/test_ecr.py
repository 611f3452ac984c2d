from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest


@pytest.fixture
def ecr(emulator: Any) -> Any:
    client = emulator.client("ecr")
    client.create_repository(repositoryName="app")
    return client


def _manifest(ecr: Any, **image_id: str) -> dict[str, Any]:
    [image] = ecr.batch_get_image(repositoryName="app", imageIds=[image_id])["images"]
    manifest: dict[str, Any] = json.loads(image["imageManifest"])
    assert image["imageManifestMediaType"] == manifest["mediaType"]
    assert image["imageId"].get("imageTag") == image_id.get("imageTag")
    return manifest


def _architecture(ecr: Any, manifest: dict[str, Any]) -> str:
    url = ecr.get_download_url_for_layer(repositoryName="app", layerDigest=manifest["config"]["digest"])["downloadUrl"]
    with urllib.request.urlopen(url) as answer:
        return str(json.load(answer)["architecture"])


def test_architectures_can_be_told(emulator: Any, ecr: Any) -> None:
    digest = emulator.put_image("app", "arm", architecture="arm64")
    assert _architecture(ecr, _manifest(ecr, imageTag="arm")) == "arm64"
    assert _architecture(ecr, _manifest(ecr, imageDigest=digest)) == "arm64"
    index = emulator.put_image("app", "both", architecture=["amd64", "arm64"])
    entries = _manifest(ecr, imageTag="both")["manifests"]
    assert [entry["platform"]["architecture"] for entry in entries] == ["amd64", "arm64"]
    assert _architecture(ecr, _manifest(ecr, imageDigest=entries[0]["digest"])) == "amd64"
    [detail] = ecr.describe_images(repositoryName="app", imageIds=[{"imageTag": "both"}])["imageDetails"]
    assert (detail["imageDigest"], detail["imageTags"]) == (index, ["both"])
    assert detail["imageManifestMediaType"] == "application/vnd.oci.image.index.v1+json"
    assert emulator.client("s3").list_buckets()["Buckets"] == []


def test_a_tag_moves(emulator: Any, ecr: Any, refused: Any) -> None:
    old = emulator.put_image("app", "latest")
    new = emulator.put_image("app", "latest", architecture="arm64")
    [tagged] = ecr.list_images(repositoryName="app", filter={"tagStatus": "TAGGED"})["imageIds"]
    [untagged] = ecr.list_images(repositoryName="app", filter={"tagStatus": "UNTAGGED"})["imageIds"]
    assert (tagged["imageDigest"], untagged["imageDigest"]) == (new, old)
    manifest = ecr.batch_get_image(repositoryName="app", imageIds=[{"imageDigest": old}])["images"][0]["imageManifest"]
    again = ecr.put_image(repositoryName="app", imageManifest=manifest, imageTag="stable")["image"]
    assert again["imageId"] == {"imageDigest": old, "imageTag": "stable"}
    with refused("ImageAlreadyExistsException"):
        ecr.put_image(repositoryName="app", imageManifest=manifest, imageTag="stable")


def test_immutable_tags_with_exclusions(emulator: Any, ecr: Any, refused: Any) -> None:
    ecr.put_image_tag_mutability(
        repositoryName="app",
        imageTagMutability="IMMUTABLE_WITH_EXCLUSION",
        imageTagMutabilityExclusionFilters=[{"filterType": "WILDCARD", "filter": "latest*"}],
    )
    for tag in ("latest-dev", "v1"):
        emulator.put_image("app", tag)
    emulator.put_image("app", "latest-dev", architecture="arm64")
    with refused("ImageTagAlreadyExistsException", "immutable"):
        emulator.put_image("app", "v1", architecture="arm64")
    with refused("LayersNotFoundException"):
        ecr.get_download_url_for_layer(repositoryName="app", layerDigest=f"sha256:{'0' * 64}")
