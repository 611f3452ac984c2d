# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Reads what a database holds, so that a restored one can be compared with the live one: sizes, never contents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import boto3
import database
import pg8000.native
from database import Settings
from pg8000.native import identifier

SLOWEST_S = 40


def handler(event: Mapping[str, Any], _context: object) -> dict[str, Any]:
    """``event`` names ``host``, ``port``, ``database`` and ``master_secret``.

    Returns ``{"tables": {"public.jobs": 12}, "newest": {"public.jobs.created_at": "2026-..."}, "bytes": 8000000,
    "unreadable": []}``.
    """
    settings = Settings(
        host=event["host"],
        port=int(event["port"]),
        database=event["database"],
        group="",
        users=("", ""),
        master_secret=event["master_secret"],
    )
    with database.administration(boto3.client("secretsmanager"), settings, settings.database) as server:
        return read(server)


def read(server: pg8000.native.Connection) -> dict[str, Any]:
    server.run("SET default_transaction_read_only = on")
    server.run(f"SET statement_timeout = '{SLOWEST_S}s'")
    found = server.run(
        "SELECT n.nspname, c.relname, has_table_privilege(c.oid, 'SELECT') FROM pg_class c "
        "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition "
        "AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' ORDER BY 1, 2"
    )
    moments: dict[tuple[str, str], list[str]] = {}
    for schema, table, column in server.run(
        "SELECT table_schema, table_name, column_name FROM information_schema.columns "
        "WHERE data_type IN ('timestamp with time zone', 'timestamp without time zone') ORDER BY 1, 2, ordinal_position"
    ):
        moments.setdefault((schema, table), []).append(column)
    tables: dict[str, int] = {}
    newest: dict[str, str] = {}
    for schema, table, readable in found:
        if readable:
            columns = moments.get((schema, table), [])
            chosen = "".join(f", max({identifier(column)})" for column in columns)
            where = f"{identifier(schema)}.{identifier(table)}"
            count, *latest = server.run(f"SELECT count(*){chosen} FROM {where}")[0]  # noqa: S608 - quoted identifiers
            tables[f"{schema}.{table}"] = count
            newest |= {
                f"{schema}.{table}.{column}": moment.isoformat()
                for column, moment in zip(columns, latest, strict=True)
                if moment is not None
            }
    return {
        "tables": tables,
        "newest": newest,
        "bytes": server.run("SELECT pg_database_size(current_database())")[0][0],
        "unreadable": [f"{schema}.{table}" for schema, table, readable in found if not readable],
    }
