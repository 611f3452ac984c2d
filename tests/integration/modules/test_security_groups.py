from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from emulator.testing import EmulatorServer

MODULE = "security_groups"
PLACEHOLDER = "vpc-00000000000000000"
TO_SERVICE = {"port": 8000, "group": "airas-dev-service", "description": "Requests"}
FROM_ALB = {"port": 8000, "group": "airas-dev-alb", "description": "Requests"}
HTTPS = {"port": 443, "cidr_ip": "0.0.0.0/0", "description": "HTTPS"}
GROUPS = [
    {"name": "airas-dev-alb", "description": "Load balancer", "ingress": [HTTPS], "egress": [TO_SERVICE]},
    {"name": "airas-dev-service", "description": "Service", "ingress": [FROM_ALB], "egress": [HTTPS]},
]


@pytest.fixture
def ec2(boto: Any) -> Any:
    return boto("ec2")


def arguments(vpc_id: str, *groups: Mapping[str, Any], **others: Any) -> dict[str, Any]:
    return {"vpc_id": vpc_id, "groups": list(groups) or GROUPS, "tags": {"Environment": "dev"}, **others}


@pytest.fixture
def args(ec2: Any) -> dict[str, Any]:
    return arguments(ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])


def groups_in(ec2: Any, vpc_id: str) -> dict[str, str]:
    found = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["SecurityGroups"]
    return {group["GroupName"]: group["GroupId"] for group in found if group["GroupName"] != "default"}


def rules_of(ec2: Any, group_id: str) -> list[Any]:
    wanted = [{"Name": "group-id", "Values": [group_id]}]
    return ec2.describe_security_group_rules(Filters=wanted)["SecurityGroupRules"]


def seen(ec2: Any, vpc_id: str) -> dict[str, list[tuple[Any, ...]]]:
    """By group: direction, first port, peer and description of each rule."""
    groups = groups_in(ec2, vpc_id)
    names = {group_id: name for name, group_id in groups.items()}
    return {
        name: sorted(
            (
                "egress" if rule["IsEgress"] else "ingress",
                rule["FromPort"],
                rule.get("CidrIpv4") or names[rule["ReferencedGroupInfo"]["GroupId"]],
                rule.get("Description", ""),
            )
            for rule in rules_of(ec2, group_id)
        )
        for name, group_id in groups.items()
    }


WANTED = {
    "airas-dev-alb": [
        ("egress", 8000, "airas-dev-service", "Requests"),
        ("ingress", 443, "0.0.0.0/0", "HTTPS"),
    ],
    "airas-dev-service": [
        ("egress", 443, "0.0.0.0/0", "HTTPS"),
        ("ingress", 8000, "airas-dev-alb", "Requests"),
    ],
}


def test_a_plan_names_peers_by_their_names(apply: Any, writes: Any) -> None:
    plan = apply(MODULE, arguments(PLACEHOLDER), check=True)
    assert [diff["after"].splitlines() for diff in plan["diff"]] == [
        [
            "description: Load balancer",
            "egress[tcp 8000 to airas-dev-service]: Requests",
            "id: (known after apply)",
            "ingress[tcp 443 from 0.0.0.0/0]: HTTPS",
            "tags.Environment: dev",
            "tags.Name: airas-dev-alb",
        ],
        [
            "description: Service",
            "egress[tcp 443 to 0.0.0.0/0]: HTTPS",
            "id: (known after apply)",
            "ingress[tcp 8000 from airas-dev-alb]: Requests",
            "tags.Environment: dev",
            "tags.Name: airas-dev-service",
        ],
    ]
    assert writes() == []


def test_groups_that_name_each_other_are_made_in_one_call(apply: Any, ec2: Any, args: Any) -> None:
    assert apply(MODULE, args)["changed"]
    assert not apply(MODULE, args)["changed"]
    assert not apply(MODULE, args, check=True)["changed"]
    assert seen(ec2, args["vpc_id"]) == WANTED
    for group_id in groups_in(ec2, args["vpc_id"]).values():
        assert all({"Key": "Environment", "Value": "dev"} in rule["Tags"] for rule in rules_of(ec2, group_id))


