from __future__ import annotations

import json
from typing import Any

import pytest

S3 = "com.amazonaws.ap-northeast-1.s3"
ECR = "com.amazonaws.ap-northeast-1.ecr.api"


def _endpoint(ec2: Any, endpoint_id: str) -> dict[str, Any]:
    found: dict[str, Any] = ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint_id])["VpcEndpoints"][0]
    return found


def _prefix_routes(ec2: Any, table: str) -> list[str]:
    routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    return [route["GatewayId"] for route in routes if "DestinationPrefixListId" in route]


@pytest.fixture
def dns_network(ec2: Any, network: Any) -> Any:
    ec2.modify_vpc_attribute(VpcId=network.vpc, EnableDnsHostnames={"Value": True})
    return network


def test_gateway_endpoint(ec2: Any, network: Any, refused: Any) -> None:
    tags = [{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "Name", "Value": "a"}]}]
    request = {"VpcId": network.vpc, "ServiceName": S3, "RouteTableIds": [network.table]}
    created = ec2.create_vpc_endpoint(**request, TagSpecifications=tags)["VpcEndpoint"]
    endpoint_id = created["VpcEndpointId"]
    assert (created["VpcEndpointType"], created["State"]) == ("Gateway", "available")
    assert created["PrivateDnsEnabled"] is False
    statement = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
    assert json.loads(created["PolicyDocument"]) == {"Version": "2008-10-17", "Statement": [statement]}
    assert _prefix_routes(ec2, network.table) == [endpoint_id]
    by_tag = ec2.describe_vpc_endpoints(Filters=[{"Name": "tag:Name", "Values": ["a"]}])["VpcEndpoints"]
    assert [e["VpcEndpointId"] for e in by_tag] == [endpoint_id]
    with refused("RouteAlreadyExists"):
        ec2.create_vpc_endpoint(**request)

    second = ec2.create_route_table(VpcId=network.vpc)["RouteTable"]["RouteTableId"]
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint_id, AddRouteTableIds=[second], RemoveRouteTableIds=[network.table])
    assert _endpoint(ec2, endpoint_id)["RouteTableIds"] == [second]
    assert _prefix_routes(ec2, network.table) == []
    assert _prefix_routes(ec2, second) == [endpoint_id]

    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint_id, PolicyDocument='{"Statement":[]}')
    assert _endpoint(ec2, endpoint_id)["PolicyDocument"] == '{"Statement":[]}'
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint_id, ResetPolicy=True)
    assert _endpoint(ec2, endpoint_id)["PolicyDocument"] == created["PolicyDocument"]

    missing = "vpce-0123456789abcdef0"
    [error] = ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint_id, missing])["Unsuccessful"]
    assert (error["ResourceId"], error["Error"]["Code"]) == (missing, "InvalidVpcEndpoint.NotFound")
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []
    assert _prefix_routes(ec2, second) == []


def test_interface_endpoint(emulator: Any, ec2: Any, dns_network: Any, refused: Any) -> None:
    groups = [
        ec2.create_security_group(GroupName=name, Description=name, VpcId=dns_network.vpc)["GroupId"] for name in "ab"
    ]
    request = {"VpcId": dns_network.vpc, "ServiceName": ECR, "VpcEndpointType": "Interface"}
    created = ec2.create_vpc_endpoint(
        **request, SubnetIds=[dns_network.subnet], SecurityGroupIds=groups[:1], PrivateDnsEnabled=True
    )["VpcEndpoint"]
    endpoint_id = created["VpcEndpointId"]
    assert created["State"] == "pending"
    endpoint = _endpoint(ec2, endpoint_id)
    assert (endpoint["State"], endpoint["PrivateDnsEnabled"]) == ("available", True)
    [interface] = ec2.describe_network_interfaces(NetworkInterfaceIds=endpoint["NetworkInterfaceIds"])[
        "NetworkInterfaces"
    ]
    assert (interface["InterfaceType"], interface["SubnetId"]) == ("vpc_endpoint", dns_network.subnet)
    assert [g["GroupId"] for g in interface["Groups"]] == groups[:1]
    with refused("InvalidParameter", "conflicting DNS domain"):
        ec2.create_vpc_endpoint(**request, PrivateDnsEnabled=True)
    with refused("DependencyViolation"):
        ec2.delete_security_group(GroupId=groups[0])

    ec2.modify_vpc_endpoint(
        VpcEndpointId=endpoint_id,
        AddSecurityGroupIds=groups[1:],
        RemoveSecurityGroupIds=groups[:1],
        AddSubnetIds=[dns_network.other_subnet],
        PrivateDnsEnabled=False,
    )
    endpoint = _endpoint(ec2, endpoint_id)
    assert [g["GroupId"] for g in endpoint["Groups"]] == groups[1:]
    assert endpoint["SubnetIds"] == [dns_network.subnet, dns_network.other_subnet]
    assert len(endpoint["NetworkInterfaceIds"]) == 2
    assert endpoint["PrivateDnsEnabled"] is False

    emulator.set_delays({"vpc_endpoint.deleting": 3600})
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint_id])
    assert _endpoint(ec2, endpoint_id)["State"] == "deleting"
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=dns_network.subnet)
    emulator.set_delays({})
    with refused("InvalidVpcEndpointId.NotFound"):
        ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint_id])
    ec2.delete_subnet(SubnetId=dns_network.subnet)


def test_default_group_of_an_interface_endpoint(ec2: Any, dns_network: Any) -> None:
    created = ec2.create_vpc_endpoint(VpcId=dns_network.vpc, ServiceName=ECR, VpcEndpointType="Interface")
    assert [group["GroupName"] for group in created["VpcEndpoint"]["Groups"]] == ["default"]


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"ServiceName": "com.amazonaws.ap-northeast-1.nonsense"}, "InvalidServiceName"),
        ({"ServiceName": "com.amazonaws.us-east-1.s3"}, "InvalidServiceName"),
        ({"ServiceName": ECR}, "InvalidParameter"),
        ({"ServiceName": S3, "RouteTableIds": ["rtb-0123456789abcdef0"]}, "InvalidRouteTableID.NotFound"),
        ({"ServiceName": S3, "SubnetIds": ["subnet-0123456789abcdef0"]}, "InvalidParameter"),
        ({"ServiceName": ECR, "VpcEndpointType": "Interface", "PrivateDnsEnabled": True}, "InvalidParameter"),
    ],
)
def test_bad_requests(ec2: Any, network: Any, refused: Any, request_: dict[str, Any], code: str) -> None:
    with refused(code):
        ec2.create_vpc_endpoint(VpcId=network.vpc, **request_)
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []


@pytest.mark.parametrize(
    "service",
    ["ecr.dkr", "logs", "secretsmanager", "ssm", "ssmmessages", "kms", "sts", "monitoring", "ecs", "bedrock-runtime"],
)
def test_services_of_this_stack_are_offered(ec2: Any, dns_network: Any, service: str) -> None:
    name = f"com.amazonaws.ap-northeast-1.{service}"
    created = ec2.create_vpc_endpoint(VpcId=dns_network.vpc, ServiceName=name, VpcEndpointType="Interface")
    assert created["VpcEndpoint"]["ServiceName"] == name
