from __future__ import annotations

from typing import Any

import pytest

MODULE = "vpc_route_tables"
PLACEHOLDER = "vpc-00000000000000000"


class Vpc:
    """A VPC with an internet gateway, two subnets, and two things that private subnets can be routed to."""

    def __init__(self, ec2: Any) -> None:
        self.ec2 = ec2
        self.id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.igw = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=self.igw, VpcId=self.id)
        self.a, self.c = (self._subnet(f"10.0.{number}.0/24") for number in (0, 1))

    def _subnet(self, block: str) -> str:
        return self.ec2.create_subnet(VpcId=self.id, CidrBlock=block)["Subnet"]["SubnetId"]

    def nat_gateway(self) -> str:
        address = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        return self.ec2.create_nat_gateway(SubnetId=self.a, AllocationId=address)["NatGateway"]["NatGatewayId"]

    def interface(self) -> str:
        return self.ec2.create_network_interface(SubnetId=self.a)["NetworkInterface"]["NetworkInterfaceId"]

    def tables(self) -> dict[str, Any]:
        wanted = [{"Name": "vpc-id", "Values": [self.id]}, {"Name": "tag:Environment", "Values": ["dev"]}]
        tables = self.ec2.describe_route_tables(Filters=wanted)["RouteTables"]
        return {tag["Value"]: table for table in tables for tag in table["Tags"] if tag["Key"] == "Name"}

    def routes(self, name: str) -> dict[str, str]:
        """Destination -> target of a table, the VPC's own route left out."""
        return {
            route["DestinationCidrBlock"]: route.get("GatewayId")
            or route.get("NatGatewayId")
            or route["NetworkInterfaceId"]
            for route in self.tables()[name]["Routes"]
            if "DestinationCidrBlock" in route and route.get("GatewayId") != "local"
        }

    def subnets(self, name: str) -> list[str]:
        return sorted(item["SubnetId"] for item in self.tables()[name]["Associations"])

    def arguments(self, **others: Any) -> dict[str, Any]:
        return {
            "vpc_id": self.id,
            "tables": [
                table("public", [self.a], {"destination": "0.0.0.0/0", "gateway_id": self.igw}),
                table("private", [self.c]),
            ],
            "tags": {"Environment": "dev"},
            **others,
        }


def table(name: str, subnet_ids: list[str], *routes: dict[str, str]) -> dict[str, Any]:
    return {"name": name, "subnet_ids": subnet_ids, "routes": list(routes)}


@pytest.fixture
def vpc(boto: Any) -> Vpc:
    return Vpc(boto("ec2"))


def test_a_plan_for_a_vpc_that_does_not_exist_names_everything(apply: Any, changes: Any, writes: Any) -> None:
    route = {"destination": "0.0.0.0/0", "nat_gateway_id": "nat-00000000000000000"}
    tables = [table("private", ["subnet-00000000000000000"], route)]
    plan = apply(MODULE, {"vpc_id": PLACEHOLDER, "tables": tables}, check=True)
    assert changes(plan) == {"route_table/private": ["id", "routes[0.0.0.0/0]", "subnet_ids", "tags.Name"]}
    assert plan["diff"][0]["after"] == (
        "id: (known after apply)\n"
        "routes[0.0.0.0/0]: (known after apply)\n"
        'subnet_ids: ["(known after apply)"]\n'
        "tags.Name: private\n"
    )
    assert writes() == []


def test_tables_are_made_once(apply: Any, vpc: Vpc) -> None:
    args = vpc.arguments()
    assert apply(MODULE, args)["changed"]
    assert not apply(MODULE, args)["changed"]
    assert not apply(MODULE, args, check=True)["changed"]
    assert vpc.routes("public") == {"0.0.0.0/0": vpc.igw}
    assert vpc.routes("private") == {}
    assert (vpc.subnets("public"), vpc.subnets("private")) == ([vpc.a], [vpc.c])


def test_a_changed_target_is_replaced_in_one_step(apply: Any, changes: Any, writes: Any, vpc: Vpc) -> None:
    gateway, interface = vpc.nat_gateway(), vpc.interface()
    args = vpc.arguments()
    route = {"destination": "0.0.0.0/0", "nat_gateway_id": gateway}
    apply(MODULE, {**args, "tables": [table("private", [vpc.c], route)]})
    before = len(writes())
    route = {"destination": "0.0.0.0/0", "network_interface_id": interface}
    changed = {**args, "tables": [table("private", [vpc.c], route)]}
    plan = apply(MODULE, changed, check=True)
    assert changes(plan) == {"route_table/private": ["routes[0.0.0.0/0]"]}
    assert plan["plan"][0]["changes"][0] == {
        "path": "routes[0.0.0.0/0]",
        "before": gateway,
        "after": interface,
        "call": "ec2:CreateRoute",
        "impact": "outage",
    }
    apply(MODULE, changed)
    assert writes()[before:] == ["ec2:ReplaceRoute"]
    assert vpc.routes("private") == {"0.0.0.0/0": interface}
    assert not apply(MODULE, changed)["changed"]


def test_a_blackhole_that_is_not_wanted_any_more_is_removed(apply: Any, changes: Any, vpc: Vpc) -> None:
    gateway = vpc.nat_gateway()
    args = vpc.arguments()
    route = {"destination": "0.0.0.0/0", "nat_gateway_id": gateway}
    apply(MODULE, {**args, "tables": [table("private", [vpc.c], route)]})
    vpc.ec2.delete_nat_gateway(NatGatewayId=gateway)
    assert [route["State"] for route in vpc.tables()["private"]["Routes"]].count("blackhole") == 1
    plain = {**args, "tables": [table("private", [vpc.c])]}
    assert changes(apply(MODULE, plain)) == {"route_table/private": ["routes[0.0.0.0/0]"]}
    assert vpc.routes("private") == {}


