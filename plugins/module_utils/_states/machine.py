# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A Step Functions state machine: what it does, as whom, and what it logs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from .._aws import Aws, AwsError
from .._policy import to_json
from .._reconcile import Operation, PlatformError, Resource, State, managed_tags

KIND = "step_functions_state_machine"
TYPES = ("STANDARD", "EXPRESS")
LEVELS = ("OFF", "ERROR", "ALL", "FATAL")

_MISSING = ("StateMachineDoesNotExist",)


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The state machine named by the options."""
    name, present = params["name"], params["state"] == "present"
    after = _desired(params) if present else None
    return [_resource(aws, params, _find(aws, name, params["tags"]), after)]


def state_machine_arn(aws: Aws, name: str) -> str:
    return aws.arn("states", f"stateMachine:{name}")


def exists(aws: Aws, name: str) -> bool:
    return _described(aws, name) is not None


# -- what there should be --------------------------------------------------------------------------------------------


def _desired(params: Mapping[str, Any]) -> dict[str, Any]:
    level, group = params["log_level"], params["log_group_arn"]
    definition = params["definition"]
    if definition.get("StartAt") not in (definition.get("States") or {}):
        raise PlatformError(
            f"its definition starts at {definition.get('StartAt')!r}, which is none of its states.",
            mend="Give definition.StartAt and definition.States in the Amazon States Language.",
            resource=f"{KIND}/{params['name']}",
        )
    if (level == "OFF") == bool(group):
        raise PlatformError(
            f"log_level is {level} and log_group_arn {group!r}.",
            mend="Give both, or neither.",
            resource=f"{KIND}/{params['name']}",
        )
    return {
        "type": params["type"],
        "definition": definition,
        "role_arn": params["role_arn"],
        "logging": {
            "level": level,
            "execution_data": params["log_execution_data"] and level != "OFF",
            "log_group_arn": _group(group),
        },
        "tracing": params["tracing"],
        "tags": {**params["tags"], "Name": params["name"]},
    }


def _group(arn: str | None) -> str | None:
    """AWS names all streams of the group: ``...:log-group:/aws/vendedlogs/states/x:*``."""
    return arn.removesuffix(":*") if arn else None


# -- what there is ---------------------------------------------------------------------------------------------------


def _described(aws: Aws, name: str) -> Mapping[str, Any] | None:
    """A machine that is being deleted, while its executions end, is there still."""
    return aws.call_or_none(
        "stepfunctions", "describe_state_machine", _MISSING, stateMachineArn=state_machine_arn(aws, name)
    )


def _find(aws: Aws, name: str, tags: Mapping[str, str]) -> dict[str, Any] | None:
    item = _described(aws, name)
    if item is None:
        return None
    answer = aws.call("stepfunctions", "list_tags_for_resource", resourceArn=item["stateMachineArn"])
    actual = {tag["key"]: tag["value"] for tag in answer.get("tags") or ()}
    return {
        "arn": item["stateMachineArn"],
        "status": item.get("status") or "ACTIVE",
        "type": item["type"],
        "definition": json.loads(item["definition"]),
        "role_arn": item["roleArn"],
        "logging": _normalised_logging(item.get("loggingConfiguration") or {}),
        "tracing": bool((item.get("tracingConfiguration") or {}).get("enabled")),
        "tags": managed_tags(actual, {**tags, "Name": ""}),
    }


def _normalised_logging(found: Mapping[str, Any]) -> dict[str, Any]:
    destinations = found.get("destinations") or [{}]
    group = (destinations[0].get("cloudWatchLogsLogGroup") or {}).get("logGroupArn")
    level = found.get("level") or "OFF"
    return {
        "level": level,
        "execution_data": bool(found.get("includeExecutionData")) and level != "OFF",
        "log_group_arn": _group(group),
    }


# -- what leads there ------------------------------------------------------------------------------------------------


def _resource(
    aws: Aws, params: Mapping[str, Any], before: dict[str, Any] | None, after: dict[str, Any] | None
) -> Resource:
    name, wanted = params["name"], after or {}
    arn = state_machine_arn(aws, name)

    def tag(_known: dict[str, Any]) -> None:
        aws.call("stepfunctions", "tag_resource", resourceArn=arn, tags=_tags(wanted["tags"]))

    def delete(_known: dict[str, Any]) -> dict[str, Any]:
        aws.call("stepfunctions", "delete_state_machine", stateMachineArn=arn)
        return {"status": "DELETING"} if _described(aws, name) else {"status": "DELETED"}

    if before and before["status"] == "DELETING" and after is not None:
        raise PlatformError(
            "AWS is still deleting it, while its executions end.",
            mend="Run again when they have ended, or stop them: aws stepfunctions stop-execution.",
            resource=f"{KIND}/{name}",
        )
    return Resource(
        KIND,
        name,
        before=before,
        after=after,
        placeholders={"arn": arn},
        create=Operation("states:CreateStateMachine", _create(aws, name, wanted)),
        updates=(
            Operation(
                "states:UpdateStateMachine",
                _update(aws, arn, before or {}, wanted),
                covers=("definition", "role_arn", "logging", "tracing"),
            ),
            Operation("states:TagResource", tag, covers=("tags",)),
        ),
        delete=Operation("states:DeleteStateMachine", delete, settled_only=True),
        refuse_on={"type": "Make a state machine of another name, and delete this one."},
        impacts={"delete": "outage"},
        settling=lambda known: "DELETING" if known["status"] == "DELETING" else None,
    )


def _create(aws: Aws, name: str, wanted: State) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def run(_known: dict[str, Any]) -> dict[str, Any]:
        made = _once_role_is_known(
            aws,
            # The same again is answered as if it were new: AWS takes it for a repeated request.
            lambda: aws.call(
                "stepfunctions",
                "create_state_machine",
                name=name,
                type=wanted["type"],
                tags=_tags(wanted["tags"]),
                **_request(wanted),
            ),
        )
        return {"arn": made["stateMachineArn"], "status": "ACTIVE"}

    return run


def _update(aws: Aws, arn: str, before: State, wanted: State) -> Callable[[dict[str, Any]], None]:
    """Sends what changed and nothing else; a running execution goes on as it began."""

    def run(_known: dict[str, Any]) -> None:
        changed = {key: value for key, value in wanted.items() if before.get(key) != value}
        _once_role_is_known(
            aws,
            lambda: aws.call("stepfunctions", "update_state_machine", stateMachineArn=arn, **_request(changed)),
        )

    return run


def _once_role_is_known(aws: Aws, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """AWS tries out at once what the role, which may be a moment old, may do: being assumed, and logging."""
    return aws.once_consistent(call, _role_is_new)


def _role_is_new(error: AwsError) -> bool:
    return error.code == "AccessDeniedException" and any(
        words in str(error) for words in ("to assume the provided role", "not authorized to access the Log Destination")
    )


def _request(wanted: State) -> dict[str, Any]:
    forms: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
        "definition": ("definition", to_json),
        "role_arn": ("roleArn", str),
        "logging": ("loggingConfiguration", _logging),
        "tracing": ("tracingConfiguration", lambda on: {"enabled": on}),
    }
    return {theirs: form(wanted[ours]) for ours, (theirs, form) in forms.items() if ours in wanted}


def _logging(wanted: Mapping[str, Any]) -> dict[str, Any]:
    group = wanted["log_group_arn"]
    destinations = [{"cloudWatchLogsLogGroup": {"logGroupArn": f"{group}:*"}}] if group else []
    return {"level": wanted["level"], "includeExecutionData": wanted["execution_data"], "destinations": destinations}


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in sorted(tags.items())]
