# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The GuardDuty detector of an account in a region, whoever made it: there is one, on or suspended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .._aws import Aws, is_ours
from .._reconcile import Operation, PlatformError, Resource, managed_tags

KIND = "guardduty_detector"
FREQUENCIES = ("FIFTEEN_MINUTES", "ONE_HOUR", "SIX_HOURS")
# The names of the API in small letters.
# https://docs.aws.amazon.com/guardduty/latest/APIReference/API_DetectorFeatureConfiguration.html
FEATURES = (
    "s3_data_events",
    "rds_login_events",
    "lambda_network_logs",
    "ebs_malware_protection",
    "eks_audit_logs",
    "runtime_monitoring",
)
# What runtime_monitoring sees by: a name of ours -> its name in the API.
AGENTS = {
    "ecs_fargate": "ECS_FARGATE_AGENT_MANAGEMENT",
    "ec2": "EC2_AGENT_MANAGEMENT",
    "eks_addon": "EKS_ADDON_MANAGEMENT",
}

# Part of every detector, which nobody can switch off.
_FOUNDATIONAL = {"cloud_trail", "dns_logs", "flow_logs"}
_STATUS = {True: "ENABLED", False: "DISABLED"}


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The detector of the region."""
    found = _find(aws, params)
    ours = found is None or is_ours(found["tags"], params["tags"])
    if params["state"] == "absent":
        return [_resource(aws, found if ours else None, None)]
    _check(aws, params)
    wanted = _desired(aws, params, found, ours)
    if found:
        for attribute in ("features", "agents"):
            found[attribute] = {name: found[attribute].get(name, False) for name in wanted[attribute]}
    return [_resource(aws, found, wanted)]


def _check(aws: Aws, params: Mapping[str, Any]) -> None:
    agents = sorted(name for name, on in _given(params["agents"]).items() if on)
    if agents and not _given(params["features"]).get("runtime_monitoring"):
        raise PlatformError(
            f"agents without features.runtime_monitoring have nothing to do: {', '.join(agents)}.",
            mend="Set features.runtime_monitoring to true, or leave agents out.",
            resource=f"{KIND}/{aws.region}",
        )


# -- what there should be --------------------------------------------------------------------------------------------


def _desired(aws: Aws, params: Mapping[str, Any], found: Mapping[str, Any] | None, ours: bool) -> dict[str, Any]:
    """In a detector of ours what is left out is off, as it would cost money unasked; in another one it stays."""
    features, agents = _given(params["features"]), _given(params["agents"])
    if ours:
        listed = found["features"] if found else ()
        features = {**dict.fromkeys((*FEATURES, *listed), False), **features}
        agents = {**dict.fromkeys(AGENTS, False), **agents}
    # What the policy of an organisation sets, no account can change.
    by_policy = found["set_by_policy"] if found else ()
    wanted = {
        "enabled": params["enabled"],
        "finding_publishing_frequency": params["finding_publishing_frequency"],
        "features": {name: on for name, on in features.items() if name not in by_policy},
        "agents": {name: on for name, on in agents.items() if "runtime_monitoring" not in by_policy},
    }
    return {**wanted, "tags": {**params["tags"], "Name": aws.region}} if ours else wanted


def _given(options: Mapping[str, bool | None] | None) -> dict[str, bool]:
    return {name: on for name, on in (options or {}).items() if on is not None}


# -- what there is ---------------------------------------------------------------------------------------------------


def _find(aws: Aws, params: Mapping[str, Any]) -> dict[str, Any] | None:
    ids = aws.pages("guardduty", "list_detectors", "DetectorIds")
    if not ids:
        return None
    item = aws.call("guardduty", "get_detector", DetectorId=ids[0])
    return {
        "id": ids[0],
        "arn": aws.arn("guardduty", f"detector/{ids[0]}"),
        "enabled": item["Status"] == _STATUS[True],
        "finding_publishing_frequency": item.get("FindingPublishingFrequency") or "SIX_HOURS",
        "features": _features(item),
        "agents": _agents(item),
        "set_by_policy": sorted(entry["Name"].lower() for entry in item.get("Features") or () if "ManagedBy" in entry),
        "tags": managed_tags(item.get("Tags") or {}, {**params["tags"], "Name": ""}),
    }


def _features(item: Mapping[str, Any]) -> dict[str, bool]:
    """What a detector can be told to look at besides what it always does; the region says what that is."""
    listed = {entry["Name"].lower(): entry["Status"] == _STATUS[True] for entry in item.get("Features") or ()}
    return {name: on for name, on in listed.items() if name not in _FOUNDATIONAL}


def _agents(item: Mapping[str, Any]) -> dict[str, bool]:
    found = {
        agent["Name"]: agent["Status"] == _STATUS[True]
        for entry in item.get("Features") or ()
        if entry["Name"] == "RUNTIME_MONITORING"
        for agent in entry.get("AdditionalConfiguration") or ()
    }
    return {ours: found.get(theirs, False) for ours, theirs in AGENTS.items()}


# -- what leads there ------------------------------------------------------------------------------------------------


def _resource(aws: Aws, before: dict[str, Any] | None, after: dict[str, Any] | None) -> Resource:
    wanted = after or {}

    def create(_known: dict[str, Any]) -> dict[str, Any]:
        made = aws.create(
            "guardduty",
            "create_detector",
            Enable=wanted["enabled"],
            FindingPublishingFrequency=wanted["finding_publishing_frequency"],
            Tags=wanted["tags"],
            # What is not named would be on.
            Features=list(_configured(wanted["features"], wanted["agents"])),
        )
        return {"id": made["DetectorId"], "arn": aws.arn("guardduty", f"detector/{made['DetectorId']}")}

    def update(known: dict[str, Any]) -> None:
        aws.call(
            "guardduty",
            "update_detector",
            DetectorId=known["id"],
            Enable=wanted["enabled"],
            FindingPublishingFrequency=wanted["finding_publishing_frequency"],
        )

    def set_features(known: dict[str, Any]) -> None:
        item = aws.call("guardduty", "get_detector", DetectorId=known["id"])
        features, agents = _features(item), _agents(item)
        # A new detector may have come with more than this module knows.
        on = {name: False for name in features if "tags" in wanted} | wanted["features"]
        changed = {name: status for name, status in on.items() if features.get(name, False) != status}
        if any(agents[name] != status for name, status in wanted["agents"].items()):
            changed["runtime_monitoring"] = on.get("runtime_monitoring", features.get("runtime_monitoring", False))
        if changed:
            named = list(_configured(changed, wanted["agents"]))
            aws.call("guardduty", "update_detector", DetectorId=known["id"], Features=named)

    def tag(known: dict[str, Any]) -> None:
        aws.call("guardduty", "tag_resource", ResourceArn=known["arn"], Tags=wanted["tags"])

    def delete(known: dict[str, Any]) -> None:
        aws.call("guardduty", "delete_detector", DetectorId=known["id"])

    nothing = "0" * 32
    return Resource(
        KIND,
        aws.region,
        before=before,
        after=after,
        placeholders={"id": nothing, "arn": aws.arn("guardduty", f"detector/{nothing}")},
        create=Operation(
            "guardduty:CreateDetector", create, covers=("enabled", "finding_publishing_frequency", "tags")
        ),
        updates=(
            Operation("guardduty:UpdateDetector", update, covers=("enabled", "finding_publishing_frequency")),
            Operation("guardduty:UpdateDetector", set_features, covers=("features", "agents")),
            Operation("guardduty:TagResource", tag, covers=("tags",)),
        ),
        delete=Operation("guardduty:DeleteDetector", delete),
        # https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_suspend-disable.html: findings go with it.
        impacts={"delete": "data loss"},
    )


def _configured(features: Mapping[str, bool], agents: Mapping[str, bool]) -> Iterator[dict[str, Any]]:
    """Features in the form of the API, the agents among those of runtime_monitoring."""
    for name, on in sorted(features.items()):
        more = [{"Name": AGENTS[agent], "Status": _STATUS[status]} for agent, status in sorted(agents.items())]
        additional = {"AdditionalConfiguration": more} if name == "runtime_monitoring" and more else {}
        yield {"Name": name.upper(), "Status": _STATUS[on], **additional}
