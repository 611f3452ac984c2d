# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the component ``database`` offers to the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._aws import Aws
from .._rds import instance
from .._rds._common import arn
from .._reconcile import placeholder_id
from .._secrets import containers


def read(aws: Aws, query: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of the stack ``query["name"]``; what does not exist yet has a placeholder.

    ``endpoint`` is one until RDS has made the instance, which takes minutes.
    """
    name = f"{query['name']}-db"
    found = instance.described(aws, name) or {}
    endpoint = found.get("Endpoint") or {}
    secret = (found.get("MasterUserSecret") or {}).get("SecretArn")
    return {
        "instance_id": name,
        "instance_arn": arn(aws, "db", name),
        "endpoint": endpoint.get("Address") or placeholder_id(name),
        "port": endpoint.get("Port") or 5432,
        "database_name": found.get("DBName") or query["name"].split("-")[0],
        "master_secret_arn": secret or aws.arn("secretsmanager", f"secret:{placeholder_id('rds!db')}"),
        "url_secret_arn": _secret_arn(aws, f"{query['name']}/database-url"),
    }


def _secret_arn(aws: Aws, name: str) -> str:
    found = aws.call_or_none("secretsmanager", "describe_secret", containers.MISSING, SecretId=name)
    return found["ARN"] if found else containers.arn(aws, name)
