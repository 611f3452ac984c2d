# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One RDS instance: its size, its copies and windows, and what keeps its data safe.

RDS applies a change at once or in the next maintenance window. What waits for the window counts as done, because it
was asked for; with ``apply_immediately`` what is still waiting is a difference of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from .._aws import Aws, AwsError, tag_list, tags_of
from .._reconcile import Impact, Operation, PlatformError, Refused, Resource, State, managed_tags
from ._common import arn, retag

KIND = "db_instance"
MISSING = ("DBInstanceNotFound", "DBInstanceNotFoundFault")
SIZE_TAG = "AllocatedStorageGib"
"""What was asked for: storage that RDS enlarged by itself is not a wish to shrink it."""

# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html
_SETTLED = ("available", "storage-optimization", "stopped")
_FAILED = {
    "failed": "Restore it from a snapshot under another name; AWS cannot mend it.",
    "inaccessible-encryption-credentials": "Enable its KMS key, then start the instance.",
    "inaccessible-encryption-credentials-recoverable": "Enable its KMS key, then start the instance.",
    "incompatible-network": "Give the subnets free addresses, then start a restore or change the instance.",
    "incompatible-parameters": "Correct the parameter group, then reboot the instance.",
    "incompatible-restore": "Restore again, with the options of the source.",
    "insufficient-capacity": "Choose another class, or try again later.",
    "restore-error": "Restore again, or from another snapshot.",
    "storage-full": "Allocate more storage.",
}
_LEAST_GROWTH = 1.1

