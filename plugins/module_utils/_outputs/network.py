# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the component ``network`` offers to the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .._aws import Aws, by_name, tags_of
from .._network._ec2 import Item, filters, in_vpc
from .._network.vpc import find_vpc
from .._reconcile import placeholder_id

SECURITY_GROUPS = ("alb", "service", "functions", "database", "cache", "endpoints")


def read(aws: Aws, query: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of the stack ``query["name"]``.

    What does not exist yet has a placeholder; ``query["availability_zones"]`` says how many subnets and private route
    tables that makes. Lists are in the order of the zones. ``nat_public_ips`` are the addresses that the internet sees,
    an empty list while there are none; so are ``nat_gateway_ids``, in the order of their names, and ``nat_instance_id``
    is empty.
    """
    name = query["name"]
    vpc = find_vpc(aws, name)
    vpc_id = vpc["VpcId"] if vpc else placeholder_id("vpc")
    subnets, tables, groups, nat_gateways, addresses, instances = aws.gather(
        (
            lambda: in_vpc(aws, "describe_subnets", "Subnets", vpc_id),
            lambda: in_vpc(aws, "describe_route_tables", "RouteTables", vpc_id),
            lambda: in_vpc(aws, "describe_security_groups", "SecurityGroups", vpc_id),
            lambda: _nat_gateways(aws, vpc_id) if vpc else [],
            lambda: aws.pages("ec2", "describe_addresses", "Addresses", Filters=filters({"tag:Name": f"{name}-nat*"})),
            lambda: _nat_instances(aws, f"{name}-nat-instance") if vpc else [],
        )
    )
    public, private = (subnets_of(subnets, f"{name}-{tier}-") for tier in ("public", "private"))
    zones = list(query["availability_zones"]) or list(public)
    named_tables = by_name(tables, "route_table", "RouteTableId")
    private_tables = [f"{name}-private-{zone[-2:]}" for zone in zones]
    group_ids = {group["GroupName"]: group["GroupId"] for group in groups}
    return {
        "vpc_id": vpc_id,
        "vpc_cidr": vpc["CidrBlock"] if vpc else placeholder_id("cidr"),
        "availability_zones": zones,
        "public_subnet_ids": [public.get(zone, placeholder_id("subnet")) for zone in zones],
        "private_subnet_ids": [private.get(zone, placeholder_id("subnet")) for zone in zones],
        "public_route_table_id": _id(named_tables.get(f"{name}-public"), "RouteTableId", "rtb"),
        "private_route_table_ids": [_id(named_tables.get(table), "RouteTableId", "rtb") for table in private_tables],
        "security_group_ids": {
            group: group_ids.get(f"{name}-{group}", placeholder_id("sg")) for group in SECURITY_GROUPS
        },
        "nat_public_ips": public_ips(nat_gateways, addresses),
        "nat_gateway_ids": [item["NatGatewayId"] for item in sorted(nat_gateways, key=_name)],
        "nat_instance_id": instances[0] if instances else "",
    }


def subnets_of(subnets: Sequence[Item], prefix: str) -> dict[str, str]:
    """The subnets whose names begin so: zone -> id, in the order of the zones."""
    found = {item["AvailabilityZone"]: item["SubnetId"] for item in subnets if _name(item).startswith(prefix)}
    return dict(sorted(found.items()))


def public_ips(nat_gateways: Sequence[Item], addresses: Sequence[Item]) -> list[str]:
    """The addresses of NAT gateways, regional ones too (AWS gives them addresses of its own), and of instances."""
    of_gateways = {
        address["PublicIp"]
        for gateway in nat_gateways
        for address in gateway.get("NatGatewayAddresses") or ()
        if address.get("PublicIp")
    }
    return sorted(of_gateways | {address["PublicIp"] for address in addresses})


def _nat_gateways(aws: Aws, vpc_id: str) -> list[Item]:
    serving = filters({"vpc-id": vpc_id, "state": ["pending", "available"]})
    return aws.pages("ec2", "describe_nat_gateways", "NatGateways", Filter=serving)


def _nat_instances(aws: Aws, name: str) -> list[str]:
    living = filters({"tag:Name": name, "instance-state-name": ["pending", "running"]})
    found = aws.pages("ec2", "describe_instances", "Reservations", Filters=living)
    return [item["InstanceId"] for reservation in found for item in reservation["Instances"]]


def _id(item: Item | None, key: str, prefix: str) -> str:
    return item[key] if item else placeholder_id(prefix)


def _name(item: Item) -> str:
    return tags_of(item).get("Name", "")
