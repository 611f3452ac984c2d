"""WAF: capacity, managed rule groups, what protects which load balancer, and where logs may go."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from moto.wafv2.models import FakeWebACL, WAFV2Backend
from moto.wafv2.responses import WAFV2Response

from emulator import delays
from emulator.extensions import patch
from emulator.protocol import AwsError
from emulator.services._wafv2_groups import GROUPS, VERSION, Group

API = "https://docs.aws.amazon.com/waf/latest/APIReference"
GUIDE = "https://docs.aws.amazon.com/waf/latest/developerguide"

SPREADING = delays.declare("web_acl.spreading", "CreateWebACL until the web ACL can be associated and can log")
LARGEST = 5000

_MORE = ("DataProtectionConfig", "OnSourceDDoSProtectionConfig", "ApplicationConfig", "MonetizationConfig")
_MISSING = "AWS WAF couldn’t perform the operation because your resource doesn’t exist."


def _missing() -> AwsError:
    return AwsError("WAFNonexistentItemException", _MISSING)


def _invalid(reason: str, field: str, parameter: str) -> AwsError:
    return AwsError("WAFInvalidParameterException", f"Error reason: {reason}, field: {field}, parameter: {parameter}")


# -- capacity --------------------------------------------------------------------------------------------------------


def _group(statement: Mapping[str, Any]) -> Group:
    if statement.get("VendorName") != "AWS" or statement.get("Name") not in GROUPS:
        raise _missing()
    group = GROUPS[statement["Name"]]
    if statement.get("Version") and not group.versioned:
        raise _invalid("The version is not supported by the rule group.", "MANAGED_RULE_SET_STATEMENT", "Version")
    return group


def _transformations(statement: Mapping[str, Any]) -> int:
    return 10 * sum(1 for item in statement.get("TextTransformations") or () if item["Type"] != "NONE")


def capacity_of(statement: Mapping[str, Any]) -> int:
    """Capacity units of one statement: https://docs.aws.amazon.com/waf/latest/developerguide/aws-waf-capacity-units.html"""
    total = 0
    for kind, inner in statement.items():
        if kind == "ManagedRuleGroupStatement":
            total += _group(inner).capacity
        elif kind in ("AndStatement", "OrStatement"):
            total += sum(map(capacity_of, inner["Statements"]))
        elif kind == "NotStatement":
            total += capacity_of(inner["Statement"])
        elif kind == "RateBasedStatement":
            total += 2 + 30 * len(inner.get("CustomKeys") or ()) + capacity_of(inner.get("ScopeDownStatement") or {})
        elif kind == "ByteMatchStatement":
            anchored = inner["PositionalConstraint"] in ("EXACTLY", "STARTS_WITH", "ENDS_WITH")
            total += (2 if anchored else 10) + _transformations(inner)
        elif kind == "SqliMatchStatement":
            total += (30 if inner.get("SensitivityLevel") == "HIGH" else 20) + _transformations(inner)
        elif kind == "XssMatchStatement":
            total += 40 + _transformations(inner)
        elif kind == "RegexMatchStatement":
            total += 3 + _transformations(inner)
        elif kind == "RegexPatternSetReferenceStatement":
            total += 25 + _transformations(inner)
        else:  # size, country, label, address
            total += 1 + _transformations(inner)
    return total


def _checked(rules: Sequence[Mapping[str, Any]]) -> int:
    for key in ("Name", "Priority"):
        if len({rule[key] for rule in rules}) < len(rules):
            raise AwsError(
                "WAFDuplicateItemException",
                "AWS WAF could not perform the operation because some resource in your request is a duplicate.",
            )
    for rule in rules:
        groups = {"ManagedRuleGroupStatement", "RuleGroupReferenceStatement"} & rule["Statement"].keys()
        if len(rule["Statement"]) != 1:
            raise _invalid("You have used none or multiple values for a field that requires exactly one value.",
                           "STATEMENT", "Statement")  # fmt: skip
        if bool(groups) != bool(rule.get("OverrideAction")) or bool(groups) == bool(rule.get("Action")):
            raise _invalid("A reference in your rule statement is not valid.", "RULE", "Rule")
    return sum(capacity_of(rule["Statement"]) for rule in rules)


@patch(WAFV2Response, "check_capacity", added=True, aws=f"{API}/API_CheckCapacity.html")
def check_capacity(self: Any) -> Any:
    """What rules need of a web ACL's capacity is told before they are written."""
    return 200, {}, json.dumps({"Capacity": _checked(json.loads(self.body)["Rules"])})


# -- managed rule groups ---------------------------------------------------------------------------------------------


@patch(
    WAFV2Response,
    "list_available_managed_rule_groups",
    added=True,
    aws=f"{API}/API_ListAvailableManagedRuleGroups.html",
)
def list_available_managed_rule_groups(self: Any) -> Any:
    """AWS's managed rule groups are listed, page by page."""
    names, limit = sorted(GROUPS), int(self._get_param("Limit") or 100)
    start = int(self._get_param("NextMarker") or 0)
    shown = names[start : start + limit]
    groups = [{"VendorName": "AWS", "Name": name, "VersioningSupported": GROUPS[name].versioned} for name in shown]
    more = {"NextMarker": str(start + limit)} if start + limit < len(names) else {}
    return 200, {}, json.dumps({"ManagedRuleGroups": groups, **more})


