from __future__ import annotations

import json
from typing import Any

import pytest

MODULE = "vpc_endpoints"
PLACEHOLDER = "vpc-00000000000000000"
READ_ONLY = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Read", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}],
}
TAGS = {"Environment": "dev", "ManagedBy": "airas.platform"}


class Vpc:
    """A VPC with two subnets in two zones, two route tables and two security groups."""

    def __init__(self, ec2: Any) -> None:
        self.ec2 = ec2
        self.id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        ec2.modify_vpc_attribute(VpcId=self.id, EnableDnsHostnames={"Value": True})
        self.subnets = sorted(self._subnet(number, zone) for number, zone in enumerate("ac"))
        self.tables = sorted(ec2.create_route_table(VpcId=self.id)["RouteTable"]["RouteTableId"] for _ in range(2))
        self.groups = [self._group(name) for name in ("endpoints", "others")]

    def _subnet(self, number: int, zone: str) -> str:
        where = {"CidrBlock": f"10.0.{number}.0/24", "AvailabilityZone": f"ap-northeast-1{zone}"}
        return self.ec2.create_subnet(VpcId=self.id, **where)["Subnet"]["SubnetId"]

    def _group(self, name: str) -> str:
        return self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.id)["GroupId"]

    def endpoints(self) -> dict[str, Any]:
        found = self.ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [self.id]}])["VpcEndpoints"]
        return {next(tag["Value"] for tag in item["Tags"] if tag["Key"] == "Name"): item for item in found}

    def arguments(self, **others: Any) -> dict[str, Any]:
        return {
            "vpc_id": self.id,
            "endpoints": [gateway(route_table_ids=self.tables), interface(self.subnets, self.groups[:1])],
            "tags": TAGS,
            **others,
        }


def gateway(**others: Any) -> dict[str, Any]:
    return {"name": "airas-dev-s3", "service": "s3", **others}


def interface(subnet_ids: list[str], group_ids: list[str], **others: Any) -> dict[str, Any]:
    places = {"subnet_ids": subnet_ids, "security_group_ids": group_ids}
    return {"name": "airas-dev-ecr-api", "service": "ecr.api", "type": "interface", **places, **others}


@pytest.fixture
def vpc(boto: Any) -> Vpc:
    return Vpc(boto("ec2"))


def test_a_plan_for_a_vpc_that_does_not_exist_names_everything(apply: Any, changes: Any, writes: Any) -> None:
    endpoints = [gateway(route_table_ids=["rtb-00000000000000000"])]
    plan = apply(MODULE, {"vpc_id": PLACEHOLDER, "endpoints": endpoints}, check=True)
    assert changes(plan) == {
        "vpc_endpoint/airas-dev-s3": [
            "id",
            "policy.Statement[Allow *].Action",
            "policy.Statement[Allow *].Effect",
            "policy.Statement[Allow *].Principal.AWS",
            "policy.Statement[Allow *].Resource",
            "policy.Version",
            "route_table_ids",
            "service_name",
            "tags.Name",
            "type",
        ]
    }
    assert writes() == []


def test_endpoints_are_made_once(apply: Any, vpc: Vpc) -> None:
    args = vpc.arguments()
    assert apply(MODULE, args)["changed"]
    assert not apply(MODULE, args)["changed"]
    assert not apply(MODULE, args, check=True)["changed"]
    found = vpc.endpoints()
    s3, ecr = found.pop("airas-dev-s3"), found.pop("airas-dev-ecr-api")
    assert found == {}
    assert (s3["ServiceName"], s3["VpcEndpointType"]) == ("com.amazonaws.ap-northeast-1.s3", "Gateway")
    assert sorted(s3["RouteTableIds"]) == vpc.tables
    assert (sorted(ecr["SubnetIds"]), ecr["PrivateDnsEnabled"]) == (vpc.subnets, True)
    assert [group["GroupId"] for group in ecr["Groups"]] == vpc.groups[:1]


