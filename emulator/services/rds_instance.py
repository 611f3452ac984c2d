"""RDS instances: states, what waits to be applied, insights, the managed master password, and a real server."""

from __future__ import annotations

import json
import secrets as randomness
import string
from collections.abc import Callable, Mapping
from typing import Any

from moto.rds.models import DBInstance, MasterUserSecret, RDSBackend
from moto.secretsmanager.models import SecretsManagerBackend

from emulator import delays
from emulator.extensions import patch
from emulator.loopback import HOST
from emulator.postgresql import Server, identifier, quoted, servers
from emulator.protocol import AwsError
from emulator.services import _rds
from emulator.services._rds import API, GUIDE, combination, of, value
from emulator.services._rds_catalog import CERTIFICATES, CLASSES, DEFAULT_CERTIFICATE, full_version, upgrades
from emulator.services._rds_news import tell
from emulator.services.rds_catalog import static, values

CREATING = delays.declare("db_instance.creating", "CreateDBInstance or a restore until available")
MODIFY_BEGINS = delays.declare("db_instance.modify_begins", "ModifyDBInstance until the instance is modifying")
MODIFYING = delays.declare("db_instance.modifying", "A change that began until it is applied")
OPTIMIZING = delays.declare("db_instance.storage_optimization", "Storage that grew until it can grow again")
WINDOW = delays.declare("db_instance.maintenance_window", "A change until the next maintenance window", 604800)
REBOOTING = delays.declare("db_instance.rebooting", "RebootDBInstance until available")
STARTING = delays.declare("db_instance.starting", "StartDBInstance until available")
STOPPING = delays.declare("db_instance.stopping", "StopDBInstance until stopped")
DELETING = delays.declare("db_instance.deleting", "DeleteDBInstance until the instance is gone")

# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.Settings.html
_WAITS = {
    "allocated_storage": "AllocatedStorage",
    "ca_certificate_identifier": "CACertificateIdentifier",
    "db_instance_class": "DBInstanceClass",
    "engine_version": "EngineVersion",
    "iops": "Iops",
    "multi_az": "MultiAZ",
    "storage_throughput": "StorageThroughput",
    "storage_type": "StorageType",
}
_EXTRA = {
    "performance_insights_enabled": False,
    "performance_insights_kms_key_id": None,
    "performance_insights_retention_period": None,
    "database_insights_mode": "standard",
    "dedicated_log_volume": False,
    "network_type": "IPV4",
    "engine_lifecycle_support": "open-source-rds-extended-support",
}
_RESERVED_USERS = frozenset({"rdsadmin", "rds_superuser", "rdsrepladmin", "admin", "user", "public"})
# What the bundled server knows, and what means the same there as on RDS.
_SERVER_PARAMETERS = ("log_", "statement_timeout", "idle_", "lock_timeout", "work_mem", "track_", "autovacuum_naptime")


# --- create -----------------------------------------------------------------------------------------------------------


@patch(RDSBackend, "create_db_instance", aws=f"{API}/API_CreateDBInstance.html")
def create_db_instance(original: Any, self: Any, db_kwargs: Any) -> Any:
    """An instance is checked, and creating before it is available; RDS fills in what was not asked."""
    if db_kwargs.get("engine") != "postgres":
        return original(self, db_kwargs=db_kwargs)
    restored = db_kwargs.pop("emulator", None)
    db_kwargs["db_instance_identifier"] = str(db_kwargs["db_instance_identifier"]).lower()
    if restored is None:
        _check_new(self, db_kwargs)
    _fill_in(self, db_kwargs)
    database = original(self, db_kwargs=db_kwargs)
    vars(database).pop("_emulator", None)
    _complete(self, database, db_kwargs, restored)
    return database


