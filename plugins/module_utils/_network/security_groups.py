# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Security groups of a VPC, found by their group names. Their rules may name each other, in circles too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from .._aws import Aws, AwsError, tag_list, tag_specification, tags_of
from .._reconcile import (
    KNOWN_AFTER_APPLY,
    Impact,
    Operation,
    PlatformError,
    Resource,
    is_placeholder,
    managed_tags,
    placeholder_id,
)
from ._ec2 import Item, call_on_new, in_vpc, named_tags
from ._rules import Rules, described_key, group_rules, revoke, rule_key

# Key of a rule -> the rule as DescribeSecurityGroupRules returns it.
Described = dict[str, Item]

DIRECTIONS = ("ingress", "egress")
PEERS = ("cidr_ip", "cidr_ipv6", "group", "group_id", "prefix_list_id")

# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
_PROTOCOLS = {"all": "-1", "1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
_ANY_PORT = (-1, -1)
# What AWS gives to each new group.
_ALL_EGRESS = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The listed security groups of the VPC."""
    _check_peers(params["groups"])
    described = in_vpc(aws, "describe_security_groups", "SecurityGroups", params["vpc_id"])
    items = {item["GroupName"]: item for item in described}
    names = {item["GroupId"]: item["GroupName"] for item in described}
    listed = [items[wanted["name"]]["GroupId"] for wanted in params["groups"] if wanted["name"] in items]
    rules = _rules_by_group(aws, listed)
    groups: dict[str, Resource] = {}
    for wanted in params["groups"]:
        groups[wanted["name"]] = _group(aws, params, wanted, items.get(wanted["name"]), _Peers(names, groups), rules)
    return list(groups.values())


# -- options ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rule:
    """One rule of the options; ``peer_kind`` is the option that names the peer."""

    protocol: str
    ports: tuple[int, int]
    peer_kind: str
    peer: str
    description: str


@dataclass(frozen=True)
class _Peers:
    """What groups are called, and the ids of those of the same call once they are made."""

    names: Mapping[str, str]
    groups: Mapping[str, Resource]

    def shown(self, rule: Rule) -> str:
        if is_placeholder(rule.peer):
            return KNOWN_AFTER_APPLY
        return self.names.get(rule.peer, rule.peer)

    def group_id(self, rule: Rule) -> str:
        return self.groups[rule.peer].known["id"] if rule.peer_kind == "group" else rule.peer


def rule_of(option: Mapping[str, Any]) -> Rule:
    """A rule from its options, in AWS's spelling: ``10.1.2.3/16`` is ``10.1.0.0/16``, protocol ``6`` is ``tcp``.

    Raises ValueError with what is wrong.
    """
    kind = next(kind for kind in PEERS if option.get(kind))
    peer = option[kind]
    if kind in ("cidr_ip", "cidr_ipv6"):
        peer = str(ip_network(peer, strict=False))
    protocol = _PROTOCOLS.get(option["protocol"].lower(), option["protocol"].lower())
    return Rule(protocol, _ports(protocol, option), kind, peer, option.get("description") or "")


def _ports(protocol: str, option: Mapping[str, Any]) -> tuple[int, int]:
    port = option.get("port")
    first, last = (option.get("from_port"), option.get("to_port")) if port is None else (port, port)
    if protocol in ("tcp", "udp"):
        if first is None or last is None:
            raise ValueError(f"a rule for {protocol} needs port, or from_port and to_port")
        if not 0 <= first <= last <= 65535:
            raise ValueError(f"ports {first} to {last} are not a range within 0 to 65535")
        return first, last
    if first is None or last is None:
        return _ANY_PORT
    if protocol in ("icmp", "icmpv6"):
        return first, last  # the type and the code
    raise ValueError(f"a rule for protocol {protocol} has no ports")


def _rules(wanted: Mapping[str, Any], direction: str, peers: _Peers) -> dict[str, Rule]:
    """The rules of one direction by their keys; raises L(PlatformError) for one that is wrong, or listed twice."""
    keyed: dict[str, Rule] = {}
    for number, option in enumerate(wanted[direction], start=1):
        try:
            rule = rule_of(option)
        except ValueError as error:
            raise _wrong_rule(wanted, direction, number, str(error)) from error
        key = rule_key(direction, rule.protocol, rule.ports, peers.shown(rule))
        if key in keyed and KNOWN_AFTER_APPLY not in key:
            raise _wrong_rule(wanted, direction, number, f"{key} is listed twice")
        keyed[key] = rule
    return keyed


def _wrong_rule(wanted: Mapping[str, Any], direction: str, number: int, problem: str) -> PlatformError:
    return PlatformError(
        f"{direction} rule {number}: {problem}.",
        mend="Mend or remove the rule.",
        resource=f"security_group/{wanted['name']}",
    )


def _check_peers(groups: Iterable[Mapping[str, Any]]) -> None:
    names = sorted(group["name"] for group in groups)
    for group in groups:
        for direction in DIRECTIONS:
            for option in group[direction]:
                if option.get("group") and option["group"] not in names:
                    raise PlatformError(
                        f"an {direction} rule names the group {option['group']}, which is not in this call.",
                        mend=f"Name one of {', '.join(names)}, or give the group's id as group_id.",
                        resource=f"security_group/{group['name']}",
                    )


# -- reading ---------------------------------------------------------------------------------------------------------


def _rules_by_group(aws: Aws, group_ids: list[str]) -> dict[str, list[Item]]:
    by_group: dict[str, list[Item]] = {group_id: [] for group_id in group_ids}
    for rule in group_rules(aws, group_ids) if group_ids else ():
        by_group[rule["GroupId"]].append(rule)
    return by_group


def _described(rules: Iterable[Item], direction: str, names: Mapping[str, str]) -> Described:
    return {described_key(rule, names): rule for rule in rules if rule["IsEgress"] is (direction == "egress")}


def _descriptions(described: Described) -> Rules:
    return {key: rule.get("Description") or "" for key, rule in described.items()}


def _common_tags(item: Item, rules: Iterable[Item], tags: Mapping[str, str]) -> dict[str, str]:
    """The wanted tags that the group carries and that each of these rules carries with the same value."""
    found = managed_tags(tags_of(item), tags)
    carried = [tags_of(rule) for rule in rules]
    return {key: value for key, value in found.items() if all(its.get(key) == value for its in carried)}


# -- the resource ----------------------------------------------------------------------------------------------------


def _group(
    aws: Aws,
    params: Mapping[str, Any],
    wanted: Mapping[str, Any],
    item: Item | None,
    peers: _Peers,
    all_rules: dict[str, list[Item]],
) -> Resource:
    tags = named_tags(wanted["name"], params["tags"])
    rules = all_rules[item["GroupId"]] if item else []
    now = {direction: _described(rules, direction, peers.names) for direction in DIRECTIONS}
    then = {direction: _rules(wanted, direction, peers) for direction in DIRECTIONS}
    staying = [rule for direction in DIRECTIONS for key, rule in now[direction].items() if key in then[direction]]

    def create(_known: dict[str, Any]) -> dict[str, Any]:
        made = aws.create(
            "ec2",
            "create_security_group",
            GroupName=wanted["name"],
            Description=wanted["description"],
            VpcId=params["vpc_id"],
            TagSpecifications=tag_specification("security-group", tags),
        )
        group_id = made["GroupId"]
        call_on_new(aws, group_id, "revoke_security_group_egress", GroupId=group_id, IpPermissions=[_ALL_EGRESS])
        return {"id": group_id}

    def retag(known: dict[str, Any]) -> None:
        ids = [known["id"], *(rule["SecurityGroupRuleId"] for rule in staying)]
        aws.call("ec2", "create_tags", Resources=ids, Tags=tag_list(tags))

    def delete(known: dict[str, Any]) -> dict[str, Any]:
        # AWS deletes no group that a rule of another names, so the rules of all groups of the call go first.
        while all_rules:
            revoke(aws, *all_rules.popitem())
        try:
            aws.call("ec2", "delete_security_group", GroupId=known["id"])
        except AwsError as error:
            held = _held_by_aws(aws, known["id"]) if error.code == "DependencyViolation" else ""
            if not held:
                raise
            return {"held": held}
        return {}

    def change(direction: str) -> Operation:
        def run(known: dict[str, Any]) -> None:
            _set_rules(aws, known["id"], direction, now[direction], then[direction], peers, tags)

        return Operation(f"ec2:AuthorizeSecurityGroup{direction.title()}", run, covers=(direction,))

    return Resource(
        "security_group",
        wanted["name"],
        before={
            "id": item["GroupId"],
            "description": item["Description"],
            **{direction: _descriptions(now[direction]) for direction in DIRECTIONS},
            "tags": _common_tags(item, staying, tags),
        }
        if item
        else None,
        after={
            "description": wanted["description"],
            **{direction: _wanted_descriptions(then[direction]) for direction in DIRECTIONS},
            "tags": dict(tags),
        }
        if params["state"] == "present"
        else None,
        placeholders={"id": placeholder_id("sg")},
        create=Operation("ec2:CreateSecurityGroup", create, covers=("description", "tags")),
        updates=(Operation("ec2:CreateTags", retag, covers=("tags",)), *(change(name) for name in DIRECTIONS)),
        delete=Operation("ec2:DeleteSecurityGroup", delete),
        settling=lambda known: known.get("held"),
        refuse_on={
            "description": "Put the old description back, or give the group another name to have a new one made."
        },
        impacts={"delete": "outage", **{name: _impact(now[name], then[name]) for name in DIRECTIONS}},
    )


def _held_by_aws(aws: Aws, group_id: str) -> str:
    """What keeps the group for a while: network interfaces that AWS takes away itself after what had them is gone.

    Those of functions stay for up to 40 minutes: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    """
    filters = [{"Name": "group-id", "Values": [group_id]}, {"Name": "requester-managed", "Values": ["true"]}]
    found = aws.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=filters)
    shown = ", ".join(f"{item['NetworkInterfaceId']} ({item.get('Description') or 'AWS'})" for item in found)
    return f"held by {shown}" if found else ""


def _wanted_descriptions(rules: Mapping[str, Rule]) -> Rules:
    return {key: rule.description for key, rule in rules.items()}


def _impact(now: Mapping[str, Any], then: Mapping[str, Any]) -> Impact:
    return "outage" if set(now) - set(then) else "none"


def _set_rules(
    aws: Aws,
    group_id: str,
    direction: str,
    now: Described,
    then: Mapping[str, Rule],
    peers: _Peers,
    tags: Mapping[str, str],
) -> None:
    """Allows what is missing before it revokes what is stale, so that traffic that both allow is never cut."""
    if missing := [rule for key, rule in then.items() if key not in now]:
        call_on_new(
            aws,
            group_id,
            f"authorize_security_group_{direction}",
            GroupId=group_id,
            IpPermissions=[_permission(rule, peers) for rule in missing],
            TagSpecifications=tag_specification("security-group-rule", tags),
        )
    if stale := [rule for key, rule in now.items() if key not in then]:
        revoke(aws, group_id, stale)
    if reworded := [_reworded(now[key], rule) for key, rule in then.items() if _is_reworded(now.get(key), rule)]:
        operation = f"update_security_group_rule_descriptions_{direction}"
        aws.call("ec2", operation, GroupId=group_id, SecurityGroupRuleDescriptions=reworded)


def _permission(rule: Rule, peers: _Peers) -> dict[str, Any]:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html"""
    key, member, peer = {
        "cidr_ip": ("IpRanges", "CidrIp", rule.peer),
        "cidr_ipv6": ("Ipv6Ranges", "CidrIpv6", rule.peer),
        "prefix_list_id": ("PrefixListIds", "PrefixListId", rule.peer),
    }.get(rule.peer_kind) or ("UserIdGroupPairs", "GroupId", peers.group_id(rule))
    ports = {} if rule.protocol == "-1" else {"FromPort": rule.ports[0], "ToPort": rule.ports[1]}
    description = {"Description": rule.description} if rule.description else {}
    return {"IpProtocol": rule.protocol, **ports, key: [{member: peer, **description}]}


def _is_reworded(now: Item | None, rule: Rule) -> bool:
    return now is not None and (now.get("Description") or "") != rule.description


def _reworded(now: Item, rule: Rule) -> dict[str, str]:
    """A description that is left out is removed."""
    description = {"Description": rule.description} if rule.description else {}
    return {"SecurityGroupRuleId": now["SecurityGroupRuleId"], **description}
