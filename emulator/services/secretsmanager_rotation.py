"""Secrets Manager: RotateSecret has the rotation function do its four steps, as AWS does."""

from __future__ import annotations

import json
import time
from typing import Any

from moto.moto_api._internal import mock_random
from moto.secretsmanager.models import FakeSecret, SecretsManagerBackend

from emulator.extensions import patch
from emulator.protocol import AwsError
from emulator.services import _background, _lambda_runtime
from emulator.services._background import Account
from emulator.services._common import state_of
from emulator.services._events import emit
from emulator.services._lambda_invoke import Refused, check_source
from emulator.services._lambda_runtime import Throttled

API = "https://docs.aws.amazon.com/secretsmanager/latest/apireference"
GUIDE = "https://docs.aws.amazon.com/secretsmanager/latest/userguide"

_STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
_SERVICE = "secretsmanager.amazonaws.com"


@patch(SecretsManagerBackend, "rotate_secret", aws=f"{API}/API_RotateSecret.html")
def rotate_secret(
    original: Any,
    self: Any,
    secret_id: str,
    client_request_token: str | None = None,
    rotation_lambda_arn: str | None = None,
    rotation_rules: dict[str, Any] | None = None,
    rotate_immediately: bool = True,
) -> str:
    """The rotation function is called for its four steps after the answer; a failed step leaves AWSPENDING.

    Called again after a failure, it answers InvalidRequestException and tries the same version again.
    """
    from moto.secretsmanager.exceptions import SecretNotFoundException

    if not self._is_valid_identifier(secret_id):
        raise SecretNotFoundException
    secret = self.secrets[secret_id]
    arn = rotation_lambda_arn or secret.rotation_lambda_arn
    if secret.is_deleted() or getattr(secret, "owning_service", None):
        answer: str = original(
            self,
            secret_id=secret_id,
            client_request_token=client_request_token,
            rotation_lambda_arn=rotation_lambda_arn,
            rotation_rules=rotation_rules,
            rotate_immediately=rotate_immediately,
        )
        return answer
    if not arn:
        raise AwsError("InvalidRequestException", "No Lambda rotation function ARN is associated with this secret.")
    try:
        function = check_source(arn, _SERVICE, secret.arn, self.account_id)
    except Refused as refused:
        if refused.code == "RESOURCE_NOT_FOUND":
            raise AwsError("ResourceNotFoundException", f"Lambda function not found: {arn}") from None
        raise AwsError(
            "AccessDeniedException",
            "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants "
            "access to the principal secretsmanager.amazonaws.com.",
        ) from None
    _set_rules(secret, arn, rotation_rules)
    pending = _pending(secret)
    if pending is not None:
        if rotate_immediately:
            _begin(self, secret, function, pending)
        raise AwsError(
            "InvalidRequestException",
            "A previous rotation isn't complete. That rotation will be reattempted.",
        )
    version_id = client_request_token or str(mock_random.uuid4())
    if rotate_immediately:
        _add_pending(secret, version_id)
        _begin(self, secret, function, version_id)
    else:
        _background.begin(f"rotate-{version_id}", lambda account: _test(account, secret, function, version_id))
    answered = {"ARN": secret.arn, "Name": secret.name}
    return json.dumps({**answered, "VersionId": version_id} if rotate_immediately else answered)


def _set_rules(secret: Any, arn: str, rules: dict[str, Any] | None) -> None:
    secret.rotation_requested = secret.rotation_enabled = True
    secret.rotation_lambda_arn = arn
    if rules:
        vars(secret)["_emulator_rules"] = dict(rules)
        secret.auto_rotate_after_days = rules.get("AutomaticallyAfterDays", 0)


@patch(FakeSecret, "to_dict", aws=f"{API}/API_DescribeSecret.html")
def to_dict(original: Any, self: Any) -> dict[str, Any]:
    """A secret tells the whole of its rotation schedule."""
    answer: dict[str, Any] = original(self)
    if rules := vars(self).get("_emulator_rules"):
        answer["RotationRules"] = rules
    return answer