# attribute -> the option of ModifyDBInstance
_MODIFY = {
    "auto_minor_version_upgrade": "AutoMinorVersionUpgrade",
    "backup_retention_days": "BackupRetentionPeriod",
    "backup_window": "PreferredBackupWindow",
    "ca_certificate": "CACertificateIdentifier",
    "copy_tags_to_snapshot": "CopyTagsToSnapshot",
    "database_insights_mode": "DatabaseInsightsMode",
    "deletion_protection": "DeletionProtection",
    "engine_version": "EngineVersion",
    "iam_authentication": "EnableIAMDatabaseAuthentication",
    "instance_class": "DBInstanceClass",
    "maintenance_window": "PreferredMaintenanceWindow",
    "max_allocated_storage_gib": "MaxAllocatedStorage",
    "monitoring_interval_s": "MonitoringInterval",
    "monitoring_role_arn": "MonitoringRoleArn",
    "multi_az": "MultiAZ",
    "parameter_group": "DBParameterGroupName",
    "performance_insights": "EnablePerformanceInsights",
    "performance_insights_retention_days": "PerformanceInsightsRetentionPeriod",
    "port": "DBPortNumber",
    "publicly_accessible": "PubliclyAccessible",
    "security_group_ids": "VpcSecurityGroupIds",
    "storage_type": "StorageType",
    "allocated_storage_gib": "AllocatedStorage",
}
_CREATE_NAMES = {"DBPortNumber": "Port"}
# Where AWS wants one, it wants the other.
_TOGETHER = (
    ("database_insights_mode", "performance_insights", "performance_insights_retention_days"),
    ("monitoring_interval_s", "monitoring_role_arn"),
)
# What AWS Backup sets, and RDS then lets nobody else set, once it keeps continuous backups of the instance.
# https://docs.aws.amazon.com/aws-backup/latest/devguide/point-in-time-recovery.html
_BACKED_UP = ("backup_retention_days", "backup_window")
# What PendingModifiedValues calls the attributes.
_PENDING = {
    "AllocatedStorage": "allocated_storage_gib",
    "BackupRetentionPeriod": "backup_retention_days",
    "CACertificateIdentifier": "ca_certificate",
    "DBInstanceClass": "instance_class",
    "EngineVersion": "engine_version",
    "IAMDatabaseAuthenticationEnabled": "iam_authentication",
    "MultiAZ": "multi_az",
    "Port": "port",
    "StorageType": "storage_type",
}
_REFUSALS = {
    "database_name": "Put the old name back; another database is made with SQL.",
    "engine": "Put the old engine back, or make an instance of another name and move the data.",
    "kms_key_arn": "Put the old key back, or copy a snapshot under the new key and restore that under another name.",
    "master_username": "Put the old name back; other users are made with SQL.",
    "storage_encrypted": "Copy a snapshot with a KMS key, and restore the copy under another name.",
    "subnet_group": "Put the old group back and change its subnets, or restore a snapshot into the new one.",
}


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The instance named by the options."""
    name, present = params["name"], params["state"] == "present"
    item = described(aws, name)
    before = _read(item, params) if item else None
    after = _desired(params, before) if present else None
    _refuse(name, before, after, params)
    return [
        Resource(
            KIND,
            name,
            before=before,
            after=after,
            placeholders={"arn": arn(aws, "db", name)},
            create=Operation("rds:CreateDBInstance", _create(aws, name, after or {}, params)),
            updates=_updates(aws, name, before or {}, after, params),
            delete=Operation("rds:DeleteDBInstance", _delete(aws, name, params), settled_only=True),
            refuse_on=_REFUSALS,
            impacts=_impacts(before, after),
            warns=_warning if present else lambda _known: None,
            settling=settling_state if present else busy,
            resume=lambda _known: {"modified": True} if present else {},
        )
    ]


def settling_state(known: State) -> str | None:
    if known["status"] in _FAILED:
        raise PlatformError(f"the instance is {known['status']}.", mend=_FAILED[known["status"]])
    if known.get("applying"):
        return "about to be modified"
    return busy(known)


def busy(known: State) -> str | None:
    return None if known["status"] in (*_SETTLED, *_FAILED) else known["status"]


def _warning(known: State) -> str | None:
    if known.get("parameters_wait"):
        return (
            "parameters that its group changed take effect with a restart, which nothing here does by itself: reboot "
            "it when that suits, with restart_for_parameters (-e database_restart_for_parameters=true)."
        )
    return None


# -- what there is ---------------------------------------------------------------------------------------------------


def described(aws: Aws, name: str) -> Mapping[str, Any] | None:
    """The instance as DescribeDBInstances returns it."""
    answer = aws.call_or_none("rds", "describe_db_instances", MISSING, DBInstanceIdentifier=name)
    return answer["DBInstances"][0] if answer and answer["DBInstances"] else None


def _read(item: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    pending = item.get("PendingModifiedValues") or {}
    group = (item.get("DBParameterGroups") or [{}])[0]
    found = {
        **facts(item),
        "engine": item["Engine"],
        "engine_version": item["EngineVersion"],
        "instance_class": item["DBInstanceClass"],
        "allocated_storage_gib": item["AllocatedStorage"],
        "max_allocated_storage_gib": _limit(item),
        "storage_type": item["StorageType"],
        "storage_encrypted": item["StorageEncrypted"],
        "kms_key_arn": item.get("KmsKeyId") if params["kms_key_arn"] else None,
        "database_name": item.get("DBName"),
        "master_username": item["MasterUsername"],
        "master_password": "managed" if item.get("MasterUserSecret") else "given",
        "multi_az": item["MultiAZ"],
        "subnet_group": (item.get("DBSubnetGroup") or {}).get("DBSubnetGroupName"),
        "security_group_ids": sorted(
            group["VpcSecurityGroupId"] for group in item["VpcSecurityGroups"] if group["Status"] != "removing"
        ),
        "port": (item.get("Endpoint") or {}).get("Port"),
        "parameter_group": group.get("DBParameterGroupName"),
        "parameters_wait": group.get("ParameterApplyStatus") == "pending-reboot",
        "publicly_accessible": item.get("PubliclyAccessible") or False,
        "backup_retention_days": item["BackupRetentionPeriod"],
        "backup_window": item["PreferredBackupWindow"],
        "backup_plan": item.get("AwsBackupRecoveryPointArn"),
        "maintenance_window": item["PreferredMaintenanceWindow"].lower(),
        "copy_tags_to_snapshot": item.get("CopyTagsToSnapshot", False),
        "deletion_protection": item.get("DeletionProtection", False),
        "log_exports": _exports(item),
        "performance_insights": item.get("PerformanceInsightsEnabled", False),
        "performance_insights_retention_days": item.get("PerformanceInsightsRetentionPeriod"),
        "database_insights_mode": item.get("DatabaseInsightsMode") or "standard",
        "monitoring_interval_s": item.get("MonitoringInterval") or 0,
        "monitoring_role_arn": (item.get("MonitoringRoleArn") or None) if item.get("MonitoringInterval") else None,
        "ca_certificate": item.get("CACertificateIdentifier"),
        "iam_authentication": item.get("IAMDatabaseAuthenticationEnabled", False),
        "auto_minor_version_upgrade": item.get("AutoMinorVersionUpgrade", True),
        "tags": managed_tags(tags_of(item, "TagList"), _tags(params)),
    }
    found.update({_PENDING[key]: value for key, value in pending.items() if key in _PENDING})
    waiting = sorted(_PENDING.get(key, key) for key in pending)
    if params["apply_immediately"]:
        # RDS goes on calling an instance available for some seconds after it took a change to be applied immediately.
        found["applying"] = bool(waiting) and params["modified"]
        found["waiting"] = [] if params["modified"] else waiting
    else:
        found["waiting"] = waiting
    return found


def facts(item: Mapping[str, Any]) -> dict[str, Any]:
    """What only AWS knows of an instance: where it is, how it is, and where its master user's password is kept."""
    endpoint = item.get("Endpoint") or {}
    return {
        "arn": item["DBInstanceArn"],
        "resource_id": item["DbiResourceId"],
        "status": item["DBInstanceStatus"],
        "endpoint": endpoint.get("Address"),
        "master_secret_arn": (item.get("MasterUserSecret") or {}).get("SecretArn"),
        "latest_restorable_time": _moment(item.get("LatestRestorableTime")),
    }


