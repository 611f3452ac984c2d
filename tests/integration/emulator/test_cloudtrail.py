from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.testing import EmulatorServer

NAME, BUCKET = "airas-trail", "airas-trail-427979936961"
ARN = f"arn:aws:cloudtrail:ap-northeast-1:427979936961:trail/{NAME}"
MANAGEMENT = {
    "ReadWriteType": "All",
    "IncludeManagementEvents": True,
    "DataResources": [],
    "ExcludeManagementEventSources": [],
}
ADVANCED = {"Name": "all", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}


def policy(*actions: str) -> str:
    """What lets CloudTrail do so much."""
    principal = {"Service": "cloudtrail.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def let_in(emulator: EmulatorServer, *actions: str) -> None:
    """The bucket's policy, with resources that it takes."""
    document = json.loads(policy(*actions))
    document["Statement"][0]["Resource"] = [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]
    emulator.client("s3").put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(document))


@pytest.fixture
def cloudtrail(emulator: EmulatorServer) -> Any:
    place = {"LocationConstraint": "ap-northeast-1"}
    emulator.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=place)
    return emulator.client("cloudtrail")


def test_the_bucket_has_to_let_the_trail_in(emulator: EmulatorServer, cloudtrail: Any, refused: Any) -> None:
    let_in(emulator, "s3:GetBucketAcl")
    with refused("InsufficientS3BucketPolicyException"):
        cloudtrail.create_trail(Name=NAME, S3BucketName=BUCKET)
    assert cloudtrail.describe_trails()["trailList"] == []
    let_in(emulator, "s3:GetBucketAcl", "s3:PutObject")
    assert cloudtrail.create_trail(Name=NAME, S3BucketName=BUCKET)["TrailARN"] == ARN
    with refused("TrailAlreadyExistsException"):
        cloudtrail.create_trail(Name=NAME, S3BucketName=BUCKET)


def test_the_key_has_to_let_the_trail_encrypt(emulator: EmulatorServer, cloudtrail: Any, refused: Any) -> None:
    let_in(emulator, "s3:GetBucketAcl", "s3:PutObject")
    kms = emulator.client("kms")
    cloudtrail.create_trail(Name=NAME, S3BucketName=BUCKET)
    closed = kms.create_key(Policy=policy("kms:DescribeKey"))["KeyMetadata"]
    with refused("InsufficientEncryptionPolicyException"):
        cloudtrail.update_trail(Name=NAME, KmsKeyId=closed["Arn"])
    key = kms.create_key(Policy=policy("kms:GenerateDataKey*"))["KeyMetadata"]
    cloudtrail.update_trail(Name=NAME, KmsKeyId=key["KeyId"])
    [trail] = cloudtrail.describe_trails()["trailList"]
    assert trail["KmsKeyId"] == key["Arn"]
    cloudtrail.update_trail(Name=NAME, KmsKeyId="")
    [trail] = cloudtrail.describe_trails()["trailList"]
    assert "KmsKeyId" not in trail


def test_each_kind_of_selectors_overwrites_the_other(emulator: EmulatorServer, cloudtrail: Any, refused: Any) -> None:
    let_in(emulator, "s3:GetBucketAcl", "s3:PutObject")
    cloudtrail.create_trail(Name=NAME, S3BucketName=BUCKET)
    assert cloudtrail.get_event_selectors(TrailName=NAME)["EventSelectors"] == [MANAGEMENT]
    with refused("InvalidEventSelectorsException"):
        cloudtrail.put_event_selectors(TrailName=NAME, EventSelectors=[MANAGEMENT], AdvancedEventSelectors=[ADVANCED])
    cloudtrail.put_event_selectors(TrailName=NAME, AdvancedEventSelectors=[ADVANCED])
    told = cloudtrail.get_event_selectors(TrailName=NAME)
    assert (told["AdvancedEventSelectors"], "EventSelectors" in told) == ([ADVANCED], False)
    cloudtrail.put_event_selectors(TrailName=NAME, EventSelectors=[MANAGEMENT])
    assert "AdvancedEventSelectors" not in cloudtrail.get_event_selectors(TrailName=NAME)


def test_a_trail_is_deleted_by_name_or_arn_once(emulator: EmulatorServer, cloudtrail: Any, refused: Any) -> None:
    let_in(emulator, "s3:GetBucketAcl", "s3:PutObject")
    cloudtrail.create_trail(Name=NAME, S3BucketName=BUCKET)
    cloudtrail.delete_trail(Name=ARN)
    with refused("TrailNotFoundException"):
        cloudtrail.delete_trail(Name=NAME)
