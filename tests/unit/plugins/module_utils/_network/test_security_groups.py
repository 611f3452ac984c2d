"""Rules in every spelling, and requests as EC2 documents them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._network import _rules, security_groups
from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError, apply, plan_resource

TAGS = [{"Key": "Name", "Value": "alb"}]


def option(**values: Any) -> dict[str, Any]:
    return {"protocol": "tcp", "description": "", **values}


def params(*groups: dict[str, Any], state: str = "present") -> dict[str, Any]:
    filled = [{"description": "A group", "ingress": [], "egress": [], **group} for group in groups]
    return {"vpc_id": "vpc-1", "groups": filled, "tags": {}, "state": state}


def described(name: str, group_id: str) -> dict[str, Any]:
    return {"GroupName": name, "GroupId": group_id, "Description": "A group", "Tags": [{"Key": "Name", "Value": name}]}


def described_rule(rule_id: str, group_id: str, **others: Any) -> dict[str, Any]:
    return {
        "SecurityGroupRuleId": rule_id,
        "GroupId": group_id,
        "IsEgress": False,
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 443,
        "Tags": TAGS,
        **others,
    }


@pytest.mark.parametrize(
    ("given", "protocol", "ports", "peer"),
    [
        (option(port=443, cidr_ip="10.1.2.3/16"), "tcp", (443, 443), "10.1.0.0/16"),
        (option(from_port=1, to_port=2, group="alb"), "tcp", (1, 2), "alb"),
        (option(protocol="6", port=443, group_id="sg-1"), "tcp", (443, 443), "sg-1"),
        (option(protocol="UDP", port=53, prefix_list_id="pl-1"), "udp", (53, 53), "pl-1"),
        (option(protocol="all", cidr_ipv6="0::/0"), "-1", (-1, -1), "::/0"),
        (option(protocol="icmp", cidr_ip="0.0.0.0/0"), "icmp", (-1, -1), "0.0.0.0/0"),
        (option(protocol="icmp", from_port=8, to_port=0, cidr_ip="0.0.0.0/0"), "icmp", (8, 0), "0.0.0.0/0"),
        (option(protocol="50", cidr_ip="0.0.0.0/0"), "50", (-1, -1), "0.0.0.0/0"),
    ],
)
def test_a_rule_is_brought_to_the_spelling_of_aws(given: Any, protocol: str, ports: Any, peer: str) -> None:
    rule = security_groups.rule_of(given)
    assert (rule.protocol, rule.ports, rule.peer) == (protocol, ports, peer)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (option(cidr_ip="10.0.0.0/16"), "a rule for tcp needs port"),
        (option(from_port=2, to_port=1, cidr_ip="10.0.0.0/16"), "ports 2 to 1 are not a range"),
        (option(port=70000, cidr_ip="10.0.0.0/16"), "within 0 to 65535"),
        (option(protocol="50", port=1, cidr_ip="10.0.0.0/16"), "protocol 50 has no ports"),
        (option(port=1, cidr_ip="10.0.0.0/99"), "does not appear to be an IPv4 or IPv6 network"),
    ],
)
def test_a_wrong_rule_says_what_is_wrong(given: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        security_groups.rule_of(given)


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        (described_rule("r", "sg-1", CidrIpv4="0.0.0.0/0"), "tcp 443 from 0.0.0.0/0"),
        (described_rule("r", "sg-1", CidrIpv6="::/0", IsEgress=True), "tcp 443 to ::/0"),
        (described_rule("r", "sg-1", PrefixListId="pl-1"), "tcp 443 from pl-1"),
        (described_rule("r", "sg-1", ReferencedGroupInfo={"GroupId": "sg-2"}), "tcp 443 from service"),
        (described_rule("r", "sg-1", ReferencedGroupInfo={"GroupId": "sg-3"}), "tcp 443 from sg-3"),
        (
            described_rule("r", "sg-1", CidrIpv4="10.0.0.0/16", IpProtocol="-1", FromPort=-1, ToPort=-1),
            "all from 10.0.0.0/16",
        ),
        (described_rule("r", "sg-1", CidrIpv4="10.0.0.0/16", ToPort=444), "tcp 443-444 from 10.0.0.0/16"),
    ],
)
def test_a_described_rule_has_the_key_of_the_wanted_one(rule: Any, key: str) -> None:
    assert _rules.described_key(rule, {"sg-1": "alb", "sg-2": "service"}) == key


def test_groups_that_name_each_other_get_their_rules_once_both_exist(fake_aws: Any) -> None:
    ids = {"alb": "sg-1", "service": "sg-2"}
    aws = fake_aws(
        describe_security_groups={"SecurityGroups": []},
        create_security_group=lambda **group: {"GroupId": ids[group["GroupName"]]},
    )
    alb = {"name": "alb", "egress": [option(port=8000, group="service", description="Requests")]}
    service = {"name": "service", "ingress": [option(port=8000, group="alb")]}
    apply([plan_resource(resource) for resource in security_groups.resources(aws, params(alb, service))], [])
    assert [call for call, _params in aws.calls[1:]] == [
        "ec2:create_security_group",
        "ec2:revoke_security_group_egress",
        "ec2:create_security_group",
        "ec2:revoke_security_group_egress",
        "ec2:authorize_security_group_egress",
        "ec2:authorize_security_group_ingress",
    ]
    peer = {"GroupId": "sg-2", "Description": "Requests"}
    assert aws.calls[5][1] == {
        "GroupId": "sg-1",
        "IpPermissions": [{"IpProtocol": "tcp", "FromPort": 8000, "ToPort": 8000, "UserIdGroupPairs": [peer]}],
        "TagSpecifications": [{"ResourceType": "security-group-rule", "Tags": TAGS}],
    }
    assert aws.calls[6][1]["IpPermissions"][0]["UserIdGroupPairs"] == [{"GroupId": "sg-1"}]


def test_a_rule_to_everything_sends_no_ports(fake_aws: Any) -> None:
    aws = fake_aws(
        describe_security_groups={"SecurityGroups": [described("alb", "sg-1")]},
        describe_security_group_rules={"SecurityGroupRules": []},
    )
    everything = {"name": "alb", "egress": [option(protocol="all", cidr_ipv6="::/0")]}
    apply([plan_resource(resource) for resource in security_groups.resources(aws, params(everything))], [])
    call, sent = aws.calls[-1]
    assert call == "ec2:authorize_security_group_egress"
    assert sent["IpPermissions"] == [{"IpProtocol": "-1", "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}]


def test_tags_are_those_of_the_group_and_of_the_rules_that_stay(fake_aws: Any) -> None:
    rules = [
        described_rule("sgr-stays", "sg-1", CidrIpv4="0.0.0.0/0", Tags=[]),
        described_rule("sgr-goes", "sg-1", CidrIpv4="192.0.2.0/24", Tags=[]),
    ]
    aws = fake_aws(
        describe_security_groups={"SecurityGroups": [described("alb", "sg-1")]},
        describe_security_group_rules={"SecurityGroupRules": rules},
    )
    wanted = {"name": "alb", "ingress": [option(port=443, cidr_ip="0.0.0.0/0")]}
    plans = [plan_resource(resource) for resource in security_groups.resources(aws, params(wanted))]
    assert [change.path for change in plans[0].changes] == ["ingress[tcp 443 from 192.0.2.0/24]", "tags.Name"]
    apply(plans, [])
    assert aws.calls[2:] == [
        ("ec2:create_tags", {"Resources": ["sg-1", "sgr-stays"], "Tags": TAGS}),
        ("ec2:revoke_security_group_ingress", {"GroupId": "sg-1", "SecurityGroupRuleIds": ["sgr-goes"]}),
    ]


def test_absent_revokes_the_rules_of_all_groups_before_it_deletes_one(fake_aws: Any) -> None:
    rules = [
        described_rule("sgr-1", "sg-1", ReferencedGroupInfo={"GroupId": "sg-2"}, IsEgress=True),
        described_rule("sgr-2", "sg-2", ReferencedGroupInfo={"GroupId": "sg-1"}),
    ]
    aws = fake_aws(
        describe_security_groups={"SecurityGroups": [described("alb", "sg-1"), described("service", "sg-2")]},
        describe_security_group_rules={"SecurityGroupRules": rules},
    )
    gone = params({"name": "alb"}, {"name": "service"}, state="absent")
    apply([plan_resource(resource) for resource in security_groups.resources(aws, gone)], [])
    assert sorted(call for call, _params in aws.calls[2:4]) == [
        "ec2:revoke_security_group_egress",
        "ec2:revoke_security_group_ingress",
    ]
    assert aws.calls[4:] == [
        ("ec2:delete_security_group", {"GroupId": "sg-2"}),
        ("ec2:delete_security_group", {"GroupId": "sg-1"}),
    ]


def test_a_peer_that_does_not_exist_yet_is_known_after_apply(fake_aws: Any) -> None:
    peer = option(port=443, group_id="sg-00000000000000000")
    wanted = {"vpc_id": "vpc-00000000000000000"}
    (resource,) = security_groups.resources(fake_aws(), {**params({"name": "alb", "ingress": [peer]}), **wanted})
    assert resource.after is not None
    assert resource.after["ingress"] == {"tcp 443 from (known after apply)": ""}


def test_a_peer_that_is_not_in_the_call_is_refused_before_anything_is_read(fake_aws: Any) -> None:
    aws = fake_aws()
    with pytest.raises(PlatformError, match="names the group nobody, which is not in this call"):
        security_groups.resources(aws, params({"name": "alb", "ingress": [option(port=1, group="nobody")]}))
    assert aws.calls == []
