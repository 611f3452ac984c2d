from __future__ import annotations

from typing import Any

import pytest


def _routes(ec2: Any, table: str) -> dict[str, dict[str, Any]]:
    routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    return {route.get("DestinationCidrBlock", route.get("DestinationPrefixListId")): route for route in routes}


@pytest.mark.parametrize(
    ("cidr", "code"),
    [
        ("10.0.0.0/25", "InvalidSubnet.Conflict"),
        ("10.0.0.0/16", "InvalidSubnet.Conflict"),
        ("10.1.0.0/24", "InvalidSubnet.Range"),
        ("10.0.9.0/29", "InvalidSubnet.Range"),
        ("10.0.9.0/33", "InvalidParameterValue"),
    ],
)
def test_subnet_ranges(ec2: Any, network: Any, refused: Any, cidr: str, code: str) -> None:
    with refused(code):
        ec2.create_subnet(VpcId=network.vpc, CidrBlock=cidr)


def test_canonical_form_and_zones(ec2: Any, refused: Any) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.9.0.18/16")["Vpc"]
    assert vpc["CidrBlock"] == "10.9.0.0/16"
    subnet = ec2.create_subnet(VpcId=vpc["VpcId"], CidrBlock="10.9.1.7/24")["Subnet"]
    assert subnet["CidrBlock"] == "10.9.1.0/24"
    assert subnet["AvailabilityZone"].startswith("ap-northeast-1")
    assert (subnet["DefaultForAz"], subnet["MapPublicIpOnLaunch"]) == (False, False)
    with refused("InvalidParameterValue", "Value (us-east-1a) for parameter availabilityZone is invalid"):
        ec2.create_subnet(VpcId=vpc["VpcId"], CidrBlock="10.9.2.0/24", AvailabilityZone="us-east-1a")
    with refused("InvalidVpc.Range"):
        ec2.create_vpc(CidrBlock="10.0.0.0/8")


def test_one_internet_gateway_for_a_vpc(ec2: Any, network: Any, refused: Any) -> None:
    second = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    with refused("InvalidParameterValue", "already has an internet gateway attached"):
        ec2.attach_internet_gateway(InternetGatewayId=second, VpcId=network.vpc)
    with refused("Resource.AlreadyAssociated"):
        ec2.attach_internet_gateway(InternetGatewayId=network.igw, VpcId=network.vpc)
    with refused("DependencyViolation"):
        ec2.delete_internet_gateway(InternetGatewayId=network.igw)


def test_gateway_stays_while_addresses_are_mapped(ec2: Any, network: Any, refused: Any) -> None:
    allocation_id = ec2.allocate_address(Domain="vpc")["AllocationId"]
    gateway = ec2.create_nat_gateway(SubnetId=network.subnet, AllocationId=allocation_id)["NatGateway"]
    with refused("DependencyViolation", "has some mapped public address(es)"):
        ec2.detach_internet_gateway(InternetGatewayId=network.igw, VpcId=network.vpc)
    ec2.delete_nat_gateway(NatGatewayId=gateway["NatGatewayId"])
    ec2.detach_internet_gateway(InternetGatewayId=network.igw, VpcId=network.vpc)


def test_routes_turn_into_blackholes(ec2: Any, network: Any, refused: Any) -> None:
    allocation_id = ec2.allocate_address(Domain="vpc")["AllocationId"]
    gateway = ec2.create_nat_gateway(SubnetId=network.subnet, AllocationId=allocation_id)["NatGateway"]["NatGatewayId"]
    ec2.create_route(RouteTableId=network.table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=gateway)
    public = ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=public, DestinationCidrBlock="0.0.0.0/0", GatewayId=network.igw)
    with refused("RouteAlreadyExists"):
        ec2.create_route(RouteTableId=public, DestinationCidrBlock="0.0.0.0/0", GatewayId=network.igw)
    assert {r["State"] for r in [*_routes(ec2, network.table).values(), *_routes(ec2, public).values()]} == {"active"}

    ec2.delete_nat_gateway(NatGatewayId=gateway)
    assert _routes(ec2, network.table)["0.0.0.0/0"]["State"] == "blackhole"
    assert _routes(ec2, network.table)["10.0.0.0/16"]["State"] == "active"
    ec2.detach_internet_gateway(InternetGatewayId=network.igw, VpcId=network.vpc)
    assert _routes(ec2, public)["0.0.0.0/0"]["State"] == "blackhole"

    for call in (ec2.create_route, ec2.replace_route):
        with refused("InvalidNatGatewayID.NotFound", gateway):
            call(RouteTableId=public, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=gateway)


