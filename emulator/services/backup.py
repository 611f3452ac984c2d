"""AWS Backup: vaults and their access policies, plans that can be changed, and selections of what a plan backs up."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from moto.backup import urls
from moto.backup.models import BackupBackend, Plan, Vault, backup_backends
from moto.backup.responses import BackupResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import unix_time
from moto.iam.models import iam_backends
from moto.moto_api._internal import mock_random

from emulator.extensions import patch
from emulator.protocol import AwsError
from emulator.services._backup import API, held, invalid, missing, parts, plan, points_of, refused, vault
from emulator.services.backup_job import assigned

# moto routes what it knows.
urls.url_paths |= {
    "{0}/backup-vaults/(?P<name>[^/]+)/(?P<rest>.+)$": urls.response.dispatch,
    "{0}/backup-jobs(?P<rest>.*)$": urls.response.dispatch,
    "{0}/resources/(?P<rest>.*)$": urls.response.dispatch,
}

_LEAST_START_WINDOW = 60
_LEAST_COLD_DAYS = 90
_MOST_CONTINUOUS_DAYS = 35


# --- vaults -----------------------------------------------------------------------------------------------------------


@patch(BackupBackend, "create_backup_vault", aws=f"{API}/API_CreateBackupVault.html")
def create_backup_vault(original: Any, self: Any, encryption_key_arn: str, **others: Any) -> Any:
    """A vault without a key of one's own is encrypted with the key that AWS manages."""
    digest = hashlib.sha256(f"{self.account_id}{self.region_name}aws/backup".encode()).hexdigest()
    key = "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))
    managed = f"arn:aws:kms:{self.region_name}:{self.account_id}:key/{key}"
    return original(self, encryption_key_arn=encryption_key_arn or managed, **others)


@patch(BackupBackend, "describe_backup_vault", aws=f"{API}/API_DescribeBackupVault.html")
def describe_backup_vault(original: Any, self: Any, backup_vault_name: str) -> Any:
    """Whoever asks for a vault that does not exist is told that access is denied."""
    if backup_vault_name not in self.vaults:
        raise AwsError("AccessDeniedException", "Insufficient privileges to perform this action.", 403)
    return original(self, backup_vault_name=backup_vault_name)


@patch(Vault, "number_of_recovery_points", added=True, attribute=True, aws=f"{API}/API_DescribeBackupVault.html")
def number_of_recovery_points(self: Any) -> int:
    """A vault tells how many recovery points it holds."""
    _arn, _partition, _service, region, account, _type, name = self.backup_vault_arn.split(":")
    return len(points_of(backup_backends[account][region], name))


@patch(Vault, "to_list_dict", aws=f"{API}/API_BackupVaultListMember.html")
def to_list_dict(original: Any, self: Any) -> dict[str, Any]:
    """So does a list of vaults."""
    return {**original(self), "NumberOfRecoveryPoints": self.number_of_recovery_points}


@patch(BackupBackend, "delete_backup_vault", aws=f"{API}/API_DeleteBackupVault.html")
def delete_backup_vault(original: Any, self: Any, backup_vault_name: str) -> None:
    """A vault goes only once it is empty, and its access policy with it."""
    vault(self, backup_vault_name)
    if points_of(self, backup_vault_name):
        raise refused(f"Backup vault cannot be deleted because it contains recovery points: {backup_vault_name}")
    held(self).policies.pop(backup_vault_name, None)
    original(self, backup_vault_name=backup_vault_name)


@patch(BackupResponse, "put_backup_vault_access_policy", added=True, aws=f"{API}/API_PutBackupVaultAccessPolicy.html")
def put_backup_vault_access_policy(self: Any) -> EmptyResult:
    """A vault has at most one policy, which is a policy document."""
    name = vault(self.backup_backend, parts(self)[1]).backup_vault_name
    text = json.loads(self.body).get("Policy") or ""
    try:
        statements = json.loads(text)["Statement"]
    except (ValueError, KeyError, TypeError) as error:
        raise invalid("Provided policy is not a valid policy document") from error
    if not all(statement.get("Principal") for statement in statements):
        raise invalid("Provided policy is missing a principal")
    held(self.backup_backend).policies[name] = text
    return EmptyResult()


