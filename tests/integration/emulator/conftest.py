from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.testing import EmulatorServer


@pytest.fixture
def ec2(emulator: EmulatorServer) -> Any:
    return emulator.client("ec2")


@pytest.fixture
def refused() -> Callable[..., Any]:
    """`with refused("SomeCode", "part of the message"):` expects AWS to refuse the one call inside."""

    @contextmanager
    def expect(code: str, message: str = "", status: int = 400) -> Iterator[None]:
        with pytest.raises(ClientError) as caught:
            yield
        response = caught.value.response
        assert response["Error"]["Code"] == code
        assert message in response["Error"]["Message"]
        assert response["ResponseMetadata"]["HTTPStatusCode"] == status

    return expect


class Network:
    """A VPC with an internet gateway and two subnets in different zones."""

    def __init__(self, ec2: Any) -> None:
        self.vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.igw = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=self.igw, VpcId=self.vpc)
        self.subnet, self.other_subnet = (
            ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"ap-northeast-1{zone}")[
                "Subnet"
            ]["SubnetId"]
            for n, zone in enumerate("ac")
        )
        self.table = ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]


@pytest.fixture
def network(ec2: Any) -> Network:
    return Network(ec2)
