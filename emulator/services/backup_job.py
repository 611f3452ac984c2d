"""AWS Backup at work: jobs that back up RDS instances, their recovery points, and what is protected.

A snapshot that AWS Backup takes of an RDS instance is an RDS snapshot of the type `awsbackup`. A continuous backup is
the instance's own automated backup, which AWS Backup then rules.
https://docs.aws.amazon.com/aws-backup/latest/devguide/rds-backup.html
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Mapping
from typing import Any

from moto.backup.responses import BackupResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import unix_time
from moto.moto_api._internal import mock_random
from moto.rds.models import rds_backends

from emulator import delays
from emulator.extensions import patch
from emulator.protocol import AwsError
from emulator.services._backup import API, held, invalid, missing, parts, plan, points_of, refused, vault
from emulator.services._rds import of

RUNNING = delays.declare("backup_job.running", "StartBackupJob, or a plan's schedule, until the job is COMPLETED")
SCHEDULE = delays.declare("backup_plan.schedule", "CreateBackupSelection until the plan's rules run once", 604800)


def _instance(backend: Any, arn: str) -> Any:
    databases = rds_backends[backend.account_id][backend.region_name].databases.values()
    return next((database for database in databases if database.arn == arn), None)


# --- jobs -------------------------------------------------------------------------------------------------------------


@patch(BackupResponse, "start_backup_job", added=True, aws=f"{API}/API_StartBackupJob.html")
def start_backup_job(self: Any) -> ActionResult:
    """A backup on demand: a snapshot of the resource as it is now, in a vault."""
    backend, asked = self.backup_backend, json.loads(self.body)
    vault(backend, asked["BackupVaultName"])
    if _instance(backend, asked["ResourceArn"]) is None:
        raise missing(f"Resource {asked['ResourceArn']} does not exist, or the emulator does not back it up.")
    job = _begin(backend, asked["BackupVaultName"], asked["ResourceArn"], asked["IamRoleArn"], asked.get("Lifecycle"))
    return ActionResult({key: job[key] for key in ("BackupJobId", "RecoveryPointArn", "CreationDate")})


def _begin(backend: Any, vault_name: str, resource: str, role: str, lifecycle: Any) -> dict[str, Any]:
    job_id = str(mock_random.uuid4()).upper()
    name = f"awsbackup:job-{job_id.lower()}"
    database = _instance(backend, resource)
    database.backend.create_db_snapshot(
        db_instance_identifier=database.db_instance_identifier, db_snapshot_identifier=name, snapshot_type="awsbackup"
    )
    job = {
        "AccountId": backend.account_id,
        "BackupJobId": job_id,
        "State": "RUNNING",
        "RecoveryPointArn": f"arn:aws:rds:{backend.region_name}:{backend.account_id}:snapshot:{name}",
        "BackupVaultName": vault_name,
        "BackupVaultArn": backend.vaults[vault_name].backup_vault_arn,
        "ResourceArn": resource,
        "ResourceType": "RDS",
        "IamRoleArn": role,
        "CreationDate": unix_time(),
    }
    held(backend).jobs[job_id] = job
    delays.schedule(RUNNING, lambda: _complete(backend, job, lifecycle))
    return job


def _complete(backend: Any, job: dict[str, Any], lifecycle: Any) -> None:
    job |= {"State": "COMPLETED", "CompletionDate": unix_time(), "PercentDone": "100.0"}
    _keep(backend, job["RecoveryPointArn"], job, lifecycle, "COMPLETED")


def _keep(backend: Any, arn: str, job: Mapping[str, Any], lifecycle: Any, status: str) -> None:
    kept = ("BackupVaultName", "BackupVaultArn", "ResourceArn", "ResourceType", "IamRoleArn")
    held(backend).points[arn] = {
        **{key: job[key] for key in kept},
        "RecoveryPointArn": arn,
        "Status": status,
        "CreationDate": unix_time(),
        "CompletionDate": unix_time(),
        "Lifecycle": lifecycle or {},
        "IsEncrypted": bool(_instance(backend, job["ResourceArn"]).storage_encrypted),
    }


@patch(BackupResponse, "describe_backup_job", added=True, aws=f"{API}/API_DescribeBackupJob.html")
def describe_backup_job(self: Any) -> ActionResult:
    """How far a job is."""
    job = held(self.backup_backend).jobs.get(parts(self)[1])
    if job is None:
        raise missing("Cannot find Backup Job")
    return ActionResult(job)


# --- what a plan does by itself ---------------------------------------------------------------------------------------


def assigned(backend: Any, found: Any) -> None:
    """Has the plan's rules run once, when their time has come, for what is assigned to it then."""
    delays.schedule(SCHEDULE, lambda: _run(backend, found.backup_plan_id))