@patch(
    WAFV2Response,
    "list_available_managed_rule_group_versions",
    added=True,
    aws=f"{API}/API_ListAvailableManagedRuleGroupVersions.html",
)
def list_available_managed_rule_group_versions(self: Any) -> Any:
    """A versioned managed rule group tells its versions and the default one."""
    group = _group(json.loads(self.body))
    versions = {"Versions": [{"Name": VERSION}], "CurrentDefaultVersion": VERSION}
    return 200, {}, json.dumps(versions if group.versioned else {"Versions": []})


@patch(WAFV2Response, "describe_managed_rule_group", added=True, aws=f"{API}/API_DescribeManagedRuleGroup.html")
def describe_managed_rule_group(self: Any) -> Any:
    """A managed rule group tells its capacity, its rules and the prefix of its labels."""
    group = _group(json.loads(self.body))
    version = {"VersionName": VERSION} if group.versioned else {}
    answer = {
        "Capacity": group.capacity,
        "Rules": [{"Name": name, "Action": {"Block": {}}} for name in group.rules],
        "LabelNamespace": f"awswaf:managed:aws:{group.label}:",
        **version,
    }
    return 200, {}, json.dumps(answer)


# -- web ACLs --------------------------------------------------------------------------------------------------------


def _settle(acl: FakeWebACL, rules: Sequence[Mapping[str, Any]], body: Mapping[str, Any]) -> None:
    acl.capacity = _checked(rules)
    if acl.capacity > LARGEST:
        raise AwsError(
            "WAFLimitsExceededException",
            "AWS WAF couldn’t perform the operation because you exceeded your resource limit.",
        )
    kept = {key: value for key, value in vars(acl).get("_emulator_more", {}).items() if key == "ApplicationConfig"}
    vars(acl)["_emulator_more"] = kept | {key: body[key] for key in _MORE if key in body}


@patch(WAFV2Response, "create_web_acl", aws=f"{API}/API_CreateWebACL.html")
def create_web_acl(original: Any, self: Any) -> Any:
    """A web ACL knows its capacity and all of its configuration, and its name can be taken once."""
    body = json.loads(self.body)
    if any(acl.name == body["Name"] for acl in self.wafv2_backend.wacls.values()):
        raise AwsError(
            "WAFDuplicateItemException",
            "AWS WAF could not perform the operation because some resource in your request is a duplicate of an "
            "existing one.",
        )
    _checked(body.get("Rules") or [])
    answer = original(self)
    acl = next(acl for acl in self.wafv2_backend.wacls.values() if acl.name == body["Name"])
    try:
        _settle(acl, body.get("Rules") or [], body)
    except AwsError:
        del self.wafv2_backend.wacls[acl.arn]
        raise
    vars(acl)["_emulator_created"] = time.monotonic()
    return answer


@patch(WAFV2Response, "update_web_acl", aws=f"{API}/API_UpdateWebACL.html")
def update_web_acl(original: Any, self: Any) -> Any:
    """An update replaces everything: what it does not carry is taken away, apart from the console's attributes."""
    body = json.loads(self.body)
    backend = self.wafv2_backend
    acl = next((acl for acl in backend.wacls.values() if (acl.name, acl.id) == (body["Name"], body["Id"])), None)
    if acl is not None and acl.lock_token == body["LockToken"]:
        _settle(acl, body.get("Rules") or [], body)
        acl.rules, acl.description = [], ""
        for field in ("association_config", "captcha_config", "challenge_config", "custom_response_bodies"):
            setattr(acl, field, None)
        acl.token_domains = None
    return original(self)


@patch(FakeWebACL, "to_dict", aws=f"{API}/API_WebACL.html")
def to_dict(original: Any, self: Any) -> dict[str, Any]:
    """A web ACL shows what was set, and the window that AWS gives a rate limit."""
    shown = {key: value for key, value in original(self).items() if value is not None and key != "LockToken"}
    for rule in shown["Rules"]:
        if limit := rule["Statement"].get("RateBasedStatement"):
            limit.setdefault("EvaluationWindowSec", 300)
    shown["Rules"] = [{key: value for key, value in rule.items() if value is not None} for rule in shown["Rules"]]
    return {**shown, **vars(self).get("_emulator_more", {})}


@patch(WAFV2Backend, "delete_web_acl", aws=f"{API}/API_DeleteWebACL.html")
def delete_web_acl(original: Any, self: Any, name: str, _id: str, **others: Any) -> None:
    """A web ACL that protects something stays, and one that goes takes its logging configuration along."""
    acl = next((acl for acl in self.wacls.values() if (acl.name, acl.id) == (name, _id)), None)
    if acl is not None and acl.associated_resources:
        raise AwsError(
            "WAFAssociatedItemException",
            "AWS WAF couldn’t perform the operation because your resource is being used by another resource or it’s "
            "associated with another resource.",
        )
    original(self, name=name, _id=_id, **others)
    if acl is not None:
        self.logging_configurations.pop(acl.arn, None)