@patch(BackupResponse, "get_backup_vault_access_policy", added=True, aws=f"{API}/API_GetBackupVaultAccessPolicy.html")
def get_backup_vault_access_policy(self: Any) -> ActionResult:
    """The policy as it was put; a vault without one has none to tell."""
    found = vault(self.backup_backend, parts(self)[1])
    policy = held(self.backup_backend).policies.get(found.backup_vault_name)
    if policy is None:
        raise missing(f"Backup vault {found.backup_vault_name} has no associated policy")
    return ActionResult(
        {"BackupVaultName": found.backup_vault_name, "BackupVaultArn": found.backup_vault_arn, "Policy": policy}
    )


@patch(
    BackupResponse,
    "delete_backup_vault_access_policy",
    added=True,
    aws=f"{API}/API_DeleteBackupVaultAccessPolicy.html",
)
def delete_backup_vault_access_policy(self: Any) -> EmptyResult:
    """A vault's policy is taken away."""
    held(self.backup_backend).policies.pop(vault(self.backup_backend, parts(self)[1]).backup_vault_name, None)
    return EmptyResult()


# --- plans ------------------------------------------------------------------------------------------------------------


@patch(BackupBackend, "create_backup_plan", aws=f"{API}/API_CreateBackupPlan.html")
def create_backup_plan(original: Any, self: Any, backup_plan: Any, **others: Any) -> Any:
    """A plan's rules are checked; a deleted plan's name is free again."""
    _check_rules(self, backup_plan)
    deleted = {key: self.plans.pop(key) for key in list(self.plans) if self.plans[key].deletion_date is not None}
    try:
        return original(self, backup_plan=copy.deepcopy(backup_plan), **others)
    finally:
        self.plans.update(deleted)


def _check_rules(backend: Any, document: Mapping[str, Any]) -> None:
    names = [rule["RuleName"] for rule in document["Rules"]]
    if not names:
        raise invalid("Backup plan must have at least one rule")
    if len(set(names)) < len(names):
        raise invalid("Backup rule names must be unique within a plan")
    for rule in document["Rules"]:
        if rule["TargetBackupVaultName"] not in backend.vaults:
            raise invalid(f"Backup vault does not exist: {rule['TargetBackupVaultName']}")
        if rule.get("StartWindowMinutes", _LEAST_START_WINDOW) < _LEAST_START_WINDOW:
            raise invalid(f"Start window must be at least {_LEAST_START_WINDOW} minutes")
        _check_lifecycle(rule)


def _check_lifecycle(rule: Mapping[str, Any]) -> None:
    lifecycle = rule.get("Lifecycle") or {}
    kept, cold = lifecycle.get("DeleteAfterDays"), lifecycle.get("MoveToColdStorageAfterDays")
    if kept is not None and cold is not None and kept < cold + _LEAST_COLD_DAYS:
        raise invalid("DeleteAfterDays cannot be less than 90 days apart from MoveToColdStorageAfterDays")
    if rule.get("EnableContinuousBackup") and (cold is not None or not 1 <= (kept or 0) <= _MOST_CONTINUOUS_DAYS):
        raise invalid("Lifecycle for continuous backups must be between 1 and 35 days, without cold storage")


@patch(BackupResponse, "update_backup_plan", added=True, aws=f"{API}/API_UpdateBackupPlan.html")
def update_backup_plan(self: Any) -> ActionResult:
    """A plan takes a new document as its new version; rules of the same name keep their ids."""
    backend = self.backup_backend
    found = plan(backend, parts(self)[2])
    document = json.loads(self.body)["BackupPlan"]
    _check_rules(backend, document)
    ids = {rule["RuleName"]: rule["RuleId"] for rule in found.backup_plan["Rules"]}
    # What moto fills in for a new plan.
    filled = Plan(document, found.creator_request_id, backend)
    for rule in document["Rules"]:
        rule["RuleId"] = ids.get(rule["RuleName"], rule["RuleId"])
    found.backup_plan, found.version_id = document, filled.version_id
    found.advanced_backup_settings = filled.advanced_backup_settings
    return ActionResult(found.to_dict())