def test_every_kind_of_peer_and_protocol(apply: Any, ec2: Any, args: Any) -> None:
    entry = {"Cidr": "198.51.100.0/24"}
    wanted = {"PrefixListName": "offices", "MaxEntries": 1, "AddressFamily": "IPv4", "Entries": [entry]}
    offices = ec2.create_managed_prefix_list(**wanted)["PrefixList"]["PrefixListId"]
    other = ec2.create_security_group(GroupName="other", Description="Other", VpcId=args["vpc_id"])["GroupId"]
    rules = [
        {"port": 22, "prefix_list_id": offices},
        {"protocol": "17", "from_port": 5000, "to_port": 5010, "group_id": other},
        {"protocol": "icmp", "cidr_ip": "10.0.3.4/16"},
        {"port": 443, "cidr_ipv6": "::/0"},
        {"protocol": "all", "group": "self"},
    ]
    several = {**args, "groups": [{"name": "self", "description": "All kinds", "ingress": rules}]}
    made = apply(MODULE, several)
    assert sorted(made["resources"]["security_group/self"]["ingress"]) == [
        "all from self",
        "icmp -1 from 10.0.0.0/16",
        f"tcp 22 from {offices}",
        "tcp 443 from ::/0",
        "udp 5000-5010 from other",
    ]
    assert not apply(MODULE, several)["changed"]


def test_drift_is_named_and_repaired(apply: Any, changes: Any, ec2: Any, args: Any) -> None:
    apply(MODULE, args)
    alb, service = (groups_in(ec2, args["vpc_id"])[group["name"]] for group in GROUPS)
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    ec2.authorize_security_group_ingress(GroupId=service, IpPermissions=everything)
    requests = next(rule["SecurityGroupRuleId"] for rule in rules_of(ec2, service) if rule["FromPort"] == 8000)
    ec2.revoke_security_group_ingress(GroupId=service, SecurityGroupRuleIds=[requests])
    https = next(rule["SecurityGroupRuleId"] for rule in rules_of(ec2, alb) if rule["FromPort"] == 443)
    ec2.update_security_group_rule_descriptions_ingress(
        GroupId=alb, SecurityGroupRuleDescriptions=[{"SecurityGroupRuleId": https, "Description": "?"}]
    )
    ec2.delete_tags(Resources=[https], Tags=[{"Key": "Environment"}])
    expected = {
        "security_group/airas-dev-alb": ["ingress[tcp 443 from 0.0.0.0/0]", "tags.Environment"],
        "security_group/airas-dev-service": ["ingress[all from 0.0.0.0/0]", "ingress[tcp 8000 from airas-dev-alb]"],
    }
    assert changes(apply(MODULE, args, check=True)) == expected
    assert changes(apply(MODULE, args)) == expected
    assert seen(ec2, args["vpc_id"]) == WANTED
    assert not apply(MODULE, args)["changed"]


def test_new_rules_are_allowed_before_stale_ones_are_revoked(apply: Any, writes: Any, args: Any) -> None:
    apply(MODULE, args)
    before = len(writes())
    narrower = {**GROUPS[0], "ingress": [{**HTTPS, "cidr_ip": "192.0.2.0/24"}]}
    plan = apply(MODULE, {**args, "groups": [narrower, GROUPS[1]]})
    assert [(change["path"], change["impact"]) for change in plan["plan"][0]["changes"]] == [
        ("ingress[tcp 443 from 0.0.0.0/0]", "outage"),
        ("ingress[tcp 443 from 192.0.2.0/24]", "outage"),
    ]
    assert writes()[before:] == ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"]


def test_only_a_description_is_changed_in_place(apply: Any, writes: Any, ec2: Any, args: Any) -> None:
    apply(MODULE, args)
    before = len(writes())
    reworded = {**GROUPS[0], "ingress": [{**HTTPS, "description": "Browsers"}]}
    apply(MODULE, {**args, "groups": [reworded, GROUPS[1]]})
    assert writes()[before:] == ["ec2:UpdateSecurityGroupRuleDescriptionsIngress"]
    assert ("ingress", 443, "0.0.0.0/0", "Browsers") in seen(ec2, args["vpc_id"])["airas-dev-alb"]


