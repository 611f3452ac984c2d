"""What the embedded AWS does not show: routes that others make, targets of every kind, answers that come too early."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils import _aws
from ansible_collections.airas.platform.plugins.module_utils._network import route_tables
from ansible_collections.airas.platform.plugins.module_utils._reconcile import apply, plan_resource

LOCAL = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "Origin": "CreateRouteTable", "State": "active"}
NAT = {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "Origin": "CreateRoute", "State": "active"}
TAGS = [{"Key": "Name", "Value": "private"}]


def table(*routes: dict[str, Any], subnets: tuple[str, ...] = ()) -> dict[str, Any]:
    associations = [
        {
            "SubnetId": subnet,
            "RouteTableAssociationId": f"rtbassoc-{subnet}",
            "AssociationState": {"State": "associated"},
        }
        for subnet in subnets
    ]
    return {"RouteTableId": "rtb-1", "Routes": [LOCAL, *routes], "Associations": associations, "Tags": TAGS}


def params(*routes: dict[str, str], subnet_ids: tuple[str, ...] = ()) -> dict[str, Any]:
    wanted = {"name": "private", "subnet_ids": list(subnet_ids), "routes": list(routes)}
    return {"vpc_id": "vpc-1", "tables": [wanted], "tags": {}, "state": "present"}


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        (NAT, {"0.0.0.0/0": "nat-1"}),
        ({**NAT, "State": "blackhole"}, {"0.0.0.0/0": "nat-1"}),
        (LOCAL, {}),
        ({"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1", "Origin": "CreateRoute"}, {}),
        ({"DestinationPrefixListId": "pl-1", "GatewayId": "igw-1", "Origin": "CreateRoute"}, {"pl-1": "igw-1"}),
        ({"DestinationCidrBlock": "10.9.0.0/16", "GatewayId": "vgw-1", "Origin": "EnableVgwRoutePropagation"}, {}),
        ({"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"}, {"::/0": "eigw-1"}),
        (
            {"DestinationCidrBlock": "0.0.0.0/0", "InstanceId": "i-1", "NetworkInterfaceId": "eni-1"},
            {"0.0.0.0/0": "eni-1"},
        ),
        ({"DestinationCidrBlock": "10.9.0.0/16", "CarrierGatewayId": "cagw-1"}, {"10.9.0.0/16": "cagw-1"}),
    ],
)
def test_a_described_route_is_its_destination_and_target(route: dict[str, str], expected: dict[str, str]) -> None:
    assert route_tables.normalised_routes({"Routes": [route]}) == expected


@pytest.mark.parametrize(
    ("written", "stored"),
    [("10.1.2.3/16", "10.1.0.0/16"), ("0.0.0.0/0", "0.0.0.0/0"), ("0::/0", "::/0"), ("pl-0123", "pl-0123")],
)
def test_destinations_are_compared_as_aws_stores_them(written: str, stored: str) -> None:
    assert route_tables.destination({"destination": written}) == stored


def test_subnets_that_left_their_table_are_in_none() -> None:
    leaving = {"SubnetId": "subnet-2", "RouteTableAssociationId": "a", "AssociationState": {"State": "disassociated"}}
    main = {"Main": True, "RouteTableAssociationId": "b", "AssociationState": {"State": "associated"}}
    described = table(subnets=("subnet-1",))
    described["Associations"] += [leaving, main]
    assert route_tables.explicit_associations([described]) == {"subnet-1": ("rtbassoc-subnet-1", "rtb-1")}


def test_new_routes_come_first_and_stale_ones_go_last(fake_aws: Any) -> None:
    stale = {"DestinationCidrBlock": "192.168.0.0/16", "NetworkInterfaceId": "eni-1"}
    aws = fake_aws(describe_route_tables={"RouteTables": [table(NAT, stale)]})
    wanted = (
        {"destination": "0.0.0.0/0", "network_interface_id": "eni-2"},
        {"destination": "172.16.0.0/12", "transit_gateway_id": "tgw-1"},
    )
    plans = [plan_resource(resource) for resource in route_tables.resources(aws, params(*wanted))]
    apply(plans, [])
    assert aws.calls[1:] == [
        (
            "ec2:create_route",
            {"RouteTableId": "rtb-1", "DestinationCidrBlock": "172.16.0.0/12", "TransitGatewayId": "tgw-1"},
        ),
        (
            "ec2:replace_route",
            {"RouteTableId": "rtb-1", "DestinationCidrBlock": "0.0.0.0/0", "NetworkInterfaceId": "eni-2"},
        ),
        ("ec2:delete_route", {"RouteTableId": "rtb-1", "DestinationCidrBlock": "192.168.0.0/16"}),
    ]


@pytest.mark.parametrize(
    ("routes", "subnet_ids", "impact"),
    [
        (({"destination": "0.0.0.0/0", "nat_gateway_id": "nat-1"},), ("subnet-1", "subnet-2"), "none"),
        (({"destination": "0.0.0.0/0", "nat_gateway_id": "nat-2"},), ("subnet-1",), "outage"),
        ((), ("subnet-1",), "outage"),
        (({"destination": "0.0.0.0/0", "nat_gateway_id": "nat-1"},), (), "outage"),
    ],
)
def test_only_what_takes_a_way_from_traffic_is_an_outage(
    fake_aws: Any, routes: Any, subnet_ids: Any, impact: str
) -> None:
    aws = fake_aws(describe_route_tables={"RouteTables": [table(NAT, subnets=("subnet-1",))]})
    (resource,) = route_tables.resources(aws, params(*routes, subnet_ids=subnet_ids))
    plan = plan_resource(resource)
    assert plan.action == "update"
    assert plan.impact == impact


def test_a_table_that_ec2_does_not_know_everywhere_yet_is_asked_again(
    fake_aws: Any, refusal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_aws.time, "sleep", lambda _seconds: None)
    early = refusal("InvalidRouteTableID.NotFound", "The routeTable ID 'rtb-1' does not exist")
    answers = [early, early, lambda **_params: {}]

    def create_route(**route: Any) -> Any:
        return answers.pop(0)(**route)

    aws = fake_aws(
        describe_route_tables={"RouteTables": []},
        create_route_table={"RouteTable": {"RouteTableId": "rtb-1"}},
        create_route=create_route,
    )
    wanted = {"destination": "0.0.0.0/0", "gateway_id": "igw-1"}
    apply([plan_resource(resource) for resource in route_tables.resources(aws, params(wanted))], [])
    assert answers == []


def test_a_target_that_does_not_exist_is_an_error_at_once(fake_aws: Any, refusal: Any) -> None:
    aws = fake_aws(
        describe_route_tables={"RouteTables": [table()]},
        create_route=refusal("InvalidNatGatewayID.NotFound", "The natGateway ID 'nat-9' does not exist"),
    )
    plans = [
        plan_resource(resource)
        for resource in route_tables.resources(aws, params({"destination": "0.0.0.0/0", "nat_gateway_id": "nat-9"}))
    ]
    with pytest.raises(_aws.AwsError, match=r"route_table/private: .*ec2:CreateRoute.*nat-9"):
        apply(plans, [])
