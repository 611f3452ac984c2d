# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The subnets of a VPC, found by their Name tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network
from itertools import combinations
from typing import Any

from .._aws import Aws, tag_specification, tags_of
from .._reconcile import Operation, PlatformError, Resource, managed_tags, placeholder_id
from ._ec2 import Item, call_on_new, named_in_vpc, named_tags, retag

_IMMUTABLE = "Put the old value back, or add a subnet of another name and move to it what this one holds."


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The listed subnets of the VPC."""
    check_blocks(params["subnets"])
    found = named_in_vpc(aws, "describe_subnets", "Subnets", "subnet", "SubnetId", params["vpc_id"])
    return [_subnet(aws, params, wanted, found.get(wanted["name"])) for wanted in params["subnets"]]


def check_blocks(subnets: Sequence[Mapping[str, Any]]) -> None:
    """Raises L(PlatformError) for a block that AWS would refuse or rewrite, and for two that overlap."""
    blocks = [(subnet["name"], _block(subnet)) for subnet in subnets]
    for (name, block), (other_name, other) in combinations(blocks, 2):
        if block.overlaps(other):
            raise PlatformError(
                f"its cidr_block {block} overlaps {other} of {other_name}.",
                mend="Give each subnet a block of its own.",
                resource=f"subnet/{name}",
            )


def _block(subnet: Mapping[str, Any]) -> IPv4Network:
    try:
        block = IPv4Network(subnet["cidr_block"])
    except ValueError as error:
        raise PlatformError(
            f"cidr_block is not an IPv4 block: {error}.",
            mend="Write its first address and its length, such as 10.0.0.0/24.",
            resource=f"subnet/{subnet['name']}",
        ) from error
    # https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
    if not 16 <= block.prefixlen <= 28:
        raise PlatformError(
            f"cidr_block {block} has a length of /{block.prefixlen}.",
            mend="AWS takes lengths from /16 to /28.",
            resource=f"subnet/{subnet['name']}",
        )
    return block


def _desired(wanted: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    return {
        "cidr_block": wanted["cidr_block"],
        "availability_zone": wanted["availability_zone"],
        "map_public_ip_on_launch": wanted["map_public_ip_on_launch"],
        "tags": dict(tags),
    }


def _normalised(item: Item, tags: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": item["SubnetId"],
        "cidr_block": item["CidrBlock"],
        "availability_zone": item["AvailabilityZone"],
        "map_public_ip_on_launch": item["MapPublicIpOnLaunch"],
        "tags": managed_tags(tags_of(item), tags),
    }


def _subnet(aws: Aws, params: Mapping[str, Any], wanted: Mapping[str, Any], item: Item | None) -> Resource:
    tags = named_tags(wanted["name"], {**params["tags"], **wanted["tags"]})
    maps_public_ip = wanted["map_public_ip_on_launch"]

    def create(_known: dict[str, Any]) -> dict[str, Any]:
        made = aws.create(
            "ec2",
            "create_subnet",
            VpcId=params["vpc_id"],
            CidrBlock=wanted["cidr_block"],
            AvailabilityZone=wanted["availability_zone"],
            TagSpecifications=tag_specification("subnet", tags),
        )
        return {"id": made["Subnet"]["SubnetId"]}

    def map_public_ip(known: dict[str, Any]) -> None:
        subnet_id, value = known["id"], {"Value": maps_public_ip}
        call_on_new(aws, subnet_id, "modify_subnet_attribute", SubnetId=subnet_id, MapPublicIpOnLaunch=value)

    as_made = ("cidr_block", "availability_zone", "tags", *(() if maps_public_ip else ("map_public_ip_on_launch",)))
    return Resource(
        "subnet",
        wanted["name"],
        before=_normalised(item, tags) if item else None,
        after=_desired(wanted, tags) if params["state"] == "present" else None,
        placeholders={"id": placeholder_id("subnet")},
        create=Operation("ec2:CreateSubnet", create, covers=as_made),
        updates=(
            Operation("ec2:ModifySubnetAttribute", map_public_ip, covers=("map_public_ip_on_launch",)),
            retag(aws, tags),
        ),
        delete=Operation("ec2:DeleteSubnet", lambda known: aws.call("ec2", "delete_subnet", SubnetId=known["id"])),
        refuse_on={"cidr_block": _IMMUTABLE, "availability_zone": _IMMUTABLE},
        impacts={"delete": "outage"},
    )