def test_a_groups_description_is_refused(apply: Any, run_module: Any, writes: Any, args: Any) -> None:
    apply(MODULE, args)
    before = writes()
    refused = run_module(MODULE, {**args, "groups": [{**GROUPS[0], "description": "ALB"}, GROUPS[1]]})
    assert refused["failed"]
    assert "description is 'Load balancer' and should be 'ALB', but AWS cannot change it in place" in refused["msg"]
    assert writes() == before


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"port": 8000, "group": "nobody"}, "names the group nobody, which is not in this call. Name one of alone, or"),
        (
            {"port": 443, "cidr_ip": "anywhere"},
            "ingress rule 1: 'anywhere' does not appear to be an IPv4 or IPv6 network",
        ),
        ({"cidr_ip": "10.0.0.0/16"}, "ingress rule 1: a rule for tcp needs port, or from_port and to_port"),
        ({"port": 65536, "cidr_ip": "10.0.0.0/16"}, "are not a range within 0 to 65535"),
        ({"protocol": "all", "port": 1, "cidr_ip": "10.0.0.0/16"}, "a rule for protocol -1 has no ports"),
        ({"port": 443}, "one of the following is required: cidr_ip, cidr_ipv6, group, group_id, prefix_list_id"),
        ({"port": 443, "cidr_ip": "10.0.0.0/16", "group": "alone"}, "parameters are mutually exclusive"),
    ],
)
def test_a_wrong_rule_is_one_clear_error(run_module: Any, writes: Any, rule: Any, words: str) -> None:
    wrong = run_module(MODULE, arguments(PLACEHOLDER, {"name": "alone", "description": "One", "ingress": [rule]}))
    assert wrong["failed"]
    assert words in wrong["msg"]
    assert writes() == []


def test_a_rule_listed_twice_is_an_error(run_module: Any) -> None:
    twice = {"name": "alone", "description": "One", "ingress": [HTTPS, {**HTTPS, "protocol": "6"}]}
    wrong = run_module(MODULE, arguments(PLACEHOLDER, twice))
    assert "ingress rule 2: tcp 443 from 0.0.0.0/0 is listed twice" in wrong["msg"]


def test_absent_removes_groups_that_name_each_other_once(apply: Any, ec2: Any, args: Any) -> None:
    apply(MODULE, args)
    gone = {**args, "state": "absent"}
    assert apply(MODULE, gone, check=True)["changed"]
    assert apply(MODULE, gone)["changed"]
    assert not apply(MODULE, gone)["changed"]
    assert groups_in(ec2, args["vpc_id"]) == {}


@pytest.mark.parametrize("state", ["present", "absent"])
def test_an_interrupted_run_is_finished_by_the_next(
    interrupt_each_write: Any, apply: Any, ec2: Any, state: str
) -> None:
    vpc_ids: list[str] = []

    def prepare() -> dict[str, Any]:
        vpc_ids.append(ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])
        if state == "absent":
            apply(MODULE, arguments(vpc_ids[-1]))
        return arguments(vpc_ids[-1], state=state)

    interrupt_each_write(MODULE, prepare, lambda: seen(ec2, vpc_ids[-1]))
    assert seen(ec2, vpc_ids[-1]) == (WANTED if state == "present" else {})


def test_throttling_is_outlived(apply: Any, emulator: Any, ec2: Any, args: Any) -> None:
    emulator.set_faults([{"service": "ec2", "every": 5, "error": "throttle"}])
    apply(MODULE, args)
    emulator.set_faults([])
    assert not apply(MODULE, args)["changed"]
    assert seen(ec2, args["vpc_id"]) == WANTED


def test_what_aws_still_holds_is_waited_for(
    apply: Any, run_module: Any, ec2: Any, boto: Any, emulator: EmulatorServer
) -> None:
    vpc_id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    args = arguments(vpc_id, {"name": "airas-dev-alb", "description": "Load balancer", "ingress": [HTTPS]})
    group = apply(MODULE, args)["resources"]["security_group/airas-dev-alb"]["id"]
    absent = {**args, "state": "absent"}
    violation = {"service": "ec2", "operation": "DeleteSecurityGroup", "error": "DependencyViolation"}
    emulator.set_faults([violation])
    assert "Remove what still uses it and run again" in run_module(MODULE, absent)["msg"]

    subnets = [
        ec2.create_subnet(VpcId=vpc_id, CidrBlock=block, AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for block, zone in (("10.0.0.0/24", "ap-northeast-1a"), ("10.0.1.0/24", "ap-northeast-1c"))
    ]
    elb = boto("elbv2")
    made = elb.create_load_balancer(Name="alb", Subnets=subnets, SecurityGroups=[group], Scheme="internal")
    emulator.set_faults([])
    held = apply(MODULE, absent)
    assert held["wait"]
    assert [item["resource"] for item in held["pending"]] == ["security_group/airas-dev-alb"]
    assert "(ELB app/alb/" in held["pending"][0]["state"]
    assert groups_in(ec2, vpc_id) == {"airas-dev-alb": group}

    elb.delete_load_balancer(LoadBalancerArn=made["LoadBalancers"][0]["LoadBalancerArn"])
    gone = apply(MODULE, absent)
    assert (gone["pending"], [item["action"] for item in gone["plan"]]) == ([], ["delete"])