def test_route_to_an_instance(ec2: Any, network: Any) -> None:
    interface = ec2.create_network_interface(SubnetId=network.subnet)["NetworkInterface"]["NetworkInterfaceId"]
    ec2.create_route(RouteTableId=network.table, DestinationCidrBlock="0.0.0.0/0", NetworkInterfaceId=interface)
    assert _routes(ec2, network.table)["0.0.0.0/0"]["State"] == "blackhole"

    image = ec2.describe_images(Owners=["568608671756"])["Images"][0]["ImageId"]
    instance = ec2.run_instances(
        ImageId=image,
        InstanceType="t4g.nano",
        MinCount=1,
        MaxCount=1,
        NetworkInterfaces=[{"DeviceIndex": 0, "NetworkInterfaceId": interface}],
    )["Instances"][0]["InstanceId"]
    route = _routes(ec2, network.table)["0.0.0.0/0"]
    assert (route["State"], route["InstanceId"], route["NetworkInterfaceId"]) == ("active", instance, interface)

    ec2.stop_instances(InstanceIds=[instance])
    assert _routes(ec2, network.table)["0.0.0.0/0"]["State"] == "blackhole"
    ec2.start_instances(InstanceIds=[instance])
    assert _routes(ec2, network.table)["0.0.0.0/0"]["State"] == "active"
    ec2.terminate_instances(InstanceIds=[instance])
    assert _routes(ec2, network.table)["0.0.0.0/0"]["State"] == "blackhole"


def test_order_of_deletion(ec2: Any, network: Any, refused: Any) -> None:
    interface = ec2.create_network_interface(SubnetId=network.subnet)["NetworkInterface"]["NetworkInterfaceId"]
    ec2.associate_route_table(RouteTableId=network.table, SubnetId=network.subnet)
    group = ec2.create_security_group(GroupName="a", Description="a", VpcId=network.vpc)["GroupId"]
    main = ec2.describe_route_tables(
        Filters=[{"Name": "vpc-id", "Values": [network.vpc]}, {"Name": "association.main", "Values": ["true"]}]
    )["RouteTables"][0]["RouteTableId"]
    vpc_in_use = {"code": "DependencyViolation", "message": f"The vpc '{network.vpc}' has dependencies"}

    with refused("DependencyViolation", f"The subnet '{network.subnet}'"):
        ec2.delete_subnet(SubnetId=network.subnet)
    ec2.delete_network_interface(NetworkInterfaceId=interface)
    with refused("DependencyViolation", network.table):
        ec2.delete_route_table(RouteTableId=network.table)
    ec2.delete_subnet(SubnetId=network.subnet)
    assert ec2.describe_route_tables(RouteTableIds=[network.table])["RouteTables"][0]["Associations"] == []
    with refused(**vpc_in_use):
        ec2.delete_vpc(VpcId=network.vpc)
    ec2.delete_subnet(SubnetId=network.other_subnet)
    with refused(**vpc_in_use):
        ec2.delete_vpc(VpcId=network.vpc)
    ec2.delete_route_table(RouteTableId=network.table)
    with refused(**vpc_in_use):
        ec2.delete_vpc(VpcId=network.vpc)
    ec2.delete_security_group(GroupId=group)
    with refused(**vpc_in_use):
        ec2.delete_vpc(VpcId=network.vpc)
    ec2.detach_internet_gateway(InternetGatewayId=network.igw, VpcId=network.vpc)
    with refused("DependencyViolation", main):
        ec2.delete_route_table(RouteTableId=main)
    ec2.delete_vpc(VpcId=network.vpc)
    assert ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [network.vpc]}])["RouteTables"] == []


def test_interface_in_use_is_not_deleted(ec2: Any, network: Any, refused: Any) -> None:
    allocation_id = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.create_nat_gateway(SubnetId=network.subnet, AllocationId=allocation_id)
    [interface] = ec2.describe_network_interfaces()["NetworkInterfaces"]
    with refused("InvalidParameterValue", "is currently in use."):
        ec2.delete_network_interface(NetworkInterfaceId=interface["NetworkInterfaceId"])
