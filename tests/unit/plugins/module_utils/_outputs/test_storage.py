from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.airas.platform.plugins.module_utils._outputs import storage
from ansible_collections.airas.platform.plugins.module_utils._reconcile import placeholders_in

QUERY = {"name": "airas-dev"}

Fake = Callable[..., Any]


def test_what_is_there(fake_aws: Fake) -> None:
    aws = fake_aws(head_bucket={"BucketRegion": "ap-northeast-1"})
    assert storage.read(aws, QUERY) == {
        "files_bucket": "airas-dev-files-427979936961",
        "files_bucket_arn": "arn:aws:s3:::airas-dev-files-427979936961",
        "logs_bucket": "airas-dev-logs-427979936961",
        "logs_bucket_arn": "arn:aws:s3:::airas-dev-logs-427979936961",
    }


def test_what_is_not_there_yet_has_placeholders_of_the_right_shape(fake_aws: Fake, refusal: Fake) -> None:
    outputs = storage.read(fake_aws(head_bucket=refusal("404")), QUERY)
    assert list(placeholders_in(outputs)) == list(outputs)
    assert outputs["logs_bucket_arn"].startswith("arn:aws:s3:::airas-dev-logs-427979936961-")
