"""nat_gateway against the embedded AWS: no address and no gateway is ever doubled, lost or forgotten."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from emulator.testing import ROOT, EmulatorServer

Result = dict[str, Any]
TAGS = {"Project": "airas", "Environment": "dev", "Component": "network", "ManagedBy": "airas.platform"}
DELETING = {"nat_gateway.deleting": 3600}
PENDING = {"nat_gateway.pending": 3600}


@pytest.fixture
def ec2(boto: Callable[[str], Any]) -> Any:
    return boto("ec2")


class Network:
    """A VPC with an internet gateway and two public subnets, made and looked at without any code of ours."""

    def __init__(self, ec2: Any) -> None:
        self.ec2 = ec2
        self.vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.internet_gateway_id = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=self.internet_gateway_id, VpcId=self.vpc_id)
        self.subnet_a, self.subnet_b = (
            ec2.create_subnet(VpcId=self.vpc_id, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=zone)["Subnet"][
                "SubnetId"
            ]
            for number, zone in enumerate(("ap-northeast-1a", "ap-northeast-1c"))
        )

    def args(self, **more: Any) -> dict[str, Any]:
        gateways = [{"name": "airas-dev-a", "subnet_id": self.subnet_a}]
        return {"vpc_id": self.vpc_id, "gateways": gateways, "tags": TAGS, **more}

    def two(self, **more: Any) -> dict[str, Any]:
        gateways = [
            {"name": "airas-dev-a", "subnet_id": self.subnet_a},
            {"name": "airas-dev-b", "subnet_id": self.subnet_b},
        ]
        return self.args(gateways=gateways, **more)

    def regional(self, **more: Any) -> dict[str, Any]:
        return self.args(gateways=[{"name": "airas-dev"}], availability_mode="regional", **more)

    def gateways(self, *states: str) -> list[dict[str, Any]]:
        wanted = [{"Name": "state", "Values": list(states or ("pending", "available", "failed", "deleting"))}]
        found: list[dict[str, Any]] = self.ec2.describe_nat_gateways(Filter=wanted)["NatGateways"]
        return found

    def addresses(self) -> list[dict[str, Any]]:
        found = self.ec2.describe_addresses()["Addresses"]
        return [address for address in found if not address.get("ServiceManaged")]

    def census(self) -> Any:
        """What there is, by name: gateways with their subnet and state, addresses with what they are used for."""
        gateways = {gateway["NatGatewayId"]: gateway for gateway in self.gateways()}
        carried = {
            entry["AllocationId"]: tag(gateway, "Name")
            for gateway in gateways.values()
            for entry in gateway["NatGatewayAddresses"]
            if "AllocationId" in entry
        }
        subnets = {self.subnet_a: "a", self.subnet_b: "b", None: "regional"}
        return (
            sorted((tag(g, "Name"), subnets[g.get("SubnetId")], g["State"]) for g in gateways.values()),
            sorted((tag(a, "Name"), carried.get(a["AllocationId"])) for a in self.addresses()),
        )


ONE = ([("airas-dev-a", "a", "available")], [("airas-dev-a", "airas-dev-a")])
TWO = (
    [("airas-dev-a", "a", "available"), ("airas-dev-b", "b", "available")],
    [("airas-dev-a", "airas-dev-a"), ("airas-dev-b", "airas-dev-b")],
)
REGIONAL = ([("airas-dev", "regional", "available")], [])
NOTHING: Any = ([], [])


def tag(item: Mapping[str, Any], key: str) -> str | None:
    return {entry["Key"]: entry["Value"] for entry in item.get("Tags", [])}.get(key)


@pytest.fixture
def network(ec2: Any) -> Network:
    return Network(ec2)


@pytest.fixture
def settled(apply: Callable[..., Result]) -> Callable[..., list[Result]]:
    """Calls the module until nothing is pending, as the settle action does; returns every call's result."""

    def run(args: Mapping[str, Any]) -> list[Result]:
        results = [apply("nat_gateway", args)]
        while results[-1]["pending"]:
            assert len(results) < 6, results[-1]["pending"]
            results.append(apply("nat_gateway", args))
        return results

    return run


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries follow each other at once."""
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)


def changed(results: list[Result]) -> list[tuple[str, str]]:
    return [(plan["action"], plan["resource"]) for result in results for plan in result["plan"]]


def paths(result: Result, resource: str) -> dict[str, tuple[Any, Any]]:
    plan = next(plan for plan in result["plan"] if plan["resource"] == resource)
    return {change["path"]: (change["before"], change["after"]) for change in plan["changes"]}


# -- making ----------------------------------------------------------------------------------------------------------


def test_two_runs_leave_one_address_and_one_gateway_for_each_name(
    network: Network, settled: Callable[..., list[Result]], apply: Callable[..., Result]
) -> None:
    results = settled(network.two())
    assert network.census() == TWO
    again = apply("nat_gateway", network.two())
    assert (again["changed"], again["diff"], again["pending"]) == (False, [], [])
    assert network.census() == TWO

    gateway, address = (results[-1]["resources"][f"{kind}/airas-dev-a"] for kind in ("nat_gateway", "elastic_ip"))
    assert (gateway["subnet_id"], gateway["state"]) == (network.subnet_a, "available")
    assert (gateway["allocation_id"], gateway["public_ip"]) == (address["id"], address["public_ip"])
    assert {key: tag(network.addresses()[0], key) for key in TAGS} == TAGS
    assert {key: tag(network.gateways()[0], key) for key in TAGS} == TAGS


def test_says_what_is_pending_until_the_gateway_is_available(
    emulator: EmulatorServer, network: Network, apply: Callable[..., Result]
) -> None:
    emulator.set_delays(PENDING)
    for expected in (True, False):
        result = apply("nat_gateway", network.args())
        assert result["changed"] is expected
        assert result["pending"] == [{"resource": "nat_gateway/airas-dev-a", "state": "pending"}]
    emulator.set_delays({})
    result = apply("nat_gateway", network.args())
    assert (result["changed"], result["pending"]) == (False, [])
    assert network.census() == ONE


def test_plans_everything_for_a_vpc_that_does_not_exist_yet_and_asks_nothing_about_it(
    emulator: EmulatorServer, apply: Callable[..., Result], writes: Callable[[], list[str]]
) -> None:
    args = {
        "vpc_id": "vpc-00000000000000000",
        "gateways": [{"name": "airas-dev-a", "subnet_id": "subnet-00000000000000000"}],
        "tags": TAGS,
        "purge": True,
    }
    result = apply("nat_gateway", args, check=True)
    assert changed([result]) == [("create", "elastic_ip/airas-dev-a"), ("create", "nat_gateway/airas-dev-a")]
    unknown = "(known after apply)"
    assert paths(result, "elastic_ip/airas-dev-a") == {
        "id": (None, unknown),
        "public_ip": (None, unknown),
        "tags.Name": (None, "airas-dev-a"),
        "tags.NatGatewayVpc": (None, unknown),
        **{f"tags.{key}": (None, value) for key, value in TAGS.items()},
    }
    assert paths(result, "nat_gateway/airas-dev-a") == {
        "id": (None, unknown),
        "allocation_id": (None, unknown),
        "availability_mode": (None, "zonal"),
        "connectivity_type": (None, "public"),
        "subnet_id": (None, unknown),
        "tags.Name": (None, "airas-dev-a"),
        **{f"tags.{key}": (None, value) for key, value in TAGS.items()},
    }
    assert result["resources"]["nat_gateway/airas-dev-a"]["id"] == "nat-00000000000000000"
    assert [call["operation"] for call in emulator.calls()] == ["DescribeAddresses"]


def test_a_plan_on_an_empty_vpc_writes_nothing(
    network: Network, apply: Callable[..., Result], writes: Callable[[], list[str]]
) -> None:
    before = writes()
    result = apply("nat_gateway", network.args(), check=True)
    assert [action for action, _resource in changed([result])] == ["create", "create"]
    assert writes() == before


# -- what is found ---------------------------------------------------------------------------------------------------


def test_an_address_that_a_killed_run_left_alone_is_used(
    network: Network, settled: Callable[..., list[Result]]
) -> None:
    tags = [{"Key": "Name", "Value": "airas-dev-a"}]
    left = network.ec2.allocate_address(Domain="vpc", TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": tags}])
    assert settled(network.args())[-1]["resources"]["elastic_ip/airas-dev-a"]["id"] == left["AllocationId"]
    assert network.census() == ONE


def test_a_gateway_made_elsewhere_keeps_its_address_which_is_tagged(
    network: Network, settled: Callable[..., list[Result]]
) -> None:
    allocation_id = network.ec2.allocate_address(Domain="vpc")["AllocationId"]
    tags = [{"Key": "Name", "Value": "airas-dev-a"}, {"Key": "Owner", "Value": "somebody"}]
    made = network.ec2.create_nat_gateway(
        SubnetId=network.subnet_a,
        AllocationId=allocation_id,
        TagSpecifications=[{"ResourceType": "natgateway", "Tags": tags}],
    )["NatGateway"]["NatGatewayId"]
    results = settled(network.args())
    assert changed(results) == [("update", "elastic_ip/airas-dev-a"), ("update", "nat_gateway/airas-dev-a")]
    assert results[-1]["resources"]["nat_gateway/airas-dev-a"]["id"] == made
    assert network.census() == ONE
    assert tag(network.gateways()[0], "Owner") == "somebody"


@pytest.mark.parametrize("key", ["Name", "Environment"])
def test_tags_that_drifted_are_named_and_put_back(
    network: Network, settled: Callable[..., list[Result]], apply: Callable[..., Result], key: str
) -> None:
    settled(network.two())
    gateway, address = network.gateways()[0], network.addresses()[0]
    network.ec2.delete_tags(Resources=[gateway["NatGatewayId"]], Tags=[{"Key": key}])
    result = apply("nat_gateway", network.two(purge=True))
    assert changed([result]) == [("update", "nat_gateway/airas-dev-a")]
    expected = {**TAGS, "Name": "airas-dev-a"}[key]
    assert paths(result, "nat_gateway/airas-dev-a") == {f"tags.{key}": (None, expected)}
    network.ec2.create_tags(Resources=[address["AllocationId"]], Tags=[{"Key": key, "Value": "else"}])
    result = apply("nat_gateway", network.two(purge=True))
    assert paths(result, "elastic_ip/airas-dev-a") == {f"tags.{key}": ("else", expected)}
    assert network.census() == TWO
    assert not apply("nat_gateway", network.two(purge=True))["changed"]


def test_two_gateways_of_one_name_are_both_named(
    network: Network, settled: Callable[..., list[Result]], run_module: Callable[..., Result]
) -> None:
    settled(network.two())
    first, second = network.gateways()
    network.ec2.create_tags(Resources=[second["NatGatewayId"]], Tags=[{"Key": "Name", "Value": "airas-dev-a"}])
    result = run_module("nat_gateway", network.args())
    assert result["failed"]
    assert first["NatGatewayId"] in result["msg"]
    assert second["NatGatewayId"] in result["msg"]
    assert "Nothing has been changed" in result["msg"]


def test_an_address_of_the_name_that_something_else_uses_is_not_taken(
    network: Network, run_module: Callable[..., Result], writes: Callable[[], list[str]]
) -> None:
    interface = network.ec2.create_network_interface(SubnetId=network.subnet_a)["NetworkInterface"][
        "NetworkInterfaceId"
    ]
    tags = [{"Key": "Name", "Value": "airas-dev-a"}]
    address = network.ec2.allocate_address(
        Domain="vpc", TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": tags}]
    )
    network.ec2.associate_address(AllocationId=address["AllocationId"], NetworkInterfaceId=interface)
    before = writes()
    result = run_module("nat_gateway", network.args())
    assert f"in use by {interface}" in result["msg"]
    assert writes() == before


# -- interruptions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "goal"),
    [
        ("nothing", "two"),
        ("nothing", "regional"),
        ("two", "one"),
        ("two", "regional"),
        ("regional", "two"),
        ("two", "absent"),
        ("regional", "absent"),
    ],
)
def test_a_run_that_loses_the_answer_of_any_write_is_completed_by_the_next(
    emulator: EmulatorServer,
    ec2: Any,
    run_module: Callable[..., Result],
    settled: Callable[..., list[Result]],
    writes: Callable[[], list[str]],
    no_pauses: None,
    start: str,
    goal: str,
) -> None:
    def arguments(network: Network, what: str) -> dict[str, Any]:
        return {
            "two": network.two(purge=True),
            "one": network.args(purge=True),
            "regional": network.regional(purge=True),
            "absent": network.args(gateways=[], state="absent", purge=True),
        }[what]

    def prepared() -> tuple[Network, int]:
        emulator.reset()
        network = Network(ec2)
        if start != "nothing":
            settled(arguments(network, start))
        return network, len(writes())

    expected = {"two": TWO, "one": ONE, "regional": REGIONAL, "absent": NOTHING}[goal]
    network, before = prepared()
    settled(arguments(network, goal))
    assert network.census() == expected
    sequence = writes()[before:]
    for number, call in enumerate(sequence):
        network, _before = prepared()
        service, operation = call.split(":")
        earlier = sequence[:number].count(call)
        rule = {"service": service, "operation": operation, "after": earlier, "effect": "drop_after"}
        emulator.set_faults([rule])
        broken = run_module("nat_gateway", arguments(network, goal))
        while not broken.get("failed") and broken["pending"]:
            broken = run_module("nat_gateway", arguments(network, goal))
        assert broken.get("failed"), f"the answer of {call} was lost and the run went on"
        emulator.set_faults([])
        settled(arguments(network, goal))
        assert network.census() == expected, f"after the answer of {call} was lost"
        assert changed(settled(arguments(network, goal))) == []


def test_one_throttled_call_in_five_stops_nothing(
    emulator: EmulatorServer, network: Network, settled: Callable[..., list[Result]], no_pauses: None
) -> None:
    emulator.set_faults([{"service": "ec2", "error": "throttle", "every": 5}])
    settled(network.two())
    settled(network.args(purge=True))
    emulator.set_faults([])
    assert network.census() == ONE


# -- changes ---------------------------------------------------------------------------------------------------------


def test_another_subnet_means_another_gateway_with_the_same_address(
    emulator: EmulatorServer, network: Network, settled: Callable[..., list[Result]], apply: Callable[..., Result]
) -> None:
    first = settled(network.args())[-1]["resources"]
    moved = network.args(gateways=[{"name": "airas-dev-a", "subnet_id": network.subnet_b}])
    emulator.set_delays(DELETING)
    result = apply("nat_gateway", moved)
    assert [(plan["action"], plan["impact"]) for plan in result["plan"]] == [("replace", "outage")]
    assert paths(result, "nat_gateway/airas-dev-a") == {"subnet_id": (network.subnet_a, network.subnet_b)}
    waiting = apply("nat_gateway", moved)
    assert (waiting["changed"], waiting["pending"]) == (
        False,
        [{"resource": "nat_gateway/airas-dev-a", "state": "deleting"}],
    )
    planned = apply("nat_gateway", moved, check=True)
    assert changed([planned]) == [("create", "nat_gateway/airas-dev-a")]
    emulator.set_delays({})
    last = settled(moved)[-1]["resources"]
    assert last["elastic_ip/airas-dev-a"]["public_ip"] == first["elastic_ip/airas-dev-a"]["public_ip"]
    assert network.census() == ([("airas-dev-a", "b", "available")], ONE[1])


def test_from_two_to_one_the_other_goes_and_its_address_after_it(
    emulator: EmulatorServer, network: Network, settled: Callable[..., list[Result]], apply: Callable[..., Result]
) -> None:
    settled(network.two())
    assert changed(settled(network.args())) == [], "without purge what is not listed is left alone"
    emulator.set_delays(DELETING)
    plan = apply("nat_gateway", network.args(purge=True), check=True)["plan"]
    assert [(entry["resource"], entry["impact"]) for entry in plan] == [
        ("elastic_ip/airas-dev-b", "data loss"),
        ("nat_gateway/airas-dev-b", "outage"),
    ]
    first = apply("nat_gateway", network.args(purge=True))
    assert changed([first]) == [("delete", "nat_gateway/airas-dev-b")]
    assert first["pending"] == [
        {"resource": "elastic_ip/airas-dev-b", "state": "in use until nat_gateway/airas-dev-b is gone"},
        {"resource": "nat_gateway/airas-dev-b", "state": "deleting"},
    ]
    assert changed([apply("nat_gateway", network.args(purge=True))]) == []
    emulator.set_delays({})
    assert changed(settled(network.args(purge=True))) == [("delete", "elastic_ip/airas-dev-b")]
    assert network.census() == ONE


def test_purge_leaves_alone_what_others_made(network: Network, settled: Callable[..., list[Result]]) -> None:
    allocation_id = network.ec2.allocate_address(Domain="vpc")["AllocationId"]
    network.ec2.create_nat_gateway(SubnetId=network.subnet_b, AllocationId=allocation_id)
    network.ec2.allocate_address(Domain="vpc")
    settled(network.args(purge=True))
    settled(network.args(gateways=[], state="absent", purge=True))
    assert [gateway["SubnetId"] for gateway in network.gateways()] == [network.subnet_b]
    assert len(network.addresses()) == 2


@pytest.mark.parametrize("name", ["airas-dev", "airas-dev-a"])
def test_from_zonal_to_regional_and_back(
    network: Network, settled: Callable[..., list[Result]], apply: Callable[..., Result], name: str
) -> None:
    settled(network.two(purge=True))
    regional = network.args(gateways=[{"name": name}], availability_mode="regional", purge=True)
    result = settled(regional)[-1]
    assert network.census() == ([(name, "regional", "available")], [])
    gateway = result["resources"][f"nat_gateway/{name}"]
    assert (gateway["subnet_id"], gateway["allocation_id"], len(gateway["public_ips"])) == (None, None, 2)
    assert not apply("nat_gateway", regional)["changed"]
    settled(network.two(purge=True))
    assert network.census() == TWO


def test_a_playbook_waits_and_shows_what_for(emulator: EmulatorServer, network: Network, tmp_path: Path) -> None:
    moved = network.args(gateways=[{"name": "airas-dev-a", "subnet_id": network.subnet_b}])
    tasks: list[dict[str, Any]] = [
        {"airas.platform.nat_gateway": network.args()},
        {"airas.platform.nat_gateway": moved, "register": "result"},
        {"ansible.builtin.copy": {"content": "{{ result }}", "dest": str(tmp_path / "result.json")}},
    ]
    play = tmp_path / "play.json"
    play.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
    python = "ansible_python_interpreter={{ ansible_playbook_python }}"
    emulator.set_delays({"nat_gateway.pending": 2, "nat_gateway.deleting": 2})
    run = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), play, "-i", "localhost,", "-c", "local", "-e", python],
        capture_output=True,
        check=False,
        env={
            **emulator.env,
            "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
            "AIRAS_REPORT": str(tmp_path / "report.json"),
        },
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "WARNING" not in run.stdout + run.stderr
    assert "nat_gateway/airas-dev-a is pending (" in run.stdout
    assert "nat_gateway/airas-dev-a is deleting (" in run.stdout
    result = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert changed([result]) == [("replace", "nat_gateway/airas-dev-a"), ("create", "nat_gateway/airas-dev-a")]
    assert (result["changed"], result["pending"]) == (True, [])
    assert network.census() == ([("airas-dev-a", "b", "available")], ONE[1])


# -- failures --------------------------------------------------------------------------------------------------------


def test_a_gateway_that_aws_could_not_make_is_explained_and_made_by_the_next_run(
    network: Network,
    settled: Callable[..., list[Result]],
    apply: Callable[..., Result],
    run_module: Callable[..., Result],
) -> None:
    vpc = {"InternetGatewayId": network.internet_gateway_id, "VpcId": network.vpc_id}
    network.ec2.detach_internet_gateway(**vpc)
    assert apply("nat_gateway", network.args())["pending"]
    planned = apply("nat_gateway", network.args(), check=True)
    assert paths(planned, "nat_gateway/airas-dev-a") == {"state": ("failed", "available")}
    failed = run_module("nat_gateway", network.args())
    assert failed["msg"].startswith("nat_gateway/airas-dev-a: AWS could not make nat-")
    assert "Gateway.NotAttached: Network vpc-" in failed["msg"]
    assert "Attach an internet gateway to the VPC" in failed["msg"]
    assert failed["applied"] == ["ec2:DeleteNatGateway nat_gateway/airas-dev-a"]
    assert failed["call"] == "ec2:CreateNatGateway"
    assert len(network.addresses()) == 1

    network.ec2.attach_internet_gateway(**vpc)
    settled(network.args())
    assert network.census() == ONE


def test_a_quota_that_is_used_up_is_explained(
    emulator: EmulatorServer, network: Network, run_module: Callable[..., Result]
) -> None:
    emulator.set_world(quotas={"ec2/L-0263D0A3": 0})
    result = run_module("nat_gateway", network.args())
    assert result["call"] == "ec2:AllocateAddress"
    assert "AddressLimitExceeded" in result["msg"]
    assert "quota EC2-VPC Elastic IPs (ec2/L-0263D0A3)" in result["msg"]
    assert "Nothing has been changed" in result["msg"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"gateways": [{"name": "airas-dev-a"}]},
            "nat_gateway/airas-dev-a: subnet_id is missing. Give the public subnet",
        ),
        ({"availability_mode": "regional"}, "nat_gateway/airas-dev-a: a regional gateway takes no subnet_id."),
        (
            {"availability_mode": "regional", "gateways": [{"name": "a"}, {"name": "b"}]},
            "takes exactly one gateway, and 2 are listed",
        ),
        ({"gateways": [{"name": "a", "subnet": "subnet-1"}]}, "Unsupported parameters"),
        ({"availability_mode": "global"}, "value of availability_mode must be one of: zonal, regional, got: global"),
    ],
)
def test_wrong_input_is_one_clear_error_before_any_call(
    emulator: EmulatorServer, run_module: Callable[..., Result], more: dict[str, Any], message: str
) -> None:
    args = {"vpc_id": "vpc-1", "gateways": [{"name": "airas-dev-a", "subnet_id": "subnet-1"}], "tags": TAGS, **more}
    result = run_module("nat_gateway", args)
    assert message in result["msg"]
    assert emulator.calls() == []


# -- removing --------------------------------------------------------------------------------------------------------


def test_absent_removes_gateways_then_addresses_and_then_has_nothing_to_do(
    emulator: EmulatorServer, network: Network, settled: Callable[..., list[Result]]
) -> None:
    settled(network.two())
    emulator.set_delays({"nat_gateway.deleting": 0})
    gone = settled(network.two(state="absent"))
    assert sorted(changed(gone)) == [
        ("delete", "elastic_ip/airas-dev-a"),
        ("delete", "elastic_ip/airas-dev-b"),
        ("delete", "nat_gateway/airas-dev-a"),
        ("delete", "nat_gateway/airas-dev-b"),
    ]
    assert network.census() == NOTHING
    assert changed(settled(network.two(state="absent"))) == []


def test_absent_of_a_regional_gateway_waits_until_it_is_gone(
    emulator: EmulatorServer, network: Network, settled: Callable[..., list[Result]], apply: Callable[..., Result]
) -> None:
    settled(network.regional())
    emulator.set_delays(DELETING)
    for expected in (True, False):
        result = apply("nat_gateway", network.regional(state="absent"))
        assert result["changed"] is expected
        assert result["pending"] == [{"resource": "nat_gateway/airas-dev", "state": "deleting"}]
    emulator.set_delays({})
    assert apply("nat_gateway", network.regional(state="absent"))["pending"] == []
    assert network.census() == NOTHING


def test_a_protected_environment_keeps_its_address_until_the_loss_is_confirmed(
    network: Network,
    settled: Callable[..., list[Result]],
    run_module: Callable[..., Result],
    writes: Callable[[], list[str]],
) -> None:
    settled(network.args())
    before = writes()
    protected = network.args(state="absent", protected=True, environment="prod")
    result = run_module("nat_gateway", protected)
    assert "-e confirm=prod:elastic_ip/airas-dev-a" in result["msg"]
    assert writes() == before
    settled({**protected, "confirm": ["prod:elastic_ip/airas-dev-a"]})
    assert network.census() == NOTHING
