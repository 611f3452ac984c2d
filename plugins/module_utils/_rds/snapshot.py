# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A manual snapshot of an RDS instance, which stays until somebody deletes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._aws import Aws, tag_list, tags_of
from .._reconcile import Operation, PlatformError, Resource, State, managed_tags
from . import instance
from ._common import arn, retag

KIND = "db_snapshot"

AWS_BACKUP = "awsbackup:"
"""How the names of snapshots begin that AWS Backup made, and that RDS lists under a type of their own."""

_MISSING = ("DBSnapshotNotFound", "DBSnapshotNotFoundFault")


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The snapshot named by the options."""
    name, present = params["name"], params["state"] == "present"
    if name.startswith(AWS_BACKUP):
        raise PlatformError(
            "it is a recovery point of AWS Backup, whose plan makes it and ends it.",
            mend="Choose another name, or look for it in the backup vault.",
            resource=f"{KIND}/{name}",
        )
    before = _find(aws, name, params["tags"])
    source = params["instance"]
    if present and not before and not instance.described(aws, source):
        raise PlatformError(
            f"there is no instance {source} to take it of.",
            mend="Correct the instance's name.",
            resource=f"{KIND}/{name}",
        )
    after = {"instance": source, "tags": {**params["tags"], "Name": name}} if present else None

    def create(_known: dict[str, Any]) -> dict[str, Any]:
        made = aws.create(
            "rds",
            "create_db_snapshot",
            DBSnapshotIdentifier=name,
            DBInstanceIdentifier=source,
            Tags=tag_list((after or {})["tags"]),
        )["DBSnapshot"]
        return _facts(made)

    def delete(_known: dict[str, Any]) -> None:
        aws.call_or_none("rds", "delete_db_snapshot", _MISSING, DBSnapshotIdentifier=name)

    return [
        Resource(
            KIND,
            name,
            before=before,
            after=after,
            placeholders={"arn": arn(aws, "snapshot", name)},
            create=Operation("rds:CreateDBSnapshot", create),
            updates=(retag(aws, arn(aws, "snapshot", name), (after or {}).get("tags", {})),) if present else (),
            delete=Operation("rds:DeleteDBSnapshot", delete),
            refuse_on={"instance": "Choose another name for the new snapshot."},
            impacts={"delete": "data loss"},
            settling=_settling if present else lambda _known: None,
        )
    ]


def _settling(known: State) -> str | None:
    if known["status"] == "failed":
        raise PlatformError("the snapshot failed.", mend="Delete it, and take another one under another name.")
    return None if known["status"] == "available" else f"{known['status']} ({known.get('percent') or 0} %)"


def _find(aws: Aws, name: str, tags: Mapping[str, str]) -> dict[str, Any] | None:
    answer = aws.call_or_none("rds", "describe_db_snapshots", _MISSING, DBSnapshotIdentifier=name)
    if not answer or not answer["DBSnapshots"]:
        return None
    item = answer["DBSnapshots"][0]
    return {
        **_facts(item),
        "instance": item["DBInstanceIdentifier"],
        "tags": managed_tags(tags_of(item, "TagList"), {**tags, "Name": ""}),
    }


def _facts(item: Mapping[str, Any]) -> dict[str, Any]:
    taken = item.get("SnapshotCreateTime")
    return {
        "arn": item["DBSnapshotArn"],
        "status": item["Status"],
        "percent": item.get("PercentProgress"),
        "taken": taken.isoformat() if taken else None,
        "size_gib": item.get("AllocatedStorage"),
    }
