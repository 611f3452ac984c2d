"""What the embedded AWS does not show: gateways of old kinds, and answers that do not fit each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._network import nat_gateway
from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError, Resource, plan_resource

NAME = "airas-dev-a"
PARAMS = {
    "vpc_id": "vpc-1",
    "gateways": [{"name": NAME, "subnet_id": "subnet-1"}],
    "availability_mode": "zonal",
    "purge": False,
    "tags": {},
    "state": "present",
}
TAGS = [{"Key": "Name", "Value": NAME}]


def gateway(**item: Any) -> dict[str, Any]:
    address = {"AllocationId": "eipalloc-1", "PublicIp": "192.0.2.1", "NetworkInterfaceId": "eni-1", "IsPrimary": True}
    return {
        "NatGatewayId": "nat-1",
        "VpcId": "vpc-1",
        "SubnetId": "subnet-1",
        "State": "available",
        "NatGatewayAddresses": [address],
        "Tags": TAGS,
        **item,
    }


def address(**item: Any) -> dict[str, Any]:
    return {
        "AllocationId": "eipalloc-1",
        "PublicIp": "192.0.2.1",
        "AssociationId": "eipassoc-1",
        "NetworkInterfaceId": "eni-1",
        "Tags": [*TAGS, {"Key": "NatGatewayVpc", "Value": "vpc-1"}],
        **item,
    }


@pytest.fixture
def found(fake_aws: Callable[..., Any]) -> Callable[..., dict[str, Resource]]:
    """The resources, by kind, where AWS describes these gateways and addresses."""

    def read(listed: list[dict[str, Any]], addresses: list[dict[str, Any]], **more: Any) -> dict[str, Resource]:
        aws = fake_aws(describe_nat_gateways={"NatGateways": listed}, describe_addresses={"Addresses": addresses})
        return {resource.kind: resource for resource in nat_gateway.resources(aws, {**PARAMS, **more})}

    return read


def test_answers_from_before_regional_gateways_are_zonal_and_public(found: Callable[..., dict[str, Resource]]) -> None:
    resources = found([gateway()], [address()])
    assert [plan_resource(resource).action for resource in resources.values()] == ["none", "none"]


def test_the_primary_of_several_addresses_is_the_gateways_own(found: Callable[..., dict[str, Resource]]) -> None:
    second = {"AllocationId": "eipalloc-2", "PublicIp": "192.0.2.2", "IsPrimary": False}
    several = [second, *gateway()["NatGatewayAddresses"]]
    known = found([gateway(NatGatewayAddresses=several)], [address()])["nat_gateway"].known
    assert (known["public_ip"], known["public_ips"]) == ("192.0.2.1", ["192.0.2.1", "192.0.2.2"])


def test_a_private_gateway_is_replaced_by_a_public_one(found: Callable[..., dict[str, Resource]]) -> None:
    private = gateway(ConnectivityType="private", NatGatewayAddresses=[{"PrivateIp": "10.0.0.5", "IsPrimary": True}])
    resources = found([private], [])
    assert [plan_resource(resource).action for resource in resources.values()] == ["create", "replace"]


def test_a_name_on_an_address_that_the_gateway_does_not_carry_is_ambiguous(
    found: Callable[..., dict[str, Resource]],
) -> None:
    other = address(AllocationId="eipalloc-2", PublicIp="192.0.2.2", AssociationId=None)
    with pytest.raises(PlatformError) as error:
        found([gateway()], [address(Tags=[]), other])
    assert "eipalloc-1 (192.0.2.1) and eipalloc-2 (192.0.2.2)" in str(error.value)
    assert "Release the one that is not in use" in str(error.value)


def test_a_deleted_gateway_may_still_hold_the_address_for_a_moment(found: Callable[..., dict[str, Resource]]) -> None:
    resources = found([gateway(State="deleted")], [address()])
    assert resources["nat_gateway"].pending == "deleting"
    released = found([gateway(State="deleted")], [address()], state="absent")["elastic_ip"]
    assert released.pending == f"in use until nat_gateway/{NAME} is gone"


def test_a_failed_gateway_beside_a_good_one_is_left_to_aws(found: Callable[..., dict[str, Resource]]) -> None:
    failed = gateway(NatGatewayId="nat-2", State="failed", NatGatewayAddresses=[])
    resources = found([failed, gateway()], [address()])
    assert resources["nat_gateway"].known["id"] == "nat-1"
    assert plan_resource(resources["nat_gateway"]).action == "none"


def test_addresses_that_aws_manages_are_not_ours(found: Callable[..., dict[str, Resource]]) -> None:
    regional = gateway(AvailabilityMode="regional", SubnetId=None)
    managed = address(ServiceManaged="rnat")
    resources = found([regional], [managed], availability_mode="regional", gateways=[{"name": NAME, "subnet_id": None}])
    assert list(resources) == ["nat_gateway"]
    gone = found([regional], [managed], state="absent", purge=True)
    assert list(gone) == ["nat_gateway"]