@patch(DBInstance, "save_automated_backup", aws=f"{GUIDE}/USER_WorkingWithAutomatedBackups.html")
def save_automated_backup(original: Any, self: Any) -> None:
    """Each automated snapshot has a name of its own, also after an instance of the same name."""
    prefix = f"rds:{self.db_instance_identifier}-"
    if not any(name.startswith(prefix) for name in self.backend.database_snapshots):
        original(self)


def _check_new(backend: Any, wanted: Any) -> None:
    for needed, name in (("allocated_storage", "AllocatedStorage"), ("master_username", "MasterUsername")):
        if not wanted.get(needed):
            raise combination(f"The parameter {name} must be provided and must not be blank.")
    if not wanted.get("manage_master_user_password") and not wanted.get("master_user_password"):
        raise combination("The parameter MasterUserPassword must be provided and must not be blank.")
    user = wanted["master_username"]
    if user.lower() in _RESERVED_USERS:
        raise value(f"MasterUsername {user} cannot be used as it is a reserved word used by the engine")
    name = wanted.get("db_name")
    if name is not None and not (name[:1].isalpha() and name.replace("_", "").isalnum() and len(name) <= 63):
        raise value("DBName must begin with a letter and contain only alphanumeric characters.")
    if wanted["db_instance_class"] not in CLASSES:
        raise value(f"Invalid DB Instance class: {wanted['db_instance_class']}")
    if wanted.get("multi_az") and wanted.get("availability_zone"):
        raise combination("Requesting a specific availability zone is not valid for Multi-AZ instances.")
    version = wanted.get("engine_version")
    if version and full_version(version) is None:
        raise combination(f"Cannot find version {version} for postgres")
    _rds.check_storage("postgres", wanted)
    _rds.check_common(wanted)
    _rds.check_monitoring_role(backend, wanted.get("monitoring_interval"), wanted.get("monitoring_role_arn"))
    _rds.check_groups(backend, wanted.get("vpc_security_group_ids"))
    _rds.check_log_types(wanted.get("enable_cloudwatch_logs_exports"))


def _fill_in(backend: Any, wanted: Any) -> None:
    wanted["engine_version"] = full_version(wanted.get("engine_version"))
    wanted["license_model"] = "postgresql-license"
    wanted.setdefault("storage_type", "gp2")
    wanted["ca_certificate_identifier"] = wanted.get("ca_certificate_identifier") or DEFAULT_CERTIFICATE
    if wanted["ca_certificate_identifier"] not in CERTIFICATES:
        raise AwsError("CertificateNotFound", f"Certificate not found: {wanted['ca_certificate_identifier']}", 404)
    if wanted.get("storage_encrypted"):
        key = wanted.get("kms_key_id") or "alias/aws/rds"
        wanted["kms_key_id"] = key if key.startswith("arn:") and ":key/" in key else backend._validate_kms_key(key)


def _complete(backend: Any, database: Any, wanted: Any, restored: Any) -> None:
    """What moto drops, and the states that an instance passes before it is available."""
    known = of(database)
    for name, default in _EXTRA.items():
        setattr(database, name, wanted.get(name, default))
    if wanted.get("enable_performance_insights"):
        database.performance_insights_enabled = True
    if database.performance_insights_enabled and not database.performance_insights_retention_period:
        database.performance_insights_retention_period = 7
    _rds.check_insights_or(database, lambda: backend.databases.pop(database.db_instance_identifier, None))
    if not database.performance_insights_enabled:
        database.performance_insights_retention_period = None
    elif not database.performance_insights_kms_key_id:
        database.performance_insights_kms_key_id = backend._validate_kms_key("alias/aws/rds")
    letters = string.ascii_uppercase + string.digits
    database.dbi_resource_id = "db-" + "".join(randomness.choice(letters) for _ in range(26))
    database.monitoring_interval = wanted.get("monitoring_interval") or 0
    if database.storage_type == "gp3" and database.allocated_storage < _rds.GP3_THRESHOLD:
        database.iops, database.storage_throughput = 3000, 125
    group = database.db_parameter_groups()[0]
    known.booted_group, known.booted_static = group.name, static(group)
    known.password = wanted.get("master_user_password") or _managed_password(database) or ""
    if restored is not None and not known.password:
        known.password = restored.password
    if servers.real:
        known.server = _server(database, restored)
    if database.backup_retention_period == 0:
        for snapshot in backend.describe_db_snapshots(database.db_instance_identifier, snapshot_type="automated"):
            backend.database_snapshots.pop(snapshot.db_snapshot_identifier, None)
    database.status = "creating"
    delays.schedule(CREATING, lambda: _available(database, "RDS-EVENT-0005"))