# -- associations ----------------------------------------------------------------------------------------------------


def _exists(backend: WAFV2Backend, resource_arn: str) -> bool:
    """Load balancers are looked up; other kinds of resources are taken at their word."""
    if ":loadbalancer/" not in resource_arn:
        return True
    from moto.elbv2.models import elbv2_backends

    return resource_arn in elbv2_backends[backend.account_id][backend.region_name].load_balancers


def _ready(backend: WAFV2Backend, arn: str) -> FakeWebACL:
    acl: FakeWebACL | None = backend.wacls.get(arn)
    if acl is None:
        raise _missing()
    if time.monotonic() - vars(acl).get("_emulator_created", 0.0) < delays.seconds(SPREADING):
        raise AwsError(
            "WAFUnavailableEntityException",
            "AWS WAF couldn’t retrieve a resource that you specified for this operation. Retry your request.",
        )
    return acl


@patch(WAFV2Backend, "associate_web_acl", aws=f"{API}/API_AssociateWebACL.html")
def associate_web_acl(original: Any, self: Any, web_acl_arn: str, resource_arn: str) -> None:
    """A resource has to exist, and is protected by one web ACL at a time: the last one that it was given."""
    _ready(self, web_acl_arn)
    if not _exists(self, resource_arn):
        raise _missing()
    for acl in self.wacls.values():
        acl.associated_resources = [arn for arn in acl.associated_resources if arn != resource_arn]
    original(self, web_acl_arn=web_acl_arn, resource_arn=resource_arn)


@patch(WAFV2Backend, "disassociate_web_acl", aws=f"{API}/API_DisassociateWebACL.html")
def disassociate_web_acl(original: Any, self: Any, resource_arn: str) -> None:
    """A resource has to exist to be taken from its web ACL."""
    if not _exists(self, resource_arn):
        raise _missing()
    original(self, resource_arn=resource_arn)


@patch(WAFV2Backend, "get_web_acl_for_resource", aws=f"{API}/API_GetWebACLForResource.html")
def get_web_acl_for_resource(original: Any, self: Any, resource_arn: str) -> Any:
    """A resource has to exist to be asked about; a web ACL no longer protects a load balancer that is gone."""
    if not _exists(self, resource_arn):
        for acl in self.wacls.values():
            acl.associated_resources = [arn for arn in acl.associated_resources if arn != resource_arn]
        raise _missing()
    return original(self, resource_arn=resource_arn)


@patch(WAFV2Response, "list_resources_for_web_acl", added=True, aws=f"{API}/API_ListResourcesForWebACL.html")
def list_resources_for_web_acl(self: Any) -> Any:
    """The resources of one kind that a web ACL protects, load balancers if no kind is named."""
    body = json.loads(self.body)
    acl = self.wafv2_backend.wacls.get(body["WebACLArn"])
    if acl is None:
        raise _missing()
    balancers = body.get("ResourceType", "APPLICATION_LOAD_BALANCER") == "APPLICATION_LOAD_BALANCER"
    held = [arn for arn in acl.associated_resources if _exists(self.wafv2_backend, arn)]
    found = [arn for arn in held if (":loadbalancer/" in arn) == balancers]
    return 200, {}, json.dumps({"ResourceArns": found})


# -- logging ---------------------------------------------------------------------------------------------------------


@patch(WAFV2Backend, "put_logging_configuration", aws=f"{GUIDE}/logging-cw-logs.html")
def put_logging_configuration(
    original: Any, self: Any, arn: str, log_destination_configs: Sequence[str], **others: Any
) -> Any:
    """Logs go to one destination, which exists and whose name begins with aws-waf-logs-."""
    _ready(self, arn)
    if len(log_destination_configs) != 1:
        raise _invalid("You can only have one log destination.", "LOG_DESTINATION", "LogDestinationConfigs")
    destination = log_destination_configs[0].removesuffix(":*")
    name = destination.split(":", 5)[-1].removeprefix("log-group:").removeprefix("deliverystream/")
    if not name.startswith("aws-waf-logs-"):
        raise _invalid(
            "The ARN isn't valid. A valid ARN begins with arn: and includes other information separated by colons or "
            "slashes.",
            "LOG_DESTINATION",
            destination,
        )
    if ":log-group:" in destination:
        _check_log_group(self, name)
    return original(self, arn=arn, log_destination_configs=[destination], **others)


def _check_log_group(backend: WAFV2Backend, name: str) -> None:
    from moto.logs.models import logs_backends

    if name not in logs_backends[backend.account_id][backend.region_name].groups:
        raise AwsError(
            "WAFLogDestinationPermissionIssueException",
            "The operation failed because you don't have the permissions that your logging configuration requires.",
        )
