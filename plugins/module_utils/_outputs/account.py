# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the component ``account`` offers to the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._aws import Aws
from .._dynamodb import table
from .._ecr import repository
from .._ecs import container_insights
from .._reconcile import placeholder_id
from .._route53 import zone
from .._s3 import bucket


def read(aws: Aws, query: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs; ``query["account"]`` names the ``state_bucket``, the ``lock_table`` and the ``ecr_repository``.

    With ``hosted_zone``, the id and the name servers of that zone are among them.
    A bucket or table that does not exist yet has a placeholder for its name, so that nobody writes to one by mistake.
    A repository's URI and ARN follow from its name alone.
    """
    names = query["account"]
    has_bucket, has_table, insights = aws.gather(
        (
            lambda: bucket.exists(aws, names["state_bucket"]),
            lambda: table.described(aws, names["lock_table"]) is not None,
            lambda: container_insights.account_default(aws),
        )
    )
    state_bucket = names["state_bucket"] if has_bucket else placeholder_id(names["state_bucket"])
    lock_table = names["lock_table"] if has_table else placeholder_id(names["lock_table"])
    return {
        **_zone(aws, names["hosted_zone"]),
        "account_id": aws.account_id,
        "region": aws.region,
        "state_bucket": state_bucket,
        "state_bucket_arn": bucket.arn(aws, state_bucket),
        "lock_table": lock_table,
        "lock_table_arn": table.arn(aws, lock_table),
        "container_insights": insights,
        "ecr_repository_uri": repository.repository_uri(aws, names["ecr_repository"]),
        "ecr_repository_arn": repository.repository_arn(aws, names["ecr_repository"]),
    }


def _zone(aws: Aws, name: str | None) -> dict[str, Any]:
    """Empty outputs of an account that answers for no domain."""
    zone_id = zone.find(aws, name) if name else None
    return {
        "hosted_zone_id": zone_id or (zone.PLACEHOLDER if name else ""),
        "hosted_zone_name_servers": zone.read_name_servers(aws, zone_id) if zone_id else [],
    }