def _available(database: Any, event_id: str = "") -> None:
    if database.status != "deleting":
        database.status = "available"
        if event_id:
            tell(database, event_id)


def _server(database: Any, restored: Any) -> Server:
    """The server of a new instance, or of one that begins with the data of another."""
    user, known = identifier(database.master_username), of(database)
    if restored is not None and restored.data is not None:
        prepare = f"ALTER ROLE {user} PASSWORD {quoted(known.password)};\n"
    else:
        prepare = f"CREATE ROLE {user} LOGIN CREATEDB CREATEROLE PASSWORD {quoted(known.password)};\n"
        prepare += f"GRANT rds_superuser TO {user};\n"
        if database.db_name:
            prepare += f"CREATE DATABASE {identifier(database.db_name)} OWNER {user};\n"
    server = Server(restored.data if restored is not None else None, prepare, lambda: _settings(database))
    server.forced_tls = lambda: values(database.db_parameter_groups()[0]).get("rds.force_ssl") == "1"
    return server


def _settings(database: Any) -> Mapping[str, str]:
    asked = {n: e["ParameterValue"] for n, e in database.db_parameter_groups()[0].parameters.items()}
    return {name: given for name, given in asked.items() if name.startswith(_SERVER_PARAMETERS)}


# --- what an instance tells -------------------------------------------------------------------------------------------


@patch(DBInstance, "address", attribute=True, aws=f"{API}/API_Endpoint.html")
def address(self: Any) -> str:
    """An instance has a name of its own; a real server is on this machine."""
    if of(self).server is not None:
        return HOST
    part = _rds.token(self.account_id, self.region)
    return f"{self.db_instance_identifier}.{part}.{self.region}.rds.amazonaws.com"


@patch(DBInstance, "endpoint", attribute=True, aws=f"{API}/API_Endpoint.html")
def endpoint(self: Any) -> dict[str, Any] | None:
    """The endpoint is told once the instance was created, with the hosted zone of its name."""
    if self.status == "creating":
        return None
    server = of(self).server
    return {
        "Address": self.address,
        "Port": server.front.port if server is not None else self.port,
        "HostedZoneId": "Z24O6O9L7SGTNB",
    }


@patch(DBInstance, "default_db_parameter_group_details", aws=f"{GUIDE}/USER_WorkingWithParamGroups.html")
def default_db_parameter_group_details(original: Any, self: Any) -> tuple[str, str]:
    """The default group of PostgreSQL is named after the major version."""
    if self.engine != "postgres":
        details: tuple[str, str] = original(self)
        return details
    family = f"postgres{self.engine_version.split('.')[0]}"
    return family, f"default.{family}"


@patch(DBInstance, "db_parameter_group_status_list", attribute=True, aws=f"{API}/API_DBParameterGroupStatus.html")
def db_parameter_group_status_list(self: Any) -> list[dict[str, str]]:
    """A group that is new to the instance, or has changed static parameters, is pending-reboot."""
    known = of(self)
    group = self.db_parameter_groups()[0]
    in_sync = known.booted_group in ("", group.name) and (
        not known.booted_group or known.booted_static == static(group)
    )
    status = "in-sync" if in_sync else "pending-reboot"
    return [{"DBParameterGroupName": group.name, "ParameterApplyStatus": status}]


