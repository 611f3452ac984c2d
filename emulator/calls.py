"""The call log: every API call as one JSON line, secrets masked.

    {"time": 1767225600.25, "service": "ec2", "operation": "CreateVpc", "params": {"CidrBlock": "10.0.0.0/16"},
     "region": "ap-northeast-1", "access_key": "testing", "user_agent": "Boto3/...", "status": 200,
     "error": null, "duration_ms": 3.1, "injected": null}

`time` is seconds since the epoch when the request arrived; `error` the error code of the answer; `injected` what the
faults file did to the call. Refused, throttled and unimplemented calls are logged too.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from botocore.model import Shape

MASK = "********"

SECRET_MEMBERS = frozenset(
    {
        "AuthToken",
        "ClientSecret",
        "MasterUserPassword",
        "NewPassword",
        "OldPassword",
        "Password",
        "Passwords",
        "PrivateKey",
        "SecretAccessKey",
        "SecretBinary",
        "SecretString",
        "TdeCredentialPassword",
        "WebIdentityToken",
    }
)
"""Members that hold secrets though not every model marks them `sensitive`."""


def loggable(value: Any, shape: Shape | None) -> Any:
    """`value` as JSON can hold it, with what `shape` or SECRET_MEMBERS call secret masked."""
    if shape is not None and shape.metadata.get("sensitive"):
        return MASK
    if isinstance(value, Mapping):
        return {str(key): _member(key, item, shape) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [loggable(item, getattr(shape, "member", None)) for item in value]
    if isinstance(value, (bytes, bytearray)):
        return f"<{len(value)} bytes>"
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return value


def _member(key: Any, value: Any, shape: Shape | None) -> Any:
    if key in SECRET_MEMBERS:
        return MASK
    members = getattr(shape, "members", None)
    return loggable(value, members.get(key) if members else getattr(shape, "value", None))


_CODE_IN_XML = re.compile(rb"<Code>([^<]+)</Code>")


def error_code(status: int, headers: Mapping[str, str], body: bytes) -> str | None:
    """The AWS error code in an answer, or None for a success; the bare status if the answer names none."""
    if status < 400:
        return None
    lowered = {key.lower(): value for key, value in headers.items()}
    if "x-amzn-query-error" in lowered:  # the code under which a client of the older query protocol knows it
        return lowered["x-amzn-query-error"].split(";")[0]
    if "x-amzn-errortype" in lowered:
        return lowered["x-amzn-errortype"].split(":")[0].split("#")[-1]
    match = _CODE_IN_XML.search(body)
    if match:
        return match.group(1).decode()
    try:
        document = json.loads(body)
    except ValueError:
        return str(status)
    code = document.get("__type") or document.get("code") if isinstance(document, dict) else None
    return str(code).split("#")[-1] if code else str(status)


class CallLog:
    """Appends to a file in single writes (O_APPEND), so that several writers never mix their lines."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, record: Mapping[str, Any]) -> None:
        os.write(self._descriptor, (json.dumps(record, default=str, separators=(",", ":")) + "\n").encode())

    def close(self) -> None:
        os.close(self._descriptor)
