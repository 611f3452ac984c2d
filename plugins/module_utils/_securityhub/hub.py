# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Security Hub CSPM of an account in a region, whoever enabled it: its settings and the standards it checks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .._aws import Aws, is_ours
from .._reconcile import Impact, Operation, PlatformError, Resource, managed_tags

KIND = "security_hub"
GENERATORS = ("SECURITY_CONTROL", "STANDARD_CONTROL")

# What AWS answers where it is not enabled.
_MISSING = ("InvalidAccessException", "ResourceNotFoundException")
_STANDARD = re.compile(r"(ruleset/)?[a-z0-9-]+/v/\d+\.\d+\.\d+")
_NO_RECORDER = "NO_AVAILABLE_CONFIGURATION_RECORDER"
_PREREQUISITES = "https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-setup-prereqs.html"


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The hub of the region."""
    _check(aws, params)
    found = _find(aws, params)
    ours = found is None or is_ours(found["tags"], params["tags"])
    if params["state"] == "absent":
        return [_resource(aws, found if ours else None, None)]
    return [_resource(aws, found, _desired(aws, params, ours))]


def _check(aws: Aws, params: Mapping[str, Any]) -> None:
    for name, status in params["standards"].items():
        if not isinstance(status, bool):
            raise PlatformError(
                f"standards has {status!r} for {name}.",
                mend="Give true for a standard that is to be enabled, false for one that is not.",
                resource=f"{KIND}/{aws.region}",
            )
        if not _STANDARD.fullmatch(name):
            raise PlatformError(
                f"standards names {name!r}.",
                mend="It is the end of a standard's ARN, such as aws-foundational-security-best-practices/v/1.0.0; "
                "aws securityhub describe-standards lists them.",
                resource=f"{KIND}/{aws.region}",
            )


def _desired(aws: Aws, params: Mapping[str, Any], ours: bool) -> dict[str, Any]:
    wanted = {
        "auto_enable_controls": params["auto_enable_controls"],
        "control_finding_generator": params["control_finding_generator"],
        "standards": dict(params["standards"]),
    }
    return {**wanted, "tags": {**params["tags"], "Name": aws.region}} if ours else wanted


def _arn(aws: Aws, standard: str) -> str:
    if standard.startswith("ruleset/"):
        return f"arn:{aws.partition}:securityhub:::{standard}"
    return f"arn:{aws.partition}:securityhub:{aws.region}::standards/{standard}"


# -- what there is ---------------------------------------------------------------------------------------------------


def _find(aws: Aws, params: Mapping[str, Any]) -> dict[str, Any] | None:
    """Of the standards those that the options name: others are their business who enabled them."""
    hub = aws.call_or_none("securityhub", "describe_hub", _MISSING)
    if hub is None:
        return None
    tags, standards = aws.gather(
        (
            lambda: aws.call("securityhub", "list_tags_for_resource", ResourceArn=hub["HubArn"]).get("Tags") or {},
            lambda: _enabled(aws),
        )
    )
    named = {name: standards.get(_arn(aws, name)) for name in params["standards"]}
    return {
        "arn": hub["HubArn"],
        "auto_enable_controls": hub.get("AutoEnableControls", True),
        "control_finding_generator": hub.get("ControlFindingGenerator") or GENERATORS[0],
        "standards": {name: item is not None for name, item in named.items()},
        "subscriptions": {name: item["StandardsSubscriptionArn"] for name, item in named.items() if item},
        "incomplete": {name: reason for name, item in named.items() if item and (reason := _lacks(item))},
        "tags": managed_tags(tags, {**params["tags"], "Name": ""}),
    }


def _enabled(aws: Aws) -> dict[str, Any]:
    found = aws.pages("securityhub", "get_enabled_standards", "StandardsSubscriptions")
    return {item["StandardsArn"]: item for item in found if item["StandardsStatus"] != "DELETING"}


def _lacks(item: Mapping[str, Any]) -> str:
    if item["StandardsStatus"] not in ("INCOMPLETE", "FAILED"):
        return ""
    return str((item.get("StandardsStatusReason") or {}).get("StatusReasonCode") or item["StandardsStatus"])


# -- what leads there ------------------------------------------------------------------------------------------------


def _resource(aws: Aws, before: dict[str, Any] | None, after: dict[str, Any] | None) -> Resource:
    wanted = after or {}
    arn = aws.arn("securityhub", "hub/default")

    def create(_known: dict[str, Any]) -> dict[str, Any]:
        aws.create(
            "securityhub",
            "enable_security_hub",
            # The two standards that AWS has for a default are outdated, and cost money unasked.
            EnableDefaultStandards=False,
            ControlFindingGenerator=wanted["control_finding_generator"],
            Tags=wanted["tags"],
        )
        return {"arn": arn, "standards": {}}

    def configure(option: str, attribute: str) -> Operation:
        def run(_known: dict[str, Any]) -> None:
            # Each alone: in an organisation the administrator's account decides on one of them.
            aws.call("securityhub", "update_security_hub_configuration", **{option: wanted[attribute]})

        return Operation("securityhub:UpdateSecurityHubConfiguration", run, covers=(attribute,))

    def set_standards(known: dict[str, Any]) -> None:
        on = {name for name, status in known["standards"].items() if status}
        asked = {name for name, status in wanted["standards"].items() if status}
        more = [{"StandardsArn": _arn(aws, name)} for name in sorted(asked - on)]
        less = [known["subscriptions"][name] for name in sorted(on - asked)]
        if more:
            aws.call("securityhub", "batch_enable_standards", StandardsSubscriptionRequests=more)
        if less:
            aws.call("securityhub", "batch_disable_standards", StandardsSubscriptionArns=less)

    def tag(_known: dict[str, Any]) -> None:
        aws.call("securityhub", "tag_resource", ResourceArn=arn, Tags=wanted["tags"])

    def delete(_known: dict[str, Any]) -> None:
        aws.call_or_none("securityhub", "disable_security_hub", _MISSING)

    # New controls are enabled by themselves unless a hub is told otherwise.
    by_default = ("auto_enable_controls",) if wanted.get("auto_enable_controls") else ()
    return Resource(
        KIND,
        aws.region,
        before=before,
        after=after,
        placeholders={"arn": arn},
        create=Operation(
            "securityhub:EnableSecurityHub", create, covers=("control_finding_generator", "tags", *by_default)
        ),
        updates=(
            configure("AutoEnableControls", "auto_enable_controls"),
            configure("ControlFindingGenerator", "control_finding_generator"),
            Operation("securityhub:BatchEnableStandards", set_standards, covers=("standards",)),
            Operation("securityhub:TagResource", tag, covers=("tags",)),
        ),
        delete=Operation("securityhub:DisableSecurityHub", delete),
        impacts={"delete": "data loss", "standards": _standards_impact(before, wanted)},
        warns=_warning,
    )


def _standards_impact(before: Mapping[str, Any] | None, wanted: Mapping[str, Any]) -> Impact:
    """The findings of a standard go when it is disabled."""
    on = before["standards"] if before else {}
    return (
        "data loss"
        if any(on.get(name) and not status for name, status in wanted.get("standards", {}).items())
        else "none"
    )


def _warning(known: Mapping[str, Any]) -> str | None:
    incomplete: Mapping[str, str] = known.get("incomplete") or {}
    without_config = sorted(name for name, reason in incomplete.items() if reason == _NO_RECORDER)
    if without_config:
        return (
            f"AWS Config records nothing in this region, so that {', '.join(without_config)} cannot check most of what "
            f"it should. Turn its recorder on ({_PREREQUISITES}), which costs money for each recorded change."
        )
    if incomplete:
        reasons = ", ".join(f"{name} ({reason})" for name, reason in sorted(incomplete.items()))
        return f"AWS could not set standards up wholly: {reasons}. {_PREREQUISITES} says what they need."
    return None
