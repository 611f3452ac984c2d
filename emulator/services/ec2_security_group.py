"""Security groups: rules with their descriptions and tags, and what stands in the way of deleting a group."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import InvalidPermissionDuplicateError
from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupBackend, SecurityGroupRule
from moto.ec2.responses.security_groups import SecurityGroups

from emulator.extensions import patch
from emulator.protocol import AwsError
from emulator.services._ec2 import API, ERRORS, interfaces_with


@patch(SecurityGroupRule, "description", attribute=True, aws=f"{API}/API_SecurityGroupRule.html")
def description(self: Any) -> str | None:
    """A rule keeps its description whether it names addresses, a group or a prefix list."""
    return (
        self.ip_range.get("Description")
        or self.source_group.get("Description")
        or getattr(self, "prefix_list_description", None)
    )


def _describe(rule: SecurityGroupRule, description: str) -> None:
    if rule.ip_range:
        rule.ip_range["Description"] = description
    elif rule.source_group:
        rule.source_group["Description"] = description
    else:
        rule.prefix_list_description = description


@patch(SecurityGroupRule, "group_owner_id", added=True, attribute=True, aws=f"{API}/API_SecurityGroupRule.html")
def owner(self: Any) -> str:
    """Rules name the account that owns their group."""
    return str(self.ec2_backend.account_id)


@patch(
    SecurityGroupRule, "security_group_rule_arn", added=True, attribute=True, aws=f"{API}/API_SecurityGroupRule.html"
)
def rule_arn(self: Any) -> str:
    """Rules have an ARN."""
    backend = self.ec2_backend
    return f"arn:aws:ec2:{backend.region_name}:{backend.account_id}:security-group-rule/{self.id}"


# --- create -----------------------------------------------------------------------------------------------------------


@patch(
    SecurityGroupBackend,
    "create_security_group",
    aws="https://docs.aws.amazon.com/vpc/latest/userguide/default-security-group.html",
)
def create_security_group(
    original: Any, self: Any, name: str, is_default: bool | None = None, **others: Any
) -> SecurityGroup:
    """The default group lets its members talk to each other, and its name is reserved."""
    if name == "default" and not is_default:
        raise AwsError("InvalidParameterValue", "Cannot use reserved security group name: default")
    group: SecurityGroup = original(self, name=name, is_default=is_default, **others)
    if is_default:
        itself = {"GroupId": group.id, "UserId": self.account_id, "OwnerId": self.account_id}
        rule = SecurityGroupRule(self, "-1", group.id, None, None, None, source_group=itself, is_egress=False)
        group.ingress_rules.append(rule)
    return group


# --- authorize: all or nothing ----------------------------------------------------------------------------------------


def _authorize(self: Any, direction: str) -> ActionResult:
    self.error_on_dryrun()
    backend = self.ec2_backend
    requests = list(self._process_rules_from_querystring())
    authorize = getattr(backend, f"authorize_security_group_{direction}")
    added: list[SecurityGroupRule] = []
    try:
        for request in requests:
            added.extend(authorize(**request)[0])
    except Exception:
        for candidate in itertools.chain.from_iterable(groups.values() for groups in backend.groups.values()):
            kept = [r for r in getattr(candidate, f"{direction}_rules") if all(r.id != a.id for a in added)]
            setattr(candidate, f"{direction}_rules", kept)
        raise
    return ActionResult({"Return": True, "SecurityGroupRules": added})


@patch(SecurityGroups, "authorize_security_group_ingress", aws=f"{API}/API_AuthorizeSecurityGroupIngress.html")
def authorize_security_group_ingress(_original: Any, self: Any) -> ActionResult:
    """Ingress rules are added all or none, and the answer lists every one."""
    return _authorize(self, "ingress")


@patch(SecurityGroups, "authorize_security_group_egress", aws=f"{API}/API_AuthorizeSecurityGroupEgress.html")
def authorize_security_group_egress(_original: Any, self: Any) -> ActionResult:
    """Egress rules are added all or none, and the answer lists every one."""
    return _authorize(self, "egress")


def _add(self: SecurityGroup, rules: list[SecurityGroupRule], rule: SecurityGroupRule) -> None:
    # moto compares owner and description too, so that it takes a duplicate with another description.
    if any(_same(rule, known) for known in rules):
        raise InvalidPermissionDuplicateError
    rules.append(rule)


def _same(one: SecurityGroupRule, other: SecurityGroupRule) -> bool:
    return _identity(one) == _identity(other)


def _identity(rule: SecurityGroupRule) -> tuple[Any, ...]:
    return (
        rule.ip_protocol,
        rule.from_port,
        rule.to_port,
        rule.ip_range.get("CidrIp"),
        rule.ip_range.get("CidrIpv6"),
        rule.source_group.get("GroupId"),
        rule.prefix_list_id,
    )


@patch(SecurityGroup, "add_ingress_rule", aws=ERRORS)
def add_ingress_rule(_original: Any, self: SecurityGroup, rule: SecurityGroupRule) -> None:
    """An ingress rule that differs in its description only is a duplicate: InvalidPermission.Duplicate."""
    _add(self, self.ingress_rules, rule)


@patch(SecurityGroup, "add_egress_rule", aws=ERRORS)
def add_egress_rule(_original: Any, self: SecurityGroup, rule: SecurityGroupRule) -> None:
    """An egress rule that differs in its description only is a duplicate: InvalidPermission.Duplicate."""
    _add(self, self.egress_rules, rule)


@patch(SecurityGroupRule, "__eq__", aws=f"{API}/API_RevokeSecurityGroupIngress.html")
def rule_equals(_original: Any, self: Any, other: Any) -> bool:
    """Revoking finds a rule by what it allows, whatever its description."""
    return isinstance(other, SecurityGroupRule) and _same(self, other)


# --- modify -----------------------------------------------------------------------------------------------------------

_TARGETS = ("CidrIpv4", "CidrIpv6", "PrefixListId", "ReferencedGroupId")


@patch(SecurityGroupBackend, "modify_security_group_rules", aws=f"{API}/API_ModifySecurityGroupRules.html")
def modify_security_group_rules(
    original: Callable[..., None], self: Any, group_id: str, rules: Mapping[str, Mapping[str, Any]]
) -> None:
    """A rule is replaced whole: protocol, ports, target and description, but not by another kind of target."""
    group = self.get_security_group_from_id(group_id)
    for rule_id, wanted in rules.items():
        rule = group.get_rule(rule_id) if group else None
        targets = [name for name in _TARGETS if wanted.get(name) is not None]
        if rule is None or len(targets) != 1 or wanted.get("IpProtocol") is None:
            original(self, group_id, {rule_id: dict(wanted)})  # which raises AWS's error
            raise AwsError("InvalidParameterValue", "The security group rule cannot be modified as asked")
        kind = targets[0]
        if kind != _kind(rule):
            raise AwsError(
                "InvalidParameterValue",
                f"Invalid rule type for security group rule '{rule_id}'. "
                f"You may not specify {kind} for an existing {_kind(rule)} rule.",
            )
        _replace(self, rule, kind, wanted)


def _kind(rule: SecurityGroupRule) -> str:
    if rule.source_group:
        return "ReferencedGroupId"
    if rule.prefix_list_id:
        return "PrefixListId"
    return "CidrIpv6" if "CidrIpv6" in rule.ip_range else "CidrIpv4"


def _replace(backend: Any, rule: SecurityGroupRule, kind: str, wanted: Mapping[str, Any]) -> None:
    value = wanted[kind]
    rule.ip_protocol = str(wanted["IpProtocol"])
    every = rule.ip_protocol == "-1"
    rule.from_port = None if every else wanted.get("FromPort")
    rule.to_port = None if every else wanted.get("ToPort")
    if kind == "ReferencedGroupId":
        rule.source_group = {"GroupId": value, "UserId": backend.account_id, "OwnerId": backend.account_id}
    elif kind == "PrefixListId":
        rule.prefix_list_id = value
        rule.prefix_list_description = None
    else:
        rule.ip_range = {"CidrIp" if kind == "CidrIpv4" else "CidrIpv6": value}
    if wanted.get("Description"):
        _describe(rule, wanted["Description"])


def _update_descriptions(original: Any, self: Any, *, egress: bool) -> Any:
    changes = self._get_param("SecurityGroupRuleDescriptions", [])
    if not changes:
        return original(self)
    backend = self.ec2_backend
    group = backend.get_security_group_by_name_or_id(self._get_param("GroupId") or self._get_param("GroupName"))
    for change in changes:
        rule = group.get_rule(change["SecurityGroupRuleId"]) if group else None
        if rule is None or rule.is_egress is not egress:
            raise AwsError(
                "InvalidSecurityGroupRuleId.NotFound",
                f"The security group rule ID '{change['SecurityGroupRuleId']}' does not exist",
            )
        _describe(rule, change.get("Description", ""))
    return ActionResult({"Return": True})


@patch(
    SecurityGroups,
    "update_security_group_rule_descriptions_ingress",
    aws=f"{API}/API_UpdateSecurityGroupRuleDescriptionsIngress.html",
)
def update_descriptions_ingress(original: Any, self: Any) -> Any:
    """Descriptions of ingress rules can be changed by rule id."""
    return _update_descriptions(original, self, egress=False)


@patch(
    SecurityGroups,
    "update_security_group_rule_descriptions_egress",
    aws=f"{API}/API_UpdateSecurityGroupRuleDescriptionsEgress.html",
)
def update_descriptions_egress(original: Any, self: Any) -> Any:
    """Descriptions of egress rules can be changed by rule id."""
    return _update_descriptions(original, self, egress=True)


# --- delete -----------------------------------------------------------------------------------------------------------


@patch(SecurityGroupBackend, "delete_security_group", aws=ERRORS)
def delete_security_group(original: Any, self: Any, name: str | None = None, group_id: str | None = None) -> None:
    """The default group is never deleted, nor one in use by an interface or named in another group's rules."""
    group = self.get_security_group_by_name_or_id(group_id or name)
    if group is not None:
        if group.name == "default":
            raise AwsError(
                "CannotDelete", f'the specified group: "{group.id}" name: "default" cannot be deleted by a user'
            )
        if interfaces_with(self, group_id=group.id) or _referenced(self, group):
            raise AwsError("DependencyViolation", f"resource {group.id} has a dependent object")
    original(self, name, group_id)


def _referenced(backend: Any, group: SecurityGroup) -> bool:
    return any(
        rule.source_group.get("GroupId") == group.id
        for groups in backend.groups.values()
        for other in groups.values()
        if other.id != group.id
        for rule in itertools.chain(other.ingress_rules, other.egress_rules)
    )