def test_drift_is_named_and_repaired(apply: Any, changes: Any, vpc: Vpc) -> None:
    args = vpc.arguments()
    public = apply(MODULE, args)["resources"]["route_table/public"]["id"]
    vpc.ec2.create_route(RouteTableId=public, DestinationCidrBlock="192.168.0.0/16", NetworkInterfaceId=vpc.interface())
    vpc.ec2.delete_route(RouteTableId=public, DestinationCidrBlock="0.0.0.0/0")
    vpc.ec2.create_tags(Resources=[public], Tags=[{"Key": "Environment", "Value": "other"}])
    expected = {"route_table/public": ["routes[0.0.0.0/0]", "routes[192.168.0.0/16]", "tags.Environment"]}
    assert changes(apply(MODULE, args, check=True)) == expected
    assert changes(apply(MODULE, args)) == expected
    assert vpc.routes("public") == {"0.0.0.0/0": vpc.igw}
    assert not apply(MODULE, args)["changed"]


def test_subnets_move_between_tables_without_falling_to_the_main_one(
    apply: Any, changes: Any, writes: Any, vpc: Vpc
) -> None:
    args = vpc.arguments()
    apply(MODULE, args)
    before = len(writes())
    swapped = {**args, "tables": [table("public", [vpc.c], *args["tables"][0]["routes"]), table("private", [vpc.a])]}
    plan = apply(MODULE, swapped)
    assert changes(plan) == {"route_table/public": ["subnet_ids"], "route_table/private": ["subnet_ids"]}
    assert {item["impact"] for item in plan["plan"]} == {"outage"}
    assert writes()[before:] == ["ec2:ReplaceRouteTableAssociation"] * 2
    assert (vpc.subnets("public"), vpc.subnets("private")) == ([vpc.c], [vpc.a])


def test_a_subnet_that_is_not_listed_any_more_is_let_go(apply: Any, changes: Any, vpc: Vpc) -> None:
    args = vpc.arguments()
    apply(MODULE, args)
    fewer = {**args, "tables": [args["tables"][0], table("private", [])]}
    assert changes(apply(MODULE, fewer)) == {"route_table/private": ["subnet_ids"]}
    assert vpc.subnets("private") == []


def test_routes_of_gateway_endpoints_are_left_alone(apply: Any, vpc: Vpc) -> None:
    args = vpc.arguments()
    private = apply(MODULE, args)["resources"]["route_table/private"]["id"]
    service = "com.amazonaws.ap-northeast-1.s3"
    vpc.ec2.create_vpc_endpoint(VpcId=vpc.id, ServiceName=service, RouteTableIds=[private])
    assert len(vpc.tables()["private"]["Routes"]) == 2
    assert not apply(MODULE, args)["changed"]


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        (
            [table("t", [], {"destination": "somewhere", "gateway_id": "igw-1"})],
            "neither a CIDR block nor a prefix list",
        ),
        (
            [
                table(
                    "t",
                    [],
                    *({"destination": block, "gateway_id": "igw-1"} for block in ("10.1.0.0/16", "10.1.2.3/16")),
                )
            ],
            "two routes lead to 10.1.0.0/16",
        ),
        (
            [table("t", [], {"destination": "0.0.0.0/0"})],
            "one of the following is required: gateway_id, nat_gateway_id",
        ),
        (
            [table("t", [], {"destination": "0.0.0.0/0", "gateway_id": "igw-1", "nat_gateway_id": "nat-1"})],
            "parameters are mutually exclusive: gateway_id|nat_gateway_id",
        ),
        ([table("t", ["subnet-1"]), table("u", ["subnet-1"])], "subnet-1 is given to t too"),
    ],
)
def test_wrong_input_is_one_clear_error(run_module: Any, writes: Any, tables: Any, words: str) -> None:
    wrong = run_module(MODULE, {"vpc_id": PLACEHOLDER, "tables": tables})
    assert wrong["failed"]
    assert words in wrong["msg"]
    assert writes() == []


def test_absent_removes_them_once(apply: Any, vpc: Vpc) -> None:
    args = vpc.arguments()
    apply(MODULE, args)
    gone = {**args, "tables": [{"name": "public"}, {"name": "private"}], "state": "absent"}
    assert apply(MODULE, gone, check=True)["changed"]
    assert apply(MODULE, gone)["changed"]
    assert not apply(MODULE, gone)["changed"]
    assert vpc.tables() == {}


def test_an_interrupted_run_is_finished_by_the_next(interrupt_each_write: Any, boto: Any) -> None:
    made: list[Vpc] = []

    def prepare() -> dict[str, Any]:
        made.append(Vpc(boto("ec2")))
        return made[-1].arguments()

    def census() -> Any:
        vpc = made[-1]
        found = vpc.tables()
        return {
            name: (len(vpc.routes(name)), vpc.subnets(name) == [subnet])
            for name, subnet in (("public", vpc.a), ("private", vpc.c))
        }, len(found)

    interrupt_each_write(MODULE, prepare, census)


def test_throttling_is_outlived(apply: Any, emulator: Any, vpc: Vpc) -> None:
    args = vpc.arguments()
    emulator.set_faults([{"service": "ec2", "every": 5, "error": "throttle"}])
    apply(MODULE, args)
    apply(MODULE, args)
    emulator.set_faults([])
    assert not apply(MODULE, args)["changed"]
    assert sorted(vpc.tables()) == ["private", "public"]
