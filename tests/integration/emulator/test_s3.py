from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

TOKYO = {"LocationConstraint": "ap-northeast-1"}
BLOCKED = dict.fromkeys(["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"], True)
OPEN = dict.fromkeys(BLOCKED, False)


@pytest.fixture
def s3(emulator: Any) -> Any:
    client = emulator.client("s3")
    client.create_bucket(Bucket="files", CreateBucketConfiguration=TOKYO)
    return client


def _policy(bucket: str = "files", **statement: Any) -> str:
    whole = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::427979936961:root"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    } | statement
    return json.dumps({"Version": "2012-10-17", "Statement": [whole]}, indent=2)


def test_a_new_bucket_is_closed(s3: Any) -> None:
    [rule] = s3.get_bucket_encryption(Bucket="files")["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule == {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
        "BucketKeyEnabled": False,
        "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
    }
    [ownership] = s3.get_bucket_ownership_controls(Bucket="files")["OwnershipControls"]["Rules"]
    assert ownership == {"ObjectOwnership": "BucketOwnerEnforced"}
    assert s3.get_public_access_block(Bucket="files")["PublicAccessBlockConfiguration"] == BLOCKED
    assert s3.get_bucket_request_payment(Bucket="files")["Payer"] == "BucketOwner"
    assert "Status" not in s3.get_bucket_versioning(Bucket="files")
    s3.put_object(Bucket="files", Key="a", Body=b"a")
    assert s3.head_object(Bucket="files", Key="a")["ServerSideEncryption"] == "AES256"


@pytest.mark.parametrize("name", ["Files", "a_b", "ab", "a..b", "192.168.0.1", "xn--files", "files-s3alias"])
def test_bad_names(s3: Any, refused: Any, name: str) -> None:
    with refused("InvalidBucketName"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration=TOKYO)


