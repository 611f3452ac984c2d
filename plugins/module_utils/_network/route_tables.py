# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The route tables of a VPC, found by their Name tags, with their routes and the subnets that use them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from typing import Any

from .._aws import Aws, by_name, tag_specification, tags_of
from .._reconcile import Impact, Operation, PlatformError, Resource, is_placeholder, managed_tags, placeholder_id
from ._ec2 import Item, call_on_new, in_vpc, named_tags, retag

# Subnet id -> (association id, route table id)
Associations = Mapping[str, tuple[str, str]]

# Option of ours -> key of CreateRoute, ReplaceRoute and of a described route. A route to a network interface is
# described with its instance too, which is why the order matters when one is read.
TARGETS = {
    "gateway_id": "GatewayId",
    "nat_gateway_id": "NatGatewayId",
    "network_interface_id": "NetworkInterfaceId",
    "egress_only_internet_gateway_id": "EgressOnlyInternetGatewayId",
    "transit_gateway_id": "TransitGatewayId",
    "vpc_peering_connection_id": "VpcPeeringConnectionId",
}
_OTHER_TARGETS = ("CarrierGatewayId", "CoreNetworkArn", "InstanceId", "LocalGatewayId", "OdbNetworkArn")
_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The listed route tables of the VPC."""
    _check_routes(params["tables"])
    _check_subnets(params["tables"])
    described = in_vpc(aws, "describe_route_tables", "RouteTables", params["vpc_id"])
    found = by_name(described, "route_table", "RouteTableId")
    associations = explicit_associations(described)
    spoken_for = {subnet_id for table in params["tables"] for subnet_id in table["subnet_ids"]}
    return [
        _table(aws, params, wanted, found.get(wanted["name"]), associations, spoken_for) for wanted in params["tables"]
    ]


# -- options ---------------------------------------------------------------------------------------------------------


def destination(route: Mapping[str, Any]) -> str:
    """The destination as AWS stores it: ``10.1.2.3/16`` becomes ``10.1.0.0/16``; a prefix list keeps its id."""
    text = route["destination"]
    return text if text.startswith("pl-") else str(ip_network(text, strict=False))


def target(route: Mapping[str, Any]) -> tuple[str, str]:
    """The key and the id of a route option's target; the module sees to it that there is one and only one."""
    return next((key, route[option]) for option, key in TARGETS.items() if route.get(option))


def _check_routes(tables: Iterable[Mapping[str, Any]]) -> None:
    for table in tables:
        seen: set[str] = set()
        for route in table["routes"]:
            try:
                where = destination(route)
            except ValueError as error:
                raise PlatformError(
                    f"a route's destination is neither a CIDR block nor a prefix list: {error}.",
                    mend="Write it as 0.0.0.0/0, ::/0 or pl-0123456789abcdef0.",
                    resource=f"route_table/{table['name']}",
                ) from error
            if where in seen:
                raise PlatformError(
                    f"two routes lead to {where}.",
                    mend="Keep one of the two.",
                    resource=f"route_table/{table['name']}",
                )
            seen.add(where)


def _check_subnets(tables: Iterable[Mapping[str, Any]]) -> None:
    users: dict[str, str] = {}
    for table in tables:
        for subnet_id in table["subnet_ids"]:
            if not is_placeholder(subnet_id) and users.setdefault(subnet_id, table["name"]) != table["name"]:
                raise PlatformError(
                    f"{subnet_id} is given to {users[subnet_id]} too.",
                    mend="A subnet uses one route table: name it once.",
                    resource=f"route_table/{table['name']}",
                )


# -- reading ---------------------------------------------------------------------------------------------------------


def explicit_associations(tables: Iterable[Item]) -> dict[str, tuple[str, str]]:
    """Which table each subnet was given to; subnets that were given to none use the main table and are not in it."""
    return {
        association["SubnetId"]: (association["RouteTableAssociationId"], table["RouteTableId"])
        for table in tables
        for association in table.get("Associations") or ()
        if association.get("SubnetId") and association.get("AssociationState", {}).get("State") != "disassociated"
    }


def normalised_routes(item: Item) -> dict[str, str]:
    """Destination -> target of the routes that people make.

    Left out are the VPC's own (``local``), those of gateway endpoints, which come and go with the endpoint, and those
    that a virtual private gateway propagates.
    """
    return {
        next(route[key] for key in _DESTINATIONS if route.get(key)): _described_target(route)
        for route in item.get("Routes") or ()
        if not _is_made_by_aws(route)
    }


def _is_made_by_aws(route: Mapping[str, Any]) -> bool:
    gateway = route.get("GatewayId") or ""
    return (
        gateway == "local"
        or (gateway.startswith("vpce-") and bool(route.get("DestinationPrefixListId")))
        or route.get("Origin") == "EnableVgwRoutePropagation"
    )