def _run(backend: Any, plan_id: str) -> None:
    try:
        document = plan(backend, plan_id).backup_plan
    except AwsError:
        return
    for known in list(held(backend).selections.get(plan_id, {}).values()):
        selection = known["BackupSelection"]
        for database in list(rds_backends[backend.account_id][backend.region_name].databases.values()):
            if any(fnmatch.fnmatchcase(database.arn, pattern) for pattern in selection["Resources"]):
                for rule in document["Rules"]:
                    _back_up(backend, rule, database, selection["IamRoleArn"])


def _back_up(backend: Any, rule: Mapping[str, Any], database: Any, role: str) -> None:
    name, lifecycle = rule["TargetBackupVaultName"], rule.get("Lifecycle")
    if not rule.get("EnableContinuousBackup"):
        _begin(backend, name, database.arn, role, lifecycle)
        return
    database.backup_retention_period = (lifecycle or {})["DeleteAfterDays"]
    scope = f"{backend.region_name}:{backend.account_id}"
    arn = f"arn:aws:backup:{scope}:recovery-point:continuous:{database.dbi_resource_id.lower()}"
    of(database).recovery_point = arn
    job = {"BackupVaultName": name, "BackupVaultArn": backend.vaults[name].backup_vault_arn, "IamRoleArn": role}
    _keep(backend, arn, {**job, "ResourceArn": database.arn, "ResourceType": "RDS"}, lifecycle, "AVAILABLE")


# --- recovery points --------------------------------------------------------------------------------------------------


@patch(
    BackupResponse,
    "list_recovery_points_by_backup_vault",
    added=True,
    aws=f"{API}/API_ListRecoveryPointsByBackupVault.html",
)
def list_recovery_points_by_backup_vault(self: Any) -> ActionResult:
    """What a vault holds, all of it or of one resource."""
    resource = self._get_param("resourceArn")
    found = points_of(self.backup_backend, vault(self.backup_backend, parts(self)[1]).backup_vault_name)
    return ActionResult({"RecoveryPoints": [each for each in found if resource in (None, each["ResourceArn"])]})


def _point(response: Any) -> dict[str, Any]:
    _vaults, name, _points, arn = parts(response)[:4]
    found = held(response.backup_backend).points.get(arn)
    if found is None or found["BackupVaultName"] != name:
        raise missing(f"Recovery point {arn} does not exist.")
    return found


@patch(BackupResponse, "describe_recovery_point", added=True, aws=f"{API}/API_DescribeRecoveryPoint.html")
def describe_recovery_point(self: Any) -> ActionResult:
    """A recovery point by its vault and ARN."""
    return ActionResult(_point(self))


@patch(BackupResponse, "delete_recovery_point", added=True, aws=f"{API}/API_DeleteRecoveryPoint.html")
def delete_recovery_point(self: Any) -> EmptyResult:
    """A recovery point goes with the snapshot that it is, unless the vault's policy forbids it."""
    backend, found = self.backup_backend, _point(self)
    policy = json.loads(held(backend).policies.get(found["BackupVaultName"]) or '{"Statement": []}')
    for statement in policy["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        if statement["Effect"] == "Deny" and "backup:DeleteRecoveryPoint" in actions:
            raise AwsError("AccessDeniedException", "Insufficient privileges to perform this action.", 403)
    if found["Status"] not in ("AVAILABLE", "COMPLETED"):
        raise refused("The recovery point is not in a state in which it can be deleted.")
    rds = rds_backends[backend.account_id][backend.region_name]
    rds.database_snapshots.pop(found["RecoveryPointArn"].partition(":snapshot:")[2], None)
    database = _instance(backend, found["ResourceArn"])
    if database is not None and of(database).recovery_point == found["RecoveryPointArn"]:
        of(database).recovery_point = None
    del held(backend).points[found["RecoveryPointArn"]]
    return EmptyResult()


def _protected(backend: Any) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for point in sorted(held(backend).points.values(), key=lambda point: point["CreationDate"]):
        found[point["ResourceArn"]] = {
            "ResourceArn": point["ResourceArn"],
            "ResourceType": point["ResourceType"],
            "ResourceName": point["ResourceArn"].rpartition(":")[2],
            "LastBackupTime": point["CreationDate"],
            "LastBackupVaultArn": point["BackupVaultArn"],
            "LastRecoveryPointArn": point["RecoveryPointArn"],
        }
    return found


@patch(BackupResponse, "list_protected_resources", added=True, aws=f"{API}/API_ListProtectedResources.html")
def list_protected_resources(self: Any) -> ActionResult:
    """Resources that AWS Backup has backed up; to be in a plan is not enough."""
    return ActionResult({"Results": list(_protected(self.backup_backend).values())})


@patch(BackupResponse, "describe_protected_resource", added=True, aws=f"{API}/API_DescribeProtectedResource.html")
def describe_protected_resource(self: Any) -> ActionResult:
    """When a resource was backed up last."""
    arn = parts(self)[1]
    found = _protected(self.backup_backend).get(arn)
    if found is None:
        raise missing(f"Resource {arn} is not protected") if arn.startswith("arn:") else invalid("Invalid ARN")
    return ActionResult(found)
