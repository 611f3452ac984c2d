from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.testing import EmulatorServer

BUCKET = "policy-bucket"
ARN = f"arn:aws:s3:::{BUCKET}"


@pytest.fixture
def s3(emulator: EmulatorServer) -> Any:
    client = emulator.client("s3")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    return client


def put_policy(s3: Any, **statement: Any) -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Principal": "*", **statement}]}
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(document))


def test_the_expected_owner_is_checked(emulator: EmulatorServer, s3: Any) -> None:
    s3.head_bucket(Bucket=BUCKET, ExpectedBucketOwner=emulator.account_id)
    with pytest.raises(ClientError, match="403"):
        s3.head_bucket(Bucket=BUCKET, ExpectedBucketOwner="111122223333")


@pytest.mark.parametrize(
    "condition",
    [{"Bool": {"aws:SecureTransport": "false"}}, {"NumericLessThan": {"s3:TlsVersion": "1.2"}}],
)
def test_requests_come_over_tls(condition: dict[str, Any], s3: Any) -> None:
    put_policy(s3, Effect="Deny", Action="s3:*", Resource=[ARN, f"{ARN}/*"], Condition=condition)
    s3.put_object(Bucket=BUCKET, Key="a", Body=b"")
    assert s3.get_object(Bucket=BUCKET, Key="a")["ContentLength"] == 0
    assert "Condition" in s3.get_bucket_policy(Bucket=BUCKET)["Policy"]


def test_another_denial_holds(s3: Any) -> None:
    put_policy(s3, Effect="Deny", Action="s3:PutObject", Resource=f"{ARN}/*")
    with pytest.raises(ClientError, match="403"):
        s3.put_object(Bucket=BUCKET, Key="a", Body=b"")


LOGGING = {"LoggingEnabled": {"TargetBucket": BUCKET, "TargetPrefix": "logs/"}}


@pytest.mark.parametrize("action", ["s3:PutObject", ["s3:PutObject"]])
@pytest.mark.parametrize("resource", [f"{ARN}/*", [f"{ARN}/logs/*"]])
def test_access_logs_need_a_policy_that_lets_them_in(action: Any, resource: Any, s3: Any) -> None:
    put_policy(
        s3, Principal={"Service": ["logging.s3.amazonaws.com"]}, Effect="Allow", Action=action, Resource=resource
    )
    s3.put_bucket_logging(Bucket=BUCKET, BucketLoggingStatus=LOGGING)
    assert s3.get_bucket_logging(Bucket=BUCKET)["LoggingEnabled"]["TargetPrefix"] == "logs/"


def test_access_logs_are_refused_without(s3: Any) -> None:
    put_policy(s3, Effect="Deny", Action="s3:DeleteBucket", Resource=ARN)
    with pytest.raises(ClientError, match="InvalidTargetBucketForLogging"):
        s3.put_bucket_logging(Bucket=BUCKET, BucketLoggingStatus=LOGGING)