def _moment(time: Any) -> str | None:
    return time.isoformat() if time else None


def _limit(item: Mapping[str, Any]) -> int | None:
    """Up to where RDS may enlarge the storage; a limit that is reached already is none."""
    limit = item.get("MaxAllocatedStorage")
    return limit if limit and limit > item["AllocatedStorage"] else None


def _exports(item: Mapping[str, Any]) -> list[str]:
    """With what RDS is about to switch on and off."""
    found = set(item.get("EnabledCloudwatchLogsExports") or ())
    under_way = (item.get("PendingModifiedValues") or {}).get("PendingCloudwatchLogsExports") or {}
    return sorted(
        (found | set(under_way.get("LogTypesToEnable") or ())) - set(under_way.get("LogTypesToDisable") or ())
    )


# -- what there should be --------------------------------------------------------------------------------------------


def _tags(params: Mapping[str, Any]) -> dict[str, str]:
    return {**params["tags"], "Name": params["name"], SIZE_TAG: str(params["allocated_storage_gib"])}


def _desired(params: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    insights = params["performance_insights"]
    desired = {
        "engine": params["engine"],
        "engine_version": _version(params, before),
        "instance_class": params["instance_class"],
        "allocated_storage_gib": _size(params, before),
        "max_allocated_storage_gib": params["max_allocated_storage_gib"],
        "storage_type": params["storage_type"],
        "storage_encrypted": params["storage_encrypted"],
        "kms_key_arn": params["kms_key_arn"],
        "database_name": params["database_name"],
        "master_username": params["master_username"],
        "master_password": "managed",
        "multi_az": params["multi_az"],
        "subnet_group": params["subnet_group"],
        "security_group_ids": sorted(params["security_group_ids"]),
        "port": params["port"],
        "parameter_group": params["parameter_group"],
        "publicly_accessible": params["publicly_accessible"],
        "backup_retention_days": params["backup_retention_days"],
        "backup_window": params["backup_window"],
        "maintenance_window": params["maintenance_window"].lower() if params["maintenance_window"] else None,
        "copy_tags_to_snapshot": params["copy_tags_to_snapshot"],
        "deletion_protection": params["deletion_protection"],
        "log_exports": sorted(params["log_exports"]),
        "performance_insights": insights,
        "performance_insights_retention_days": params["performance_insights_retention_days"] if insights else None,
        "database_insights_mode": params["database_insights_mode"],
        "monitoring_interval_s": params["monitoring_interval_s"],
        "monitoring_role_arn": params["monitoring_role_arn"] if params["monitoring_interval_s"] else None,
        "ca_certificate": params["ca_certificate"],
        "iam_authentication": params["iam_authentication"],
        "auto_minor_version_upgrade": params["auto_minor_version_upgrade"],
        "tags": _tags(params),
    }
    # What is not asked for is AWS's to choose, and not compared.
    optional = (
        *("backup_window", "maintenance_window", "port", "parameter_group", "ca_certificate", "database_name"),
        "deletion_protection",
    )
    desired = {key: value for key, value in desired.items() if value is not None or key not in optional}
    if not before:
        return desired
    if before["backup_plan"]:  # its retention and window are then AWS Backup's
        desired = {key: value for key, value in desired.items() if key not in _BACKED_UP}
    if params["apply_immediately"]:
        desired["waiting"] = []
    if params["restart_for_parameters"]:
        desired["parameters_wait"] = False
    return desired


def _version(params: Mapping[str, Any], before: Mapping[str, Any] | None) -> str:
    """What is asked for, where ``16`` is any 16, and what AWS upgraded by itself stays."""
    asked = str(params["engine_version"])
    if not before:
        return asked
    found = str(before["engine_version"])
    if found == asked or found.startswith(f"{asked}."):
        return found
    newer = _numbers(found) > _numbers(asked)
    same_major = _numbers(found)[0] == _numbers(asked)[0]
    if newer and same_major and params["auto_minor_version_upgrade"]:
        return found
    if newer:
        raise Refused(
            f"engine_version is {found} and should be {asked}, and RDS never goes back.",
            mend="Ask for a version that is not older, or restore a snapshot of the old version under another name.",
            resource=f"{KIND}/{params['name']}",
        )
    if not same_major and not params["allow_major_version_upgrade"]:
        raise Refused(
            f"engine_version is {found} and should be {asked}: a major version, which nothing takes back.",
            mend="Try it with a restored snapshot first. If it is meant, set allow_major_version_upgrade: true.",
            resource=f"{KIND}/{params['name']}",
        )
    return asked


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _size(params: Mapping[str, Any], before: Mapping[str, Any] | None) -> int:
    """What is asked for, or more where RDS enlarged the storage by itself since."""
    asked, found = params["allocated_storage_gib"], before["allocated_storage_gib"] if before else 0
    if not before or found == asked:
        return int(asked)
    resource = f"{KIND}/{params['name']}"
    asked_before = int(before["tags"].get(SIZE_TAG) or found)
    if asked < found and asked >= min(asked_before, found):
        return int(found)
    if asked < found:
        raise Refused(
            f"allocated_storage_gib is {found} and should be {asked}, and the storage of RDS never shrinks.",
            mend=f"Ask for {found}, or move the data to a new, smaller instance with pg_dump.",
            resource=resource,
        )
    if asked < found * _LEAST_GROWTH:
        raise Refused(
            f"allocated_storage_gib is {found} and should be {asked}, and RDS grows by ten percent at least.",
            mend=f"Ask for {int(found * _LEAST_GROWTH) + 1} or more.",
            resource=resource,
        )
    return int(asked)


# -- what is refused, and what hurts ---------------------------------------------------------------------------------


def _refuse(
    name: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, params: Mapping[str, Any]
) -> None:
    if (
        after
        and (after["performance_insights_retention_days"] or 0) < 465
        and after["database_insights_mode"] == "advanced"
    ):
        raise PlatformError(
            "database_insights_mode advanced needs performance_insights, kept for 465 days at least.",
            mend="Set performance_insights_retention_days: 465, or database_insights_mode: standard.",
            resource=f"{KIND}/{name}",
        )
    if not before:
        return
    if after and before["status"] == "deleting":
        raise PlatformError(
            "AWS is still deleting it.",
            mend="Run again in some minutes: it can be made anew once it is gone.",
            resource=f"{KIND}/{name}",
        )
    if not after and before["deletion_protection"] and params["deletion_protection"] is not False:
        raise Refused(
            "deletion protection is on.",
            mend="If the database and its data are to go, set deletion_protection: false beside state: absent.",
            resource=f"{KIND}/{name}",
        )


def _impacts(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> dict[str, Impact]:
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ModifyInstance.Settings.html"""
    impacts: dict[str, Impact] = {
        "delete": "data loss",
        "engine_version": "outage",
        "instance_class": "restart",
        "parameters_wait": "restart",
        "port": "restart",
        "waiting": "restart",
    }
    if before and after:
        if before["deletion_protection"] and not after.get("deletion_protection", True):
            impacts["deletion_protection"] = "data loss"
        days = after.get("backup_retention_days", before["backup_retention_days"])
        if before["backup_retention_days"] > days:
            impacts["backup_retention_days"] = "data loss"
        elif not before["backup_retention_days"] and days:
            impacts["backup_retention_days"] = "outage"
    return impacts


# -- what leads there ------------------------------------------------------------------------------------------------


def _create(
    aws: Aws, name: str, wanted: Mapping[str, Any], params: Mapping[str, Any]
) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def run(_known: dict[str, Any]) -> dict[str, Any]:
        arguments = {_CREATE_NAMES.get(key, key): value for key, value in _arguments(wanted, _MODIFY).items()}
        key = {"KmsKeyId": wanted["kms_key_arn"]} if wanted["kms_key_arn"] else {}
        secret_key = params["master_secret_kms_key_id"]
        call = partial(
            aws.create,
            "rds",
            "create_db_instance",
            DBInstanceIdentifier=name,
            Engine=wanted["engine"],
            StorageEncrypted=wanted["storage_encrypted"],
            **key,
            **({"DBName": wanted["database_name"]} if "database_name" in wanted else {}),
            DBSubnetGroupName=wanted["subnet_group"],
            MasterUsername=wanted["master_username"],
            ManageMasterUserPassword=True,
            **({"MasterUserSecretKmsKeyId": secret_key} if secret_key else {}),
            EnableCloudwatchLogsExports=wanted["log_exports"],
            Tags=tag_list(wanted["tags"]),
            **arguments,
        )
        return facts(aws.once_consistent(call, _role_is_new)["DBInstance"])

    return run


def _role_is_new(error: AwsError) -> bool:
    """RDS cannot assume the monitoring role yet, which was made a moment ago."""
    return error.code == "InvalidParameterValue" and "ENHANCED_MONITORING" in str(error)


def _arguments(wanted: Mapping[str, Any], attributes: Mapping[str, str]) -> dict[str, Any]:
    """Options of AWS for the attributes; those without a value are left to AWS."""
    return {option: wanted[key] for key, option in attributes.items() if wanted.get(key) is not None}


def _updates(
    aws: Aws, name: str, before: Mapping[str, Any], after: Mapping[str, Any] | None, params: Mapping[str, Any]
) -> tuple[Operation, ...]:
    if after is None:
        return ()

    def modify(_known: dict[str, Any]) -> dict[str, Any]:
        arguments = _modification(before, after, params)
        call = partial(
            aws.call,
            "rds",
            "modify_db_instance",
            DBInstanceIdentifier=name,
            ApplyImmediately=params["apply_immediately"],
            **arguments,
        )
        answer = aws.once_consistent(call, _role_is_new)["DBInstance"]
        applied_later = params["apply_immediately"] and bool(answer.get("PendingModifiedValues"))
        return {**facts(answer), "applying": applied_later}

    def restart(_known: dict[str, Any]) -> dict[str, Any]:
        answer = aws.call("rds", "reboot_db_instance", DBInstanceIdentifier=name)["DBInstance"]
        return {**facts(answer), "parameters_wait": False}

    covers = (*_MODIFY, "log_exports", "master_password", "waiting")
    return (
        Operation("rds:ModifyDBInstance", modify, covers=covers, settled_only=True),
        retag(aws, before.get("arn") or arn(aws, "db", name), after["tags"]),
        Operation("rds:RebootDBInstance", restart, covers=("parameters_wait",), settled_only=True),
    )


def _modification(before: Mapping[str, Any], after: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """Only what differs: to repeat the rest would apply what others left waiting."""
    differing = {key for key in after if after[key] != before.get(key)}
    changed = differing & set(_MODIFY)
    for group in _TOGETHER:
        if changed & set(group):
            changed |= set(group)
    changed |= {key for key in before.get("waiting", ()) if key in _MODIFY and params["apply_immediately"]}
    arguments = _arguments(after, {key: _MODIFY[key] for key in sorted(changed)})
    if "max_allocated_storage_gib" in changed and after["max_allocated_storage_gib"] is None:
        arguments["MaxAllocatedStorage"] = after["allocated_storage_gib"]  # which switches autoscaling off
    if "engine_version" in changed and params["allow_major_version_upgrade"]:
        arguments["AllowMajorVersionUpgrade"] = True
    if "master_password" in differing:
        key = params["master_secret_kms_key_id"]
        arguments |= {"ManageMasterUserPassword": True, **({"MasterUserSecretKmsKeyId": key} if key else {})}
    found, wanted = set(before["log_exports"]), set(after["log_exports"])
    if found != wanted:
        arguments["CloudwatchLogsExportConfiguration"] = {
            "EnableLogTypes": sorted(wanted - found),
            "DisableLogTypes": sorted(found - wanted),
        }
    return arguments


def final_snapshot_name(name: str, resource_id: str) -> str:
    """The same for the same instance however often its deletion is begun, and never that of a later one."""
    return f"{name}-final-{resource_id.rpartition('-')[2].lower()}"


def _delete(aws: Aws, name: str, params: Mapping[str, Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def run(known: dict[str, Any]) -> dict[str, Any]:
        if known["deletion_protection"]:  # asked for in as many words, or it would have been refused
            aws.call(
                "rds",
                "modify_db_instance",
                DBInstanceIdentifier=name,
                DeletionProtection=False,
                ApplyImmediately=True,
            )
        # The automated backups of an instance with a final snapshot stay until their retention ends, too.
        keep = {
            "FinalDBSnapshotIdentifier": final_snapshot_name(name, known["resource_id"]),
            "DeleteAutomatedBackups": False,
        }
        last_word = keep if params["final_snapshot"] else {"SkipFinalSnapshot": True}
        try:
            aws.call("rds", "delete_db_instance", DBInstanceIdentifier=name, **last_word)
        except AwsError as error:
            if error.code not in (*MISSING, "InvalidDBInstanceState", "InvalidDBInstanceStateFault"):
                raise
            return {"status": "changing"}  # the next call of the module looks again
        return {"status": "deleting"}

    return run
