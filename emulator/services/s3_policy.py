"""S3 bucket policies and owners: whom a request expects, TLS, and who may write access logs."""

from __future__ import annotations

import json
from typing import Any

from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response

from emulator.extensions import patch

_GUIDE = "https://docs.aws.amazon.com/AmazonS3/latest/userguide"

# Every request meets these: the emulator stands in for endpoints that speak TLS 1.2 and newer.
_TLS_KEYS = {"aws:securetransport", "s3:tlsversion"}


@patch(S3Response, "head_bucket", aws=f"{_GUIDE}/bucket-owner-condition.html")
def head_bucket(original: Any, self: Any) -> Any:
    """A request that expects another owner of the bucket is refused with 403."""
    answer = original(self)
    expected = self.headers.get("x-amz-expected-bucket-owner")
    if answer[0] == 200 and expected and expected != self.backend.get_bucket(self.bucket_name).account_id:
        return 403, {}, ""
    return answer


@patch(FakeBucket, "get_permission", aws=f"{_GUIDE}/security-best-practices.html#transit")
def get_permission(original: Any, self: Any, action: str, resource: str) -> Any:
    """A statement that denies requests without TLS, or with an old TLS, does not deny the others."""
    whole = self.policy
    if whole is None:
        return original(self, action, resource)
    statements = [statement for statement in _statements(whole) if not _asks_for_tls_only(statement)]
    self.policy = json.dumps({**json.loads(whole), "Statement": statements}).encode()
    try:
        return original(self, action, resource)
    finally:
        self.policy = whole


def _asks_for_tls_only(statement: dict[str, Any]) -> bool:
    keys = {key.lower() for tests in statement.get("Condition", {}).values() for key in tests}
    return statement["Effect"] == "Deny" and bool(keys) and keys <= _TLS_KEYS


@patch(FakeBucket, "_log_permissions_enabled_policy", aws=f"{_GUIDE}/enable-server-access-logging.html")
def log_permissions_enabled_policy(_original: Any, self: Any, target_bucket: Any, target_prefix: str | None) -> bool:
    """Access logs go to a bucket whose policy lets S3's log service write there, however that is spelled."""
    bucket = f"arn:{target_bucket.partition}:s3:::{target_bucket.name}"
    resources = {bucket, f"{bucket}/*", f"{bucket}/{target_prefix or ''}*"}
    return any(
        statement["Effect"] == "Allow"
        and "logging.s3.amazonaws.com" in _services(statement)
        and {"s3:PutObject", "s3:*"} & set(_many(statement.get("Action")))
        and resources & set(_many(statement.get("Resource")))
        for statement in _statements(target_bucket.policy)
    )


def _services(statement: dict[str, Any]) -> list[str]:
    principal = statement.get("Principal")
    return _many(principal.get("Service")) if isinstance(principal, dict) else []


def _statements(policy: bytes | None) -> list[dict[str, Any]]:
    return _many(json.loads(policy)["Statement"]) if policy else []


def _many(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
