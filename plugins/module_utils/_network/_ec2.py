# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the EC2 families share: filters, tags as an attribute, and look-ups inside a VPC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._aws import Aws, AwsError, by_name, tag_list
from .._reconcile import Operation, is_placeholder

Item = Mapping[str, Any]


def filters(wanted: Mapping[str, str | list[str]]) -> list[dict[str, Any]]:
    """``{"vpc-id": "vpc-1"}`` -> ``[{"Name": "vpc-id", "Values": ["vpc-1"]}]``"""
    return [
        {"Name": name, "Values": [value] if isinstance(value, str) else list(value)} for name, value in wanted.items()
    ]


def in_vpc(aws: Aws, operation: str, key: str, vpc_id: str) -> list[Item]:
    """All items of one kind in a VPC; none in a VPC that does not exist yet."""
    if is_placeholder(vpc_id):
        return []
    return aws.pages("ec2", operation, key, Filters=filters({"vpc-id": vpc_id}))


def named_in_vpc(aws: Aws, operation: str, key: str, kind: str, id_key: str, vpc_id: str) -> dict[str, Item]:
    """All items of one kind in a VPC by their Name tag; none in a VPC that does not exist yet."""
    return by_name(in_vpc(aws, operation, key, vpc_id), kind, id_key)


def named_tags(name: str, tags: Mapping[str, str]) -> dict[str, str]:
    """The tags of a resource that EC2 knows by its Name tag."""
    return {**tags, "Name": name}


def call_on_new(aws: Aws, new_id: str, operation: str, **params: Any) -> dict[str, Any]:
    """A call on what this run may have just made, repeated while EC2 does not know ``new_id`` everywhere yet.

    https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html
    """

    def unready(error: AwsError) -> bool:
        return error.code.endswith(".NotFound") and new_id in str(error)

    return aws.once_consistent(lambda: aws.call("ec2", operation, **params), unready)


def retag(aws: Aws, tags: Mapping[str, str]) -> Operation:
    """Puts the wanted tags on the resource; the ``id`` is taken from what is known of it by then."""

    def run(known: dict[str, Any]) -> None:
        call_on_new(aws, known["id"], "create_tags", Resources=[known["id"]], Tags=tag_list(tags))

    return Operation("ec2:CreateTags", run, covers=("tags",))
