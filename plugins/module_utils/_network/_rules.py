# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Security group rules as a mapping from what a rule allows to its description, so that a plan names the very rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._aws import Aws
from ._ec2 import filters

Rules = dict[str, str]

_DIRECTIONS = {"ingress": "from", "egress": "to"}


def rule_key(direction: str, protocol: str, ports: tuple[int, int], peer: str) -> str:
    """``tcp 443 from 0.0.0.0/0``, ``tcp 5432 from sg-1``, ``all to 0.0.0.0/0``."""
    if protocol == "-1":
        traffic = "all"
    elif ports[0] == ports[1]:
        traffic = f"{protocol} {ports[0]}"
    else:
        traffic = f"{protocol} {ports[0]}-{ports[1]}"
    return f"{traffic} {_DIRECTIONS[direction]} {peer}"


def described_rules(aws: Aws, group_id: str) -> dict[str, Rules]:
    """``{"ingress": {key: description}, "egress": {...}}`` of a security group."""
    rules: dict[str, Rules] = {"ingress": {}, "egress": {}}
    for rule in group_rules(aws, group_id):
        direction = "egress" if rule["IsEgress"] else "ingress"
        rules[direction][described_key(rule)] = rule.get("Description") or ""
    return rules


def group_rules(aws: Aws, group_id: str | list[str]) -> list[Mapping[str, Any]]:
    """All rules of one security group, or of several."""
    return aws.pages(
        "ec2", "describe_security_group_rules", "SecurityGroupRules", Filters=filters({"group-id": group_id})
    )


def described_key(rule: Mapping[str, Any], names: Mapping[str, str] | None = None) -> str:
    """The key of a rule as DescribeSecurityGroupRules returns it; ``names`` are those of the groups with these ids."""
    direction = "egress" if rule["IsEgress"] else "ingress"
    group_id = (rule.get("ReferencedGroupInfo") or {}).get("GroupId", "")
    group = (names or {}).get(group_id, group_id)
    peer = rule.get("CidrIpv4") or rule.get("CidrIpv6") or rule.get("PrefixListId") or group
    ports = (rule.get("FromPort", -1), rule.get("ToPort", -1))
    return rule_key(direction, rule["IpProtocol"], ports, peer)


def revoke(aws: Aws, group_id: str, rules: list[Mapping[str, Any]]) -> None:
    """Revokes described rules by their ids."""
    for egress, operation in ((False, "revoke_security_group_ingress"), (True, "revoke_security_group_egress")):
        if ids := [rule["SecurityGroupRuleId"] for rule in rules if rule["IsEgress"] is egress]:
            aws.call("ec2", operation, GroupId=group_id, SecurityGroupRuleIds=ids)


def revoke_all(aws: Aws, group_id: str) -> None:
    revoke(aws, group_id, group_rules(aws, group_id))