@patch(DBInstance, "latest_restorable_time", attribute=True, aws=f"{GUIDE}/USER_PIT.html")
def latest_restorable_time(self: Any) -> Any:
    """An instance without automated backups cannot be restored to a point in time."""
    from moto.core.utils import utcnow

    return utcnow().replace(microsecond=0) if self.backup_retention_period else None


def _attribute(name: str, anchor: str, behaviour: str) -> None:
    def read(self: Any) -> Any:
        return _PROPERTIES[name](self)

    read.__doc__ = behaviour
    patch(DBInstance, name, added=True, attribute=True, aws=f"{API}/API_{anchor}.html")(read)


_PROPERTIES: dict[str, Callable[[Any], Any]] = {
    "pending_modified_values": lambda self: {_WAITS[k]: v for k, v in of(self).pending.items()},
    "certificate_details": lambda self: {
        "CAIdentifier": self.ca_certificate_identifier,
        "ValidTill": CERTIFICATES.get(self.ca_certificate_identifier),
    },
    "customer_owned_ip_enabled": lambda self: False,
    "activity_stream_status": lambda self: "stopped",
    "backup_target": lambda self: "region",
    "aws_backup_recovery_point_arn": lambda self: of(self).recovery_point,
}
_attribute("pending_modified_values", "PendingModifiedValues", "What was asked and is not applied yet.")
_attribute("certificate_details", "CertificateDetails", "The CA of the instance, and until when its certificate holds.")
_attribute("customer_owned_ip_enabled", "DBInstance", "No customer-owned addresses outside of Outposts.")
_attribute("activity_stream_status", "DBInstance", "No activity stream runs.")
_attribute("backup_target", "DBInstance", "Backups are kept in the region.")
_attribute("aws_backup_recovery_point_arn", "DBInstance", "The continuous backup that AWS Backup keeps of it.")


# --- modify -----------------------------------------------------------------------------------------------------------


@patch(RDSBackend, "modify_db_instance", aws=f"{API}/API_ModifyDBInstance.html")
def modify_db_instance(original: Any, self: Any, db_instance_identifier: str, db_kwargs: Any) -> Any:
    """Changes are checked; what restarts or moves data waits for the window unless it is applied immediately."""
    database = self.describe_db_instances(db_instance_identifier)[0]
    if database.engine != "postgres":
        return original(self, db_instance_identifier=db_instance_identifier, db_kwargs=db_kwargs)
    if database.status not in ("available", "storage-optimization", "storage-full"):
        raise _rds.state(database)
    wanted = {key: given for key, given in dict(db_kwargs).items() if given is not None}
    waits = {key: wanted.pop(key) for key in _WAITS if key in wanted}
    _check_change(self, database, waits, wanted)
    before = {name: getattr(database, name) for name in _EXTRA}
    for name in _EXTRA:
        if name in wanted:
            setattr(database, name, wanted.pop(name))
    if (enabled := wanted.pop("enable_performance_insights", None)) is not None:
        _set_insights(self, database, enabled)
    _rds.check_insights_or(database, lambda: vars(database).update(before))
    if (enabled := wanted.pop("enable_iam_database_authentication", None)) is not None:
        database.enable_iam_database_authentication = enabled
    exports = wanted.pop("cloudwatch_logs_export_configuration", None)
    if exports is not None:
        _set_exports(database, exports)
    immediately = wanted.get("apply_immediately", False)
    rotate = wanted.get("rotate_master_user_password") or wanted.get("manage_master_user_password")
    # moto rotates by asking for a Lambda function, which a managed secret does not have.
    passing = {k: v for k, v in wanted.items() if k != "rotate_master_user_password"}
    original(self, db_instance_identifier=db_instance_identifier, db_kwargs=passing)
    if wanted.get("rotate_master_user_password"):
        _rotate(database)
    elif rotate or wanted.get("master_user_password"):
        _set_password(database, wanted.get("master_user_password") or _managed_password(database) or "")
    if database.storage_type == "gp3" and database.allocated_storage < _rds.GP3_THRESHOLD:
        database.iops, database.storage_throughput = 3000, 125
    current = {key: getattr(database, key) for key in waits}
    changed = {key: given for key, given in waits.items() if given != current[key]}
    for key in waits:
        of(database).pending.pop(key, None)
    of(database).pending.update(changed)
    if of(database).pending:
        delays.schedule(MODIFY_BEGINS if immediately else WINDOW, lambda: _begin(database))
    return database


