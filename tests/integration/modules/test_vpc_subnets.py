from __future__ import annotations

from typing import Any

import pytest

MODULE = "vpc_subnets"
PLACEHOLDER = "vpc-00000000000000000"
SUBNETS = [
    {"name": "airas-dev-public-1a", "cidr_block": "10.0.0.0/24", "availability_zone": "ap-northeast-1a"},
    {
        "name": "airas-dev-public-1c",
        "cidr_block": "10.0.1.0/24",
        "availability_zone": "ap-northeast-1c",
        "map_public_ip_on_launch": True,
    },
]


@pytest.fixture
def ec2(boto: Any) -> Any:
    return boto("ec2")


def arguments(vpc_id: str, *subnets: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {"vpc_id": vpc_id, "subnets": list(subnets) or SUBNETS, "tags": {"Environment": "dev"}, **others}


@pytest.fixture
def args(ec2: Any) -> dict[str, Any]:
    return arguments(ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])


def subnets_in(ec2: Any, vpc_id: str) -> list[Any]:
    return ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["Subnets"]


def test_a_plan_for_a_vpc_that_does_not_exist_names_everything(apply: Any, changes: Any, writes: Any) -> None:
    plan = apply(MODULE, arguments(PLACEHOLDER), check=True)
    attributes = ["availability_zone", "cidr_block", "id", "map_public_ip_on_launch", "tags.Environment", "tags.Name"]
    assert changes(plan) == {"subnet/airas-dev-public-1a": attributes, "subnet/airas-dev-public-1c": attributes}
    assert plan["resources"]["subnet/airas-dev-public-1a"]["id"] == "subnet-00000000000000000"
    assert writes() == []


def test_subnets_are_made_once(apply: Any, ec2: Any, args: Any) -> None:
    made = apply(MODULE, args)
    assert made["changed"]
    assert not apply(MODULE, args)["changed"]
    assert not apply(MODULE, args, check=True)["changed"]
    found = {subnet["SubnetId"]: subnet for subnet in subnets_in(ec2, args["vpc_id"])}
    for wanted in SUBNETS:
        subnet = found.pop(made["resources"][f"subnet/{wanted['name']}"]["id"])
        assert subnet["CidrBlock"] == wanted["cidr_block"]
        assert subnet["AvailabilityZone"] == wanted["availability_zone"]
        assert subnet["MapPublicIpOnLaunch"] is wanted.get("map_public_ip_on_launch", False)
        assert {"Key": "Environment", "Value": "dev"} in subnet["Tags"]
    assert found == {}


def test_drift_is_named_and_repaired(apply: Any, changes: Any, ec2: Any, args: Any) -> None:
    made = apply(MODULE, args)["resources"]
    first, second = (made[f"subnet/{wanted['name']}"]["id"] for wanted in SUBNETS)
    ec2.modify_subnet_attribute(SubnetId=first, MapPublicIpOnLaunch={"Value": True})
    ec2.delete_tags(Resources=[second], Tags=[{"Key": "Environment"}])
    ec2.create_tags(Resources=[second], Tags=[{"Key": "somebody-else's", "Value": "stays"}])
    expected = {
        "subnet/airas-dev-public-1a": ["map_public_ip_on_launch"],
        "subnet/airas-dev-public-1c": ["tags.Environment"],
    }
    assert changes(apply(MODULE, args, check=True)) == expected
    assert changes(apply(MODULE, args)) == expected
    assert not apply(MODULE, args)["changed"]
    tags = next(subnet["Tags"] for subnet in subnets_in(ec2, args["vpc_id"]) if subnet["SubnetId"] == second)
    assert {"Key": "somebody-else's", "Value": "stays"} in tags


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cidr_block": "10.0.9.0/24"}, "cidr_block is '10.0.0.0/24' and should be '10.0.9.0/24'"),
        ({"availability_zone": "ap-northeast-1d"}, "availability_zone is 'ap-northeast-1a'"),
    ],
)
def test_what_aws_cannot_change_is_refused(
    apply: Any, run_module: Any, writes: Any, args: Any, change: Any, words: str
) -> None:
    apply(MODULE, args)
    before = writes()
    refused = run_module(MODULE, {**args, "subnets": [{**SUBNETS[0], **change}, SUBNETS[1]]})
    assert refused["failed"]
    assert words in refused["msg"]
    assert "Put the old value back" in refused["msg"]
    assert writes() == before


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ("10.0.1.128/25", "its cidr_block 10.0.1.128/25 overlaps 10.0.1.0/24 of airas-dev-public-1c"),
        ("10.0.0.1/24", "10.0.0.1/24 has host bits set"),
        ("ten", "cidr_block is not an IPv4 block"),
        ("10.0.0.0/29", "AWS takes lengths from /16 to /28"),
    ],
)
def test_a_wrong_block_is_one_clear_error(run_module: Any, writes: Any, block: str, words: str) -> None:
    wrong = run_module(MODULE, arguments(PLACEHOLDER, {**SUBNETS[0], "cidr_block": block}, SUBNETS[1]))
    assert wrong["failed"]
    assert words in wrong["msg"]
    assert writes() == []


