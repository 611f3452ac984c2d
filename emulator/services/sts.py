"""STS: who the caller is."""

from __future__ import annotations

import hashlib
from typing import Any

from moto.sts.models import STSBackend

from emulator.extensions import patch


@patch(
    STSBackend,
    "get_caller_identity",
    aws="https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html",
)
def get_caller_identity(original: Any, self: Any, access_key_id: str, region: str) -> tuple[str, str, str]:
    """A caller whose key is not one of the account's users is an IAM user of that account all the same."""
    user_id, arn, account_id = original(self, access_key_id=access_key_id, region=region)
    if arn.endswith(":user/moto"):
        digest = hashlib.sha256(access_key_id.encode()).hexdigest()[:17].upper()
        return f"AIDA{digest}", f"arn:aws:iam::{account_id}:user/testing", account_id
    return user_id, arn, account_id
