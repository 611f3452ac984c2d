# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What a check run has found: in words, as a message for the topic of the alarms, and told once.

What was told last is one item of the lock table, beside the lease, so that a stack that has drifted does not say so all
night long, whichever host looks:

    LockID      airas.platform/<environment>/drift
    digest      of all that differs; there is no item while nothing does
    since       when it was first found so, in seconds since the epoch
    resources   how many differ, for people
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from .._aws import Aws, AwsError
from . import lease

Report = Mapping[str, Any]

SHARED = "account"
"""The component that stands before any stack and goes with none."""
KEPT = ("backup_vault", "kms_key", "s3_bucket", "secret")
"""What stays of a stack that was removed: in its recovery window, or because it holds something."""
_MISSING = ("ResourceNotFoundException",)
_NO_TOPIC = ("NotFound", "NotFoundException")
_MARKS = {"create": "+", "update": "~", "replace": "±", "delete": "-"}
_LINE = 200
# SNS takes 256 KiB, and Discord shows fifteen resources.
_DETAILED = 15


# -- in words --------------------------------------------------------------------------------------------------------


def is_drift(report: Report) -> bool:
    return bool(report["resources"] or report["unplanned"])


def is_absent(report: Report) -> bool:
    """Whether nothing of the stack exists but what all stacks of the account share and what a removal has kept."""
    own = [item for item in report["resources"] if item["component"] not in ("", SHARED)]
    unchanged = [
        name for component, names in report["unchanged"].items() if component not in ("", SHARED) for name in names
    ]
    gone = [item for item in own if not _kept(item["resource"])]
    return bool(gone) and all(item["action"] == "create" for item in gone) and all(map(_kept, unchanged))


def _kept(resource: str) -> bool:
    return resource.partition("/")[0] in KEPT


def lines(report: Report) -> list[str]:
    """Each resource that differs, and below it each attribute: what AWS has, and what the inventory says."""
    found = [line for resource in report["resources"] for line in _resource(resource)]
    return found + [f"? {task}: differs, without naming what" for task in report["unplanned"]]


def _resource(resource: Mapping[str, Any]) -> Iterator[str]:
    mark, action = _MARKS[resource["action"]], resource["action"]
    if action == "create":
        yield f"{mark} {resource['resource']} is missing"
    elif action == "delete":
        yield f"{mark} {resource['resource']} should not be there"
    else:
        yield f"{mark} {resource['resource']}" + (" has to be replaced" if action == "replace" else "")
        for change in resource["changes"]:
            yield f"    {change['path']}: is {_text(change['before'])}, should be {_text(change['after'])}"


def _text(value: Any) -> str:
    text = "absent" if value is None else value if isinstance(value, str) else json.dumps(value, sort_keys=True)
    return text if len(text) <= _LINE else f"{text[:_LINE]}..."


# -- as a message ----------------------------------------------------------------------------------------------------


def digest(report: Report) -> str:
    """The same for the same differences, in whatever order they were found; empty if there are none."""
    if not is_drift(report):
        return ""
    kept = sorted(
        json.dumps([resource["resource"], resource["action"], resource["changes"]], sort_keys=True)
        for resource in report["resources"]
    )
    return hashlib.sha256("\n".join([*kept, *sorted(report["unplanned"])]).encode()).hexdigest()


def message(report: Report, url: str) -> str:
    """The notification, as the relay reads it (docs/discord.md)."""
    told = {key: report[key] for key in ("stack", "mode", "playbook", "unplanned")}
    resources = [_told(resource, number < _DETAILED) for number, resource in enumerate(report["resources"])]
    body = {"source": "airas.platform", "type": "drift", "report": {**told, "resources": resources}}
    return json.dumps({**body, "url": url} if url else body, ensure_ascii=False)


def _told(resource: Mapping[str, Any], detailed: bool) -> dict[str, Any]:
    shown = resource["changes"] if detailed and resource["action"] in ("update", "replace") else ()
    changes = [
        {"path": change["path"], "before": _text(change["before"]), "after": _text(change["after"])} for change in shown
    ]
    return {key: resource[key] for key in ("resource", "action", "impact")} | {"changes": changes}


# -- told once -------------------------------------------------------------------------------------------------------


class Told(NamedTuple):
    """What was told last, and since when (seconds since the epoch)."""

    digest: str
    since: int


class Memory:
    """What was told last of an environment. A table that does not exist remembers nothing."""

    def __init__(self, aws: Aws, table: str, environment: str) -> None:
        self._aws = aws
        self._table = table
        self._key = {"LockID": {"S": f"{lease.KEY_PREFIX}{environment}/drift"}}

    def read(self) -> tuple[Told, int]:
        """What was told, and the time by AWS's clock."""
        sent = {"TableName": self._table, "Key": self._key, "ConsistentRead": True}
        answer = self._aws.call_or_none("dynamodb", "get_item", _MISSING, **sent) or {}
        item = answer.get("Item", {})
        told = Told(item.get("digest", {}).get("S", ""), int(item.get("since", {}).get("N", "0")))
        return told, lease.server_time(answer)

    def write(self, told: Told, resources: int) -> None:
        numbers = {"since": {"N": str(told.since)}, "resources": {"N": str(resources)}}
        item = {**self._key, "digest": {"S": told.digest}, **numbers}
        self._aws.call_or_none("dynamodb", "put_item", _MISSING, TableName=self._table, Item=item)

    def forget(self) -> None:
        self._aws.call_or_none("dynamodb", "delete_item", _MISSING, TableName=self._table, Key=self._key)


def settle(aws: Aws, params: Mapping[str, Any], write: bool) -> dict[str, Any]:
    """The result of one module call: what was told, or why not."""
    report, when = params["report"], params["notify"]
    memory = Memory(aws, params["table"], params["environment"])
    before, now = memory.read()
    found = digest(report)
    since = before.since if found and found == before.digest else now
    result = {"changed": False, "drift": bool(found), "told": False, "since": since if found else 0}
    if when == "never":
        return {**result, "notice": "Discord is not told (drift_notify is never)."}
    if when == "changed" and found == before.digest:
        first = f"; it was found at {lease.clock(since)}" if found else ""
        return {**result, "notice": f"Discord is not told again: nothing is new{first}."}
    if not write:
        return {**result, "notice": "Discord would be told."}
    if not _publish(aws, params, message(report, params["url"])):
        return {**result, "notice": f"Discord cannot be told: the topic {params['topic_arn']} does not exist."}
    # Only now, so that a message that could not be sent is sent by the next run.
    if found:
        memory.write(Told(found, since), len(report["resources"]))
    else:
        memory.forget()
    return {**result, "told": True, "notice": f"Discord is told: {'drift' if found else 'no drift any more'}."}


def _publish(aws: Aws, params: Mapping[str, Any], body: str) -> bool:
    subject = f"Drift of {params['report']['stack']}"
    try:
        aws.call("sns", "publish", TopicArn=params["topic_arn"], Subject=subject, Message=body)
    except AwsError as error:
        if error.code in _NO_TOPIC:
            return False
        raise
    return True


def summary(report: Report) -> Sequence[str]:
    """What a person reads first, and then everything."""
    stack = report["stack"]
    if is_absent(report):
        return [f"Nothing of {stack} exists: it was never built, or it was destroyed. site.yml builds it."]
    if not is_drift(report):
        return [f"{stack} is as the inventory says."]
    count = len(report["resources"]) + len(report["unplanned"])
    noun = "resource differs" if count == 1 else "resources differ"
    heading = f"{stack} has drifted: {count} {noun}. site.yml puts back what the inventory says, after a look at it:"
    return [heading, *lines(report)]
