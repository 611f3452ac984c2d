from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ansible_collections.airas.platform.plugins.module_utils._ecr import repository
from ansible_collections.airas.platform.plugins.module_utils._reconcile import apply, plan_resource

NAME = "airas-backend"
ARN = f"arn:aws:ecr:ap-northeast-1:427979936961:repository/{NAME}"
OPTIONS: dict[str, Any] = {
    "name": NAME,
    "state": "present",
    "encryption_type": "AES256",
    "kms_key_arn": None,
    "scan_on_push": True,
    "tag_mutability": "IMMUTABLE",
    "mutability_exclusions": [],
    "lifecycle_policy": {},
    "policy": {},
    "force": False,
    "tags": {},
}
DESCRIBED: dict[str, Any] = {
    "repositoryArn": ARN,
    "repositoryUri": f"427979936961.dkr.ecr.ap-northeast-1.amazonaws.com/{NAME}",
    "imageTagMutability": "IMMUTABLE",
    "imageScanningConfiguration": {"scanOnPush": True},
    "encryptionConfiguration": {"encryptionType": "AES256"},
}
RULE: dict[str, Any] = {
    "rulePriority": 2,
    "selection": {
        "tagStatus": "tagged",
        "tagPrefixList": ["b", "a"],
        "countType": "imageCountMoreThan",
        "countNumber": "9",
    },
    "action": {"type": "expire"},
}

Fake = Callable[..., Any]


def resource(aws: Any, **given: Any) -> Any:
    [found] = repository.resources(aws, {**OPTIONS, **given})
    return found


def found(refusal: Fake, **attributes: Any) -> dict[str, Any]:
    return {
        "describe_repositories": {"repositories": [{**DESCRIBED, **attributes}]},
        "get_lifecycle_policy": refusal("LifecyclePolicyNotFoundException"),
        "get_repository_policy": refusal("RepositoryPolicyNotFoundException"),
        "list_tags_for_resource": {"tags": [{"Key": "Name", "Value": NAME}]},
    }


def test_as_it_is_found_nothing_changes(fake_aws: Fake, refusal: Fake) -> None:
    assert plan_resource(resource(fake_aws(**found(refusal)))).action == "none"


def test_a_lifecycle_policy_is_compared_by_its_meaning(fake_aws: Fake, refusal: Fake) -> None:
    first = {**RULE, "rulePriority": 1, "description": ""}
    other = {**RULE, "selection": {**RULE["selection"], "tagPrefixList": ["a", "b"], "countNumber": 9}}
    stored = json.dumps({"rules": [{**first}, other]}, indent=2)
    aws = fake_aws(**{**found(refusal), "get_lifecycle_policy": {"lifecyclePolicyText": stored}})
    wanted = {"rules": [RULE, {key: value for key, value in first.items() if key != "description"}]}
    assert plan_resource(resource(aws, lifecycle_policy=wanted)).action == "none"
    shorter = {"rules": [{**RULE, "selection": {**RULE["selection"], "countNumber": 8}}, first]}
    plan = plan_resource(resource(aws, lifecycle_policy=shorter))
    assert [change.path for change in plan.changes] == ["lifecycle_policy.2.selection.countNumber"]


def test_the_key_that_aws_chose_is_no_difference(fake_aws: Fake, refusal: Fake) -> None:
    encryption = {"encryptionType": "KMS", "kmsKey": "arn:aws:kms:ap-northeast-1:427979936961:key/theirs"}
    aws = fake_aws(**found(refusal, encryptionConfiguration=encryption))
    assert plan_resource(resource(aws, encryption_type="KMS")).action == "none"


def test_a_repository_is_made_with_all_that_the_call_takes(fake_aws: Fake, refusal: Fake) -> None:
    aws = fake_aws(
        describe_repositories=refusal("RepositoryNotFoundException"), create_repository={"repository": DESCRIBED}
    )
    given = {
        "encryption_type": "KMS",
        "kms_key_arn": "arn:key",
        "tag_mutability": "IMMUTABLE_WITH_EXCLUSION",
        "mutability_exclusions": ["dev-*"],
    }
    apply([plan_resource(resource(aws, **given))], [])
    [_describe, (call, sent)] = aws.calls
    assert call == "ecr:create_repository"
    assert sent == {
        "repositoryName": NAME,
        "encryptionConfiguration": {"encryptionType": "KMS", "kmsKey": "arn:key"},
        "imageScanningConfiguration": {"scanOnPush": True},
        "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
        "imageTagMutabilityExclusionFilters": [{"filterType": "WILDCARD", "filter": "dev-*"}],
        "tags": [{"Key": "Name", "Value": NAME}],
    }