def _described_target(route: Mapping[str, Any]) -> str:
    return next((route[key] for key in (*TARGETS.values(), *_OTHER_TARGETS) if route.get(key)), "nothing")


def _normalised(item: Item, associations: Associations, tags: Mapping[str, str]) -> dict[str, Any]:
    table_id = item["RouteTableId"]
    return {
        "id": table_id,
        "routes": normalised_routes(item),
        "subnet_ids": sorted(subnet_id for subnet_id, (_id, used) in associations.items() if used == table_id),
        "tags": managed_tags(tags_of(item), tags),
    }


def _desired(wanted: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    return {
        "routes": {destination(route): target(route)[1] for route in wanted["routes"]},
        "subnet_ids": sorted(wanted["subnet_ids"]),
        "tags": dict(tags),
    }


# -- the resource ----------------------------------------------------------------------------------------------------


def _table(
    aws: Aws,
    params: Mapping[str, Any],
    wanted: Mapping[str, Any],
    item: Item | None,
    associations: Associations,
    spoken_for: set[str],
) -> Resource:
    tags = named_tags(wanted["name"], params["tags"])
    before = _normalised(item, associations, tags) if item else None
    after = _desired(wanted, tags)

    def create(_known: dict[str, Any]) -> dict[str, Any]:
        made = aws.call(
            "ec2",
            "create_route_table",
            VpcId=params["vpc_id"],
            TagSpecifications=tag_specification("route-table", tags),
        )
        return {"id": made["RouteTable"]["RouteTableId"]}

    def route(known: dict[str, Any]) -> None:
        _set_routes(aws, known["id"], (before or {}).get("routes", {}), wanted["routes"])

    def associate(known: dict[str, Any]) -> None:
        _set_subnets(aws, known["id"], associations, set(wanted["subnet_ids"]), spoken_for)

    def delete(known: dict[str, Any]) -> None:
        _set_subnets(aws, known["id"], associations, set(), set())
        aws.call("ec2", "delete_route_table", RouteTableId=known["id"])

    return Resource(
        "route_table",
        wanted["name"],
        before=before,
        after=after if params["state"] == "present" else None,
        placeholders={"id": placeholder_id("rtb")},
        create=Operation("ec2:CreateRouteTable", create, covers=("tags",)),
        # Subnets come last: they move to a table that already knows the way.
        updates=(
            Operation("ec2:CreateRoute", route, covers=("routes",)),
            Operation("ec2:AssociateRouteTable", associate, covers=("subnet_ids",)),
            retag(aws, tags),
        ),
        delete=Operation("ec2:DeleteRouteTable", delete),
        impacts={"delete": "outage", **_impacts(before or {}, after)},
    )


def _impacts(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Impact]:
    """Taking a way from traffic, or giving it another one, cuts connections; a way more hurts nobody."""
    routes = before.get("routes", {})
    cut = any(after["routes"].get(where) != target_id for where, target_id in routes.items())
    left = set(before.get("subnet_ids", ())) - set(after["subnet_ids"])
    return {"routes": "outage" if cut else "none", "subnet_ids": "outage" if left else "none"}


def _set_routes(aws: Aws, table_id: str, before: Mapping[str, str], wanted: Iterable[Mapping[str, Any]]) -> None:
    """New ways first, then the changed ones, and only then are stale ones removed."""
    routes = {destination(route): target(route) for route in wanted}
    for where, (key, target_id) in sorted(routes.items(), key=lambda item: item[0] in before):
        if before.get(where) == target_id:
            continue
        operation = "replace_route" if where in before else "create_route"
        call_on_new(aws, table_id, operation, RouteTableId=table_id, **_destination(where), **{key: target_id})
    for where in sorted(set(before) - set(routes)):
        aws.call("ec2", "delete_route", RouteTableId=table_id, **_destination(where))


def _destination(where: str) -> dict[str, str]:
    if where.startswith("pl-"):
        return {"DestinationPrefixListId": where}
    return {"DestinationIpv6CidrBlock" if ":" in where else "DestinationCidrBlock": where}


def _set_subnets(aws: Aws, table_id: str, associations: Associations, wanted: set[str], spoken_for: set[str]) -> None:
    """Gives the table its subnets, and takes away those that no other table of the call is about to take over."""
    for subnet_id in sorted(wanted):
        association_id, used = associations.get(subnet_id, ("", ""))
        if used == table_id:
            continue
        if used:
            move = {"AssociationId": association_id, "RouteTableId": table_id}
            call_on_new(aws, table_id, "replace_route_table_association", **move)
        else:
            call_on_new(aws, table_id, "associate_route_table", SubnetId=subnet_id, RouteTableId=table_id)
    for subnet_id, (association_id, used) in sorted(associations.items()):
        if used == table_id and subnet_id not in wanted | spoken_for:
            aws.call("ec2", "disassociate_route_table", AssociationId=association_id)