def test_two_of_the_same_name_are_an_error(apply: Any, run_module: Any, ec2: Any, args: Any) -> None:
    apply(MODULE, args)
    made = ec2.create_subnet(VpcId=args["vpc_id"], CidrBlock="10.0.7.0/24")["Subnet"]["SubnetId"]
    ec2.create_tags(Resources=[made], Tags=[{"Key": "Name", "Value": "airas-dev-public-1a"}])
    doubled = run_module(MODULE, args)
    assert doubled["failed"]
    assert made in doubled["msg"]


def test_absent_removes_them_once(apply: Any, ec2: Any, args: Any) -> None:
    apply(MODULE, args)
    other = ec2.create_subnet(VpcId=args["vpc_id"], CidrBlock="10.0.7.0/24")["Subnet"]["SubnetId"]
    gone = {**args, "state": "absent"}
    assert apply(MODULE, gone, check=True)["changed"]
    assert apply(MODULE, gone)["changed"]
    assert not apply(MODULE, gone)["changed"]
    assert [subnet["SubnetId"] for subnet in subnets_in(ec2, args["vpc_id"])] == [other]


def test_a_subnet_in_use_is_not_removed_and_the_error_says_where_to_look(
    apply: Any, run_module: Any, ec2: Any, args: Any
) -> None:
    made = apply(MODULE, args)["resources"]["subnet/airas-dev-public-1a"]["id"]
    ec2.create_network_interface(SubnetId=made)
    kept = run_module(MODULE, {**args, "state": "absent"})
    assert kept["failed"]
    assert "subnet/airas-dev-public-1a: Failed to call ec2:DeleteSubnet" in kept["msg"]
    assert "the network interfaces in the VPC show what that is" in kept["msg"]


def test_an_interrupted_run_is_finished_by_the_next(interrupt_each_write: Any, ec2: Any) -> None:
    vpc_ids: list[str] = []

    def prepare() -> dict[str, Any]:
        vpc_ids.append(ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])
        return arguments(vpc_ids[-1])

    def census() -> Any:
        found = subnets_in(ec2, vpc_ids[-1])
        return sorted((subnet["CidrBlock"], subnet["MapPublicIpOnLaunch"]) for subnet in found)

    interrupt_each_write(MODULE, prepare, census)


def test_throttling_is_outlived(apply: Any, emulator: Any, ec2: Any, args: Any) -> None:
    emulator.set_faults([{"service": "ec2", "every": 5, "error": "throttle"}])
    apply(MODULE, args)
    apply(MODULE, args)
    emulator.set_faults([])
    assert not apply(MODULE, args)["changed"]
    assert len(subnets_in(ec2, args["vpc_id"])) == len(SUBNETS)
