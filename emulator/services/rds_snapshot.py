"""RDS snapshots: states, the data in them, and instances that are restored from them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from moto.core.utils import utcnow
from moto.rds.models import DBInstanceAutomatedBackup, RDSBackend

from emulator import delays
from emulator.extensions import patch
from emulator.protocol import AwsError
from emulator.services import _rds
from emulator.services._rds import API, combination, of

CREATING = delays.declare("db_snapshot.creating", "CreateDBSnapshot until available")


@patch(RDSBackend, "create_db_snapshot", aws=f"{API}/API_CreateDBSnapshot.html")
def create_db_snapshot(
    original: Any, self: Any, db_instance_identifier: str, snapshot_type: str = "manual", **others: Any
) -> Any:
    """A snapshot holds the data of an available instance as it is now, and is creating before it is available."""
    name = db_instance_identifier.lower()
    database = self.databases.get(name)
    if database is not None and snapshot_type == "manual" and database.status in ("creating", "deleting", "modifying"):
        raise _rds.state(database, f"Cannot create a snapshot because the instance is in state {database.status}.")
    snapshot = original(self, db_instance_identifier=name, snapshot_type=snapshot_type, **others)
    if database is None or database.engine != "postgres":
        return snapshot
    _remember(snapshot, database, _copy(database))
    if snapshot_type == "manual":
        snapshot.status, snapshot.percent_progress = "creating", 0
        delays.schedule(CREATING, lambda: _available(snapshot))
    return snapshot


def _copy(database: Any) -> Path | None:
    server = of(database).server
    return server.copy() if server is not None else None


def _remember(snapshot: Any, database: Any, data: Path | None) -> None:
    subnets = getattr(database, "db_subnet_group", None)
    snapshot.vpc_id = subnets.vpc_id if subnets is not None else None
    snapshot.storage_type, snapshot.iops = database.storage_type, database.iops
    snapshot.storage_throughput = database.storage_throughput
    snapshot.availability_zone, snapshot.license_model = database.availability_zone, database.license_model
    snapshot.percent_progress, snapshot.snapshot_target = 100, "region"
    vars(snapshot)["_emulator"] = SimpleNamespace(data=data, password=of(database).password)
    # The copy that moto keeps of the instance must not share the server.
    vars(snapshot.database).pop("_emulator", None)


def _available(snapshot: Any) -> None:
    snapshot.status, snapshot.percent_progress = "available", 100


@patch(RDSBackend, "copy_db_snapshot", aws=f"{API}/API_CopyDBSnapshot.html")
def copy_db_snapshot(original: Any, self: Any, source_db_snapshot_identifier: str, **others: Any) -> Any:
    """A copy holds the same data."""
    copied = original(self, source_db_snapshot_identifier=source_db_snapshot_identifier, **others)
    source = self.get_db_snapshot(source_db_snapshot_identifier)
    if held := vars(source).get("_emulator"):
        vars(copied)["_emulator"] = held
        for name in ("vpc_id", "storage_type", "iops", "storage_throughput", "percent_progress"):
            setattr(copied, name, getattr(source, name, None))
    return copied


@patch(RDSBackend, "delete_db_snapshot", aws=f"{API}/API_DeleteDBSnapshot.html")
def delete_db_snapshot(original: Any, self: Any, db_snapshot_identifier: str) -> Any:
    """Automated snapshots go with their backups, not one by one."""
    snapshot = self.database_snapshots.get(db_snapshot_identifier)
    if snapshot is not None and snapshot.status == "creating":
        raise AwsError("InvalidDBSnapshotState", "The snapshot is not in available state.")
    return original(self, db_snapshot_identifier=db_snapshot_identifier)


# --- restore ----------------------------------------------------------------------------------------------------------


def _renamed(overrides: Any) -> dict[str, Any]:
    """What a restore asks for, without what moto's instances do not take."""
    asked = {key: given for key, given in dict(overrides).items() if given is not None}
    if "performance_insights_enabled" not in asked and "enable_performance_insights" in asked:
        asked["performance_insights_enabled"] = asked.pop("enable_performance_insights")
    return asked


def _restored(original: Any, backend: Any, arguments: dict[str, Any], source: Any, asked: dict[str, Any]) -> Any:
    """Create the instance with the source's settings, as AWS does unless they are given: never its protection."""
    create = backend.create_db_instance

    def with_data(wanted: Any) -> Any:
        for key in ("performance_insights_enabled", "performance_insights_kms_key_id", "db_subnet_group"):
            wanted.pop(key, None)
        wanted["performance_insights_enabled"] = asked.get("performance_insights_enabled", False)
        wanted["performance_insights_retention_period"] = asked.get("performance_insights_retention_period")
        wanted["database_insights_mode"] = asked.get("database_insights_mode", "standard")
        wanted["deletion_protection"] = asked.get("deletion_protection", False)
        wanted["multi_az"] = asked.get("multi_az", False)
        wanted["publicly_accessible"] = asked.get("publicly_accessible", False)
        wanted["vpc_security_group_ids"] = list(asked.get("vpc_security_group_ids") or []) or None
        wanted["enable_cloudwatch_logs_exports"] = list(asked.get("enable_cloudwatch_logs_exports") or [])
        wanted["monitoring_interval"], wanted["monitoring_role_arn"] = 0, None
        wanted["manage_master_user_password"] = asked.get("manage_master_user_password", False)
        wanted["master_user_secret_kms_key_id"] = asked.get("master_user_secret_kms_key_id")
        wanted["db_parameter_group_name"] = asked.get("db_parameter_group_name")
        wanted["tags"] = list(asked.get("tags") or [])
        wanted.pop("master_user_password", None)
        wanted.pop("master_user_secret", None)
        wanted["emulator"] = source
        return create(wanted)

    backend.__dict__["create_db_instance"] = with_data
    try:
        return original(backend, **arguments)
    finally:
        backend.__dict__.pop("create_db_instance", None)