def _check_change(backend: Any, database: Any, waits: Any, wanted: Mapping[str, Any]) -> None:
    _rds.check_common(wanted)
    _check_backups(database, wanted)
    _rds.check_monitoring_role(backend, wanted.get("monitoring_interval"), wanted.get("monitoring_role_arn"))
    _rds.check_groups(backend, wanted.get("vpc_security_group_ids"))
    if wanted.get("master_user_password") and database.manage_master_user_password:
        raise combination("You can't specify MasterUserPassword for an instance with ManageMasterUserPassword enabled.")
    size = waits.get("allocated_storage")
    if size is not None and size < database.allocated_storage:
        raise combination("Requested storage size cannot be less than the current storage size")
    if size is not None and size > database.allocated_storage and size < database.allocated_storage * 1.1:
        raise value("The allocated storage must be increased by at least 10 percent.")
    if size is not None and size != database.allocated_storage and database.status == "storage-optimization":
        raise combination(
            "You can't currently modify the storage of this DB instance because the previous storage change is "
            "being optimized."
        )
    merged = {
        "allocated_storage": size or database.allocated_storage,
        "storage_type": waits.get("storage_type") or database.storage_type,
        "max_allocated_storage": wanted.get("max_allocated_storage"),
        "iops": waits.get("iops"),
        "storage_throughput": waits.get("storage_throughput"),
    }
    _rds.check_storage("postgres", merged)
    if waits.get("db_instance_class", CLASSES[0]) not in CLASSES:
        raise value(f"Invalid DB Instance class: {waits['db_instance_class']}")
    if "ca_certificate_identifier" in waits and waits["ca_certificate_identifier"] not in CERTIFICATES:
        raise AwsError("CertificateNotFound", f"Certificate not found: {waits['ca_certificate_identifier']}", 404)
    if "engine_version" in waits:
        _check_upgrade(database, waits, wanted)


def _check_backups(database: Any, wanted: Mapping[str, Any]) -> None:
    """What AWS Backup rules, nobody else changes.

    https://docs.aws.amazon.com/aws-backup/latest/devguide/point-in-time-recovery.html
    """
    name, point = database.db_instance_identifier, of(database).recovery_point
    for key, option in (
        ("backup_retention_period", "BackupRetentionPeriod"),
        ("preferred_backup_window", "PreferredBackupWindow"),
    ):
        if point and wanted.get(key, getattr(database, key)) != getattr(database, key):
            raise value(
                f"RDS instance {name} is associated with the following AwsBackupRecoveryPointArn: {point}. "
                f"The {option} can be blank, or you can use the current value, {getattr(database, key)}. "
                "For more details, see the AWS Backup documentation."
            )


def _check_upgrade(database: Any, waits: Any, wanted: Mapping[str, Any]) -> None:
    asked = waits["engine_version"]
    version = full_version(asked)
    if version is None or (version != database.engine_version and version not in upgrades(database.engine_version)):
        raise combination(f"Cannot upgrade postgres from {database.engine_version} to {asked}")
    major = version.split(".")[0] != database.engine_version.split(".")[0]
    if major and not wanted.get("allow_major_version_upgrade"):
        raise combination("The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.")
    waits["engine_version"] = version


