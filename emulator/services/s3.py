"""S3 buckets as they have been made since April 2023, and configurations that come back as they went in."""

from __future__ import annotations

import json
import re
import uuid
from typing import Any

import flask
from moto.core.responses import ActionResult
from moto.s3.models import FakeAcl, FakeBucket, PublicAccessBlock, S3Backend
from moto.s3.responses import S3Response
from moto.s3.utils import bucket_policy_is_public

from emulator import protocol
from emulator.extensions import patch
from emulator.protocol import AwsError

API = "https://docs.aws.amazon.com/AmazonS3/latest/API"
GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide"

# SSE-C is blocked in buckets made since April 2026:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-s3-c-encryption-setting-faq.html
_DEFAULT_RULE = {
    "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
    "BucketKeyEnabled": False,
    "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
}


def _request_params() -> dict[str, Any]:
    """Parameters of the request being served, as botocore names them (moto reads S3's bodies tag by tag)."""
    request: Any = flask.request._get_current_object()  # type: ignore[attr-defined]
    operation = protocol.identify("s3", request)
    return protocol.parameters(operation, request) if operation else {}


# --- new buckets ------------------------------------------------------------------------------------------------------


@patch(S3Backend, "create_bucket", aws=f"{GUIDE}/create-bucket-faq.html")
def create_bucket(original: Any, self: Any, bucket_name: str, **others: Any) -> FakeBucket:
    """New buckets are encrypted, owned by their account without ACLs, and block all public access."""
    if not _is_valid(bucket_name):
        raise AwsError("InvalidBucketName", "The specified bucket is not valid.")
    bucket: FakeBucket = original(self, bucket_name=bucket_name, **others)
    bucket.encryption = {"Rule": dict(_DEFAULT_RULE)}
    bucket.ownership_rule = "BucketOwnerEnforced"
    bucket.public_access_block = PublicAccessBlock(True, True, True, True)
    return bucket


def _is_valid(name: str) -> bool:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""
    return (
        re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name) is not None
        and ".." not in name
        and re.fullmatch(r"\d+\.\d+\.\d+\.\d+", name) is None
        and not name.startswith(("xn--", "sthree-", "amzn-s3-demo-"))
        and not name.endswith(("-s3alias", "--ol-s3", ".mrap"))
    )


# --- encryption -------------------------------------------------------------------------------------------------------


@patch(S3Backend, "put_bucket_encryption", aws=f"{API}/API_PutBucketEncryption.html")
def put_bucket_encryption(_original: Any, self: Any, bucket_name: str, encryption: Any) -> None:
    """Encryption is kept as it was put, and what is blocked stays blocked until another list is put."""
    [rule] = _request_params()["ServerSideEncryptionConfiguration"]["Rules"]
    bucket = self.get_bucket(bucket_name)
    blocked = {"BlockedEncryptionTypes": bucket.encryption["Rule"]["BlockedEncryptionTypes"]}
    bucket.encryption = {"Rule": {"BucketKeyEnabled": False, **blocked, **rule}}


@patch(S3Backend, "delete_bucket_encryption", aws=f"{API}/API_DeleteBucketEncryption.html")
def delete_bucket_encryption(_original: Any, self: Any, bucket_name: str) -> None:
    """Deleting a bucket's encryption resets it to SSE-S3."""
    self.get_bucket(bucket_name).encryption = {"Rule": dict(_DEFAULT_RULE)}


@patch(S3Response, "get_bucket_encryption", aws=f"{API}/API_GetBucketEncryption.html")
def get_bucket_encryption(_original: Any, self: Any) -> Any:
    """Every bucket has an encryption configuration."""
    self.data["Action"] = "GetBucketEncryption"
    rule = self.backend.get_bucket_encryption(self.bucket_name)["Rule"]
    return self.serialized(ActionResult({"ServerSideEncryptionConfiguration": {"Rules": [rule]}}))


# --- access -----------------------------------------------------------------------------------------------------------


@patch(S3Backend, "put_bucket_acl", aws=f"{GUIDE}/about-object-ownership.html")
def put_bucket_acl(original: Any, self: Any, bucket_name: str, acl: FakeAcl | None) -> None:
    """A bucket whose owner is enforced takes no ACLs, and one that blocks public ACLs takes no public one."""
    bucket = self.get_bucket(bucket_name)
    # A new bucket gets its ownership, named in the same request, after its ACL.
    ownership = flask.request.headers.get("x-amz-object-ownership") or bucket.ownership_rule
    granted = acl is not None and len(acl.grants) > 1
    if granted and ownership == "BucketOwnerEnforced":
        raise AwsError("AccessControlListNotSupported", "The bucket does not allow ACLs")
    block = bucket.public_access_block
    if acl is not None and acl.public_read and block is not None and block.block_public_acls:
        raise AwsError("AccessDenied", "User is not authorized: public ACLs are blocked by the bucket", status=403)
    original(self, bucket_name=bucket_name, acl=acl)


@patch(S3Backend, "put_bucket_policy", aws=f"{API}/API_PutBucketPolicy.html")
def put_bucket_policy(original: Any, self: Any, bucket_name: str, policy: bytes) -> None:
    """A policy must be JSON about this bucket, must not open a bucket that blocks it, and comes back compact."""
    bucket = self.get_bucket(bucket_name)
    document = _policy_document(policy)
    _check_statements(bucket_name, document)
    if bucket_policy_is_public(policy) and _blocks_public_policy(self, bucket):
        raise AwsError(
            "AccessDenied",
            f"User is not authorized to perform: s3:PutBucketPolicy on resource: arn:aws:s3:::{bucket_name} "
            "because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.",
            status=403,
        )
    original(self, bucket_name=bucket_name, policy=json.dumps(document, separators=(",", ":")).encode())


