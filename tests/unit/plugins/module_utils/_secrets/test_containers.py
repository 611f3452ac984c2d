from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError, apply, plan_resource
from ansible_collections.airas.platform.plugins.module_utils._secrets import containers

NAME = "airas-dev/openai-api-key"
KEY = "arn:aws:kms:ap-northeast-1:427979936961:key/k-1"
FOUND = {"ARN": "arn:secret", "Name": NAME, "KmsKeyId": KEY, "Tags": [{"Key": "Name", "Value": NAME}]}


def params(state: str = "present", **options: Any) -> dict[str, Any]:
    secret = {"name": NAME, "description": "", "policy": None, "recovery_window_days": 30, **options}
    return {"secrets": [secret], "kms_key_id": KEY, "tags": {}, "state": state}


@pytest.mark.parametrize("told", [KEY, "k-1"])
def test_a_key_is_the_same_however_aws_tells_it(fake_aws: Callable[..., Any], told: str) -> None:
    [secret] = containers.resources(fake_aws(describe_secret={**FOUND, "KmsKeyId": told}), params())
    assert plan_resource(secret).action == "none"


def test_awss_own_key_is_replaced(fake_aws: Callable[..., Any]) -> None:
    found = {key: value for key, value in FOUND.items() if key != "KmsKeyId"}
    [secret] = containers.resources(fake_aws(describe_secret=found), params())
    [change] = plan_resource(secret).changes
    assert (change.path, change.before, change.after) == ("kms_key_id", containers.DEFAULT_KEY, KEY)


def test_no_call_asks_for_a_value(fake_aws: Callable[..., Any], refusal: Any) -> None:
    aws = fake_aws(describe_secret=refusal("ResourceNotFoundException"), create_secret={"ARN": "arn:secret"})
    apply([plan_resource(secret) for secret in containers.resources(aws, params())], [])
    assert [call for call, _sent in aws.calls] == ["secretsmanager:describe_secret", "secretsmanager:create_secret"]
    assert not {"SecretString", "SecretBinary"} & set(aws.calls[-1][1])


def test_a_scheduled_deletion_is_taken_back_before_anything_else(fake_aws: Callable[..., Any]) -> None:
    aws = fake_aws(describe_secret={**FOUND, "DeletedDate": "soon"})
    read = containers.resources(aws, params(description="Back again"))
    before = len(aws.calls)
    apply([plan_resource(secret) for secret in read], [])
    assert [call for call, _sent in aws.calls[before:]] == [
        "secretsmanager:restore_secret",
        "secretsmanager:get_resource_policy",
        "secretsmanager:update_secret",
    ]


def test_a_secret_whose_deletion_is_scheduled_is_absent_already(fake_aws: Callable[..., Any]) -> None:
    assert containers.resources(fake_aws(describe_secret={**FOUND, "DeletedDate": "soon"}), params("absent")) == []


@pytest.mark.parametrize("options", [{"recovery_window_days": 6}, {"policy": {"Statement": []}}])
def test_wrong_options_are_refused(fake_aws: Callable[..., Any], options: dict[str, Any]) -> None:
    with pytest.raises(PlatformError, match=f"secret/{NAME}"):
        containers.resources(fake_aws(), params(**options))
