from __future__ import annotations

from typing import Any

from ansible_collections.airas.platform.plugins.module_utils._outputs import network
from ansible_collections.airas.platform.plugins.module_utils._reconcile import is_placeholder

QUERY = {"name": "airas-dev", "availability_zones": ["ap-northeast-1a", "ap-northeast-1c"]}


def named(name: str, **item: Any) -> dict[str, Any]:
    return {**item, "Tags": [{"Key": "Name", "Value": name}]}


def subnet(tier: str, letter: str) -> dict[str, Any]:
    return named(
        f"airas-dev-{tier}-1{letter}",
        SubnetId=f"subnet-{tier}-{letter}",
        AvailabilityZone=f"ap-northeast-1{letter}",
    )


def account(fake_aws: Any, **others: Any) -> Any:
    answers = {
        "describe_vpcs": {"Vpcs": [named("airas-dev", VpcId="vpc-1", CidrBlock="10.0.0.0/16")]},
        "describe_subnets": {
            "Subnets": [subnet("private", "c"), subnet("public", "c"), subnet("public", "a"), subnet("private", "a")]
        },
        "describe_route_tables": {
            "RouteTables": [
                {"RouteTableId": "rtb-main"},
                named("airas-dev-public", RouteTableId="rtb-public"),
                named("airas-dev-private-1c", RouteTableId="rtb-c"),
                named("airas-dev-private-1a", RouteTableId="rtb-a"),
            ]
        },
        "describe_security_groups": {
            "SecurityGroups": [
                {"GroupName": f"airas-dev-{group}", "GroupId": f"sg-{group}"} for group in network.SECURITY_GROUPS
            ]
        },
        "describe_nat_gateways": {
            "NatGateways": [
                named("airas-dev-nat-1c", NatGatewayId="nat-c", NatGatewayAddresses=[{"PublicIp": "192.0.2.2"}, {}]),
                named("airas-dev-nat-1a", NatGatewayId="nat-a"),
            ]
        },
        "describe_instances": {"Reservations": [{"Instances": [{"InstanceId": "i-1"}]}]},
        "describe_addresses": {"Addresses": [{"PublicIp": "192.0.2.2"}, {"PublicIp": "192.0.2.1"}]},
    }
    return fake_aws(**{**answers, **others})


def test_outputs_are_in_the_order_of_the_zones(fake_aws: Any) -> None:
    assert network.read(account(fake_aws), QUERY) == {
        "vpc_id": "vpc-1",
        "vpc_cidr": "10.0.0.0/16",
        "availability_zones": QUERY["availability_zones"],
        "public_subnet_ids": ["subnet-public-a", "subnet-public-c"],
        "private_subnet_ids": ["subnet-private-a", "subnet-private-c"],
        "public_route_table_id": "rtb-public",
        "private_route_table_ids": ["rtb-a", "rtb-c"],
        "security_group_ids": {group: f"sg-{group}" for group in network.SECURITY_GROUPS},
        "nat_public_ips": ["192.0.2.1", "192.0.2.2"],
        "nat_gateway_ids": ["nat-a", "nat-c"],
        "nat_instance_id": "i-1",
    }


def test_the_zones_are_read_when_the_query_names_none(fake_aws: Any) -> None:
    outputs = network.read(account(fake_aws), {**QUERY, "availability_zones": []})
    assert outputs["availability_zones"] == ["ap-northeast-1a", "ap-northeast-1c"]
    assert outputs["private_subnet_ids"] == ["subnet-private-a", "subnet-private-c"]


def test_an_empty_account_has_a_placeholder_for_each_zone(fake_aws: Any) -> None:
    outputs = network.read(fake_aws(describe_vpcs={"Vpcs": []}), QUERY)
    assert outputs["public_subnet_ids"] == ["subnet-00000000000000000"] * 2
    assert outputs["private_route_table_ids"] == ["rtb-00000000000000000"] * 2
    assert outputs["nat_public_ips"] == outputs["nat_gateway_ids"] == []
    assert outputs["nat_instance_id"] == ""
    assert all(is_placeholder(group_id) for group_id in outputs["security_group_ids"].values())
    assert is_placeholder(outputs["vpc_id"])


def test_a_missing_subnet_leaves_a_placeholder_in_its_place(fake_aws: Any) -> None:
    outputs = network.read(account(fake_aws, describe_subnets={"Subnets": [subnet("public", "c")]}), QUERY)
    assert outputs["public_subnet_ids"] == ["subnet-00000000000000000", "subnet-public-c"]
