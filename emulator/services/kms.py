"""KMS: how often a key rotates, and what cannot be done to a key whose deletion is scheduled."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.kms.responses import KmsResponse

from emulator.extensions import patch
from emulator.protocol import AwsError

API = "https://docs.aws.amazon.com/kms/latest/APIReference"


@patch(KmsResponse, "enable_key_rotation", aws=f"{API}/API_EnableKeyRotation.html")
def enable_key_rotation(original: Any, self: Any) -> Any:
    """A key rotates once in RotationPeriodInDays, 365 unless another period was asked for."""
    answer = original(self)
    vars(_key(self))["rotation_period"] = self._get_param("RotationPeriodInDays") or 365
    return answer


@patch(KmsResponse, "get_key_rotation_status", aws=f"{API}/API_GetKeyRotationStatus.html")
def get_key_rotation_status(original: Any, self: Any) -> str:
    """The status tells the period while rotation is on; a key whose deletion is scheduled does not rotate."""
    status = json.loads(original(self))
    key = _key(self)
    if key.key_state == "PendingDeletion":
        return json.dumps({"KeyId": key.id, "KeyRotationEnabled": False})
    if status["KeyRotationEnabled"]:
        status["RotationPeriodInDays"] = getattr(key, "rotation_period", 365)
    return json.dumps({"KeyId": key.id, **status})


def _refused_while_pending(original: Any, self: Any) -> Any:
    """A key whose deletion is scheduled cannot be changed, only kept by CancelKeyDeletion."""
    key = _key(self)
    if key.key_state == "PendingDeletion":
        raise AwsError("KMSInvalidStateException", f"{key.arn} is pending deletion.")
    return original(self)


for _operation in (
    "create_alias",
    "enable_key",
    "enable_key_rotation",
    "put_key_policy",
    "tag_resource",
    "update_alias",
    "update_key_description",
):
    _guarded: Callable[..., Any] = patch(
        KmsResponse, _operation, aws="https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"
    )(_refused_while_pending)


def _key(response: Any) -> Any:
    backend = response.kms_backend
    return backend.describe_key(response._get_param("KeyId") or response._get_param("TargetKeyId"))
