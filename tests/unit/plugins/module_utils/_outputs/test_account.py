from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.airas.platform.plugins.module_utils._outputs import account
from ansible_collections.airas.platform.plugins.module_utils._reconcile import placeholders_in

QUERY = {"account": {"state_bucket": "airas-state", "lock_table": "airas-lock", "ecr_repository": "airas-backend"}}

Fake = Callable[..., Any]


def test_what_is_there(fake_aws: Fake) -> None:
    aws = fake_aws(
        head_bucket={"BucketRegion": "ap-northeast-1"},
        describe_table={"Table": {"TableName": "airas-lock"}},
        list_account_settings={"settings": [{"name": "containerInsights", "value": "enabled"}]},
    )
    assert account.read(aws, QUERY) == {
        "account_id": "427979936961",
        "region": "ap-northeast-1",
        "state_bucket": "airas-state",
        "state_bucket_arn": "arn:aws:s3:::airas-state",
        "lock_table": "airas-lock",
        "lock_table_arn": "arn:aws:dynamodb:ap-northeast-1:427979936961:table/airas-lock",
        "container_insights": "enabled",
        "ecr_repository_uri": "427979936961.dkr.ecr.ap-northeast-1.amazonaws.com/airas-backend",
        "ecr_repository_arn": "arn:aws:ecr:ap-northeast-1:427979936961:repository/airas-backend",
    }


def test_what_is_not_there_yet_has_placeholders_of_the_right_shape(fake_aws: Fake, refusal: Fake) -> None:
    aws = fake_aws(head_bucket=refusal("404"), describe_table=refusal("ResourceNotFoundException"))
    outputs = account.read(aws, QUERY)
    assert list(placeholders_in(outputs)) == ["state_bucket", "state_bucket_arn", "lock_table", "lock_table_arn"]
    assert outputs["lock_table_arn"].startswith("arn:aws:dynamodb:ap-northeast-1:427979936961:table/airas-lock-")
    assert outputs["container_insights"] == "disabled"
