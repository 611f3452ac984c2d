from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.airas.platform.plugins.module_utils._outputs import secrets

CURRENT = {"v": ["AWSCURRENT"]}


def test_only_secrets_with_a_value_are_offered(fake_aws: Callable[..., Any]) -> None:
    listed = [
        {"Name": "airas-dev/openai-api-key", "ARN": "arn:openai", "SecretVersionsToStages": CURRENT},
        {"Name": "airas-dev/gemini-api-key", "ARN": "arn:gemini"},
        {"Name": "airas-dev/database-url", "ARN": "arn:url", "SecretVersionsToStages": {"v": ["AWSPENDING"]}},
        {"Name": "other/airas-dev/x", "ARN": "arn:x", "SecretVersionsToStages": CURRENT},
    ]
    aws = fake_aws(
        describe_key={"KeyMetadata": {"Arn": "arn:key"}},
        list_secrets={"SecretList": listed},
        describe_parameters={"Parameters": [{"Name": "/airas-dev/wandb-api-key"}]},
    )
    assert secrets.read(aws, {"name": "airas-dev"}) == {
        "kms_key_arn": "arn:key",
        "variables": {
            "OPENAI_API_KEY": "arn:openai",
            "WANDB_API_KEY": "arn:aws:ssm:ap-northeast-1:427979936961:parameter/airas-dev/wandb-api-key",
        },
    }


def test_before_anything_exists_the_key_is_a_placeholder(fake_aws: Callable[..., Any], refusal: Any) -> None:
    read = secrets.read(fake_aws(describe_key=refusal("NotFoundException")), {"name": "airas-dev"})
    assert read["variables"] == {}
    assert read["kms_key_arn"].endswith(f"key/mrk-{'0' * 32}")
