# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One backup plan of AWS Backup: its rules, and the selections that say what they are for.

A plan is changed in place, as a whole. A selection cannot be changed: it is replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from .._aws import Aws, AwsError
from .._reconcile import Impact, Operation, PlatformError, Resource, managed_tags, path_to, placeholder_id
from ._common import MISSING, TAG, read_tags, retag, selections

KIND, SELECTION = "backup_plan", "backup_selection"

_MOST_CONTINUOUS_DAYS = 35
_LEAST_COLD_DAYS = 90
_LEAST_START_WINDOW = 60


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The plan named by the options and its selections; those that the options do not name go."""
    present = params["state"] == "present"
    if present:
        _check(params)
    before, found = _find(aws, params)
    plan = _plan(aws, params, before, _desired(params) if present else None)
    wanted = {item["name"]: _selection_of(item) for item in params["selections"]} if present else {}
    return [
        plan,
        *(_selection(aws, plan, name, found.get(name), wanted.get(name)) for name in {**wanted, **found}),
    ]


def _check(params: Mapping[str, Any]) -> None:
    resource = f"{KIND}/{params['name']}"
    for rule in params["rules"]:
        kept, cold = rule["delete_after_days"], rule["cold_storage_after_days"]
        if rule["continuous"] and (cold or not 1 <= (kept or 0) <= _MOST_CONTINUOUS_DAYS):
            raise PlatformError(
                f"rule {rule['name']} keeps continuous backups for {kept or 'unlimited'} days.",
                mend=f"Set delete_after_days from 1 to {_MOST_CONTINUOUS_DAYS} and no cold_storage_after_days.",
                resource=resource,
            )
        if kept and cold and kept < cold + _LEAST_COLD_DAYS:
            raise PlatformError(
                f"rule {rule['name']} deletes after {kept} days what is in cold storage since day {cold}.",
                mend=f"It stays there for {_LEAST_COLD_DAYS} days at least: delete after {cold + _LEAST_COLD_DAYS}.",
                resource=resource,
            )
        if rule["start_window_minutes"] < _LEAST_START_WINDOW:
            raise PlatformError(
                f"rule {rule['name']} has a start window of {rule['start_window_minutes']} minutes.",
                mend=f"Give it {_LEAST_START_WINDOW} at least.",
                resource=resource,
            )


# -- what there should be --------------------------------------------------------------------------------------------


def _desired(params: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "rules": {rule["name"]: _rule_of(rule) for rule in params["rules"]},
        "tags": {**params["tags"], "Name": params["name"]},
    }


def _rule_of(rule: Mapping[str, Any]) -> dict[str, Any]:
    asked = ("vault", "schedule", "timezone", "start_window_minutes", "completion_window_minutes", "continuous")
    return {
        **{key: rule[key] for key in asked},
        **_lifecycle_of(rule),
        "recovery_point_tags": dict(rule["recovery_point_tags"]),
        "copies": {copy["vault_arn"]: _lifecycle_of(copy) for copy in rule["copies"]},
    }


def _lifecycle_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: entry[key] for key in ("delete_after_days", "cold_storage_after_days")}


def _selection_of(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "role_arn": entry["role_arn"],
        "resources": sorted(entry["resources"]),
        "not_resources": sorted(entry["not_resources"]),
        "tags": dict(entry["tags"]),
    }


# -- what there is ---------------------------------------------------------------------------------------------------


def _find(aws: Aws, params: Mapping[str, Any]) -> tuple[dict[str, Any] | None, dict[str, dict[str, Any]]]:
    """The plan of this name, and its selections by name."""
    name = params["name"]
    listed = aws.pages("backup", "list_backup_plans", "BackupPlansList")
    found = [item for item in listed if item.get("BackupPlanName") == name]
    if len(found) > 1:
        ids = " and ".join(item["BackupPlanId"] for item in found)
        raise PlatformError(
            f"two plans have this name: {ids}.",
            mend="Delete the one that is not in use, and run again.",
            resource=f"{KIND}/{name}",
        )
    if not found:
        return None, {}
    plan_id, arn = found[0]["BackupPlanId"], found[0]["BackupPlanArn"]
    document, tags, chosen = aws.gather(
        (
            lambda: aws.call("backup", "get_backup_plan", BackupPlanId=plan_id)["BackupPlan"],
            lambda: read_tags(aws, arn),
            lambda: _selections(aws, plan_id),
        )
    )
    before = {
        "id": plan_id,
        "arn": arn,
        "rules": {rule["RuleName"]: _told_rule(rule) for rule in document["Rules"]},
        "tags": managed_tags(tags, {**params["tags"], "Name": ""}),
    }
    return before, chosen


def _told_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """With AWS's defaults where it tells nothing."""
    return {
        "vault": rule["TargetBackupVaultName"],
        "schedule": rule.get("ScheduleExpression"),
        "timezone": rule.get("ScheduleExpressionTimezone") or "Etc/UTC",
        "start_window_minutes": rule.get("StartWindowMinutes"),
        "completion_window_minutes": rule.get("CompletionWindowMinutes"),
        "continuous": rule.get("EnableContinuousBackup") or False,
        **_told_lifecycle(rule),
        "recovery_point_tags": dict(rule.get("RecoveryPointTags") or {}),
        "copies": {copy["DestinationBackupVaultArn"]: _told_lifecycle(copy) for copy in rule.get("CopyActions") or ()},
    }


