"""What the extensions of RDS share: the state that they keep of an instance, its checks, and its errors."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.postgresql import Server
from emulator.protocol import AwsError

API = "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference"
GUIDE = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide"

GP3_THRESHOLD = 400
"""GiB from which on gp3 of PostgreSQL takes IOPS and throughput: CHAP_Storage.html#gp3-storage"""
LOG_TYPES = ("postgresql", "upgrade", "iam-db-auth-error")
_PI_RETENTION = {7, 731, *(31 * months for months in range(1, 24))}


@dataclass
class Instance:
    """What the emulator knows of a DBInstance beside moto's attributes."""

    server: Server | None = None
    password: str = ""
    pending: dict[str, Any] = field(default_factory=dict)
    booted_group: str = ""
    booted_static: dict[str, str] = field(default_factory=dict)
    # Of the continuous backup that AWS Backup keeps of it.
    recovery_point: str | None = None


def of(database: Any) -> Instance:
    """The emulator's own knowledge of an instance."""
    known: Instance = vars(database).setdefault("_emulator", Instance())
    return known


def combination(message: str) -> AwsError:
    return AwsError("InvalidParameterCombination", message)


def value(message: str) -> AwsError:
    return AwsError("InvalidParameterValue", message)


def state(database: Any, message: str = "Database instance is not in available state.") -> AwsError:
    return AwsError("InvalidDBInstanceState", message)


def token(*parts: str) -> str:
    """Twelve letters and digits that are always the same for the same things."""
    return hashlib.sha256(":".join(parts).encode()).hexdigest()[:12]


def check_storage(engine: str, wanted: Mapping[str, Any]) -> None:
    """Sizes, IOPS and throughput as CHAP_Storage.html bounds them for PostgreSQL."""
    if not engine.startswith("postgres"):
        return
    size, kind = wanted.get("allocated_storage"), wanted.get("storage_type") or "gp2"
    smallest = {"gp2": 20, "gp3": 20, "io1": 100, "io2": 100, "standard": 5}.get(kind)
    if smallest is None:
        raise value(f"Invalid storage type: {kind}")
    if size is not None and not smallest <= size <= 65536:
        raise value(f"Invalid storage size for engine name postgres and storage type {kind}: {size}")
    small = kind == "gp3" and size is not None and size < GP3_THRESHOLD
    if small and (wanted.get("iops") or wanted.get("storage_throughput")):
        raise combination(
            "You can't specify IOPS or storage throughput for engine postgres and a storage size less than "
            f"{GP3_THRESHOLD}."
        )
    largest = wanted.get("max_allocated_storage")
    if largest and size is not None and largest != size and largest < size * 1.1:
        raise combination(f"Invalid max storage size for engine name postgres and storage type {kind}: {largest}")


def check_common(wanted: Mapping[str, Any]) -> None:
    """What CreateDBInstance and ModifyDBInstance check alike."""
    retention = wanted.get("backup_retention_period")
    if retention is not None and not 0 <= retention <= 35:
        raise value(f"Invalid backup retention period: {retention}. Retention period must be between 0 and 35.")
    interval = wanted.get("monitoring_interval")
    if interval is not None and interval not in (0, 1, 5, 10, 15, 30, 60):
        raise value(f"Invalid monitoring interval: {interval}. It must be one of 0, 1, 5, 10, 15, 30, 60.")
    kept = wanted.get("performance_insights_retention_period")
    if kept is not None and kept not in _PI_RETENTION and kept != 465:
        raise value(f"Invalid Performance Insights retention period: {kept}.")
    password = wanted.get("master_user_password")
    if password is not None:
        if wanted.get("manage_master_user_password"):
            raise combination(
                "You can't specify MasterUserPassword for an instance with ManageMasterUserPassword enabled."
            )
        if not 8 <= len(password) <= 128 or re.search(r"[/@\" ]", password):
            raise value(
                "The parameter MasterUserPassword is not a valid password. Only printable ASCII characters besides "
                "'/', '@', '\"', ' ' may be used."
            )


def check_monitoring_role(backend: Any, interval: int | None, arn: str | None) -> None:
    """RDS assumes the role of enhanced monitoring right away: USER_Monitoring.OS.Enabling.html"""
    if not interval:
        return
    from moto.iam.models import iam_backends

    roles = iam_backends[backend.account_id]["aws"].roles.values()
    documents = [role.assume_role_policy_document for role in roles if role.arn == arn]
    if not any("monitoring.rds.amazonaws.com" in document for document in documents):
        raise value(
            "IAM role ARN value is invalid or does not include the required permissions for: ENHANCED_MONITORING"
        )


def check_insights_or(database: Any, undo: Callable[[], Any]) -> None:
    """Database Insights and Performance Insights go together: USER_DatabaseInsights.html"""
    advanced = database.database_insights_mode == "advanced"
    if advanced and not (
        database.performance_insights_enabled and (database.performance_insights_retention_period or 0) >= 465
    ):
        undo()
        raise combination(
            "To enable the Advanced mode of Database Insights, enable Performance Insights and set the retention "
            "period to at least 465 days."
        )


def check_log_types(types: Any) -> None:
    unknown = sorted(set(types or []) - set(LOG_TYPES))
    if unknown:
        raise combination(
            f"You cannot use the log types '{', '.join(unknown)}' with engine version postgres. "
            "For supported log types, see the documentation."
        )


def check_groups(backend: Any, group_ids: Any) -> None:
    if not group_ids:
        return
    from moto.ec2.models import ec2_backends

    ec2 = ec2_backends[backend.account_id][backend.region_name]
    known = {group.id for groups in ec2.groups.values() for group in groups.values()}
    for group_id in group_ids:
        if group_id not in known:
            raise value(f"Invalid security group , groupId= {group_id}, groupName=.")
