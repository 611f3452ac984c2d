"""Secrets Manager: a secret whose deletion is scheduled takes no value."""

from __future__ import annotations

from typing import Any

from moto.secretsmanager.models import SecretsManagerBackend

from emulator.extensions import patch
from emulator.protocol import AwsError

API = "https://docs.aws.amazon.com/secretsmanager/latest/apireference"


@patch(SecretsManagerBackend, "put_secret_value", aws=f"{API}/API_PutSecretValue.html")
def put_secret_value(original: Any, self: Any, secret_id: str, **others: Any) -> str:
    """A secret whose deletion is scheduled takes no value until it is restored: InvalidRequestException."""
    if self._is_valid_identifier(secret_id) and self.secrets[secret_id].is_deleted():
        raise AwsError(
            "InvalidRequestException",
            "You can't perform this operation on the secret because it was marked for deletion.",
        )
    answer: str = original(self, secret_id=secret_id, **others)
    return answer