def test_encryption_comes_back_as_it_went_in(s3: Any) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/a"}}
    configuration = {"Rules": [{**rule, "BucketKeyEnabled": True}]}
    s3.put_bucket_encryption(Bucket="files", ServerSideEncryptionConfiguration=configuration)
    [found] = s3.get_bucket_encryption(Bucket="files")["ServerSideEncryptionConfiguration"]["Rules"]
    assert found == {**configuration["Rules"][0], "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]}}
    s3.delete_bucket_encryption(Bucket="files")
    [found] = s3.get_bucket_encryption(Bucket="files")["ServerSideEncryptionConfiguration"]["Rules"]
    assert found["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_lifecycle_comes_back_as_it_went_in(s3: Any, refused: Any) -> None:
    rules = [
        {
            "ID": "old",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 30, "NewerNoncurrentVersions": 3},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        },
        {
            "ID": "logs",
            "Status": "Disabled",
            "Filter": {"And": {"Prefix": "x/", "Tags": [{"Key": "a", "Value": "b"}], "ObjectSizeGreaterThan": 10}},
            "Expiration": {"Days": 90},
            "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}],
        },
    ]
    s3.put_bucket_lifecycle_configuration(Bucket="files", LifecycleConfiguration={"Rules": rules})
    found = s3.get_bucket_lifecycle_configuration(Bucket="files")
    assert found["Rules"] == rules
    assert found["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    unnamed = [{key: value for key, value in rules[0].items() if key != "ID"}]
    s3.put_bucket_lifecycle_configuration(Bucket="files", LifecycleConfiguration={"Rules": unnamed})
    assert s3.get_bucket_lifecycle_configuration(Bucket="files")["Rules"][0]["ID"]
    s3.delete_bucket_lifecycle(Bucket="files")
    with refused("NoSuchLifecycleConfiguration", status=404):
        s3.get_bucket_lifecycle_configuration(Bucket="files")


def test_policies(s3: Any, refused: Any) -> None:
    s3.put_bucket_policy(Bucket="files", Policy=_policy())
    kept = s3.get_bucket_policy(Bucket="files")["Policy"]
    assert json.loads(kept) == json.loads(_policy())
    assert " " not in kept
    with refused("MalformedPolicy", "valid JSON"):
        s3.put_bucket_policy(Bucket="files", Policy="{")
    with refused("MalformedPolicy", "Policy has invalid resource"):
        s3.put_bucket_policy(Bucket="files", Policy=_policy("other"))
    public = _policy(Principal="*")
    with refused("AccessDenied", "BlockPublicPolicy", status=403):
        s3.put_bucket_policy(Bucket="files", Policy=public)
    s3.put_bucket_policy(Bucket="files", Policy=_policy(Principal="*", Effect="Deny"))
    s3.put_public_access_block(Bucket="files", PublicAccessBlockConfiguration=OPEN)
    s3.put_bucket_policy(Bucket="files", Policy=public)
    assert s3.get_bucket_policy_status(Bucket="files")["PolicyStatus"]["IsPublic"] is True


def test_acls_only_where_ownership_allows_them(s3: Any, refused: Any) -> None:
    with refused("AccessControlListNotSupported"):
        s3.put_bucket_acl(Bucket="files", ACL="log-delivery-write")
    s3.put_bucket_acl(Bucket="files", ACL="private")
    controls = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    s3.put_bucket_ownership_controls(Bucket="files", OwnershipControls=controls)
    assert s3.get_bucket_ownership_controls(Bucket="files")["OwnershipControls"] == controls
    s3.put_bucket_acl(Bucket="files", ACL="log-delivery-write")
    with refused("AccessDenied", status=403):
        s3.put_bucket_acl(Bucket="files", ACL="public-read")
    with refused("InvalidArgument"):
        s3.put_bucket_acl(Bucket="files", ACL="nonsense")


def test_access_logs(s3: Any, refused: Any) -> None:
    s3.create_bucket(Bucket="logs", CreateBucketConfiguration=TOKYO)
    enabled = {
        "TargetBucket": "logs",
        "TargetPrefix": "files/",
        "TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}},
    }
    request = {"Bucket": "files", "BucketLoggingStatus": {"LoggingEnabled": enabled}}
    with refused("InvalidTargetBucketForLogging"):
        s3.put_bucket_logging(**request)
    writer = {"Principal": {"Service": "logging.s3.amazonaws.com"}, "Action": "s3:PutObject"}
    s3.put_bucket_policy(Bucket="logs", Policy=_policy("logs", **writer))
    s3.put_bucket_logging(**request)
    assert s3.get_bucket_logging(Bucket="files")["LoggingEnabled"] == enabled


def test_request_payment(s3: Any) -> None:
    s3.put_bucket_request_payment(Bucket="files", RequestPaymentConfiguration={"Payer": "Requester"})
    assert s3.get_bucket_request_payment(Bucket="files")["Payer"] == "Requester"


S3_CONTROL = """
import boto3, json
control, account = boto3.client("s3control"), {"AccountId": "427979936961"}
try:
    control.get_public_access_block(**account)
except control.exceptions.NoSuchPublicAccessBlockConfiguration:
    print("none")
control.put_public_access_block(**account, PublicAccessBlockConfiguration=dict.fromkeys(
    ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"], True))
print(json.dumps(control.get_public_access_block(**account)["PublicAccessBlockConfiguration"]))
"""


def test_public_access_block_of_the_account(emulator: Any, s3: Any, refused: Any) -> None:
    # S3 Control names its host after the account, so that it takes the environment which `emulator.env` gives.
    command = [sys.executable, "-c", S3_CONTROL]
    ran = subprocess.run(command, env=emulator.env, capture_output=True, text=True, check=True)
    none, block = ran.stdout.splitlines()
    assert (none, json.loads(block)) == ("none", BLOCKED)
    s3.put_public_access_block(Bucket="files", PublicAccessBlockConfiguration=OPEN)
    with refused("AccessDenied", status=403):
        s3.put_bucket_policy(Bucket="files", Policy=_policy(Principal="*"))
