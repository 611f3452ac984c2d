# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""CloudWatch Logs log groups: retention, class, encryption and tags."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from .._aws import Aws
from .._reconcile import Impact, Operation, PlatformError, Resource, managed_tags

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html; 0 = for ever
_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
RETENTION_DAYS = (0, *_DAYS)
CLASSES = ("STANDARD", "INFREQUENT_ACCESS")


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The log groups of the options."""
    present = params["state"] == "present"
    desired = [_desired(group, params["tags"]) if present else None for group in params["groups"]]
    found = aws.gather(partial(_find, aws, group["name"], params["tags"]) for group in params["groups"])
    return [
        _resource(aws, group["name"], before, after)
        for group, before, after in zip(params["groups"], found, desired, strict=True)
    ]


def log_group_arn(aws: Aws, name: str) -> str:
    """Without the ``:*`` that DescribeLogGroups appends and policies on its streams need."""
    return aws.arn("logs", f"log-group:{name}")


def _desired(group: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    name = group["name"]
    if group["retention_days"] is None:
        raise PlatformError(
            "it has no retention_days.",
            mend="Say how many days its events are kept (0: for ever).",
            resource=f"log_group/{name}",
        )
    if group["kms_key_id"] and not group["kms_key_id"].startswith("arn:"):
        raise PlatformError(
            f"kms_key_id is {group['kms_key_id']!r}, and CloudWatch Logs takes a key's ARN only.",
            mend="Give the key's ARN, not its id or alias.",
            resource=f"log_group/{name}",
        )
    return {
        "retention_days": group["retention_days"],
        "kms_key_id": group["kms_key_id"],
        "log_group_class": group["log_group_class"],
        "tags": {**tags, "Name": name},
    }


def _find(aws: Aws, name: str, tags: Mapping[str, str]) -> dict[str, Any] | None:
    groups = aws.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name)
    item = next((group for group in groups if group["logGroupName"] == name), None)
    if item is None:
        return None
    arn = item["arn"].removesuffix(":*")
    actual = aws.call("logs", "list_tags_for_resource", resourceArn=arn)["tags"]
    return _normalised(item, managed_tags(actual, {**tags, "Name": name}))


def _normalised(item: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    return {
        "arn": item["arn"].removesuffix(":*"),
        "retention_days": item.get("retentionInDays", 0),
        "kms_key_id": item.get("kmsKeyId"),
        "log_group_class": item.get("logGroupClass", "STANDARD"),
        "tags": dict(tags),
    }


def _resource(aws: Aws, name: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> Resource:
    wanted = after or {}
    arn = log_group_arn(aws, name)

    def create(_known: dict[str, Any]) -> dict[str, Any]:
        key = {"kmsKeyId": wanted["kms_key_id"]} if wanted["kms_key_id"] else {}
        of_class = wanted["log_group_class"]
        aws.create("logs", "create_log_group", logGroupName=name, logGroupClass=of_class, tags=wanted["tags"], **key)
        return {"arn": arn}

    def keep(_known: dict[str, Any]) -> None:
        if days := wanted["retention_days"]:
            aws.call("logs", "put_retention_policy", logGroupName=name, retentionInDays=days)
        else:
            aws.call("logs", "delete_retention_policy", logGroupName=name)

    def encrypt(_known: dict[str, Any]) -> None:
        if key := wanted["kms_key_id"]:
            aws.call("logs", "associate_kms_key", logGroupName=name, kmsKeyId=key)
        else:
            aws.call("logs", "disassociate_kms_key", logGroupName=name)

    def tag(_known: dict[str, Any]) -> None:
        aws.call("logs", "tag_resource", resourceArn=arn, tags=wanted["tags"])

    return Resource(
        "log_group",
        name,
        before=before,
        after=after,
        placeholders={"arn": arn},
        create=Operation("logs:CreateLogGroup", create, covers=("kms_key_id", "log_group_class", "tags")),
        updates=(
            Operation("logs:PutRetentionPolicy", keep, covers=("retention_days",)),
            Operation("logs:AssociateKmsKey", encrypt, covers=("kms_key_id",)),
            Operation("logs:TagResource", tag, covers=("tags",)),
        ),
        delete=Operation("logs:DeleteLogGroup", lambda _known: aws.call("logs", "delete_log_group", logGroupName=name)),
        refuse_on={"log_group_class": "Put the old class back, or give the log group a new name."},
        impacts={"delete": "data loss", "retention_days": _retention_impact(before, wanted)},
    )


def _retention_impact(before: Mapping[str, Any] | None, wanted: Mapping[str, Any]) -> Impact:
    """A shorter retention deletes the events that are older."""
    kept, keep = ((held or {}).get("retention_days") or float("inf") for held in (before, wanted))
    return "data loss" if keep < kept else "none"
