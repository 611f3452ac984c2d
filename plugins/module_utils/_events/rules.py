# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""EventBridge rules of the default bus with their targets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from .._aws import Aws, AwsError, tag_list, tags_of
from .._policy import to_json, unordered
from .._reconcile import Operation, PlatformError, Resource, managed_tags

# What AWS does for a target that says nothing of it.
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RetryPolicy.html
RETRY_ATTEMPTS = range(185 + 1)
RETRY_AGE_S = range(60, 86400 + 1)
_STATES = {True: "ENABLED", False: "DISABLED"}
_RULE = ("description", "event_pattern", "schedule", "enabled")


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The rules of the options."""
    present = params["state"] == "present"
    desired = [_desired(rule, params["tags"]) if present else None for rule in params["rules"]]
    found = aws.gather(partial(_find, aws, rule["name"], params["tags"]) for rule in params["rules"])
    return [
        _rule(aws, rule, before, after) for rule, before, after in zip(params["rules"], found, desired, strict=True)
    ]


def rule_arn(aws: Aws, name: str) -> str:
    return aws.arn("events", f"rule/{name}")


# -- desired ---------------------------------------------------------------------------------------------------------


def _desired(rule: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    address = f"eventbridge_rule/{rule['name']}"
    if bool(rule["event_pattern"]) == bool(rule["schedule"]):
        raise PlatformError("it needs either an event_pattern or a schedule.", resource=address)
    ids = [target["id"] for target in rule["targets"]]
    if len(set(ids)) < len(ids):
        raise PlatformError(
            f"two of its targets have the same id ({', '.join(sorted(ids))}).",
            mend="Give each target an id of its own.",
            resource=address,
        )
    return {
        "description": rule["description"],
        "event_pattern": unordered(rule["event_pattern"] or {}),
        "schedule": rule["schedule"],
        "enabled": rule["enabled"],
        "targets": {target["id"]: _desired_target(target, address) for target in rule["targets"]},
        "tags": {**tags, "Name": rule["name"]},
    }


def _desired_target(target: Mapping[str, Any], address: str) -> dict[str, Any]:
    for option, allowed in (("retry_attempts", RETRY_ATTEMPTS), ("retry_max_age_s", RETRY_AGE_S)):
        if target[option] not in allowed:
            raise PlatformError(
                f"{option} of target {target['id']} is {target[option]}.",
                mend=f"AWS takes {allowed.start} to {allowed.stop - 1}.",
                resource=address,
            )
    if target["input"] is not None and target["input_transformer"]:
        raise PlatformError(
            f"target {target['id']} has both an input and an input_transformer.", mend="Keep one.", resource=address
        )
    transformer = target["input_transformer"] or {}
    return {
        **{key: target[key] for key in ("arn", "role_arn", "dead_letter_arn", "retry_attempts", "retry_max_age_s")},
        "input": target["input"],
        "input_transformer": {
            "input_paths": transformer["input_paths"] or {},
            "input_template": transformer["input_template"],
        }
        if transformer
        else {},
    }


# -- found -----------------------------------------------------------------------------------------------------------


def _find(aws: Aws, name: str, tags: Mapping[str, str]) -> dict[str, Any] | None:
    item = aws.call_or_none("events", "describe_rule", ["ResourceNotFoundException"], Name=name)
    if item is None:
        return None
    targets = aws.pages("events", "list_targets_by_rule", "Targets", Rule=name)
    actual = tags_of(aws.call("events", "list_tags_for_resource", ResourceARN=item["Arn"]))
    return _normalised(item, targets, managed_tags(actual, {**tags, "Name": name}))


def _normalised(
    item: Mapping[str, Any], targets: Iterable[Mapping[str, Any]], tags: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "arn": item["Arn"],
        "description": item.get("Description", ""),
        "event_pattern": unordered(json.loads(item.get("EventPattern") or "{}")),
        "schedule": item.get("ScheduleExpression") or None,
        "enabled": item["State"] != "DISABLED",
        "targets": {target["Id"]: _normalised_target(target) for target in targets},
        "tags": dict(tags),
    }


def _normalised_target(target: Mapping[str, Any]) -> dict[str, Any]:
    retry = target.get("RetryPolicy") or {}
    transformer = target.get("InputTransformer")
    return {
        "arn": target["Arn"],
        "role_arn": target.get("RoleArn"),
        "dead_letter_arn": (target.get("DeadLetterConfig") or {}).get("Arn"),
        "retry_attempts": retry.get("MaximumRetryAttempts", RETRY_ATTEMPTS.stop - 1),
        "retry_max_age_s": retry.get("MaximumEventAgeInSeconds", RETRY_AGE_S.stop - 1),
        "input": json.loads(target["Input"]) if target.get("Input") else None,
        "input_transformer": {
            "input_paths": transformer.get("InputPathsMap") or {},
            "input_template": transformer["InputTemplate"],
        }
        if transformer
        else {},
    }


# -- changed ---------------------------------------------------------------------------------------------------------


def _rule(
    aws: Aws, options: Mapping[str, Any], before: dict[str, Any] | None, after: dict[str, Any] | None
) -> Resource:
    calls = _Calls(aws, options, after or {})
    return Resource(
        "eventbridge_rule",
        options["name"],
        before=before,
        after=after,
        placeholders={"arn": rule_arn(aws, options["name"])},
        create=Operation("events:PutRule", calls.create, covers=(*_RULE, "tags")),
        updates=(
            Operation("events:PutRule", calls.put, covers=_RULE),
            Operation("events:PutTargets", calls.aim, covers=("targets",)),
            Operation("events:TagResource", calls.tag, covers=("tags",)),
        ),
        delete=Operation("events:DeleteRule", calls.delete),
    )


@dataclass(frozen=True)
class _Calls:
    """The writes of one rule; ``wanted`` is the normalised form of its ``options``."""

    aws: Aws
    options: Mapping[str, Any]
    wanted: Mapping[str, Any]

    def create(self, _known: dict[str, Any]) -> dict[str, Any]:
        made = self.aws.call("events", "put_rule", **self._definition(), Tags=tag_list(self.wanted["tags"]))
        return {"arn": made["RuleArn"]}

    def put(self, _known: dict[str, Any]) -> None:
        self.aws.call("events", "put_rule", **self._definition())

    def aim(self, known: dict[str, Any]) -> None:
        actual, wanted = known.get("targets", {}), self.wanted["targets"]
        if gone := sorted(set(actual) - set(wanted)):
            self._remove(gone)
        if changed := [_request(key, wanted[key]) for key in sorted(wanted) if wanted[key] != actual.get(key)]:
            self.aws.once_consistent(lambda: self._targets("put_targets", Targets=changed), _unassumable)

    def tag(self, known: dict[str, Any]) -> None:
        self.aws.call("events", "tag_resource", ResourceARN=known["arn"], Tags=tag_list(self.wanted["tags"]))

    def delete(self, known: dict[str, Any]) -> None:
        if known["targets"]:  # AWS deletes a rule only without them
            self._remove(sorted(known["targets"]))
        self.aws.call("events", "delete_rule", Name=self.options["name"])

    def _definition(self) -> dict[str, Any]:
        """PutRule replaces the whole rule: what it does not name is empty afterwards."""
        pattern, schedule = self.options["event_pattern"], self.wanted["schedule"]
        return {
            "Name": self.options["name"],
            "Description": self.wanted["description"],
            "State": _STATES[self.wanted["enabled"]],
            **({"EventPattern": to_json(pattern)} if pattern else {}),
            **({"ScheduleExpression": schedule} if schedule else {}),
        }

    def _remove(self, ids: list[str]) -> None:
        self._targets("remove_targets", Ids=ids)

    def _targets(self, operation: str, **params: Any) -> None:
        answer = self.aws.call("events", operation, Rule=self.options["name"], **params)
        for failed in answer.get("FailedEntries") or ():  # in an answer that is a success
            problem = f"{failed['ErrorCode']}: {failed['ErrorMessage']}"
            error = AwsError(f"Failed to change target {failed['TargetId']}", Exception(problem))
            error.code = failed["ErrorCode"]
            raise error


def _request(target_id: str, target: Mapping[str, Any]) -> dict[str, Any]:
    transformer = target["input_transformer"]
    attempts, age_s = target["retry_attempts"], target["retry_max_age_s"]
    optional = {
        "RoleArn": target["role_arn"],
        "DeadLetterConfig": {"Arn": target["dead_letter_arn"]} if target["dead_letter_arn"] else None,
        "Input": to_json(target["input"]) if target["input"] is not None else None,
        "InputTransformer": {
            "InputPathsMap": transformer["input_paths"],
            "InputTemplate": transformer["input_template"],
        }
        if transformer
        else None,
    }
    return {
        "Id": target_id,
        "Arn": target["arn"],
        "RetryPolicy": {"MaximumRetryAttempts": attempts, "MaximumEventAgeInSeconds": age_s},
        **{key: value for key, value in optional.items() if value is not None},
    }


def _unassumable(error: AwsError) -> bool:
    """A target may name a role that was made a moment ago."""
    return "cannot be assumed by principal" in str(error)
