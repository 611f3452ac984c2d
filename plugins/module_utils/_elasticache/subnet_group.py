# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A cache subnet group: the subnets that caches may stand in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._aws import Aws, tag_list
from .._reconcile import Operation, Resource, managed_tags
from ._common import arn, find, read_tags, tagging, unless_made

MISSING = "CacheSubnetGroupNotFoundFault"


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The subnet group named by the options."""
    name = params["name"]
    tags = {**params["tags"], "Name": name}
    wanted = {"description": params["description"], "subnet_ids": sorted(params["subnet_ids"])}
    request = {
        "CacheSubnetGroupName": name,
        "CacheSubnetGroupDescription": wanted["description"],
        "SubnetIds": wanted["subnet_ids"],
    }

    def create(_known: dict[str, Any]) -> None:
        unless_made(aws, "CacheSubnetGroupAlreadyExists", "create_cache_subnet_group", **request, Tags=tag_list(tags))

    def modify(_known: dict[str, Any]) -> None:
        aws.call("elasticache", "modify_cache_subnet_group", **request)

    def delete(_known: dict[str, Any]) -> None:
        aws.call_or_none("elasticache", "delete_cache_subnet_group", (MISSING,), CacheSubnetGroupName=name)

    return [
        Resource(
            "cache_subnet_group",
            name,
            before=_read(aws, name, tags),
            after={**wanted, "tags": tags} if params["state"] == "present" else None,
            placeholders={"arn": arn(aws, "subnetgroup", name)},
            create=Operation("elasticache:CreateCacheSubnetGroup", create),
            updates=(
                Operation("elasticache:ModifyCacheSubnetGroup", modify, covers=("description", "subnet_ids")),
                tagging(aws, arn(aws, "subnetgroup", name), tags),
            ),
            delete=Operation("elasticache:DeleteCacheSubnetGroup", delete),
        )
    ]


def _read(aws: Aws, name: str, tags: Mapping[str, str]) -> dict[str, Any] | None:
    item = find(aws, "describe_cache_subnet_groups", "CacheSubnetGroups", MISSING, CacheSubnetGroupName=name)
    if item is None:
        return None
    return {
        "arn": item["ARN"],
        "vpc_id": item["VpcId"],
        "description": item["CacheSubnetGroupDescription"],
        "subnet_ids": sorted(subnet["SubnetIdentifier"] for subnet in item["Subnets"]),
        "tags": managed_tags(read_tags(aws, item["ARN"]), tags),
    }