@patch(
    RDSBackend,
    "restore_db_instance_from_db_snapshot",
    aws=f"{API}/API_RestoreDBInstanceFromDBSnapshot.html",
)
def restore_db_instance_from_db_snapshot(original: Any, self: Any, from_snapshot_id: str, overrides: Any) -> Any:
    """A restored instance has the snapshot's data and default settings, not the protection of the first one."""
    snapshot = self.get_db_snapshot(from_snapshot_id)
    if snapshot.status != "available":
        raise AwsError("InvalidDBSnapshotState", f"The snapshot {from_snapshot_id} is not in available state.")
    held = vars(snapshot).get("_emulator") or SimpleNamespace(data=None, password="")
    asked = _renamed(overrides)
    # moto would look for it among the manual and automated ones alone, and not find one of AWS Backup.
    kind, snapshot.snapshot_type = snapshot.snapshot_type, "manual"
    try:
        return _restored(original, self, {"from_snapshot_id": from_snapshot_id, "overrides": asked}, held, asked)
    finally:
        snapshot.snapshot_type = kind


@patch(
    RDSBackend,
    "restore_db_instance_to_point_in_time",
    aws=f"{API}/API_RestoreDBInstanceToPointInTime.html",
)
def restore_db_instance_to_point_in_time(
    original: Any, self: Any, source_db_identifier: str, target_db_identifier: str, overrides: Any
) -> Any:
    """The newest moment is the source's data now; an earlier one is the newest snapshot before it."""
    source = self.describe_db_instances(source_db_identifier)[0]
    if not source.backup_retention_period:
        raise AwsError("InvalidRestoreFault", f"Automated backups are not enabled for {source_db_identifier}.")
    if target_db_identifier.lower() in self.databases:
        raise AwsError("DBInstanceAlreadyExists", "DB instance already exists")
    asked = _renamed(overrides)
    moment = asked.pop("restore_time", None)
    latest = asked.pop("use_latest_restorable_time", False)
    if bool(moment) == bool(latest):
        raise combination("Specify either RestoreTime or UseLatestRestorableTime.")
    held = (
        SimpleNamespace(data=_copy(source), password=of(source).password) if latest else _before(self, source, moment)
    )
    vars(source).pop("emulator", None)
    arguments = {
        "source_db_identifier": source_db_identifier,
        "target_db_identifier": target_db_identifier,
        "overrides": asked,
    }
    kept = vars(source).pop("_emulator")
    secret = vars(source).pop("master_user_secret", None)
    try:
        return _restored(original, self, arguments, held, asked)
    finally:
        vars(source)["_emulator"] = kept
        if secret is not None:
            source.master_user_secret = secret


def _before(backend: Any, source: Any, moment: dt.datetime) -> Any:
    at = moment.astimezone(dt.UTC).replace(tzinfo=None) if moment.tzinfo else moment
    taken = [
        snapshot
        for snapshot in backend.database_snapshots.values()
        if snapshot.db_instance_identifier == source.db_instance_identifier and snapshot.created <= at
    ]
    if not taken or at > utcnow():
        raise AwsError("InvalidRestoreFault", "The specified time is not within the restorable window.")
    newest = max(taken, key=lambda snapshot: snapshot.created)
    return vars(newest).get("_emulator") or SimpleNamespace(data=None, password="")


def _backed_up(backup: Any) -> Any:
    return max(backup.automated_snapshots, key=lambda snapshot: snapshot.created)


def _attribute(name: str, behaviour: str, read: Any) -> None:
    read.__doc__ = behaviour
    patch(DBInstanceAutomatedBackup, name, added=True, attribute=True, aws=f"{API}/API_DBInstanceAutomatedBackup.html")(
        read
    )


def _restore_window(self: Any) -> dict[str, Any]:
    return {"EarliestTime": min(s.created for s in self.automated_snapshots), "LatestTime": utcnow()}


_attribute("restore_window", "The moments to which a backup can be restored.", _restore_window)
_attribute("engine", "The engine of the backup.", lambda self: _backed_up(self).engine)
_attribute("engine_version", "The version of the backup.", lambda self: _backed_up(self).engine_version)
_attribute("allocated_storage", "The size of the backup.", lambda self: _backed_up(self).allocated_storage)
_attribute(
    "dbi_resource_id", "The instance of the backup, past its name.", lambda self: _backed_up(self).dbi_resource_id
)