def test_an_endpoint_that_is_being_made_is_pending_and_left_alone(apply: Any, emulator: Any, vpc: Vpc) -> None:
    emulator.set_delays({"vpc_endpoint.pending": 600})
    args = vpc.arguments()
    assert apply(MODULE, args)["pending"] == [{"resource": "vpc_endpoint/airas-dev-ecr-api", "state": "pending"}]
    again = apply(MODULE, args)
    assert not again["changed"]
    assert again["pending"] == [{"resource": "vpc_endpoint/airas-dev-ecr-api", "state": "pending"}]
    emulator.set_delays({})
    assert apply(MODULE, args)["pending"] == []


def test_only_differences_are_sent(apply: Any, changes: Any, emulator: Any, vpc: Vpc) -> None:
    apply(MODULE, vpc.arguments())
    table, subnet = vpc.tables[0], vpc.subnets[0]
    changed = vpc.arguments(
        endpoints=[
            gateway(route_table_ids=[table], policy=READ_ONLY),
            interface([subnet], vpc.groups[1:], private_dns_enabled=False),
        ]
    )
    plan = apply(MODULE, changed)
    paths = changes(plan)
    assert "route_table_ids" in paths["vpc_endpoint/airas-dev-s3"]
    assert "policy.Statement.Read.Action" in paths["vpc_endpoint/airas-dev-s3"]
    assert paths["vpc_endpoint/airas-dev-ecr-api"] == ["private_dns_enabled", "security_group_ids", "subnet_ids"]
    sent = [call["params"] for call in emulator.calls() if call["operation"] == "ModifyVpcEndpoint"]
    found = vpc.endpoints()
    assert sent == [
        {
            "VpcEndpointId": found["airas-dev-s3"]["VpcEndpointId"],
            "RemoveRouteTableIds": vpc.tables[1:],
            "PolicyDocument": json.dumps(READ_ONLY, separators=(",", ":")),
        },
        {
            "VpcEndpointId": found["airas-dev-ecr-api"]["VpcEndpointId"],
            "RemoveSubnetIds": vpc.subnets[1:],
            "AddSecurityGroupIds": vpc.groups[1:],
            "RemoveSecurityGroupIds": vpc.groups[:1],
            "PrivateDnsEnabled": False,
        },
    ]
    assert not apply(MODULE, changed)["changed"]


def test_drift_is_named_and_repaired(apply: Any, changes: Any, vpc: Vpc) -> None:
    args = vpc.arguments()
    made = apply(MODULE, args)["resources"]
    s3, ecr = (made[f"vpc_endpoint/{name}"]["id"] for name in ("airas-dev-s3", "airas-dev-ecr-api"))
    vpc.ec2.modify_vpc_endpoint(VpcEndpointId=s3, RemoveRouteTableIds=vpc.tables[:1])
    closed = {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}]}
    vpc.ec2.modify_vpc_endpoint(VpcEndpointId=ecr, PolicyDocument=json.dumps(closed), PrivateDnsEnabled=False)
    vpc.ec2.create_tags(Resources=[s3], Tags=[{"Key": "Environment", "Value": "other"}])
    found = changes(apply(MODULE, args, check=True))
    assert found["vpc_endpoint/airas-dev-s3"] == ["route_table_ids", "tags.Environment"]
    assert found["vpc_endpoint/airas-dev-ecr-api"][-1] == "private_dns_enabled"
    assert {path.split(".")[0] for path in found["vpc_endpoint/airas-dev-ecr-api"][:-1]} == {"policy"}
    assert changes(apply(MODULE, args)) == found
    assert not apply(MODULE, args)["changed"]


def test_another_service_is_refused(apply: Any, run_module: Any, writes: Any, vpc: Vpc) -> None:
    apply(MODULE, vpc.arguments())
    before = writes()
    refused = run_module(MODULE, vpc.arguments(endpoints=[gateway(service="dynamodb", route_table_ids=vpc.tables)]))
    assert refused["failed"]
    assert "service_name is 'com.amazonaws.ap-northeast-1.s3' and should be" in refused["msg"]
    assert writes() == before