@patch(BackupBackend, "delete_backup_plan", aws=f"{API}/API_DeleteBackupPlan.html")
def delete_backup_plan(original: Any, self: Any, backup_plan_id: str) -> Any:
    """A plan goes only once nothing is assigned to it any more."""
    plan(self, backup_plan_id)
    if held(self).selections.get(backup_plan_id):
        raise refused("Related backup plan selections must be deleted prior to backup plan deletion.")
    return original(self, backup_plan_id=backup_plan_id)


# --- selections -------------------------------------------------------------------------------------------------------


@patch(BackupResponse, "create_backup_selection", added=True, aws=f"{API}/API_CreateBackupSelection.html")
def create_backup_selection(self: Any) -> ActionResult:
    """What a plan backs up, and as whom; the role has to exist and to trust AWS Backup."""
    backend, asked = self.backup_backend, json.loads(self.body)["BackupSelection"]
    found = plan(backend, parts(self)[2])
    _check_role(backend, asked["IamRoleArn"])
    selections = held(backend).selections.setdefault(found.backup_plan_id, {})
    if any(known["BackupSelection"]["SelectionName"] == asked["SelectionName"] for known in selections.values()):
        raise AwsError("AlreadyExistsException", "Backup selection with the same name already exists")
    # What was not asked for is told as empty.
    empty: dict[str, Any] = {"Resources": [], "NotResources": [], "ListOfTags": [], "Conditions": {}}
    selection_id = str(mock_random.uuid4())
    selections[selection_id] = {
        "SelectionId": selection_id,
        "BackupPlanId": found.backup_plan_id,
        "CreationDate": unix_time(),
        "BackupSelection": {**empty, **asked},
    }
    assigned(backend, found)
    return ActionResult({key: selections[selection_id][key] for key in ("SelectionId", "BackupPlanId", "CreationDate")})


def _check_role(backend: Any, arn: str) -> None:
    roles = iam_backends[backend.account_id]["aws"].roles.values()
    role = next((each for each in roles if each.arn == arn), None)
    if role is None or "backup.amazonaws.com" not in role.assume_role_policy_document:
        raise invalid(f"IAM Role {arn} cannot be assumed by AWS Backup")


def _selection(response: Any) -> dict[str, Any]:
    _backup, _plans, plan_id, _selections, selection_id = parts(response)
    found = held(response.backup_backend).selections.get(plan_id, {}).get(selection_id)
    if found is None:
        raise missing("Cannot find Backup selection")
    return found


@patch(BackupResponse, "get_backup_selection", added=True, aws=f"{API}/API_GetBackupSelection.html")
def get_backup_selection(self: Any) -> ActionResult:
    """A selection with its document."""
    return ActionResult(_selection(self))


@patch(BackupResponse, "list_backup_selections", added=True, aws=f"{API}/API_ListBackupSelections.html")
def list_backup_selections(self: Any) -> ActionResult:
    """The selections of a plan, by name and role."""
    found = plan(self.backup_backend, parts(self)[2])
    listed = [
        {
            **{key: known[key] for key in ("SelectionId", "BackupPlanId", "CreationDate")},
            **{key: known["BackupSelection"][key] for key in ("SelectionName", "IamRoleArn")},
        }
        for known in held(self.backup_backend).selections.get(found.backup_plan_id, {}).values()
    ]
    return ActionResult({"BackupSelectionsList": listed})


@patch(BackupResponse, "delete_backup_selection", added=True, aws=f"{API}/API_DeleteBackupSelection.html")
def delete_backup_selection(self: Any) -> EmptyResult:
    """A selection is taken out of its plan."""
    found = _selection(self)
    del held(self.backup_backend).selections[found["BackupPlanId"]][found["SelectionId"]]
    return EmptyResult()