def _policy_document(policy: bytes) -> dict[str, Any]:
    try:
        document = json.loads(policy)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise AwsError("MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'")
    if "Statement" not in document:
        raise AwsError("MalformedPolicy", "Missing required field Statement")
    return document


def _check_statements(bucket_name: str, document: dict[str, Any]) -> None:
    statements = document["Statement"]
    for statement in [statements] if isinstance(statements, dict) else statements:
        for name in ("Effect", "Principal", "Action", "Resource"):
            if name not in statement and f"Not{name}" not in statement:
                raise AwsError("MalformedPolicy", f"Missing required field {name}")
        resources: Any = statement.get("Resource") or statement.get("NotResource")
        for resource in [resources] if isinstance(resources, str) else resources:
            if not re.fullmatch(rf"arn:aws[a-z-]*:s3:::{re.escape(bucket_name)}(/.*)?", resource):
                raise AwsError("MalformedPolicy", "Policy has invalid resource")


def _blocks_public_policy(backend: Any, bucket: FakeBucket) -> bool:
    from moto.s3control.models import s3control_backends

    account = s3control_backends[backend.account_id]["aws"].public_access_block
    return any(block is not None and block.block_public_policy for block in (bucket.public_access_block, account))


# --- lifecycle and logging come back as they went in ------------------------------------------------------------------


@patch(S3Backend, "put_bucket_lifecycle", aws=f"{API}/API_PutBucketLifecycleConfiguration.html")
def put_bucket_lifecycle(original: Any, self: Any, bucket_name: str, rules: list[dict[str, Any]]) -> None:
    """Every element of a lifecycle rule is kept."""
    original(self, bucket_name=bucket_name, rules=rules)
    bucket, params = self.get_bucket(bucket_name), _request_params()
    kept = params.get("LifecycleConfiguration", {}).get("Rules", [])
    bucket.lifecycle = {
        "TransitionDefaultMinimumObjectSize": params.get(
            "TransitionDefaultMinimumObjectSize", "all_storage_classes_128K"
        ),
        "Rules": [{"ID": str(uuid.uuid4()), **rule} for rule in kept],
    }


@patch(S3Response, "get_bucket_lifecycle", aws=f"{API}/API_GetBucketLifecycleConfiguration.html")
def get_bucket_lifecycle(original: Any, self: Any) -> Any:
    """A lifecycle configuration comes back whole."""
    bucket = self.backend.get_bucket(self.bucket_name)
    if not bucket.rules:
        return original(self)
    self.data["Action"] = "GetBucketLifecycleConfiguration"
    return self.serialized(ActionResult(bucket.lifecycle))


@patch(S3Backend, "put_bucket_logging", aws=f"{API}/API_PutBucketLogging.html")
def put_bucket_logging(original: Any, self: Any, bucket_name: str, logging_config: dict[str, Any]) -> None:
    """The key format of access logs is kept."""
    original(self, bucket_name=bucket_name, logging_config=logging_config)
    enabled = _request_params().get("BucketLoggingStatus", {}).get("LoggingEnabled", {})
    self.get_bucket(bucket_name).log_key_format = enabled.get("TargetObjectKeyFormat")


@patch(S3Response, "get_bucket_logging", aws=f"{API}/API_GetBucketLogging.html")
def get_bucket_logging(original: Any, self: Any) -> Any:
    """Access logging comes back with its key format."""
    bucket = self.backend.get_bucket(self.bucket_name)
    key_format = getattr(bucket, "log_key_format", None)
    if not bucket.logging or not key_format or bucket.logging.get("TargetGrants"):
        return original(self)
    self.data["Action"] = "GetBucketLogging"
    logging = {name: bucket.logging[name] for name in ("TargetBucket", "TargetPrefix")}
    return self.serialized(ActionResult({"LoggingEnabled": {**logging, "TargetObjectKeyFormat": key_format}}))


# --- request payment --------------------------------------------------------------------------------------------------


@patch(S3Response, "_bucket_response_get", aws=f"{API}/API_GetBucketRequestPayment.html")
def bucket_response_get(original: Any, self: Any, bucket_name: str, querystring: dict[str, Any]) -> Any:
    """A bucket says who pays for requests."""
    if "requestPayment" not in querystring:
        return original(self, bucket_name=bucket_name, querystring=querystring)
    self.data["Action"] = "GetBucketRequestPayment"
    return self.serialized(ActionResult({"Payer": self.backend.get_bucket(bucket_name).payer}))


@patch(S3Response, "_bucket_response_put", aws=f"{API}/API_PutBucketRequestPayment.html")
def bucket_response_put(original: Any, self: Any, request: Any, bucket_name: str, querystring: dict[str, Any]) -> Any:
    """Who pays for requests can be set."""
    if "requestPayment" not in querystring:
        return original(self, request=request, bucket_name=bucket_name, querystring=querystring)
    self.backend.get_bucket(bucket_name).payer = _request_params()["RequestPaymentConfiguration"]["Payer"]
    return ""
