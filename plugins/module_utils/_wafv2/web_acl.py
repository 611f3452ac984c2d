# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One web ACL with its rules, compared field by field.

UpdateWebACL replaces everything, so each update carries the whole, and what no option speaks of is found and taken
away. Only the console's own attributes (ApplicationConfig) stay: AWS lets nobody change or remove them. The lock token
makes sure that nobody else wrote in between.
https://docs.aws.amazon.com/waf/latest/APIReference/API_UpdateWebACL.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from .._aws import Aws, AwsError, tag_list, tags_of
from .._reconcile import Operation, PlatformError, Refused, Resource, managed_tags
from . import _rules, association
from ._common import MISSING, SCOPE, once_there, placeholder_arn, summary

KIND = "wafv2_web_acl"
LIMIT = 5000
IMMUNITY_S = 300

_COMPARED = (
    "description",
    "default_action",
    "rules",
    "visibility",
    "custom_response_bodies",
    "captcha_immunity_s",
    "challenge_immunity_s",
    "token_domains",
    "body_inspection_limits",
    "data_protection",
    "low_reputation_mode",
    "monetization",
    "capacity",
)


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The web ACL named by the options."""
    name = params["name"]
    found = _read(aws, name)
    before = _before(found, params) if found else None
    if params["state"] == "absent":
        return [_resource(aws, name, found, before, None, {})]
    _rules.check(params["rules"], f"{KIND}/{name}")
    request = _request(params)
    after = _after(params)
    if before and before["rules"] == after["rules"]:
        after["capacity"] = before["capacity"]
    else:
        after["capacity"] = _capacity(aws, params, request["Rules"])
    return [_resource(aws, name, found, before, after, request)]


def _read(aws: Aws, name: str) -> dict[str, Any] | None:
    """The web ACL as GetWebACL tells it, with its lock token and its tags."""
    known = summary(aws, name)
    if not known:
        return None
    found, tags = aws.gather(
        (
            lambda: aws.call_or_none("wafv2", "get_web_acl", MISSING, Name=name, Id=known["Id"], Scope=SCOPE),
            lambda: aws.call_or_none("wafv2", "list_tags_for_resource", MISSING, ResourceARN=known["ARN"]),
        )
    )
    if not found or not tags:
        return None
    return {**found["WebACL"], "LockToken": found["LockToken"], **tags["TagInfoForResource"]}


def _check_unused(aws: Aws, arn: str, name: str) -> None:
    if protected := association.protected_by(aws, arn):
        raise Refused(
            f"it protects {', '.join(protected)}.",
            mend="End that first with airas.platform.wafv2_association, state: absent.",
            resource=f"{KIND}/{name}",
        )


# -- one form of what there is, and of what there should be ----------------------------------------------------------


def _before(found: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "arn": found["ARN"],
        "id": found["Id"],
        **_normalised(found),
        "capacity": int(found.get("Capacity") or 0),
        "tags": managed_tags(tags_of(found, "TagList"), {**params["tags"], "Name": ""}),
    }


def _after(params: Mapping[str, Any]) -> dict[str, Any]:
    return {**_normalised(_request(params)), "tags": {**params["tags"], "Name": params["name"]}}


def _normalised(acl: Mapping[str, Any]) -> dict[str, Any]:
    protections = (acl.get("DataProtectionConfig") or {}).get("DataProtections")
    return {
        "description": acl.get("Description") or "",
        "default_action": dict(acl["DefaultAction"]),
        "rules": _rules.normalised(acl.get("Rules")),
        "visibility": dict(acl["VisibilityConfig"]),
        "custom_response_bodies": {key: dict(body) for key, body in (acl.get("CustomResponseBodies") or {}).items()},
        "captcha_immunity_s": _immunity(acl.get("CaptchaConfig")),
        "challenge_immunity_s": _immunity(acl.get("ChallengeConfig")),
        "token_domains": sorted(acl.get("TokenDomains") or ()),
        "body_inspection_limits": {
            kind: limit["DefaultSizeInspectionLimit"]
            for kind, limit in ((acl.get("AssociationConfig") or {}).get("RequestBody") or {}).items()
        },
        "data_protection": _protections(protections or ()),
        "low_reputation_mode": (acl.get("OnSourceDDoSProtectionConfig") or {}).get(
            "ALBLowReputationMode", "ACTIVE_UNDER_DDOS"
        ),
        "monetization": dict(acl.get("MonetizationConfig") or {}),
    }


def _immunity(config: Mapping[str, Any] | None) -> int:
    return int(((config or {}).get("ImmunityTimeProperty") or {}).get("ImmunityTime", IMMUNITY_S))


def _protections(items: Any) -> dict[str, Any]:
    """``{"SINGLE_HEADER cookie": {"Action": "SUBSTITUTION", ...}}``, one entry a key; they are a set."""
    return {
        " ".join((item["Field"]["FieldType"], key)).strip(): {
            "Action": item["Action"],
            "ExcludeRuleMatchDetails": item.get("ExcludeRuleMatchDetails") or False,
            "ExcludeRateBasedDetails": item.get("ExcludeRateBasedDetails") or False,
        }
        for item in items
        for key in item["Field"].get("FieldKeys") or ("",)
    }


def _request(params: Mapping[str, Any]) -> dict[str, Any]:
    """What CreateWebACL and UpdateWebACL take, apart from name, id, tags and lock token."""
    captcha, challenge = params["captcha_immunity_s"], params["challenge_immunity_s"]
    limits = params["body_inspection_limits"]
    request = {
        "DefaultAction": params["default_action"],
        "Description": params["description"],
        "Rules": _rules.completed(params["rules"], params["sampled_requests"], params["metrics"]),
        "VisibilityConfig": {
            "SampledRequestsEnabled": params["sampled_requests"],
            "CloudWatchMetricsEnabled": params["metrics"],
            "MetricName": params["metric_name"] or params["name"],
        },
        "CustomResponseBodies": params["custom_response_bodies"],
        "CaptchaConfig": {"ImmunityTimeProperty": {"ImmunityTime": captcha}} if captcha != IMMUNITY_S else None,
        "ChallengeConfig": {"ImmunityTimeProperty": {"ImmunityTime": challenge}} if challenge != IMMUNITY_S else None,
        "TokenDomains": params["token_domains"],
        "AssociationConfig": limits
        and {"RequestBody": {kind: {"DefaultSizeInspectionLimit": limit} for kind, limit in limits.items()}},
        "DataProtectionConfig": params["data_protection"] and {"DataProtections": params["data_protection"]},
        "OnSourceDDoSProtectionConfig": {"ALBLowReputationMode": params["low_reputation_mode"]},
    }
    # AWS refuses an empty description, map or list of domains; left out, UpdateWebACL takes the old one away.
    return {key: value for key, value in request.items() if value or key in ("Rules", "DefaultAction")}


def _capacity(aws: Aws, params: Mapping[str, Any], rules: list[dict[str, Any]]) -> int:
    """What the rules cost of the web ACL's capacity; raises before a write that AWS would refuse, or charge for."""
    resource = f"{KIND}/{params['name']}"
    _check_overrides(aws, rules, resource)
    capacity = int(aws.call("wafv2", "check_capacity", Scope=SCOPE, Rules=rules)["Capacity"]) if rules else 0
    if capacity > params["max_capacity"]:
        raise Refused(
            f"its rules need {capacity} capacity units, and max_capacity allows {params['max_capacity']}.",
            mend=f"Take a rule away, or raise max_capacity (AWS charges for more than 1500 and allows {LIMIT}).",
            resource=resource,
        )
    return capacity


