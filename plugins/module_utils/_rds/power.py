# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""An RDS instance switched off and on, which keeps its data and stops its price, storage aside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .._aws import Aws
from .._reconcile import Operation, Refused, Resource, State

KIND = "rds_instance"
SETTLED = {"running": "available", "stopped": "stopped"}
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html#Overview.DBInstance.Status
_GONE = ("deleting",)


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The instance, if there is one: an environment may not have a database yet."""
    name, wanted = params["name"], params["state"]
    answer = aws.call_or_none(
        "rds", "describe_db_instances", ("DBInstanceNotFound", "DBInstanceNotFoundFault"), DBInstanceIdentifier=name
    )
    if not answer or answer["DBInstances"][0]["DBInstanceStatus"] in _GONE:
        return []
    instance = answer["DBInstances"][0]
    if wanted == "stopped":
        _refuse_unstoppable(instance)
    before = {"state": _state(instance), "status": instance["DBInstanceStatus"]}
    call = {"running": "start_db_instance", "stopped": "stop_db_instance"}[wanted]
    action = {"running": "rds:StartDBInstance", "stopped": "rds:StopDBInstance"}[wanted]
    return [
        Resource(
            KIND,
            name,
            before=before,
            after={"state": wanted},
            # AWS takes neither while it is busy with something else, such as a backup.
            updates=(Operation(action, _run(aws, call, name), covers=("state",), settled_only=True),),
            impacts={"state": "outage"} if wanted == "stopped" else {},
            settling=lambda known: _settling(known, wanted),
        )
    ]


def _refuse_unstoppable(instance: Mapping[str, Any]) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html"""
    if instance.get("ReadReplicaDBInstanceIdentifiers") or instance.get("ReadReplicaSourceDBInstanceIdentifier"):
        raise Refused(
            "it has a read replica or is one, and AWS does not stop such an instance.",
            mend="Leave the database running, or remove the replica first.",
            resource=f"{KIND}/{instance['DBInstanceIdentifier']}",
        )


def _state(instance: Mapping[str, Any]) -> str:
    return "stopped" if instance["DBInstanceStatus"] in ("stopped", "stopping") else "running"


def _run(aws: Aws, call: str, name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def run(_known: dict[str, Any]) -> dict[str, Any]:
        answer = aws.call("rds", call, DBInstanceIdentifier=name)
        return {"status": answer["DBInstance"]["DBInstanceStatus"]}

    return run


def _settling(known: State, wanted: str) -> str | None:
    status = str(known["status"])
    return None if status in SETTLED.values() or status == SETTLED[wanted] else status