def _told_lifecycle(entry: Mapping[str, Any]) -> dict[str, Any]:
    told = entry.get("Lifecycle") or {}
    return {
        "delete_after_days": told.get("DeleteAfterDays"),
        "cold_storage_after_days": told.get("MoveToColdStorageAfterDays"),
    }


def _selections(aws: Aws, plan_id: str) -> dict[str, dict[str, Any]]:
    return {
        document["SelectionName"]: {"id": selection_id, **_told_selection(document)}
        for selection_id, document in selections(aws, [plan_id]).items()
    }


def _told_selection(document: Mapping[str, Any]) -> dict[str, Any]:
    """What nothing here asks for, such as tags of which one is enough, is a difference when somebody asked for it."""
    conditions = dict(document.get("Conditions") or {})
    equal = conditions.pop("StringEquals", None) or ()
    others = {key: value for key, value in conditions.items() if value}
    others |= {"ListOfTags": document["ListOfTags"]} if document.get("ListOfTags") else {}
    return {
        "role_arn": document["IamRoleArn"],
        "resources": sorted(document.get("Resources") or ()),
        "not_resources": sorted(document.get("NotResources") or ()),
        "tags": {
            **{item["ConditionKey"].removeprefix(TAG): item["ConditionValue"] for item in equal},
            **others,
        },
    }


# -- what leads there ------------------------------------------------------------------------------------------------


def _plan(aws: Aws, params: Mapping[str, Any], before: dict[str, Any] | None, after: dict[str, Any] | None) -> Resource:
    name, wanted = params["name"], after or {}
    arn = aws.arn("backup", f"backup-plan:{placeholder_id('plan')}")

    def create(_known: dict[str, Any]) -> dict[str, Any]:
        made = aws.create(
            "backup", "create_backup_plan", BackupPlan=_document(name, wanted["rules"]), BackupPlanTags=wanted["tags"]
        )
        return {"id": made["BackupPlanId"], "arn": made["BackupPlanArn"]}

    def update(known: dict[str, Any]) -> None:
        document = _document(name, wanted["rules"])
        aws.call("backup", "update_backup_plan", BackupPlanId=known["id"], BackupPlan=document)

    def delete(known: dict[str, Any]) -> None:
        aws.call_or_none("backup", "delete_backup_plan", MISSING, BackupPlanId=known["id"])

    return Resource(
        KIND,
        name,
        before=before,
        after=after,
        placeholders={"id": placeholder_id("plan"), "arn": arn},
        create=Operation("backup:CreateBackupPlan", create),
        updates=(Operation("backup:UpdateBackupPlan", update, covers=("rules",)), retag(aws, arn, wanted["tags"]))
        if wanted
        else (),
        delete=Operation("backup:DeleteBackupPlan", delete),
        impacts=_impacts(before, after),
    )