def _set_insights(backend: Any, database: Any, enabled: bool) -> None:
    database.performance_insights_enabled = enabled
    if not enabled:
        database.performance_insights_retention_period = database.performance_insights_kms_key_id = None
    else:
        database.performance_insights_retention_period = database.performance_insights_retention_period or 7
        database.performance_insights_kms_key_id = (
            database.performance_insights_kms_key_id or backend._validate_kms_key("alias/aws/rds")
        )


def _set_exports(database: Any, exports: Mapping[str, Any]) -> None:
    # The keys come in moto's spelling or in AWS's.
    names = {key.replace("_", "").lower(): list(given or []) for key, given in dict(exports).items()}
    _rds.check_log_types([*names.get("enablelogtypes", []), *names.get("disablelogtypes", [])])
    kept = [n for n in database.enabled_cloudwatch_logs_exports if n not in names.get("disablelogtypes", [])]
    kept += [name for name in names.get("enablelogtypes", []) if name not in kept]
    database.enabled_cloudwatch_logs_exports = kept


def _begin(database: Any) -> None:
    if of(database).pending and database.status in ("available", "storage-optimization"):
        database.status = "modifying"
        delays.schedule(MODIFYING, lambda: _apply(database))


def _apply(database: Any) -> None:
    if database.status != "modifying":
        return
    known = of(database)
    pending, known.pending = known.pending, {}
    grown = pending.get("allocated_storage", 0) > database.allocated_storage
    for key, given in pending.items():
        setattr(database, key, given)
    if database.storage_type == "gp3" and database.allocated_storage < _rds.GP3_THRESHOLD:
        database.iops, database.storage_throughput = 3000, 125
    if known.server is not None and {"db_instance_class", "engine_version"} & set(pending):
        known.server.restart()
    database.status = "storage-optimization" if grown else "available"
    if "db_instance_class" in pending:
        tell(database, "RDS-EVENT-0014")
    if grown:
        tell(database, "RDS-EVENT-0017")
        delays.schedule(OPTIMIZING, lambda: _available(database))


# --- the master user's password ---------------------------------------------------------------------------------------


def _managed_password(database: Any) -> str | None:
    managed = getattr(database, "master_user_secret", None)
    if managed is None:
        return None
    return str(json.loads(managed.secret.secret_string)["password"])


def _new_password() -> str:
    letters = string.ascii_letters + string.digits + "!#$%&()*+,-.:;<=>?[]^_`{|}~'\\"
    return "".join(randomness.choice(letters) for _ in range(28))


def _set_password(database: Any, password: str) -> None:
    known = of(database)
    known.password = password
    tell(database, "RDS-EVENT-0016")
    if known.server is not None:
        known.server.execute(f"ALTER ROLE {identifier(database.master_username)} PASSWORD {quoted(password)};")


def _rotate(database: Any) -> None:
    """A managed secret has a new current version, and the server its password."""
    managed = database.master_user_secret
    password = _new_password()
    managed.secretsmanager.put_secret_value(
        secret_id=managed.secret.arn,
        secret_string=json.dumps({"username": database.master_username, "password": password}),
        secret_binary="",
        client_request_token="",
        version_stages=["AWSCURRENT"],
    )
    managed._status = "rotating"
    _set_password(database, password)


@patch(MasterUserSecret, "_generate_secret_string", aws=f"{GUIDE}/rds-secrets-manager.html")
def _generate_secret_string(_original: Any, self: Any) -> str:
    """A managed secret holds the master user's name and a password that RDS made up."""
    return json.dumps({"username": self.resource.master_username, "password": _new_password()})


@patch(SecretsManagerBackend, "rotate_secret", aws=f"{GUIDE}/rds-secrets-manager.html")
def rotate_secret(original: Any, self: Any, secret_id: str, **others: Any) -> Any:
    """The secret of a master user is rotated by RDS, without a function."""
    from moto.rds.models import rds_backends

    for database in list(rds_backends[self.account_id][self.region_name].databases.values()):
        managed = getattr(database, "master_user_secret", None)
        if managed is not None and secret_id in (managed.secret.arn, managed.secret.name):
            if others.get("rotate_immediately", True):
                _rotate(database)
            return managed.secret.to_short_dict()
    return original(self, secret_id=secret_id, **others)


