# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the component ``cache`` offers to the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._aws import Aws
from .._elasticache import replication_group
from .._elasticache._common import find
from .._reconcile import placeholder_id
from .._secrets import containers


def read(aws: Aws, query: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of the stack ``query["name"]``; a stack without a cache has placeholders."""
    name, secret = f"{query['name']}-redis", f"{query['name']}/redis-url"
    item = find(
        aws,
        "describe_replication_groups",
        "ReplicationGroups",
        replication_group.MISSING,
        ReplicationGroupId=name,
    )
    held = aws.call_or_none("secretsmanager", "describe_secret", containers.MISSING, SecretId=secret)
    address, port = (replication_group.endpoint_of(item) if item else None) or (
        replication_group.endpoint_placeholder(name),
        replication_group.PORT,
    )
    return {
        "replication_group_id": name if item else placeholder_id(name),
        "cluster_ids": sorted(item["MemberClusters"]) if item else [],
        "endpoint": address,
        "port": port,
        "url_secret_arn": held["ARN"] if held else containers.arn(aws, secret),
    }
