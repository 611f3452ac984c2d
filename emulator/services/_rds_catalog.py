"""What RDS for PostgreSQL offers: versions, classes, certificates, and the parameters of a family."""

from __future__ import annotations

import datetime as dt
import functools
import subprocess
from typing import Any

# https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-versions.html
VERSIONS = {
    "15": ("15.14", "15.15", "15.16"),
    "16": ("16.9", "16.10", "16.11", "16.12"),
    "17": ("17.6", "17.7", "17.8"),
}
CLASSES = tuple(
    f"db.{family}.{size}"
    for family, sizes in {
        "t3": "micro small medium large xlarge 2xlarge",
        "t4g": "micro small medium large xlarge 2xlarge",
        "m6g": "large xlarge 2xlarge 4xlarge",
        "m7g": "large xlarge 2xlarge 4xlarge",
        "r6g": "large xlarge 2xlarge 4xlarge",
        "r7g": "large xlarge 2xlarge 4xlarge",
    }.items()
    for size in sizes.split()
)
DEFAULT_CERTIFICATE = "rds-ca-rsa2048-g1"
CERTIFICATES = {
    "rds-ca-rsa2048-g1": dt.datetime(2061, 5, 26, tzinfo=dt.UTC),
    "rds-ca-rsa4096-g1": dt.datetime(2121, 5, 26, tzinfo=dt.UTC),
    "rds-ca-ecc384-g1": dt.datetime(2121, 5, 26, tzinfo=dt.UTC),
}


def full_version(asked: str | None) -> str | None:
    """`16` is the newest 16 that RDS offers, `16.9` itself; None for a version that it does not offer."""
    wanted = asked or "17"
    if wanted in VERSIONS:
        return VERSIONS[wanted][-1]
    return wanted if any(wanted in minors for minors in VERSIONS.values()) else None


def upgrades(version: str) -> list[str]:
    """Every newer minor, and every newer major's versions."""
    everything = [minor for minors in VERSIONS.values() for minor in minors]
    return [v for v in everything if _number(v) > _number(version)]


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Parameters.html
# name: (value or None, type, allowed values, static, modifiable)
_RDS: dict[str, tuple[str | None, str, str, bool, bool]] = {
    "auto_explain.log_min_duration": (None, "integer", "-1-2147483647", False, True),
    "autovacuum_max_workers": ("GREATEST({DBInstanceClassMemory/64371566592},3)", "integer", "1-262143", True, True),
    "effective_cache_size": ("{DBInstanceClassMemory/16384}", "integer", "1-2147483647", False, True),
    "log_autovacuum_min_duration": ("10000", "integer", "-1-2147483647", False, True),
    "log_checkpoints": ("1", "boolean", "0,1", False, True),
    "log_connections": (None, "boolean", "0,1", False, True),
    "log_disconnections": (None, "boolean", "0,1", False, True),
    "log_lock_waits": (None, "boolean", "0,1", False, True),
    "log_min_duration_statement": (None, "integer", "-1-2147483647", False, True),
    "log_statement": (None, "string", "none,ddl,mod,all", False, True),
    "log_temp_files": (None, "integer", "-1-2147483647", False, True),
    "max_connections": ("LEAST({DBInstanceClassMemory/9531392},5000)", "integer", "6-8388607", True, True),
    "password_encryption": (None, "string", "md5,scram-sha-256", False, True),
    "pg_stat_statements.max": (None, "integer", "100-2147483647", True, True),
    "pg_stat_statements.track": ("top", "string", "none,top,all", False, True),
    "rds.accepted_password_auth_method": ("md5+scram", "string", "md5+scram,scram", False, True),
    "rds.extensions": ("pg_stat_statements,pgcrypto,vector", "string", "", True, False),
    "rds.force_autovacuum_logging_level": ("warning", "string", "debug5,debug1,info,notice,warning", False, True),
    "rds.force_ssl": ("1", "boolean", "0,1", False, True),
    "rds.log_retention_period": ("4320", "integer", "1440-10080", False, True),
    "rds.logical_replication": ("0", "boolean", "0,1", True, True),
    "rds.restrict_password_commands": (None, "boolean", "0,1", True, True),
    "shared_buffers": ("{DBInstanceClassMemory/32768}", "integer", "16-1073741823", True, True),
    "shared_preload_libraries": (
        "pg_stat_statements",
        "list",
        "auto_explain,pgaudit,pg_bigm,pg_cron,pg_hint_plan,pg_prewarm,pg_stat_statements,pg_tle,plrust,wal2json",
        True,
        True,
    ),
    "ssl": ("1", "boolean", "0,1", True, False),
    "ssl_min_protocol_version": (None, "string", "TLSv1.2,TLSv1.3", False, True),
    "track_activity_query_size": ("4096", "integer", "100-1048576", True, True),
    "track_io_timing": ("1", "boolean", "0,1", False, True),
}
_FIXED = frozenset(
    {
        *("archive_command", "config_file", "data_directory", "fsync", "hba_file", "ident_file", "listen_addresses"),
        *("log_directory", "log_line_prefix", "port", "ssl_ca_file", "ssl_cert_file", "ssl_key_file"),
        *("unix_socket_directories", "wal_level"),
    }
)
_TYPES = {"BOOLEAN": "boolean", "INTEGER": "integer", "REAL": "float", "STRING": "string", "ENUM": "string"}


@functools.cache
def parameters() -> dict[str, dict[str, Any]]:
    """Every parameter of family postgres16 in the spelling of DescribeDBParameters, at its default."""
    listed = {name: _entry(name, "", *row) for name, row in _RDS.items()}
    for line in _described():
        name, context, _, kind, _, least, most, about = (line.split("\t") + [""] * 8)[:8]
        if name not in listed and context != "internal":
            allowed = "0,1" if kind == "BOOLEAN" else f"{least}-{most}" if least and most else ""
            static = context == "postmaster"
            listed[name] = _entry(name, about, None, _TYPES[kind], allowed, static, name not in _FIXED)
    return dict(sorted(listed.items()))


def _described() -> list[str]:
    try:
        from emulator.postgresql import servers

        program = servers.program("postgres")
    except ImportError:
        return []
    described = subprocess.run([program, "--describe-config"], check=True, capture_output=True, text=True)
    return described.stdout.splitlines()


def _entry(
    name: str, about: str, default: str | None, kind: str, allowed: str, static: bool, modifiable: bool
) -> dict[str, Any]:
    return {
        "ParameterName": name,
        **({} if default is None else {"ParameterValue": default}),
        "Description": about or name,
        "Source": "engine-default" if default is None else "system",
        "ApplyType": "static" if static else "dynamic",
        "DataType": kind,
        **({"AllowedValues": allowed} if allowed else {}),
        "IsModifiable": modifiable,
        "ApplyMethod": "pending-reboot",
    }