def _check_overrides(aws: Aws, rules: list[dict[str, Any]], resource: str) -> None:
    """AWS silently ignores the override of a rule that a managed group does not have.

    https://docs.aws.amazon.com/waf/latest/developerguide/waf-using-managed-rule-groups.html
    """

    def unknown(statement: Mapping[str, Any]) -> list[str]:
        version = {"VersionName": statement["Version"]} if statement.get("Version") else {}
        vendor, name = statement["VendorName"], statement["Name"]
        described = aws.call(
            "wafv2", "describe_managed_rule_group", VendorName=vendor, Name=name, Scope=SCOPE, **version
        )
        known = {rule["Name"] for rule in described.get("Rules") or ()}
        return sorted(set(_rules.overridden(statement)) - known)

    groups = [(name, statement) for name, statement in _rules.managed_groups(rules) if _rules.overridden(statement)]
    found = aws.gather(partial(unknown, statement) for _name, statement in groups)
    for (name, statement), missing in zip(groups, found, strict=True):
        if missing:
            raise PlatformError(
                f"rule {name} overrides {', '.join(missing)}, and {statement['Name']} has no such rule.",
                mend="Correct the name: AWS would ignore it and leave the rule as it is. "
                "https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-list.html",
                resource=resource,
            )


# -- what leads there ------------------------------------------------------------------------------------------------


def _resource(
    aws: Aws,
    name: str,
    found: Mapping[str, Any] | None,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    request: dict[str, Any],
) -> Resource:
    ours = {"Name": name, "Scope": SCOPE}

    def create(_known: dict[str, Any]) -> dict[str, Any]:
        tags = tag_list((after or {})["tags"])
        made = aws.create("wafv2", "create_web_acl", **ours, **request, Tags=tags)["Summary"]
        return {"arn": made["ARN"], "id": made["Id"]}

    def update(known: dict[str, Any]) -> None:
        lock = (found or {})["LockToken"]
        _locked(lambda: aws.call("wafv2", "update_web_acl", **ours, **request, Id=known["id"], LockToken=lock))

    def tag(known: dict[str, Any]) -> None:
        tags = tag_list((after or {})["tags"])
        once_there(aws, lambda: aws.call("wafv2", "tag_resource", ResourceARN=known["arn"], Tags=tags))

    def delete(known: dict[str, Any]) -> None:
        # Not when it is planned: a plan that ends the association first has not ended it.
        _check_unused(aws, known["arn"], name)
        lock = (found or {})["LockToken"]
        arguments = {**ours, "Id": known["id"], "LockToken": lock}
        # AWS may see an association for a while after its end.
        _locked(
            lambda: aws.once_consistent(
                lambda: aws.call_or_none("wafv2", "delete_web_acl", MISSING, **arguments), _associated
            )
        )

    return Resource(
        KIND,
        name,
        before=before,
        after=after,
        placeholders={"arn": placeholder_arn(aws, name)},
        create=Operation("wafv2:CreateWebACL", create),
        updates=(
            Operation("wafv2:UpdateWebACL", update, covers=_COMPARED),
            Operation("wafv2:TagResource", tag, covers=("tags",)),
        ),
        delete=Operation("wafv2:DeleteWebACL", delete),
    )


def _associated(error: AwsError) -> bool:
    return error.code == "WAFAssociatedItemException"


def _locked(run: Callable[[], Any]) -> None:
    try:
        run()
    except AwsError as error:
        if error.code != "WAFOptimisticLockException":
            raise
        raise PlatformError(
            "somebody else has changed it since it was read.", mend="Run again to compare anew.", call=error.call
        ) from error
