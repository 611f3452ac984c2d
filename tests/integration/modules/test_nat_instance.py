"""nat_instance against the embedded AWS: the interface and the address stay, and there is never a second instance."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from emulator.testing import EmulatorServer

Result = dict[str, Any]
NAME = "airas-dev-nat"
TAGS = {"Project": "airas", "Environment": "dev", "Component": "network", "ManagedBy": "airas.platform"}
KINDS = ["security_group", "elastic_ip", "network_interface", "instance"]
NEWER = {
    "name": "fck-nat-al2023-hvm-9.9.9-20990101-arm64-ebs",
    "owner": "568608671756",
    "architecture": "arm64",
    "creation_date": "2099-01-01T00:00:00.000Z",
}


@pytest.fixture
def ec2(boto: Callable[[str], Any]) -> Any:
    return boto("ec2")


class Network:
    """A VPC with an internet gateway and two public subnets, made and looked at without any code of ours."""

    def __init__(self, ec2: Any) -> None:
        self.ec2 = ec2
        self.vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc_id)
        self.subnet_a, self.subnet_b = (
            ec2.create_subnet(VpcId=self.vpc_id, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=zone)["Subnet"][
                "SubnetId"
            ]
            for number, zone in enumerate(("ap-northeast-1a", "ap-northeast-1c"))
        )

    def args(self, **more: Any) -> dict[str, Any]:
        return {
            "name": NAME,
            "vpc_id": self.vpc_id,
            "vpc_cidr_block": "10.0.0.0/16",
            "subnet_id": self.subnet_a,
            "tags": TAGS,
            **more,
        }

    def instances(self) -> list[dict[str, Any]]:
        """All that have ever run here, but for those that are terminated."""
        reservations = self.ec2.describe_instances()["Reservations"]
        found = [instance for reservation in reservations for instance in reservation["Instances"]]
        return [instance for instance in found if instance["State"]["Name"] != "terminated"]

    def instance(self) -> dict[str, Any]:
        (found,) = self.instances()
        return found

    def interface(self) -> dict[str, Any]:
        (found,) = self.ec2.describe_network_interfaces()["NetworkInterfaces"]
        return dict(found)

    def groups(self) -> list[dict[str, Any]]:
        found = self.ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [self.vpc_id]}])
        return [group for group in found["SecurityGroups"] if group["GroupName"] != "default"]

    def census(self) -> Any:
        """What there is and how it hangs together, without ids."""
        interfaces = self.ec2.describe_network_interfaces()["NetworkInterfaces"]
        addresses = self.ec2.describe_addresses()["Addresses"]
        by_id = {interface["NetworkInterfaceId"]: tag(interface, "Name", "TagSet") for interface in interfaces}
        subnets = {self.subnet_a: "a", self.subnet_b: "b"}
        return {
            "groups": [
                (group["GroupName"], permissions(group, "IpPermissions"), permissions(group, "IpPermissionsEgress"))
                for group in self.groups()
            ],
            "addresses": [(tag(item, "Name"), by_id.get(item.get("NetworkInterfaceId"))) for item in addresses],
            "interfaces": [
                (
                    tag(item, "Name", "TagSet"),
                    subnets[item["SubnetId"]],
                    item["Status"],
                    item["SourceDestCheck"],
                    [group["GroupName"] for group in item["Groups"]],
                )
                for item in interfaces
            ],
            "instances": [
                (
                    tag(item, "Name"),
                    item["State"]["Name"],
                    item["InstanceType"],
                    item["MetadataOptions"]["HttpTokens"],
                    [by_id[nic["NetworkInterfaceId"]] for nic in item["NetworkInterfaces"]],
                )
                for item in self.instances()
            ],
        }


CONVERGED: dict[str, Any] = {
    "groups": [(NAME, [("-1", "10.0.0.0/16")], [("-1", "0.0.0.0/0")])],
    "addresses": [(NAME, NAME)],
    "interfaces": [(NAME, "a", "in-use", False, [NAME])],
    "instances": [(NAME, "running", "t4g.nano", "required", [NAME])],
}
NOTHING: dict[str, Any] = {"groups": [], "addresses": [], "interfaces": [], "instances": []}


def tag(item: Mapping[str, Any], key: str, tags: str = "Tags") -> str | None:
    return {entry["Key"]: entry["Value"] for entry in item.get(tags, [])}.get(key)


def permissions(group: Mapping[str, Any], key: str) -> list[tuple[str, str]]:
    return sorted((rule["IpProtocol"], peer["CidrIp"]) for rule in group[key] for peer in rule["IpRanges"])


@pytest.fixture
def network(ec2: Any) -> Network:
    return Network(ec2)


@pytest.fixture
def settled(apply: Callable[..., Result]) -> Callable[..., list[Result]]:
    """Calls the module until nothing is pending, as the settle action does; returns every call's result."""

    def run(args: Mapping[str, Any]) -> list[Result]:
        results = [apply("nat_instance", args)]
        while results[-1]["pending"]:
            assert len(results) < 6, results[-1]["pending"]
            results.append(apply("nat_instance", args))
        return results

    return run


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries follow each other at once."""
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)


def changed(results: list[Result]) -> list[tuple[str, str]]:
    return [(plan["action"], plan["resource"]) for result in results for plan in result["plan"]]


def changes(result: Result) -> dict[str, tuple[Any, Any]]:
    """Of the one resource that changes."""
    (plan,) = result["plan"]
    return {change["path"]: (change["before"], change["after"]) for change in plan["changes"]}


# -- making ----------------------------------------------------------------------------------------------------------


def test_makes_one_of_each_and_the_second_run_changes_nothing(
    network: Network, settled: Callable[..., list[Result]], apply: Callable[..., Result]
) -> None:
    results = settled(network.args())
    assert network.census() == CONVERGED
    assert sorted(results[-1]["resources"]) == sorted(f"{kind}/{NAME}" for kind in KINDS)
    again = apply("nat_instance", network.args())
    assert (again["changed"], again["diff"], again["pending"]) == (False, [], [])

    shown, instance = results[-1]["resources"][f"instance/{NAME}"], network.instance()
    assert (shown["id"], shown["state"]) == (instance["InstanceId"], "running")
    assert (shown["image_id"], shown["instance_type"]) == (instance["ImageId"], "t4g.nano")
    image = network.ec2.describe_images(ImageIds=[instance["ImageId"]])["Images"][0]
    assert (image["OwnerId"], image["Architecture"]) == ("568608671756", "arm64")
    assert image["Name"].startswith("fck-nat-al2023-hvm-1.4.0")


def test_the_instance_is_launched_as_security_wants_it(network: Network, settled: Callable[..., list[Result]]) -> None:
    settled(network.args())
    instance = network.instance()
    assert instance["MetadataOptions"]["HttpTokens"] == "required"
    assert instance["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    (nic,) = instance["NetworkInterfaces"]
    assert nic["NetworkInterfaceId"] == network.interface()["NetworkInterfaceId"]
    assert nic["Attachment"]["DeleteOnTermination"] is False
    (volume,) = network.ec2.describe_volumes()["Volumes"]
    assert (volume["Encrypted"], volume["VolumeType"]) == (True, "gp3")
    assert {key: tag(volume, key) for key in TAGS} == TAGS
    assert {key: tag(instance, key) for key in TAGS} == TAGS
    (address,) = network.ec2.describe_addresses()["Addresses"]
    assert instance["PublicIpAddress"] == address["PublicIp"]


def test_plans_everything_for_a_vpc_that_does_not_exist_yet_and_asks_nothing_about_it(
    emulator: EmulatorServer, apply: Callable[..., Result]
) -> None:
    args = {
        "name": NAME,
        "vpc_id": "vpc-00000000000000000",
        "vpc_cidr_block": "10.0.0.0/16",
        "subnet_id": "subnet-00000000000000000",
        "tags": TAGS,
    }
    result = apply("nat_instance", args, check=True)
    assert changed([result]) == [("create", f"{kind}/{NAME}") for kind in KINDS]
    shown = {
        plan["resource"].split("/")[0]: {change["path"]: change["after"] for change in plan["changes"]}
        for plan in result["plan"]
    }
    unknown, tags = "(known after apply)", {f"tags.{key}": value for key, value in {**TAGS, "Name": NAME}.items()}
    assert shown["security_group"]["ingress[all from 10.0.0.0/16]"] == "Traffic of the VPC to forward"
    assert shown["elastic_ip"] == {"id": unknown, "public_ip": unknown, **tags}
    assert shown["network_interface"] == {
        "id": unknown,
        "allocation_id": unknown,
        "delete_on_termination": False,
        "security_groups": [unknown],
        "source_dest_check": False,
        "subnet_id": unknown,
        **tags,
    }
    image_id = shown["instance"].pop("image_id")
    assert image_id.startswith("ami-")
    assert shown["instance"] == {
        "id": unknown,
        "http_put_response_hop_limit": 1,
        "http_tokens": "required",
        "instance_type": "t4g.nano",
        "network_interface_id": unknown,
        "status": "ok",
        **tags,
    }
    asked = {call["operation"] for call in emulator.calls()}
    assert asked == {"DescribeAddresses", "DescribeImages", "DescribeInstanceTypes"}


def test_says_what_is_pending_until_the_instance_runs(
    emulator: EmulatorServer, network: Network, apply: Callable[..., Result]
) -> None:
    emulator.set_delays({"instance.pending": 3600})
    for expected in (True, False):
        result = apply("nat_instance", network.args())
        assert result["changed"] is expected
        assert result["pending"] == [{"resource": f"instance/{NAME}", "state": "pending"}]
    emulator.set_delays({})
    assert apply("nat_instance", network.args())["pending"] == []
    assert network.census() == CONVERGED


# -- drift -----------------------------------------------------------------------------------------------------------


def test_a_newer_image_replaces_the_instance_on_the_same_interface_and_address(
    emulator: EmulatorServer, network: Network, settled: Callable[..., list[Result]], apply: Callable[..., Result]
) -> None:
    settled(network.args())
    before, interface = network.instance(), network.interface()
    emulator.set_world(images=[NEWER])
    emulator.set_delays({"instance.shutting_down": 3600})
    planned = apply("nat_instance", network.args(), check=True)
    assert [(plan["action"], plan["resource"], plan["impact"]) for plan in planned["plan"]] == [
        ("replace", f"instance/{NAME}", "outage")
    ]
    newest = changes(planned)["image_id"][1]
    assert changes(planned) == {"image_id": (before["ImageId"], newest)}
    first = apply("nat_instance", network.args())
    assert changes(first) == changes(planned)
    assert first["pending"] == [{"resource": f"instance/{NAME}", "state": "shutting-down"}]
    waiting = apply("nat_instance", network.args())
    assert (waiting["changed"], waiting["pending"]) == (False, first["pending"])
    assert changed([apply("nat_instance", network.args(), check=True)]) == [("create", f"instance/{NAME}")]
    emulator.set_delays({})
    settled(network.args())
    assert network.census() == CONVERGED
    assert network.instance()["ImageId"] == newest
    assert network.interface()["NetworkInterfaceId"] == interface["NetworkInterfaceId"]
    assert network.interface()["Association"]["PublicIp"] == interface["Association"]["PublicIp"]


def test_a_pinned_image_stays_when_a_newer_one_is_out(
    emulator: EmulatorServer, network: Network, settled: Callable[..., list[Result]]
) -> None:
    settled(network.args())
    pinned = network.args(image_id=network.instance()["ImageId"])
    emulator.set_world(images=[NEWER])
    assert changed(settled(pinned)) == []


def test_another_type_replaces_the_instance(network: Network, settled: Callable[..., list[Result]]) -> None:
    settled(network.args())
    results = settled(network.args(instance_type="t4g.micro"))
    assert changes(results[0]) == {"instance_type": ("t4g.nano", "t4g.micro")}
    assert [item["InstanceType"] for item in network.instances()] == ["t4g.micro"]


@pytest.mark.parametrize("how", ["stop_instances", "terminate_instances"])
def test_an_instance_stopped_or_terminated_behind_our_back_is_replaced(
    network: Network, settled: Callable[..., list[Result]], how: str
) -> None:
    settled(network.args())
    interface, old = network.interface()["NetworkInterfaceId"], network.instance()["InstanceId"]
    getattr(network.ec2, how)(InstanceIds=[old])
    results = settled(network.args())
    assert {plan["resource"] for result in results for plan in result["plan"]} == {f"instance/{NAME}"}
    if how == "stop_instances":
        assert changes(results[0]) == {"status": ("stopped", "ok")}
    assert network.census() == CONVERGED
    assert network.interface()["NetworkInterfaceId"] == interface
    assert network.instance()["InstanceId"] != old


def test_a_source_dest_check_turned_on_again_is_turned_off(
    network: Network, settled: Callable[..., list[Result]]
) -> None:
    settled(network.args())
    interface = network.interface()["NetworkInterfaceId"]
    network.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, SourceDestCheck={"Value": True})
    assert changes(settled(network.args())[0]) == {"source_dest_check": (True, False)}
    assert network.census() == CONVERGED


def test_a_security_group_that_was_opened_is_closed(network: Network, settled: Callable[..., list[Result]]) -> None:
    settled(network.args())
    (group,) = network.groups()
    ssh = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    network.ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[ssh])
    assert changes(settled(network.args())[0])["ingress[tcp 22 from 0.0.0.0/0]"] == ("", None)
    assert network.census() == CONVERGED


def test_another_security_group_on_the_interface_is_taken_off(
    network: Network, settled: Callable[..., list[Result]]
) -> None:
    settled(network.args())
    default = network.ec2.describe_security_groups(Filters=[{"Name": "group-name", "Values": ["default"]}])
    (open_group,) = (item for item in default["SecurityGroups"] if item["VpcId"] == network.vpc_id)
    (own,) = network.groups()
    network.ec2.modify_network_interface_attribute(
        NetworkInterfaceId=network.interface()["NetworkInterfaceId"],
        Groups=[own["GroupId"], open_group["GroupId"]],
    )
    both = sorted((own["GroupId"], open_group["GroupId"]))
    assert changes(settled(network.args())[0]) == {"security_groups": (both, [own["GroupId"]])}
    assert network.census() == CONVERGED


def test_an_address_that_was_taken_off_is_put_back(network: Network, settled: Callable[..., list[Result]]) -> None:
    settled(network.args())
    (address,) = network.ec2.describe_addresses()["Addresses"]
    network.ec2.disassociate_address(AssociationId=address["AssociationId"])
    assert changes(settled(network.args())[0]) == {"allocation_id": (None, address["AllocationId"])}
    assert network.census() == CONVERGED


def test_optional_metadata_tokens_are_required_again(network: Network, settled: Callable[..., list[Result]]) -> None:
    settled(network.args())
    network.ec2.modify_instance_metadata_options(
        InstanceId=network.instance()["InstanceId"], HttpTokens="optional", HttpPutResponseHopLimit=2
    )
    assert changes(settled(network.args())[0]) == {
        "http_tokens": ("optional", "required"),
        "http_put_response_hop_limit": (2, 1),
    }
    assert network.census() == CONVERGED


@pytest.mark.parametrize("kind", ["elastic_ip", "network_interface", "instance"])
def test_a_lost_name_is_put_back_and_nothing_is_made_twice(
    network: Network, settled: Callable[..., list[Result]], kind: str
) -> None:
    resources = settled(network.args())[-1]["resources"]
    network.ec2.delete_tags(Resources=[resources[f"{kind}/{NAME}"]["id"]], Tags=[{"Key": "Name"}])
    result = settled(network.args())[0]
    assert changed([result]) == [("update", f"{kind}/{NAME}")]
    assert changes(result) == {"tags.Name": (None, NAME)}
    assert network.census() == CONVERGED


def test_another_subnet_replaces_the_interface_once_the_instance_has_left_it(
    emulator: EmulatorServer, network: Network, settled: Callable[..., list[Result]], apply: Callable[..., Result]
) -> None:
    first = settled(network.args())[-1]["resources"]
    moved = network.args(subnet_id=network.subnet_b)
    emulator.set_delays({"instance.shutting_down": 3600})
    planned = apply("nat_instance", moved, check=True)
    assert changed([planned]) == [("replace", f"network_interface/{NAME}"), ("replace", f"instance/{NAME}")]
    result = apply("nat_instance", moved)
    assert changed([result]) == [("replace", f"instance/{NAME}")]
    assert result["pending"] == [
        {"resource": f"network_interface/{NAME}", "state": "in-use"},
        {"resource": f"instance/{NAME}", "state": "shutting-down"},
    ]
    assert changed([apply("nat_instance", moved)]) == []
    emulator.set_delays({})
    last = settled(moved)[-1]["resources"]
    assert last[f"elastic_ip/{NAME}"]["public_ip"] == first[f"elastic_ip/{NAME}"]["public_ip"]
    assert network.census() == {**CONVERGED, "interfaces": [(NAME, "b", "in-use", False, [NAME])]}


# -- interruptions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("goal", ["made", "newer", "moved", "absent"])
def test_a_run_that_loses_the_answer_of_any_write_is_completed_by_the_next(
    emulator: EmulatorServer,
    ec2: Any,
    run_module: Callable[..., Result],
    settled: Callable[..., list[Result]],
    writes: Callable[[], list[str]],
    no_pauses: None,
    goal: str,
) -> None:
    def prepared() -> tuple[Network, dict[str, Any], int]:
        emulator.reset()
        network = Network(ec2)
        if goal != "made":
            settled(network.args())
        if goal == "newer":
            emulator.set_world(images=[NEWER])
        more = {"moved": {"subnet_id": network.subnet_b}, "absent": {"state": "absent"}}.get(goal, {})
        return network, network.args(**more), len(writes())

    network, args, before = prepared()
    settled(args)
    expected, sequence = network.census(), writes()[before:]
    assert expected == {
        "moved": {**CONVERGED, "interfaces": [(NAME, "b", "in-use", False, [NAME])]},
        "absent": NOTHING,
    }.get(goal, CONVERGED)
    for number, call in enumerate(sequence):
        network, args, _before = prepared()
        service, operation = call.split(":")
        earlier = sequence[:number].count(call)
        rule = {"service": service, "operation": operation, "after": earlier, "effect": "drop_after"}
        emulator.set_faults([rule])
        broken = run_module("nat_instance", args)
        while not broken.get("failed") and broken["pending"]:
            broken = run_module("nat_instance", args)
        assert broken.get("failed"), f"the answer of {call} was lost and the run went on"
        emulator.set_faults([])
        settled(args)
        assert network.census() == expected, f"after the answer of {call} was lost"
        assert changed(settled(args)) == []


def test_one_throttled_call_in_five_stops_nothing(
    emulator: EmulatorServer, network: Network, settled: Callable[..., list[Result]], no_pauses: None
) -> None:
    emulator.set_faults([{"service": "ec2", "error": "throttle", "every": 5}])
    settled(network.args())
    settled(network.args(instance_type="t4g.micro"))
    settled(network.args())
    emulator.set_faults([])
    assert network.census() == CONVERGED


# -- wrong input -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"architecture": "x86_64"}, "t4g.nano runs arm64, not x86_64. Change instance_type or architecture"),
        ({"instance_type": "t9z.huge"}, "Choose one that the region offers, such as t4g.nano"),
        ({"image_id": "ami-0123456789abcdef0"}, "there is no image ami-0123456789abcdef0 in the region."),
        ({"subnet_id": None}, "state is present but all of the following are missing: subnet_id"),
        ({"architecture": "arm"}, "value of architecture must be one of: arm64, x86_64, got: arm"),
    ],
)
def test_wrong_input_is_one_clear_error_before_any_write(
    network: Network,
    run_module: Callable[..., Result],
    writes: Callable[[], list[str]],
    more: dict[str, Any],
    message: str,
) -> None:
    before = writes()
    result = run_module("nat_instance", {k: v for k, v in network.args(**more).items() if v is not None})
    assert message in result["msg"]
    assert writes() == before


def test_a_pinned_image_of_the_other_architecture_is_refused(
    network: Network, run_module: Callable[..., Result], writes: Callable[[], list[str]]
) -> None:
    wanted = [{"Name": "architecture", "Values": ["x86_64"]}]
    images = network.ec2.describe_images(Owners=["568608671756"], Filters=wanted)["Images"]
    before = writes()
    result = run_module("nat_instance", network.args(image_id=images[0]["ImageId"]))
    assert f"{images[0]['ImageId']} is an image for x86_64, not for arm64." in result["msg"]
    assert writes() == before


def test_a_second_instance_of_the_name_is_refused(
    network: Network, settled: Callable[..., list[Result]], run_module: Callable[..., Result]
) -> None:
    settled(network.args())
    first = network.instance()
    tags = [{"Key": "Name", "Value": NAME}]
    second = network.ec2.run_instances(
        ImageId=first["ImageId"],
        InstanceType="t4g.nano",
        MinCount=1,
        MaxCount=1,
        SubnetId=network.subnet_a,
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
    )["Instances"][0]
    result = run_module("nat_instance", network.args())
    assert first["InstanceId"] in result["msg"]
    assert second["InstanceId"] in result["msg"]


def test_an_address_of_the_name_that_a_nat_gateway_uses_is_not_taken(
    network: Network, apply: Callable[..., Result], run_module: Callable[..., Result], writes: Callable[[], list[str]]
) -> None:
    gateway = {"name": NAME, "subnet_id": network.subnet_a}
    apply("nat_gateway", {"vpc_id": network.vpc_id, "gateways": [gateway], "tags": TAGS})
    before = writes()
    result = run_module("nat_instance", network.args())
    assert f"elastic_ip/{NAME}: eipalloc-" in result["msg"]
    assert "carries this Name tag but is in use by eni-" in result["msg"]
    assert writes() == before


# -- removing --------------------------------------------------------------------------------------------------------


def test_absent_removes_each_when_the_one_before_has_let_go_and_then_has_nothing_to_do(
    emulator: EmulatorServer, network: Network, settled: Callable[..., list[Result]], apply: Callable[..., Result]
) -> None:
    settled(network.args())
    emulator.set_delays({"instance.shutting_down": 3600})
    gone = network.args(state="absent")
    planned = apply("nat_instance", gone, check=True)
    assert [(plan["resource"].split("/")[0], plan["action"], plan["impact"]) for plan in planned["plan"]] == [
        ("security_group", "delete", "outage"),
        ("elastic_ip", "delete", "data loss"),
        ("network_interface", "delete", "outage"),
        ("instance", "delete", "outage"),
    ]
    first = apply("nat_instance", gone)
    assert changed([first]) == [("delete", f"instance/{NAME}")]
    held = f"in use until network_interface/{NAME} is gone"
    assert [(item["resource"].split("/")[0], item["state"]) for item in first["pending"]] == [
        ("security_group", held),
        ("elastic_ip", held),
        ("network_interface", "in-use"),
        ("instance", "shutting-down"),
    ]
    assert changed([apply("nat_instance", gone)]) == []
    emulator.set_delays({})
    assert sorted(changed(settled(gone))) == sorted(("delete", f"{kind}/{NAME}") for kind in KINDS[:3])
    assert network.census() == NOTHING
    assert changed(settled(gone)) == []
    without = {key: value for key, value in gone.items() if key not in ("subnet_id", "vpc_cidr_block")}
    assert changed(settled(without)) == []


def test_a_protected_environment_keeps_its_address_until_the_loss_is_confirmed(
    network: Network,
    settled: Callable[..., list[Result]],
    run_module: Callable[..., Result],
    writes: Callable[[], list[str]],
) -> None:
    settled(network.args())
    before = writes()
    protected = network.args(state="absent", protected=True, environment="dev")
    assert f"-e confirm=dev:elastic_ip/{NAME}" in run_module("nat_instance", protected)["msg"]
    assert writes() == before
    settled({**protected, "confirm": [f"dev:elastic_ip/{NAME}"]})
    assert network.census() == NOTHING
