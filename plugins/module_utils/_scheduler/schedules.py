# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""EventBridge Scheduler: a group, which carries the tags, and the schedules in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from .._aws import Aws, AwsError, tag_list, tags_of
from .._policy import to_json
from .._reconcile import Operation, PlatformError, Resource, State, managed_tags

GROUP = "schedule_group"
KIND = "schedule"
# https://docs.aws.amazon.com/scheduler/latest/APIReference/API_RetryPolicy.html
RETRY_ATTEMPTS = range(185 + 1)
RETRY_AGE_S = range(60, 86400 + 1)

_MISSING = ("ResourceNotFoundException",)
_STATES = {True: "ENABLED", False: "DISABLED"}


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The group, if ``manage_group``, the schedules of the options, and with ``purge`` the others in the group."""
    group, present = params["group"], params["state"] == "present"
    desired = [_desired(schedule, group) if present else None for schedule in params["schedules"]]
    found = aws.gather(partial(_find, aws, group, schedule["name"]) for schedule in params["schedules"])
    schedules = [
        _schedule(aws, group, schedule["name"], before, after)
        for schedule, before, after in zip(params["schedules"], found, desired, strict=True)
    ]
    groups = [_group(aws, params)] if params["manage_group"] else []
    others = _unlisted(aws, group, {schedule["name"] for schedule in params["schedules"]}) if params["purge"] else []
    return [*groups, *schedules, *others]


def _unlisted(aws: Aws, group: str, listed: set[str]) -> list[Resource]:
    if aws.call_or_none("scheduler", "get_schedule_group", _MISSING, Name=group) is None:
        return []
    names = [item["Name"] for item in aws.pages("scheduler", "list_schedules", "Schedules", GroupName=group)]
    others = sorted(set(names) - listed)
    found = aws.gather(partial(_find, aws, group, name) for name in others)
    return [_schedule(aws, group, name, before, None) for name, before in zip(others, found, strict=True)]


# -- the group -------------------------------------------------------------------------------------------------------


def _group(aws: Aws, params: Mapping[str, Any]) -> Resource:
    name = params["group"]
    tags = {**params["tags"], "Name": name}
    arn = aws.arn("scheduler", f"schedule-group/{name}")

    def create(_known: dict[str, Any]) -> dict[str, Any]:
        made = aws.create("scheduler", "create_schedule_group", Name=name, Tags=tag_list(tags))
        return {"arn": made["ScheduleGroupArn"]}

    def tag(_known: dict[str, Any]) -> None:
        aws.call("scheduler", "tag_resource", ResourceArn=arn, Tags=tag_list(tags))

    def delete(_known: dict[str, Any]) -> None:
        aws.call_or_none("scheduler", "delete_schedule_group", _MISSING, Name=name)

    return Resource(
        GROUP,
        name,
        before=_find_group(aws, name, arn, tags),
        after={"tags": tags} if params["state"] == "present" else None,
        placeholders={"arn": arn},
        create=Operation("scheduler:CreateScheduleGroup", create),
        updates=(Operation("scheduler:TagResource", tag, covers=("tags",)),),
        # AWS deletes the schedules in it, too.
        delete=Operation("scheduler:DeleteScheduleGroup", delete),
        impacts={"delete": "outage"},
    )


def _find_group(aws: Aws, name: str, arn: str, tags: Mapping[str, str]) -> dict[str, Any] | None:
    item = aws.call_or_none("scheduler", "get_schedule_group", _MISSING, Name=name)
    if item is None or item.get("State") == "DELETING":
        return None
    actual = tags_of(aws.call("scheduler", "list_tags_for_resource", ResourceArn=arn))
    return {"arn": arn, "tags": managed_tags(actual, tags)}


# -- schedules -------------------------------------------------------------------------------------------------------


def _desired(schedule: Mapping[str, Any], group: str) -> dict[str, Any]:
    for option, allowed in (("retry_attempts", RETRY_ATTEMPTS), ("retry_max_age_s", RETRY_AGE_S)):
        if schedule[option] not in allowed:
            raise PlatformError(
                f"{option} is {schedule[option]}.",
                mend=f"AWS takes {allowed.start} to {allowed.stop - 1}.",
                resource=f"{KIND}/{group}/{schedule['name']}",
            )
    return {
        "description": schedule["description"],
        "expression": schedule["expression"],
        "timezone": schedule["timezone"],
        "window_minutes": schedule["window_minutes"],
        "enabled": schedule["enabled"],
        **{key: schedule[key] for key in ("target_arn", "role_arn", "input", "dead_letter_arn")},
        **{key: schedule[key] for key in ("retry_attempts", "retry_max_age_s")},
    }


def _find(aws: Aws, group: str, name: str) -> dict[str, Any] | None:
    item = aws.call_or_none("scheduler", "get_schedule", _MISSING, GroupName=group, Name=name)
    if item is None:
        return None
    target, retry = item["Target"], item["Target"].get("RetryPolicy") or {}
    return {
        "arn": item["Arn"],
        "description": item.get("Description") or "",
        "expression": item["ScheduleExpression"],
        "timezone": item.get("ScheduleExpressionTimezone") or "UTC",
        "window_minutes": (item.get("FlexibleTimeWindow") or {}).get("MaximumWindowInMinutes") or 0,
        "enabled": item.get("State") != "DISABLED",
        "target_arn": target["Arn"],
        "role_arn": target["RoleArn"],
        "input": json.loads(target["Input"]) if target.get("Input") else None,
        "dead_letter_arn": (target.get("DeadLetterConfig") or {}).get("Arn"),
        "retry_attempts": retry.get("MaximumRetryAttempts", RETRY_ATTEMPTS.stop - 1),
        "retry_max_age_s": retry.get("MaximumEventAgeInSeconds", RETRY_AGE_S.stop - 1),
    }


def _schedule(aws: Aws, group: str, name: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> Resource:
    place, wanted = {"GroupName": group, "Name": name}, after or {}

    def write(operation: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
        def run(_known: dict[str, Any]) -> dict[str, Any]:
            # Its role may be a moment old. An update replaces the whole schedule.
            made = aws.once_consistent(
                lambda: aws.call("scheduler", operation, **place, **_request(wanted)), _role_is_new
            )
            return {"arn": made["ScheduleArn"]}

        return run

    def delete(_known: dict[str, Any]) -> None:
        aws.call_or_none("scheduler", "delete_schedule", _MISSING, **place)

    return Resource(
        KIND,
        f"{group}/{name}",
        before=before,
        after=after,
        placeholders={"arn": aws.arn("scheduler", f"schedule/{group}/{name}")},
        create=Operation("scheduler:CreateSchedule", write("create_schedule")),
        updates=(Operation("scheduler:UpdateSchedule", write("update_schedule"), covers=tuple(wanted)),),
        delete=Operation("scheduler:DeleteSchedule", delete),
    )


def _role_is_new(error: AwsError) -> bool:
    return error.code == "ValidationException" and "assume the role" in str(error)


def _request(wanted: State) -> dict[str, Any]:
    window = wanted["window_minutes"]
    target = {
        "Arn": wanted["target_arn"],
        "RoleArn": wanted["role_arn"],
        "RetryPolicy": {
            "MaximumRetryAttempts": wanted["retry_attempts"],
            "MaximumEventAgeInSeconds": wanted["retry_max_age_s"],
        },
        **({"Input": to_json(wanted["input"])} if wanted["input"] is not None else {}),
        **({"DeadLetterConfig": {"Arn": wanted["dead_letter_arn"]}} if wanted["dead_letter_arn"] else {}),
    }
    return {
        "Description": wanted["description"],
        "ScheduleExpression": wanted["expression"],
        "ScheduleExpressionTimezone": wanted["timezone"],
        "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": window} if window else {"Mode": "OFF"},
        "State": _STATES[wanted["enabled"]],
        "Target": target,
    }
