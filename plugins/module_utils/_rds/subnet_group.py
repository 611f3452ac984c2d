# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A DB subnet group: the subnets in which RDS places its instances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._aws import Aws, tag_list
from .._reconcile import Operation, Resource, managed_tags
from ._common import arn, read_tags, retag

KIND = "db_subnet_group"

_MISSING = ("DBSubnetGroupNotFoundFault",)


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The subnet group named by the options."""
    name = params["name"]
    own_arn = arn(aws, "subgrp", name)
    after = _desired(params) if params["state"] == "present" else None

    def create(_known: dict[str, Any]) -> dict[str, Any]:
        wanted = after or {}
        made = aws.create(
            "rds",
            "create_db_subnet_group",
            DBSubnetGroupName=name,
            DBSubnetGroupDescription=wanted["description"],
            SubnetIds=wanted["subnet_ids"],
            Tags=tag_list(wanted["tags"]),
        )["DBSubnetGroup"]
        return {"arn": own_arn, "vpc_id": made["VpcId"]}

    def modify(_known: dict[str, Any]) -> None:
        wanted = after or {}
        aws.call(
            "rds",
            "modify_db_subnet_group",
            DBSubnetGroupName=name,
            DBSubnetGroupDescription=wanted["description"],
            SubnetIds=wanted["subnet_ids"],
        )

    def delete(_known: dict[str, Any]) -> None:
        aws.call_or_none("rds", "delete_db_subnet_group", _MISSING, DBSubnetGroupName=name)

    return [
        Resource(
            KIND,
            name,
            before=_find(aws, name, params["tags"]),
            after=after,
            placeholders={"arn": own_arn},
            create=Operation("rds:CreateDBSubnetGroup", create),
            updates=(
                Operation("rds:ModifyDBSubnetGroup", modify, covers=("description", "subnet_ids")),
                retag(aws, own_arn, {**params["tags"], "Name": name}),
            ),
            delete=Operation("rds:DeleteDBSubnetGroup", delete),
        )
    ]


def _desired(params: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "description": params["description"] or f"Subnets of {params['name']}",
        "subnet_ids": sorted(params["subnet_ids"]),
        "tags": {**params["tags"], "Name": params["name"]},
    }


def _find(aws: Aws, name: str, tags: Mapping[str, str]) -> dict[str, Any] | None:
    answer = aws.call_or_none("rds", "describe_db_subnet_groups", _MISSING, DBSubnetGroupName=name)
    if not answer:
        return None
    item = answer["DBSubnetGroups"][0]
    return {
        "arn": item["DBSubnetGroupArn"],
        "vpc_id": item["VpcId"],
        "description": item["DBSubnetGroupDescription"],
        "subnet_ids": sorted(subnet["SubnetIdentifier"] for subnet in item["Subnets"]),
        "tags": managed_tags(read_tags(aws, item["DBSubnetGroupArn"]), {**tags, "Name": ""}),
    }