def _impacts(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> dict[str, Impact]:
    """Without its plan or rule nothing is backed up any more, and a continuous backup is no longer than its retention.

    Snapshots that were taken keep the retention that they were taken with.
    """
    impacts: dict[str, Impact] = {"delete": "data loss"}
    if not before or not after:
        return impacts
    if set(before["rules"]) - set(after["rules"]):
        impacts["rules"] = "data loss"
    for name, old in before["rules"].items():
        new = after["rules"].get(name)
        if not new or not old["continuous"]:
            continue
        path = path_to("rules", name)
        if not new["continuous"]:
            impacts[path_to(path, "continuous")] = "data loss"
        elif new["delete_after_days"] < (old["delete_after_days"] or 0):
            impacts[path_to(path, "delete_after_days")] = "data loss"
    return impacts


def _document(name: str, rules: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {"BackupPlanName": name, "Rules": [_asked_rule(key, rule) for key, rule in rules.items()]}


def _asked_rule(name: str, rule: Mapping[str, Any]) -> dict[str, Any]:
    copies = [
        {"DestinationBackupVaultArn": arn, **_asked_lifecycle(copy)} for arn, copy in sorted(rule["copies"].items())
    ]
    return {
        "RuleName": name,
        "TargetBackupVaultName": rule["vault"],
        "ScheduleExpression": rule["schedule"],
        "ScheduleExpressionTimezone": rule["timezone"],
        "StartWindowMinutes": rule["start_window_minutes"],
        "CompletionWindowMinutes": rule["completion_window_minutes"],
        "EnableContinuousBackup": rule["continuous"],
        **_asked_lifecycle(rule),
        **({"RecoveryPointTags": rule["recovery_point_tags"]} if rule["recovery_point_tags"] else {}),
        **({"CopyActions": copies} if copies else {}),
    }


def _asked_lifecycle(entry: Mapping[str, Any]) -> dict[str, Any]:
    days = {
        "DeleteAfterDays": entry["delete_after_days"],
        "MoveToColdStorageAfterDays": entry["cold_storage_after_days"],
    }
    given = {key: value for key, value in days.items() if value}
    return {"Lifecycle": given} if given else {}


def _selection(
    aws: Aws, plan: Resource, name: str, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> Resource:
    wanted = after or {}

    def create(_known: dict[str, Any]) -> dict[str, Any]:
        tags = [{"ConditionKey": f"{TAG}{key}", "ConditionValue": value} for key, value in wanted["tags"].items()]
        document = {
            "SelectionName": name,
            "IamRoleArn": wanted["role_arn"],
            "Resources": wanted["resources"],
            **({"NotResources": wanted["not_resources"]} if wanted["not_resources"] else {}),
            **({"Conditions": {"StringEquals": tags}} if tags else {}),
        }
        call = partial(
            aws.create, "backup", "create_backup_selection", BackupPlanId=plan.known["id"], BackupSelection=document
        )
        return {"id": aws.once_consistent(call, _role_is_new)["SelectionId"]}

    def delete(known: dict[str, Any]) -> None:
        named = {"BackupPlanId": plan.known["id"], "SelectionId": known["id"]}
        aws.call_or_none("backup", "delete_backup_selection", MISSING, **named)

    return Resource(
        SELECTION,
        f"{plan.name}/{name}",
        before=before,
        after=after,
        placeholders={"id": placeholder_id("selection")},
        create=Operation("backup:CreateBackupSelection", create),
        delete=Operation("backup:DeleteBackupSelection", delete),
        replace_on=("role_arn", "resources", "not_resources", "tags"),
        impacts={"delete": "data loss"},
    )


def _role_is_new(error: AwsError) -> bool:
    return error.code == "InvalidParameterValueException" and (
        "cannot be assumed by AWS Backup" in str(error) or "is not authorized to call" in str(error)
    )
