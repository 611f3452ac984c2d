from __future__ import annotations

from typing import Any

import pytest

TAGS = [{"ResourceType": "natgateway", "Tags": [{"Key": "Name", "Value": "a"}]}]


def _state(ec2: Any, gateway_id: str) -> str:
    return str(ec2.describe_nat_gateways(NatGatewayIds=[gateway_id])["NatGateways"][0]["State"])


def _zonal(ec2: Any, network: Any, **options: Any) -> dict[str, Any]:
    allocation_id = ec2.allocate_address(Domain="vpc")["AllocationId"]
    created: dict[str, Any] = ec2.create_nat_gateway(SubnetId=network.subnet, AllocationId=allocation_id, **options)
    return created["NatGateway"]


def test_zonal_gateway_through_its_life(ec2: Any, network: Any, refused: Any) -> None:
    created = _zonal(ec2, network, TagSpecifications=TAGS)
    gateway_id, allocation_id = created["NatGatewayId"], created["NatGatewayAddresses"][0]["AllocationId"]
    assert created["State"] == "pending"
    assert (created["AvailabilityMode"], created["ConnectivityType"]) == ("zonal", "public")

    found = ec2.describe_nat_gateways(Filters=[{"Name": "tag:Name", "Values": ["a"]}])["NatGateways"]
    assert [g["NatGatewayId"] for g in found] == [gateway_id]
    assert ec2.describe_nat_gateways(Filters=[{"Name": "tag:Name", "Values": ["b"]}])["NatGateways"] == []
    gateway = found[0]
    assert (gateway["State"], gateway["SubnetId"], gateway["VpcId"]) == ("available", network.subnet, network.vpc)
    [address] = gateway["NatGatewayAddresses"]
    assert (address["IsPrimary"], address["Status"]) == (True, "succeeded")
    assert address["PrivateIp"].startswith("10.0.0.")
    interface = ec2.describe_network_interfaces(NetworkInterfaceIds=[address["NetworkInterfaceId"]])
    [interface] = interface["NetworkInterfaces"]
    assert (interface["InterfaceType"], interface["Status"]) == ("nat_gateway", "in-use")

    with refused("InvalidIPAddress.InUse"):
        ec2.release_address(AllocationId=allocation_id)
    with refused("DependencyViolation", f"The subnet '{network.subnet}' has dependencies"):
        ec2.delete_subnet(SubnetId=network.subnet)

    ec2.delete_nat_gateway(NatGatewayId=gateway_id)
    deleted = ec2.describe_nat_gateways(NatGatewayIds=[gateway_id])["NatGateways"][0]
    assert deleted["State"] == "deleted"
    assert deleted["DeleteTime"]
    assert "AssociationId" not in ec2.describe_addresses()["Addresses"][0]
    ec2.release_address(AllocationId=allocation_id)
    ec2.delete_subnet(SubnetId=network.subnet)


def test_delays_hold_the_states(emulator: Any, ec2: Any, network: Any) -> None:
    emulator.set_delays({"nat_gateway.pending": 3600, "nat_gateway.deleting": 3600})
    gateway_id = _zonal(ec2, network)["NatGatewayId"]
    assert _state(ec2, gateway_id) == "pending"
    emulator.set_delays({"nat_gateway.deleting": 3600})
    assert _state(ec2, gateway_id) == "available"

    ec2.delete_nat_gateway(NatGatewayId=gateway_id)
    assert _state(ec2, gateway_id) == "deleting"
    assert ec2.describe_addresses()["Addresses"][0]["AssociationId"]
    emulator.set_delays({"nat_gateway.deleted": 0})
    assert _state(ec2, gateway_id) == "deleted"
    assert "AssociationId" not in ec2.describe_addresses()["Addresses"][0]


def test_deleted_gateway_is_forgotten_in_time(emulator: Any, ec2: Any, network: Any, refused: Any) -> None:
    gateway_id = _zonal(ec2, network)["NatGatewayId"]
    ec2.delete_nat_gateway(NatGatewayId=gateway_id)
    assert _state(ec2, gateway_id) == "deleted"
    emulator.set_delays({"nat_gateway.deleted": 0})
    with refused("NatGatewayNotFound", gateway_id):
        ec2.describe_nat_gateways(NatGatewayIds=[gateway_id])


def test_client_token_makes_one_gateway(ec2: Any, network: Any, refused: Any) -> None:
    allocation_id = ec2.allocate_address(Domain="vpc")["AllocationId"]
    request = {"SubnetId": network.subnet, "AllocationId": allocation_id, "ClientToken": "t-1"}
    first, second = (ec2.create_nat_gateway(**request) for _ in range(2))
    assert first["NatGateway"]["NatGatewayId"] == second["NatGateway"]["NatGatewayId"]
    assert second["ClientToken"] == "t-1"
    assert len(ec2.describe_nat_gateways()["NatGateways"]) == 1
    with refused("IdempotentParameterMismatch"):
        ec2.create_nat_gateway(**{**request, "SubnetId": network.other_subnet})


