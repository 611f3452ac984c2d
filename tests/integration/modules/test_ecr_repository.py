from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer

NAME = "airas-backend"
ADDRESS = f"ecr_repository/{NAME}"
LIFECYCLE: dict[str, Any] = {
    "rules": [
        {
            "rulePriority": 1,
            "description": "keep the last 30",
            "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 30},
            "action": {"type": "expire"},
        }
    ]
}
POLICY: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Pull",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::111111111111:root"},
            "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
        }
    ],
}
ARGS: dict[str, Any] = {
    "name": NAME,
    "lifecycle_policy": LIFECYCLE,
    "policy": POLICY,
    "tags": {"Environment": "global"},
}

Run = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]


def census(boto: Boto) -> dict[str, Any]:
    ecr = boto("ecr")
    [found] = ecr.describe_repositories()["repositories"]
    return {
        "scan": found["imageScanningConfiguration"],
        "tags": found["imageTagMutability"],
        "encryption": found["encryptionConfiguration"],
        "lifecycle": json.loads(ecr.get_lifecycle_policy(repositoryName=NAME)["lifecyclePolicyText"]),
        "policy": json.loads(ecr.get_repository_policy(repositoryName=NAME)["policyText"]),
        "tagged": sorted(
            tag["Value"] for tag in ecr.list_tags_for_resource(resourceArn=found["repositoryArn"])["tags"]
        ),
    }


def push(boto: Boto) -> None:
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {"mediaType": "application/json", "size": 2, "digest": f"sha256:{'a' * 64}"},
        "layers": [],
    }
    boto("ecr").put_image(repositoryName=NAME, imageManifest=json.dumps(manifest), imageTag="1")


def test_plan_on_an_empty_account(apply: Run, writes: Callable[[], list[str]], changes: Any) -> None:
    result = apply("ecr_repository", ARGS, check=True)
    assert writes() == []
    assert {"arn", "uri", "encryption.type", "lifecycle_policy.1.selection.countNumber", "tags.Name"} <= set(
        changes(result)[ADDRESS]
    )
    uri = f"427979936961.dkr.ecr.ap-northeast-1.amazonaws.com/{NAME}"
    assert result["resources"][ADDRESS]["uri"] == uri
    assert apply("ecr_repository", ARGS)["resources"][ADDRESS]["uri"] == uri


def test_made_then_unchanged(apply: Run, writes: Callable[[], list[str]]) -> None:
    apply("ecr_repository", ARGS)
    calls = ["ecr:CreateRepository", "ecr:PutLifecyclePolicy", "ecr:SetRepositoryPolicy"]
    assert writes() == calls
    again = apply("ecr_repository", ARGS)
    assert not again["changed"], again["plan"]
    assert writes() == calls


def test_a_bare_one_is_made_in_one_call(apply: Run, writes: Callable[[], list[str]]) -> None:
    apply("ecr_repository", {"name": NAME})
    assert writes() == ["ecr:CreateRepository"]
    assert not apply("ecr_repository", {"name": NAME})["changed"]


DRIFTS: dict[str, tuple[Callable[[Any], Any], list[str]]] = {
    "scan": (
        lambda ecr: ecr.put_image_scanning_configuration(
            repositoryName=NAME, imageScanningConfiguration={"scanOnPush": False}
        ),
        ["scan_on_push"],
    ),
    "tags move": (
        lambda ecr: ecr.put_image_tag_mutability(repositoryName=NAME, imageTagMutability="MUTABLE"),
        ["tag_mutability"],
    ),
    "lifecycle": (lambda ecr: ecr.delete_lifecycle_policy(repositoryName=NAME), []),
    "policy": (lambda ecr: ecr.delete_repository_policy(repositoryName=NAME), []),
    "tag": (
        lambda ecr: ecr.tag_resource(
            resourceArn=f"arn:aws:ecr:ap-northeast-1:427979936961:repository/{NAME}",
            tags=[{"Key": "Environment", "Value": "dev"}],
        ),
        ["tags.Environment"],
    ),
}


def test_drift_is_named_and_repaired(apply: Run, boto: Boto, changes: Any) -> None:
    apply("ecr_repository", ARGS)
    expected = census(boto)
    for what, (change, paths) in DRIFTS.items():
        change(boto("ecr"))
        plan = apply("ecr_repository", ARGS, check=True)
        named = changes(plan)[ADDRESS]
        assert named == paths or (not paths and named), what
        assert apply("ecr_repository", ARGS)["plan"] == plan["plan"], what
        assert not apply("ecr_repository", ARGS)["changed"], what
        assert census(boto) == expected, what


def test_policies_that_are_taken_away(apply: Run, boto: Boto) -> None:
    apply("ecr_repository", ARGS)
    bare = {**ARGS, "lifecycle_policy": {}, "policy": {}}
    assert apply("ecr_repository", bare)["changed"]
    assert not apply("ecr_repository", bare)["changed"]


def test_images_are_not_lost_by_accident(apply: Run, run_module: Run, boto: Boto) -> None:
    apply("ecr_repository", ARGS)
    push(boto)
    gone = {"name": NAME, "state": "absent"}
    assert "it holds images" in run_module("ecr_repository", gone)["msg"]
    guarded = {**gone, "force": True, "protected": True, "environment": "prod"}
    assert f"-e confirm=prod:{ADDRESS}" in run_module("ecr_repository", guarded)["msg"]
    assert apply("ecr_repository", {**guarded, "confirm": [f"prod:{ADDRESS}"]})["changed"]
    assert not apply("ecr_repository", gone)["changed"]


NOTHING_KEPT = {
    "rulePriority": 1,
    "selection": {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 0},
    "action": {"type": "expire"},
}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"kms_key_arn": "alias/x"}, "kms_key_arn is 'alias/x'"),
        ({"mutability_exclusions": ["dev-*"]}, "do not go together"),
        ({"policy": {"Statement": [{"Effect": "Allowed", "Action": "*"}]}}, "Effect is Allow or Deny"),
        ({"lifecycle_policy": {"rule": []}}, "lifecycle_policy has no rules"),
        (
            {"lifecycle_policy": {"rules": [NOTHING_KEPT]}},
            "rule 1 has countNumber 0. ECR counts days and images from 1",
        ),
    ],
)
def test_wrong_input(wrong: dict[str, Any], message: str, run_module: Run) -> None:
    assert message in run_module("ecr_repository", {**ARGS, **wrong})["msg"]


def test_another_encryption_is_refused(apply: Run, run_module: Run) -> None:
    apply("ecr_repository", ARGS)
    refused = run_module("ecr_repository", {**ARGS, "encryption_type": "KMS"})
    assert "AWS cannot change it in place" in refused["msg"]


def test_interrupted_runs_end_the_same(interrupt_each_write: Callable[..., None], boto: Boto) -> None:
    interrupt_each_write("ecr_repository", lambda: ARGS, lambda: census(boto))


def test_throttled_one_call_in_five(emulator: EmulatorServer, apply: Run) -> None:
    emulator.set_faults([{"service": "ecr", "error": "throttle", "every": 5}])
    apply("ecr_repository", ARGS)
    assert not apply("ecr_repository", ARGS)["changed"]