# --- start, stop, reboot, delete --------------------------------------------------------------------------------------


@patch(RDSBackend, "reboot_db_instance", aws=f"{API}/API_RebootDBInstance.html")
def reboot_db_instance(original: Any, self: Any, db_instance_identifier: str) -> Any:
    """A reboot ends all sessions and applies static parameters."""
    database = original(self, db_instance_identifier=db_instance_identifier)
    if database.status not in ("available", "storage-optimization"):
        raise _rds.state(database)
    known, group = of(database), database.db_parameter_groups()[0]
    known.booted_group, known.booted_static = group.name, static(group)
    if known.server is not None:
        known.server.restart()
    database.status = "rebooting"
    delays.schedule(REBOOTING, lambda: _available(database, "RDS-EVENT-0006"))
    return database


@patch(RDSBackend, "stop_db_instance", aws=f"{API}/API_StopDBInstance.html")
def stop_db_instance(original: Any, self: Any, **arguments: Any) -> Any:
    """An instance is stopping before it is stopped."""
    database = original(self, **arguments)
    if (server := of(database).server) is not None:
        server.stop()
    database.status = "stopping"
    delays.schedule(STOPPING, lambda: _stopped(database))
    return database


def _stopped(database: Any) -> None:
    database.status = "stopped"
    tell(database, "RDS-EVENT-0087")


@patch(RDSBackend, "start_db_instance", aws=f"{API}/API_StartDBInstance.html")
def start_db_instance(original: Any, self: Any, **arguments: Any) -> Any:
    """An instance is starting before it is available."""
    database = original(self, **arguments)
    if (server := of(database).server) is not None:
        server.start()
    database.status = "starting"
    delays.schedule(STARTING, lambda: _available(database, "RDS-EVENT-0088"))
    return database


@patch(RDSBackend, "delete_db_instance", aws=f"{API}/API_DeleteDBInstance.html")
def delete_db_instance(
    original: Any,
    self: Any,
    db_instance_identifier: str,
    final_db_snapshot_identifier: str | None = None,
    skip_final_snapshot: bool | None = False,
    **others: Any,
) -> Any:
    """A final snapshot is taken or declined in so many words; the instance is deleting before it is gone."""
    name = db_instance_identifier.lower()
    database = self.databases.get(name)
    if database is None or database.engine != "postgres":
        return original(
            self,
            db_instance_identifier=db_instance_identifier,
            final_db_snapshot_identifier=final_db_snapshot_identifier,
            skip_final_snapshot=skip_final_snapshot,
            **others,
        )
    if database.status == "deleting":
        raise _rds.state(database, f"Instance {name} is already being deleted.")
    if skip_final_snapshot and final_db_snapshot_identifier:
        raise combination("FinalDBSnapshotIdentifier can not be specified when skipping the final snapshot.")
    if not skip_final_snapshot and not final_db_snapshot_identifier and not database.is_replica:
        raise combination("FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.")
    if not skip_final_snapshot and database.status == "creating":
        raise _rds.state(database, f"Instance {name} is currently creating - a final snapshot cannot be taken.")
    original(
        self,
        db_instance_identifier=name,
        final_db_snapshot_identifier=final_db_snapshot_identifier,
        skip_final_snapshot=skip_final_snapshot,
        **others,
    )
    self.databases[name] = database
    delays.schedule(DELETING, lambda: _gone(self, database))
    return database


def _gone(backend: Any, database: Any) -> None:
    backend.databases.pop(database.db_instance_identifier, None)
    tell(database, "RDS-EVENT-0003")
    if (server := of(database).server) is not None:
        server.remove()
