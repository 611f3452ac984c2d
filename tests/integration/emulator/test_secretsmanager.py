"""Secrets Manager as AWS documents it, where moto differs."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.testing import EmulatorServer


@pytest.fixture
def secrets(emulator: EmulatorServer) -> Any:
    return emulator.client("secretsmanager")


def test_a_secret_that_is_being_deleted_takes_no_value_until_it_is_restored(secrets: Any) -> None:
    secrets.create_secret(Name="airas-dev/openai-api-key", SecretString="old")
    secrets.delete_secret(SecretId="airas-dev/openai-api-key", RecoveryWindowInDays=7)
    with pytest.raises(secrets.exceptions.InvalidRequestException, match="marked for deletion"):
        secrets.put_secret_value(SecretId="airas-dev/openai-api-key", SecretString="new")
    secrets.restore_secret(SecretId="airas-dev/openai-api-key")
    secrets.put_secret_value(SecretId="airas-dev/openai-api-key", SecretString="new")
    assert secrets.get_secret_value(SecretId="airas-dev/openai-api-key")["SecretString"] == "new"