def test_address_already_associated_fails_later(ec2: Any, network: Any) -> None:
    taken = _zonal(ec2, network)["NatGatewayAddresses"][0]["AllocationId"]
    second = ec2.create_nat_gateway(SubnetId=network.other_subnet, AllocationId=taken)["NatGateway"]
    assert second["State"] == "pending"
    failed = ec2.describe_nat_gateways(NatGatewayIds=[second["NatGatewayId"]])["NatGateways"][0]
    assert (failed["State"], failed["FailureCode"]) == ("failed", "Resource.AlreadyAssociated")
    assert taken in failed["FailureMessage"]


def test_no_internet_gateway_fails_later(ec2: Any, network: Any) -> None:
    ec2.detach_internet_gateway(InternetGatewayId=network.igw, VpcId=network.vpc)
    gateway_id = _zonal(ec2, network)["NatGatewayId"]
    failed = ec2.describe_nat_gateways(NatGatewayIds=[gateway_id])["NatGateways"][0]
    assert (failed["State"], failed["FailureCode"]) == ("failed", "Gateway.NotAttached")
    assert failed["FailureMessage"] == f"Network {network.vpc} has no Internet gateway attached"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"AllocationId": "eipalloc-0123456789abcdef0"}, "MissingParameter"),
        ({"SubnetId": "subnet-0123456789abcdef0", "AllocationId": "eipalloc-1"}, "InvalidSubnetID.NotFound"),
        ({"AvailabilityMode": "regional"}, "MissingParameter"),
        ({"AvailabilityMode": "sideways"}, "InvalidParameterValue"),
    ],
)
def test_bad_requests(ec2: Any, refused: Any, request_: dict[str, str], code: str) -> None:
    with refused(code):
        ec2.create_nat_gateway(**request_)
    assert ec2.describe_nat_gateways()["NatGateways"] == []


def test_unknown_address(ec2: Any, network: Any, refused: Any) -> None:
    with refused("InvalidAllocationID.NotFound", "eipalloc-0123456789abcdef0"):
        ec2.create_nat_gateway(SubnetId=network.subnet, AllocationId="eipalloc-0123456789abcdef0")


def test_regional_gateway_in_automatic_mode(ec2: Any, network: Any, refused: Any) -> None:
    created = ec2.create_nat_gateway(VpcId=network.vpc, AvailabilityMode="regional", TagSpecifications=TAGS)
    gateway_id = created["NatGateway"]["NatGatewayId"]
    gateway = ec2.describe_nat_gateways(NatGatewayIds=[gateway_id])["NatGateways"][0]
    assert (gateway["State"], gateway["AvailabilityMode"]) == ("available", "regional")
    assert (gateway["AutoProvisionZones"], gateway["AutoScalingIps"]) == ("enabled", "enabled")
    assert "SubnetId" not in gateway
    assert gateway["RouteTableId"].startswith("rtb-")
    zones = [address["AvailabilityZone"] for address in gateway["NatGatewayAddresses"]]
    assert zones == ["ap-northeast-1a", "ap-northeast-1c"]
    managed = ec2.describe_addresses()["Addresses"]
    assert {address["ServiceManaged"] for address in managed} == {"rnat"}
    with refused("AuthFailure", status=401):
        ec2.release_address(AllocationId=managed[0]["AllocationId"])

    ec2.delete_nat_gateway(NatGatewayId=gateway_id)
    assert _state(ec2, gateway_id) == "deleted"
    assert ec2.describe_addresses()["Addresses"] == []


def test_regional_gateway_in_manual_mode(ec2: Any, network: Any, refused: Any) -> None:
    allocation_id = ec2.allocate_address(Domain="vpc")["AllocationId"]
    gateway_id = ec2.create_nat_gateway(
        VpcId=network.vpc,
        AvailabilityMode="regional",
        AvailabilityZoneAddresses=[{"AvailabilityZone": "ap-northeast-1a", "AllocationIds": [allocation_id]}],
    )["NatGateway"]["NatGatewayId"]
    gateway = ec2.describe_nat_gateways(NatGatewayIds=[gateway_id])["NatGateways"][0]
    assert (gateway["AutoProvisionZones"], gateway["AutoScalingIps"]) == ("disabled", "disabled")
    [address] = gateway["NatGatewayAddresses"]
    assert (address["AllocationId"], address["AvailabilityZone"]) == (allocation_id, "ap-northeast-1a")
    with refused("InvalidIPAddress.InUse"):
        ec2.release_address(AllocationId=allocation_id)
    with refused("InvalidParameterCombination"):
        ec2.create_nat_gateway(VpcId=network.vpc, SubnetId=network.subnet, AvailabilityMode="regional")


def test_private_gateway_needs_no_address(ec2: Any, network: Any, refused: Any) -> None:
    gateway = ec2.create_nat_gateway(SubnetId=network.subnet, ConnectivityType="private")["NatGateway"]
    assert gateway["ConnectivityType"] == "private"
    assert "AllocationId" not in gateway["NatGatewayAddresses"][0]
    assert _state(ec2, gateway["NatGatewayId"]) == "available"
    with refused("NatGatewayNotFound"):
        ec2.delete_nat_gateway(NatGatewayId="nat-0123456789abcdef0")
