"""What the extensions of AWS Backup share: their state, the parts of a request's path, and its errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from emulator.protocol import AwsError
from emulator.services._common import state_of

API = "https://docs.aws.amazon.com/aws-backup/latest/devguide"


@dataclass
class Held:
    """What moto does not keep, of one account and region.

    `policies` and `points` (by ARN) belong to vaults, `selections` to plans; `jobs` are by id. A point is as
    DescribeRecoveryPoint tells it.
    """

    policies: dict[str, str] = field(default_factory=dict)
    points: dict[str, dict[str, Any]] = field(default_factory=dict)
    selections: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)


def held(backend: Any) -> Held:
    return state_of(backend, "backup", Held)


def parts(response: Any) -> list[str]:
    """The parts of the request's path: `/backup-vaults/a/access-policy` is `[backup-vaults, a, access-policy]`."""
    return [unquote(part) for part in response.path.strip("/").split("/")]


def vault(backend: Any, name: str) -> Any:
    if name not in backend.vaults:
        raise missing(f"Backup vault {name} does not exist.")
    return backend.vaults[name]


def plan(backend: Any, plan_id: str) -> Any:
    found = backend.plans.get(plan_id)
    if found is None or found.deletion_date is not None:
        raise missing("Failed reading Backup plan with provided version")
    return found


def points_of(backend: Any, vault_name: str) -> list[dict[str, Any]]:
    return [point for point in held(backend).points.values() if point["BackupVaultName"] == vault_name]


def missing(message: str) -> AwsError:
    return AwsError("ResourceNotFoundException", message)


def invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterValueException", message)


def refused(message: str) -> AwsError:
    return AwsError("InvalidRequestException", message)