@patch(SecretsManagerBackend, "update_secret_version_stage", aws=f"{API}/API_UpdateSecretVersionStage.html")
def update_secret_version_stage(
    original: Any,
    self: Any,
    secret_id: str,
    version_stage: str,
    remove_from_version_id: str | None,
    move_to_version_id: str | None,
) -> Any:
    """A label is on one version at a time, and AWSCURRENT is what GetSecretValue answers with."""
    answer = original(
        self,
        secret_id=secret_id,
        version_stage=version_stage,
        remove_from_version_id=remove_from_version_id,
        move_to_version_id=move_to_version_id,
    )
    secret = self.secrets[secret_id]
    if move_to_version_id:
        stages = secret.versions[move_to_version_id]["version_stages"]
        stages[:] = list(dict.fromkeys(stages))
        if version_stage == "AWSCURRENT":
            secret.set_default_version_id(move_to_version_id)
    return answer


def _pending(secret: Any) -> str | None:
    """The version that an earlier rotation left behind."""
    for version_id, version in secret.versions.items():
        if "AWSPENDING" in version["version_stages"] and "AWSCURRENT" not in version["version_stages"]:
            return str(version_id)
    return None


def _add_pending(secret: Any, version_id: str) -> None:
    """The version is there, labelled and without a value, before the function is called."""
    secret.remove_version_stages_from_old_versions(["AWSPENDING"])
    secret.versions[version_id] = {
        "createdate": int(time.time()),
        "version_id": version_id,
        "version_stages": ["AWSPENDING"],
    }


def _begin(backend: Any, secret: Any, function: Any, version_id: str) -> None:
    rotating: set[str] = state_of(backend, "rotating", set)
    if secret.arn in rotating:
        return
    rotating.add(secret.arn)

    def work(account: Account) -> None:
        try:
            _rotate(account, backend, secret, function, version_id)
        finally:
            rotating.discard(secret.arn)

    _background.begin(f"rotate-{version_id}", work)


def _rotate(account: Account, backend: Any, secret: Any, function: Any, version_id: str) -> None:
    _tell(backend, secret, "RotationStarted")
    for step in _STEPS:
        account.check()
        if not _done(function, secret, version_id, step):
            account.check()
            _tell(backend, secret, "RotationFailed")
            return
    account.check()
    current = "AWSCURRENT" in secret.versions.get(version_id, {}).get("version_stages", ())
    if current:
        secret.last_rotation_date = int(time.time())
        if secret.auto_rotate_after_days:
            secret.next_rotation_date = int(time.time()) + secret.auto_rotate_after_days * 86400
    _tell(backend, secret, "RotationSucceeded" if current else "RotationFailed")


def _done(function: Any, secret: Any, version_id: str, step: str) -> bool:
    """https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html"""
    event = {"Step": step, "SecretId": secret.arn, "ClientRequestToken": version_id}
    try:
        return not _lambda_runtime.run(function, event).error
    except Throttled:
        return False


def _test(account: Account, secret: Any, function: Any, version_id: str) -> None:
    """Without RotateImmediately the configuration is tried by testSecret alone, on a version that goes again."""
    _add_pending(secret, version_id)
    _done(function, secret, version_id, "testSecret")
    account.check()
    if "AWSCURRENT" not in secret.versions[version_id]["version_stages"]:
        secret.versions.pop(version_id)


def _tell(backend: Any, secret: Any, name: str) -> None:
    """https://docs.aws.amazon.com/secretsmanager/latest/userguide/monitoring-eventbridge.html"""
    emit(
        backend.account_id,
        backend.region_name,
        "aws.secretsmanager",
        "AWS Service Event via CloudTrail",
        [],
        {
            "eventVersion": "1.08",
            "userIdentity": {"accountId": backend.account_id, "invokedBy": _SERVICE},
            "eventSource": _SERVICE,
            "eventName": name,
            "awsRegion": backend.region_name,
            "eventType": "AwsServiceEvent",
            "additionalEventData": {"SecretId": secret.arn},
        },
    )
