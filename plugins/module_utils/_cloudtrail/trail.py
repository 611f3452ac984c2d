# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One CloudTrail trail: where it delivers, what it records, how it is encrypted, and that it is recording."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._aws import Aws, AwsError, tag_list, tags_of
from .._policy import unordered
from .._reconcile import Operation, PlatformError, Resource, managed_tags

KIND = "cloudtrail_trail"
# What a trail records of which nothing else has been said.
# https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_EventSelector.html
MANAGEMENT_EVENTS = [{"ReadWriteType": "All", "IncludeManagementEvents": True}]

_MISSING = ("TrailNotFoundException",)
_SETTINGS = {
    "bucket": "S3BucketName",
    "prefix": "S3KeyPrefix",
    "global_events": "IncludeGlobalServiceEvents",
    "multi_region": "IsMultiRegionTrail",
    "log_file_validation": "EnableLogFileValidation",
    "kms_key_arn": "KmsKeyId",
    "log_group_arn": "CloudWatchLogsLogGroupArn",
    "log_role_arn": "CloudWatchLogsRoleArn",
}
# The options, and what one of each kind may hold in AWS's own form.
# https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html
_SELECTORS = {
    "event_selectors": {"ReadWriteType", "IncludeManagementEvents", "DataResources", "ExcludeManagementEventSources"},
    "advanced_event_selectors": {"Name", "FieldSelectors"},
}


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The trail named by the options."""
    _check(params)
    after = _desired(params) if params["state"] == "present" else None
    return [_resource(aws, params, _find(aws, params), after)]


def _check(params: Mapping[str, Any]) -> None:
    for option, known in _SELECTORS.items():
        if unknown := sorted({key for selector in params[option] for key in selector} - known):
            raise PlatformError(
                f"{option} has {unknown[0]}.",
                mend=f"Each of them is a mapping with some of {', '.join(sorted(known))}, as AWS spells them.",
                resource=f"{KIND}/{params['name']}",
            )


def trail_arn(aws: Aws, name: str) -> str:
    return aws.arn("cloudtrail", f"trail/{name}")


def _desired(params: Mapping[str, Any]) -> dict[str, Any]:
    settings = {key: params[key] if params[key] is not None else "" for key in _SETTINGS}
    advanced = params["advanced_event_selectors"]
    return {
        **settings,
        "event_selectors": [] if advanced else _basic(params["event_selectors"] or MANAGEMENT_EVENTS),
        "advanced_event_selectors": _selectors(advanced),
        "logging": params["logging"],
        "tags": {**params["tags"], "Name": params["name"]},
    }


def _basic(selectors: Any) -> list[Any]:
    """With what AWS fills in where nothing is said."""
    return _selectors([{**MANAGEMENT_EVENTS[0], **selector} for selector in selectors])


def _selectors(selectors: Any) -> list[Any]:
    """In one order, without the empty lists that AWS adds."""
    held = [{key: value for key, value in selector.items() if value not in ([], None)} for selector in selectors]
    return list(unordered(held))


def _find(aws: Aws, params: Mapping[str, Any]) -> dict[str, Any] | None:
    name = params["name"]
    listed = aws.call("cloudtrail", "describe_trails", trailNameList=[name], includeShadowTrails=False)["trailList"]
    trail = next((item for item in listed if item["Name"] == name), None)
    if not trail:
        return None
    arn = trail["TrailARN"]
    status, selectors, tags = aws.gather(
        (
            lambda: aws.call("cloudtrail", "get_trail_status", Name=arn),
            lambda: aws.call("cloudtrail", "get_event_selectors", TrailName=arn),
            lambda: aws.call("cloudtrail", "list_tags", ResourceIdList=[arn]),
        )
    )
    found = {**trail, "EnableLogFileValidation": trail.get("LogFileValidationEnabled", False)}
    advanced = _selectors(selectors.get("AdvancedEventSelectors") or ())
    basic = selectors.get("EventSelectors") or ([] if advanced else MANAGEMENT_EVENTS)
    settings = {key: found.get(parameter, "") or "" for key, parameter in _SETTINGS.items()}
    return {
        "arn": arn,
        **settings,
        "global_events": bool(found.get("IncludeGlobalServiceEvents")),
        "multi_region": bool(found.get("IsMultiRegionTrail")),
        "log_file_validation": bool(found["EnableLogFileValidation"]),
        "event_selectors": _basic(basic),
        "advanced_event_selectors": advanced,
        "logging": bool(status.get("IsLogging")),
        "tags": managed_tags(tags_of(tags["ResourceTagList"][0], "TagsList"), {**params["tags"], "Name": ""}),
    }


def _resource(
    aws: Aws, params: Mapping[str, Any], before: dict[str, Any] | None, after: dict[str, Any] | None
) -> Resource:
    name, wanted = params["name"], after or {}
    arn = trail_arn(aws, name)

    def create(_known: dict[str, Any]) -> dict[str, Any]:
        settings = {parameter: wanted[key] for key, parameter in _SETTINGS.items() if wanted[key] != ""}
        made = aws.once_consistent(
            lambda: aws.create("cloudtrail", "create_trail", Name=name, **settings, TagsList=tag_list(wanted["tags"])),
            _role_unseen,
        )
        return {"arn": made["TrailARN"]}

    def update(_known: dict[str, Any]) -> None:
        # An empty text takes a setting away.
        settings = {parameter: wanted[key] for key, parameter in _SETTINGS.items()}
        aws.once_consistent(lambda: aws.call("cloudtrail", "update_trail", Name=name, **settings), _role_unseen)

    def select(_known: dict[str, Any]) -> None:
        advanced = wanted["advanced_event_selectors"]
        chosen = {"AdvancedEventSelectors": advanced} if advanced else {"EventSelectors": wanted["event_selectors"]}
        aws.call("cloudtrail", "put_event_selectors", TrailName=name, **chosen)

    def switch(_known: dict[str, Any]) -> None:
        aws.call("cloudtrail", "start_logging" if wanted["logging"] else "stop_logging", Name=arn)

    def tag(_known: dict[str, Any]) -> None:
        aws.call("cloudtrail", "add_tags", ResourceId=arn, TagsList=tag_list(wanted["tags"]))

    def delete(_known: dict[str, Any]) -> None:
        aws.call_or_none("cloudtrail", "delete_trail", _MISSING, Name=arn)

    # A new trail records management events, and does not record yet.
    plain = tuple(_SELECTORS) if wanted.get("event_selectors") == _selectors(MANAGEMENT_EVENTS) else ()
    idle = () if wanted.get("logging") else ("logging",)
    return Resource(
        KIND,
        name,
        before=before,
        after=after,
        placeholders={"arn": arn},
        create=Operation("cloudtrail:CreateTrail", create, covers=(*_SETTINGS, *plain, *idle, "tags")),
        updates=(
            Operation("cloudtrail:UpdateTrail", update, covers=tuple(_SETTINGS)),
            Operation("cloudtrail:PutEventSelectors", select, covers=tuple(_SELECTORS)),
            Operation(f"cloudtrail:{'Start' if wanted['logging'] else 'Stop'}Logging", switch, covers=("logging",)),
            Operation("cloudtrail:AddTags", tag, covers=("tags",)),
        )
        if after
        else (),
        delete=Operation("cloudtrail:DeleteTrail", delete),
    )


def _role_unseen(error: AwsError) -> bool:
    """A role made a moment ago: CloudTrail cannot assume it yet."""
    return error.code == "InvalidCloudWatchLogsRoleArnException"
