from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils import _aws
from ansible_collections.airas.platform.plugins.module_utils._reconcile import (
    PlatformError,
    Refused,
    apply,
    plan_resource,
)
from ansible_collections.airas.platform.plugins.module_utils._s3 import bucket

NAME = "airas-state"
ARN = f"arn:aws:s3:::{NAME}"
OPTIONS: dict[str, Any] = {
    "name": NAME,
    "state": "present",
    "versioning": False,
    "encryption": "AES256",
    "kms_key_arn": None,
    "bucket_key": True,
    "block_sse_c": True,
    "block_public_access": True,
    "object_ownership": "BucketOwnerEnforced",
    "tls_only": False,
    "min_tls_version": None,
    "policy_statements": [],
    "lifecycle_rules": [],
    "logging_bucket": None,
    "logging_prefix": "",
    "force": False,
    "keep_objects": False,
    "tags": {},
}
BLOCKED = dict.fromkeys(bucket.BLOCKS.values(), True)
# What AWS answers for a bucket that has just been made.
NEW: dict[str, Any] = {
    "head_bucket": {"BucketRegion": "ap-northeast-1"},
    "get_bucket_encryption": {
        "ServerSideEncryptionConfiguration": {
            "Rules": [
                {
                    "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
                    "BucketKeyEnabled": True,
                    "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
                }
            ]
        }
    },
    "get_public_access_block": {"PublicAccessBlockConfiguration": BLOCKED},
    "get_bucket_ownership_controls": {"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}},
}
READS = ("head_", "get_", "list_")

Fake = Callable[..., Any]


def options(**given: Any) -> dict[str, Any]:
    return {**OPTIONS, **given}


def plan(aws: Any, **given: Any) -> Any:
    [resource] = bucket.resources(aws, options(**given))
    return plan_resource(resource)


def writes(aws: Any) -> list[tuple[str, dict[str, Any]]]:
    return [(call, params) for call, params in aws.calls if not call.split(":")[1].startswith(READS)]


def test_a_new_bucket_is_what_the_defaults_ask_for(fake_aws: Fake) -> None:
    assert plan(fake_aws(**NEW)).action == "none"


def test_what_has_never_been_set_is_off(fake_aws: Fake, refusal: Fake) -> None:
    aws = fake_aws(
        **NEW
        | {
            "get_public_access_block": refusal("NoSuchPublicAccessBlockConfiguration"),
            "get_bucket_ownership_controls": refusal("OwnershipControlsNotFoundError"),
            "get_bucket_policy": refusal("NoSuchBucketPolicy"),
            "get_bucket_lifecycle_configuration": refusal("NoSuchLifecycleConfiguration"),
            "get_bucket_tagging": refusal("NoSuchTagSet"),
        }
    )
    changed = {change.path: change.before for change in plan(aws).changes}
    assert changed == {
        "object_ownership": "ObjectWriter",
        **{f"public_access_block.{block}": False for block in bucket.BLOCKS},
    }


def test_a_bucket_is_made_with_the_calls_that_its_options_need(fake_aws: Fake, refusal: Fake) -> None:
    aws = fake_aws(head_bucket=refusal("404"))
    apply([plan(aws, versioning=True)], [])
    assert [call for call, _params in writes(aws)] == [
        "s3:create_bucket",
        "s3:put_bucket_encryption",
        "s3:put_bucket_versioning",
    ]
    assert writes(aws)[0][1] == {
        "Bucket": NAME,
        "ObjectOwnership": "BucketOwnerEnforced",
        "CreateBucketConfiguration": {"LocationConstraint": "ap-northeast-1"},
    }


def test_the_oldest_region_takes_no_location(fake_aws: Fake, refusal: Fake) -> None:
    aws = fake_aws(head_bucket=refusal("404"))
    aws.region = "us-east-1"
    apply([plan(aws)], [])
    assert "CreateBucketConfiguration" not in writes(aws)[0][1]


def test_a_bucket_that_a_lost_answer_made_is_ours(fake_aws: Fake, refusal: Fake) -> None:
    aws = fake_aws(head_bucket=refusal("404"), create_bucket=refusal("BucketAlreadyOwnedByYou"))
    done: list[str] = []
    apply([plan(aws)], done)
    assert done[0] == f"s3:CreateBucket s3_bucket/{NAME}"


@pytest.mark.parametrize("code", ["NoSuchBucket", "OperationAborted"])
def test_a_change_is_repeated_until_s3_knows_of_the_bucket(
    code: str, fake_aws: Fake, refusal: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_aws.time, "sleep", lambda _seconds: None)
    refusals = iter([refusal(code), refusal(code)])
    aws = fake_aws(**NEW, put_bucket_versioning=lambda **_params: next(refusals, dict)())
    apply([plan(aws, versioning=True)], [])
    assert [call for call, _params in writes(aws)] == ["s3:put_bucket_versioning"] * 3


def test_a_policy_is_compared_by_what_it_means_and_sent_as_it_is_written(fake_aws: Fake) -> None:
    statement = {"Sid": "Logs", "Effect": "Allow", "Principal": {"AWS": "427979936961"}, "Action": "s3:GetObject"}
    found = {**statement, "Principal": {"AWS": ["arn:aws:iam::427979936961:root"]}, "Action": ["s3:GetObject"]}
    policy = {"Version": "2012-10-17", "Statement": [{**found, "Resource": [ARN]}]}
    wanted = [{**statement, "Resource": ARN}]
    aws = fake_aws(**NEW, get_bucket_policy={"Policy": json.dumps(policy)})
    assert plan(aws, policy_statements=wanted).action == "none"
    stricter = [{**statement, "Resource": f"{ARN}/*"}]
    changing = plan(aws, policy_statements=stricter)
    assert [change.path for change in changing.changes] == ["policy.Logs.Resource"]
    apply([changing], [])
    assert json.loads(writes(aws)[-1][1]["Policy"])["Statement"] == stricter


def test_tls_is_asked_for_of_every_request(fake_aws: Fake, refusal: Fake) -> None:
    aws = fake_aws(head_bucket=refusal("404"))
    apply([plan(aws, tls_only=True, min_tls_version="1.3")], [])
    insecure, old = json.loads(writes(aws)[-1][1]["Policy"])["Statement"]
    assert insecure == {
        "Sid": "DenyInsecureTransport",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [ARN, f"{ARN}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    assert old["Condition"] == {"NumericLessThan": {"s3:TlsVersion": "1.3"}}


def test_an_empty_policy_and_no_rules_are_deleted(fake_aws: Fake) -> None:
    policy = {"Statement": [{"Sid": "A", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ARN}]}
    rules = {"Rules": [{"ID": "a", "Status": "Enabled", "Expiration": {"Days": 1}}]}
    aws = fake_aws(**NEW, get_bucket_policy={"Policy": json.dumps(policy)}, get_bucket_lifecycle_configuration=rules)
    apply([plan(aws)], [])
    assert [call for call, _params in writes(aws)] == ["s3:delete_bucket_lifecycle", "s3:delete_bucket_policy"]


def test_tags_of_others_are_sent_along(fake_aws: Fake) -> None:
    found = {"TagSet": [{"Key": "aws:cloudformation:stack-id", "Value": "x"}, {"Key": "Environment", "Value": "dev"}]}
    aws = fake_aws(**NEW, get_bucket_tagging=found)
    apply([plan(aws, tags={"Environment": "global"})], [])
    tags = {tag["Key"]: tag["Value"] for tag in writes(aws)[-1][1]["Tagging"]["TagSet"]}
    assert tags == {"aws:cloudformation:stack-id": "x", "Environment": "global"}


def test_a_key_says_nothing_without_kms(fake_aws: Fake) -> None:
    with pytest.raises(PlatformError, match="Set encryption: aws:kms, or leave kms_key_arn out"):
        plan(fake_aws(), kms_key_arn="arn:aws:kms:ap-northeast-1:427979936961:key/x")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ("403", "account 427979936961 does not own it or may not list it"),
        ("301", "it exists in another region, not in ap-northeast-1"),
    ],
)
def test_a_bucket_out_of_reach_is_named(answer: str, message: str, fake_aws: Fake, refusal: Fake) -> None:
    with pytest.raises(PlatformError, match=message):
        plan(fake_aws(head_bucket=refusal(answer)))


def test_every_page_of_versions_goes_before_the_bucket(fake_aws: Fake) -> None:
    version, marker = {"Key": "a", "VersionId": "1"}, {"Key": "b", "VersionId": "2"}
    pages = [{"Versions": [version]}, {"Versions": [version]}, {"DeleteMarkers": [marker]}, {}]
    answers = iter(pages)
    aws = fake_aws(**NEW, list_object_versions=lambda **_params: next(answers))
    going = plan(aws, state="absent", force=True)
    assert going.impact == "data loss"
    apply([going], [])
    assert [(call, params.get("Delete")) for call, params in writes(aws)] == [
        ("s3:delete_objects", {"Objects": [version], "Quiet": True}),
        ("s3:delete_objects", {"Objects": [marker], "Quiet": True}),
        ("s3:delete_bucket", None),
    ]


def test_objects_are_not_deleted_unless_asked_for(fake_aws: Fake) -> None:
    aws = fake_aws(**NEW, list_object_versions={"Versions": [{"Key": "a", "VersionId": "1"}]})
    with pytest.raises(Refused, match="give force: true"):
        plan(aws, state="absent")


def test_objects_that_came_after_the_plan_are_left(fake_aws: Fake) -> None:
    answers = iter([{}, {"Versions": [{"Key": "a", "VersionId": "1"}]}])
    aws = fake_aws(**NEW, list_object_versions=lambda **_params: next(answers))
    apply([plan(aws, state="absent", force=True)], [])
    assert [call for call, _params in writes(aws)] == ["s3:delete_bucket"]


def test_an_object_that_stays_is_named(fake_aws: Fake) -> None:
    aws = fake_aws(
        **NEW,
        list_object_versions={"Versions": [{"Key": "held", "VersionId": "1"}]},
        delete_objects={"Errors": [{"Key": "held", "Code": "AccessDenied", "Message": "object lock"}]},
    )
    with pytest.raises(PlatformError, match="S3 does not delete held: object lock"):
        apply([plan(aws, state="absent", force=True)], [])
