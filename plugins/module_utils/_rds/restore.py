# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""An instance restored beside the one that its data comes from: from a snapshot, or as of a moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from .._aws import Aws, AwsError, tag_list, tags_of
from .._reconcile import Operation, PlatformError, Refused, Resource
from ._common import arn
from .instance import KIND, MISSING, busy, described, facts, settling_state
from .snapshot import AWS_BACKUP

SOURCE_TAG = "RestoredFrom"
"""Tells a restored instance from the one that a stack lives on: nothing else is ever removed here."""
MOMENT_TAG = "RestoredTo"
"""The moment as of which the data is, as AWS told it before the restore began."""


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The restored instance named by the options."""
    name, present = params["name"], params["state"] == "present"
    item = described(aws, name)
    before = _read(item) if item else None
    if before and before["source"] != params["source"]:
        raise Refused(
            f"there is an instance of this name, and it was not restored from {params['source']}.",
            mend="Choose another name for the restored one.",
            resource=f"{KIND}/{name}",
        )
    return [
        Resource(
            KIND,
            name,
            before=before,
            after={"source": params["source"]} if present else None,
            placeholders={"arn": arn(aws, "db", name)},
            create=Operation(_action(params), _restore(aws, params)),
            delete=Operation("rds:DeleteDBInstance", _delete(aws, name), settled_only=True),
            settling=settling_state if present else busy,
        )
    ]


def _action(params: Mapping[str, Any]) -> str:
    from_snapshot = "rds:RestoreDBInstanceFromDBSnapshot"
    return from_snapshot if params["snapshot"] else "rds:RestoreDBInstanceToPointInTime"


def _read(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **facts(item),
        "port": (item.get("Endpoint") or {}).get("Port"),
        "source": tags_of(item, "TagList").get(SOURCE_TAG),
        "restored_to": tags_of(item, "TagList").get(MOMENT_TAG),
    }


def _restore(aws: Aws, params: Mapping[str, Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def run(_known: dict[str, Any]) -> dict[str, Any]:
        moment = _restorable(aws, params)
        own = {"Name": params["name"], SOURCE_TAG: params["source"], MOMENT_TAG: moment}
        options = {
            "DBInstanceClass": params["instance_class"],
            "DBSubnetGroupName": params["subnet_group"],
            "VpcSecurityGroupIds": sorted(params["security_group_ids"]),
            "DBParameterGroupName": params["parameter_group"],
            "ManageMasterUserPassword": True,
            "MultiAZ": False,
            "PubliclyAccessible": False,
            "DeletionProtection": False,
            "CopyTagsToSnapshot": False,
            "Tags": tag_list({**params["tags"], **own}),
        }
        given = {key: value for key, value in options.items() if value not in (None, [])}
        if params["snapshot"]:
            made = aws.create(
                "rds",
                "restore_db_instance_from_db_snapshot",
                DBInstanceIdentifier=params["name"],
                DBSnapshotIdentifier=params["snapshot"],
                **given,
            )
        else:
            made = aws.create(
                "rds",
                "restore_db_instance_to_point_in_time",
                SourceDBInstanceIdentifier=params["source"],
                TargetDBInstanceIdentifier=params["name"],
                **_moment(params),
                **given,
            )
        return {**facts(made["DBInstance"]), "restored_to": moment}

    return run


def _restorable(aws: Aws, params: Mapping[str, Any]) -> str:
    """The moment that the restored data will be of, in whole seconds of UTC."""
    if params["restore_time"]:
        moment = _moment(params)["RestoreTime"]
    elif params["snapshot"]:
        # Without the type RDS tells of manual and automated ones alone.
        kind = {"SnapshotType": "awsbackup"} if params["snapshot"].startswith(AWS_BACKUP) else {}
        found = aws.call("rds", "describe_db_snapshots", DBSnapshotIdentifier=params["snapshot"], **kind)
        if not found["DBSnapshots"]:
            raise PlatformError(f"there is no snapshot {params['snapshot']}.", mend="Correct its name.")
        moment = found["DBSnapshots"][0]["SnapshotCreateTime"]
    else:
        moment = (described(aws, params["source"]) or {}).get("LatestRestorableTime")
    if moment is None:
        raise PlatformError(
            f"{params['source']} has no automated backups to restore.",
            mend="Name a snapshot, or keep automated backups for a day at least.",
        )
    text: str = moment.astimezone(dt.UTC).isoformat(timespec="seconds")
    return text


def _moment(params: Mapping[str, Any]) -> dict[str, Any]:
    if not params["restore_time"]:
        return {"UseLatestRestorableTime": True}
    try:
        moment = dt.datetime.fromisoformat(params["restore_time"])
    except ValueError as error:
        raise PlatformError(
            f"restore_time is {params['restore_time']!r}.",
            mend="Write a moment with its zone, such as 2026-03-01T12:00:00+09:00.",
        ) from error
    if moment.tzinfo is None:
        raise PlatformError(
            f"restore_time {params['restore_time']} has no time zone.",
            mend="Write a moment with its zone, such as 2026-03-01T12:00:00+09:00.",
        )
    return {"RestoreTime": moment}


def _delete(aws: Aws, name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def run(_known: dict[str, Any]) -> dict[str, Any]:
        try:
            aws.call(
                "rds",
                "delete_db_instance",
                DBInstanceIdentifier=name,
                SkipFinalSnapshot=True,
                DeleteAutomatedBackups=True,
            )
        except AwsError as error:
            if error.code not in (*MISSING, "InvalidDBInstanceState", "InvalidDBInstanceStateFault"):
                raise
            return {"status": "changing"}
        return {"status": "deleting"}

    return run