@pytest.mark.parametrize(
    ("endpoint", "words"),
    [
        (gateway(subnet_ids=["subnet-1"]), "subnet_ids is not for endpoints of type gateway. Give route_table_ids"),
        (interface([], ["sg-1"]), "an interface endpoint needs subnet_ids and security_group_ids"),
        (gateway(type="tunnel"), "value of type must be one of: gateway, interface, got: tunnel"),
    ],
)
def test_wrong_input_is_one_clear_error(run_module: Any, writes: Any, endpoint: Any, words: str) -> None:
    wrong = run_module(MODULE, {"vpc_id": PLACEHOLDER, "endpoints": [endpoint]})
    assert wrong["failed"]
    assert words in wrong["msg"]
    assert writes() == []


def test_purge_removes_what_is_ours_and_not_listed(apply: Any, changes: Any, vpc: Vpc) -> None:
    apply(MODULE, vpc.arguments())
    others_table = vpc.ec2.create_route_table(VpcId=vpc.id)["RouteTable"]["RouteTableId"]
    vpc.ec2.create_vpc_endpoint(
        VpcId=vpc.id,
        ServiceName="com.amazonaws.ap-northeast-1.dynamodb",
        RouteTableIds=[others_table],
        TagSpecifications=[{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "Name", "Value": "somebody's"}]}],
    )
    s3 = [gateway(route_table_ids=vpc.tables)]
    assert not apply(MODULE, vpc.arguments(endpoints=s3))["changed"]
    purged = apply(MODULE, vpc.arguments(endpoints=s3, purge=True))
    assert list(changes(purged)) == ["vpc_endpoint/airas-dev-ecr-api"]
    assert sorted(vpc.endpoints()) == ["airas-dev-s3", "somebody's"]
    assert not apply(MODULE, vpc.arguments(endpoints=s3, purge=True))["changed"]


def test_absent_removes_them_once_and_waits_for_their_interfaces(apply: Any, emulator: Any, vpc: Vpc) -> None:
    apply(MODULE, vpc.arguments())
    emulator.set_delays({"vpc_endpoint.deleting": 600})
    gone = vpc.arguments(state="absent")
    going = [{"resource": "vpc_endpoint/airas-dev-ecr-api", "state": "deleting"}]
    plan = apply(MODULE, gone, check=True)
    assert (plan["changed"], plan["pending"]) == (True, [])
    first = apply(MODULE, gone)
    assert (first["changed"], first["pending"]) == (True, going)
    second = apply(MODULE, gone)
    assert (second["changed"], second["pending"]) == (False, going)
    emulator.set_delays({})
    third = apply(MODULE, gone)
    assert (third["changed"], third["pending"]) == (False, [])
    assert vpc.endpoints() == {}


def test_an_interrupted_run_is_finished_by_the_next(interrupt_each_write: Any, boto: Any) -> None:
    made: list[Vpc] = []

    def prepare() -> dict[str, Any]:
        made.append(Vpc(boto("ec2")))
        return made[-1].arguments()

    def census() -> Any:
        found = made[-1].ec2.describe_vpc_endpoints()["VpcEndpoints"]
        return sorted((item["ServiceName"], len(item["RouteTableIds"]), len(item["SubnetIds"])) for item in found)

    interrupt_each_write(MODULE, prepare, census)


def test_throttling_is_outlived(apply: Any, emulator: Any, vpc: Vpc) -> None:
    emulator.set_faults([{"service": "ec2", "every": 5, "error": "throttle"}])
    args = vpc.arguments()
    for _ in range(3):
        apply(MODULE, args)
    emulator.set_faults([])
    assert not apply(MODULE, args)["changed"]
    assert len(vpc.endpoints()) == 2
