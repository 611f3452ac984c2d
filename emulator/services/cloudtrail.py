"""CloudTrail: a trail may write only where the bucket and the key let it, and it shows what it records."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from moto.cloudtrail.models import CloudTrailBackend, Trail
from moto.cloudtrail.responses import CloudTrailResponse

from emulator.extensions import patch
from emulator.protocol import AwsError

API = "https://docs.aws.amazon.com/awscloudtrail/latest/APIReference"
GUIDE = "https://docs.aws.amazon.com/awscloudtrail/latest/userguide"
PRINCIPAL = "cloudtrail.amazonaws.com"


def _many(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _granted(document: Any) -> Iterator[str]:
    """The actions that a policy allows CloudTrail."""
    parsed = json.loads(document) if isinstance(document, (str, bytes)) else document or {}
    for statement in _many(parsed.get("Statement") or []):
        principal = statement.get("Principal")
        services = _many(principal.get("Service")) if isinstance(principal, Mapping) else []
        if statement.get("Effect") == "Allow" and PRINCIPAL in services:
            yield from _many(statement["Action"])


def _check_bucket(trail: Trail) -> None:
    from moto.s3.models import s3_backends

    bucket = s3_backends[trail.account_id][trail.partition].get_bucket(trail.bucket_name)
    if not {"s3:GetBucketAcl", "s3:PutObject"} <= set(_granted(bucket.policy)):
        raise AwsError(
            "InsufficientS3BucketPolicyException",
            f"Incorrect S3 bucket policy is detected for bucket: {trail.bucket_name}",
        )


def _check_key(trail: Trail) -> None:
    from moto.kms.models import kms_backends

    if not trail.kms_key_id:
        return
    backend = kms_backends[trail.account_id][trail.region_name]
    key_id = trail.kms_key_id.rpartition("/")[2]
    key = backend.keys.get(key_id)
    if key is None:
        raise AwsError("KmsKeyDisabledException", f"KMS key {trail.kms_key_id} is not there or not enabled.")
    if not any(action.startswith("kms:GenerateDataKey") for action in _granted(key.policy)):
        raise AwsError(
            "InsufficientEncryptionPolicyException",
            f"Insufficient permissions to access S3 bucket {trail.bucket_name} or KMS key {trail.kms_key_id}.",
        )
    trail.kms_key_id = key.arn


@patch(CloudTrailBackend, "create_trail", aws=f"{API}/API_CreateTrail.html")
def create_trail(original: Any, self: Any, name: str, **others: Any) -> Trail:
    """A trail's name is taken once, and bucket and key have to let CloudTrail write and encrypt."""
    if name in self.trails:
        raise AwsError("TrailAlreadyExistsException", f"Trail {name} already exists for customer: {self.account_id}")
    trail: Trail = original(self, name=name, **others)
    try:
        _check_bucket(trail)
        _check_key(trail)
    except AwsError:
        del self.trails[name]
        raise
    return trail


@patch(CloudTrailBackend, "update_trail", aws=f"{API}/API_UpdateTrail.html")
def update_trail(original: Any, self: Any, name: str, **others: Any) -> Trail:
    """An empty text takes a setting away, and bucket and key are checked again."""
    trail: Trail = original(self, name=name, **others)
    _check_bucket(trail)
    _check_key(trail)
    for field in ("s3_key_prefix", "sns_topic_name", "cw_log_group_arn", "cw_role_arn", "kms_key_id"):
        if getattr(trail, field) == "":
            setattr(trail, field, None)
    return trail


@patch(CloudTrailBackend, "delete_trail", aws=f"{API}/API_DeleteTrail.html")
def delete_trail(original: Any, self: Any, name: str) -> None:
    """A trail that is not there cannot be deleted, and one can be named by its ARN."""
    original(self, name=self.get_trail(name).trail_name)


@patch(CloudTrailResponse, "get_event_selectors", aws=f"{API}/API_GetEventSelectors.html")
def get_event_selectors(original: Any, self: Any) -> Any:
    """A trail of which nothing was said records management events."""
    answer = json.loads(original(self))
    if not answer.get("EventSelectors") and not answer.get("AdvancedEventSelectors"):
        answer["EventSelectors"] = [
            {
                "ReadWriteType": "All",
                "IncludeManagementEvents": True,
                "DataResources": [],
                "ExcludeManagementEventSources": [],
            }
        ]
    return json.dumps({key: value for key, value in answer.items() if value})


@patch(CloudTrailBackend, "put_event_selectors", aws=f"{API}/API_PutEventSelectors.html")
def put_event_selectors(
    original: Any, self: Any, trail_name: str, event_selectors: Any, advanced_event_selectors: Any
) -> Any:
    """Each of the two kinds of selectors overwrites the other."""
    if event_selectors and advanced_event_selectors:
        raise AwsError("InvalidEventSelectorsException", "Only one of the two kinds of event selectors can be given.")
    trail = self.get_trail(trail_name)
    trail.event_selectors, trail.advanced_event_selectors = event_selectors or [], advanced_event_selectors or []
    return trail.arn, event_selectors, advanced_event_selectors
