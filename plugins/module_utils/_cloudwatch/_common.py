# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What metric alarms and composite alarms have in common: they share their names, actions, tags and deletion."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, Literal

from .._aws import Aws, tag_list, tags_of
from .._reconcile import Operation, PlatformError, Resource, managed_tags

AlarmType = Literal["MetricAlarm", "CompositeAlarm"]

# DescribeAlarms takes as many names at once.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
_NAMES = 100
_ACTIONS = 5
_ACTION_KEYS = {
    "alarm_actions": "AlarmActions",
    "ok_actions": "OKActions",
    "insufficient_data_actions": "InsufficientDataActions",
}


def alarm_arn(aws: Aws, name: str) -> str:
    return aws.arn("cloudwatch", f"alarm:{name}")


def desired_common(alarm: Mapping[str, Any], tags: Mapping[str, str], address: str) -> dict[str, Any]:
    """The attributes that alarms of both types have."""
    for option in _ACTION_KEYS:
        if len(alarm[option]) > _ACTIONS:
            raise PlatformError(
                f"it has {len(alarm[option])} {option}.", mend=f"AWS takes up to {_ACTIONS}.", resource=address
            )
    return {
        "description": alarm["description"],
        "actions_enabled": alarm["actions_enabled"],
        **{option: sorted(alarm[option]) for option in _ACTION_KEYS},
        "tags": {**tags, "Name": alarm["name"]},
    }


def normalised_common(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "arn": item["AlarmArn"],
        "alarm_state": item["StateValue"],
        "description": item.get("AlarmDescription") or "",
        "actions_enabled": item.get("ActionsEnabled", True),
        **{option: sorted(item.get(key) or ()) for option, key in _ACTION_KEYS.items()},
    }


def request_common(name: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a Put request that both types have; tags are not in it, as AWS ignores them for an alarm it has."""
    return {
        "AlarmName": name,
        "AlarmDescription": wanted["description"],
        "ActionsEnabled": wanted["actions_enabled"],
        **{key: wanted[option] for option, key in _ACTION_KEYS.items()},
    }


def described(aws: Aws, kind: AlarmType, names: Sequence[str], prefix: str | None) -> dict[str, Mapping[str, Any]]:
    """The alarms of one type that carry these names, or begin with the prefix, by name."""
    chunks = [names[start : start + _NAMES] for start in range(0, len(names), _NAMES)]
    queries: list[dict[str, Any]] = [{"AlarmNames": chunk} for chunk in chunks]
    if prefix:
        queries.append({"AlarmNamePrefix": prefix})
    found = aws.gather(
        partial(aws.pages, "cloudwatch", "describe_alarms", f"{kind}s", AlarmTypes=[kind], **query) for query in queries
    )
    return {item["AlarmName"]: item for items in found for item in items}


def resources(
    aws: Aws,
    params: Mapping[str, Any],
    kind: AlarmType,
    address_kind: str,
    *,
    desire: Callable[[Mapping[str, Any]], dict[str, Any]],
    normalise: Callable[[Mapping[str, Any]], dict[str, Any]],
    put: Callable[[str, Mapping[str, Any]], dict[str, Any]],
) -> list[Resource]:
    """The alarms of the options, and those of O(prune_prefix) with all of O(tags) that the options do not name."""
    present = params["state"] == "present"
    wanted = {alarm["name"]: desire(alarm) if present else None for alarm in params["alarms"]}
    listed = [alarm["name"] for alarm in params["alarms"]]
    found = described(aws, kind, listed, params["prune_prefix"])
    tags = dict(zip(found, aws.gather(partial(_tags, aws, item) for item in found.values()), strict=True))
    managed = {
        name: {**normalise(item), "tags": managed_tags(tags[name], {**params["tags"], "Name": ""})}
        for name, item in found.items()
    }
    stale = [name for name in sorted(found) if name not in wanted and params["tags"].items() <= tags[name].items()]
    return [
        _resource(aws, address_kind, kind, name, managed.get(name), wanted.get(name), put) for name in [*listed, *stale]
    ]


def _tags(aws: Aws, item: Mapping[str, Any]) -> dict[str, str]:
    return tags_of(aws.call("cloudwatch", "list_tags_for_resource", ResourceARN=item["AlarmArn"]))


def _resource(
    aws: Aws,
    address_kind: str,
    kind: AlarmType,
    name: str,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    put: Callable[[str, Mapping[str, Any]], dict[str, Any]],
) -> Resource:
    arn, wanted = alarm_arn(aws, name), after or {}
    operation = "put_metric_alarm" if kind == "MetricAlarm" else "put_composite_alarm"
    call = "cloudwatch:PutMetricAlarm" if kind == "MetricAlarm" else "cloudwatch:PutCompositeAlarm"

    def create(_known: dict[str, Any]) -> dict[str, Any]:
        aws.call("cloudwatch", operation, **put(name, wanted), Tags=tag_list(wanted["tags"]))
        return {"arn": arn}

    def update(_known: dict[str, Any]) -> None:
        aws.call("cloudwatch", operation, **put(name, wanted))

    def tag(_known: dict[str, Any]) -> None:
        aws.call("cloudwatch", "tag_resource", ResourceARN=arn, Tags=tag_list(wanted["tags"]))

    def delete(_known: dict[str, Any]) -> None:
        aws.call_or_none("cloudwatch", "delete_alarms", ["ResourceNotFound"], AlarmNames=[name])

    return Resource(
        address_kind,
        name,
        before=before,
        after=after,
        placeholders={"arn": arn},
        create=Operation(call, create),
        updates=(
            Operation(call, update, covers=tuple(_without_tags(wanted))),
            Operation("cloudwatch:TagResource", tag, covers=("tags",)),
        ),
        delete=Operation("cloudwatch:DeleteAlarms", delete),
    )


def _without_tags(wanted: Iterable[str]) -> list[str]:
    return [attribute for attribute in wanted if attribute != "tags"]
