# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One rotation of a secret, started now and followed through the steps that its function reports."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from .._aws import Aws, AwsError
from .._reconcile import KNOWN_AFTER_APPLY, Operation, PlatformError, Resource, State
from .containers import MISSING, current_version

KIND = "secret"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
# How far back the function's log is read, for the lines of a version that an earlier rotation left unfinished.
_BACK_MS = 15 * 60 * 1000
_LAST_LINES = 15
# How Lambda's runtime reports what the function itself could not.
_CRASHES = ("Task timed out", "[ERROR] Runtime.", "Runtime exited")


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The secret: to be rotated, or on its way to the ``version`` that an earlier call started."""
    name = params["name"]
    item = aws.call_or_none("secretsmanager", "describe_secret", MISSING, SecretId=name)
    if item is None or not item.get("RotationEnabled"):
        raise PlatformError(
            "there is no such secret." if item is None else "it has no rotation.",
            mend="Set it up: ansible-playbook site.yml --tags database",
            resource=f"{KIND}/{name}",
        )
    started = params["version"]
    log = _Log(aws, item["RotationLambdaARN"], params["log_from"] or int(time.time() * 1000) - _BACK_MS)
    before = _state(item, log, started, params["log_lines_before"]) if started else {}

    def rotate(_known: dict[str, Any]) -> dict[str, Any]:
        version = _unfinished(item) or str(uuid.uuid4())
        seen = len(log.of(version))
        _start(aws, name, version)
        return {"version": version, "steps": [], "log_from": log.since, "log_lines_before": seen}

    return [
        Resource(
            KIND,
            name,
            before={"current_version": current_version(item), **before},
            after={} if started else {"current_version": KNOWN_AFTER_APPLY},
            updates=(Operation("secretsmanager:RotateSecret", rotate, covers=("current_version",)),),
            settling=_settling,
            resume=lambda known: {key: known[key] for key in ("version", "log_from", "log_lines_before")},
        )
    ]


def _unfinished(item: Mapping[str, Any]) -> str | None:
    """The version of a rotation that failed: AWS tries it again instead of making another."""
    stages = item.get("VersionIdsToStages") or {}
    return next((version for version, labels in stages.items() if labels == ["AWSPENDING"]), None)


def _start(aws: Aws, name: str, version: str) -> None:
    """https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot_rotation.html"""
    try:
        aws.call("secretsmanager", "rotate_secret", SecretId=name, ClientRequestToken=version)
    except AwsError as error:
        if "will be reattempted" not in str(error):
            raise


def _settling(known: State) -> str | None:
    if "version" not in known:
        return None
    done = [entry["step"] for entry in known["steps"]]
    if "finishSecret" in done and known["current_version"] == known["version"]:
        return None
    return f"rotating ({', '.join(done)} done)" if done else "rotating"


# -- what the function says ------------------------------------------------------------------------------------------


class _Log:
    """The function's log since a moment, in milliseconds."""

    def __init__(self, aws: Aws, function_arn: str, since: int) -> None:
        self._aws = aws
        self.group = f"/aws/lambda/{function_arn.split(':')[6]}"
        self.since = since

    def lines(self) -> list[str]:
        try:
            events = self._aws.pages(
                "logs", "filter_log_events", "events", logGroupName=self.group, startTime=self.since
            )
        except AwsError as error:
            if error.code in MISSING:  # made with the function's first invocation
                return []
            raise
        return [str(event["message"]).rstrip("\n") for event in events]

    def of(self, version: str) -> list[dict[str, Any]]:
        """What the function reported of a version: ``{"step": ..., "outcome": "done" | "failed", "detail": ...}``."""
        return list(_reports(self.lines(), version))


def _reports(lines: list[str], version: str) -> Iterator[dict[str, Any]]:
    for line in lines:
        if line.startswith("{"):
            try:
                found = json.loads(line)
            except ValueError:
                continue
            if found.get("version") == version and found.get("step") in STEPS:
                yield found


def _telling(lines: list[str]) -> list[str]:
    """The lines without the frames of a traceback."""
    return [line for line in lines if line.strip() and not line.startswith(" ")]


def _state(item: Mapping[str, Any], log: _Log, version: str, seen: int) -> dict[str, Any]:
    lines = log.lines()
    reports = list(_reports(lines, version))[seen:]
    failures = [f"{report['step']}: {report['detail']}" for report in reports if report["outcome"] == "failed"]
    failures += [line for line in lines if any(crash in line for crash in _CRASHES)]
    done = "".join(f"{report['step']}: {report['detail']}\n" for report in reports if report["outcome"] == "done")
    if failures:
        raise PlatformError(
            f"the rotation failed at {failures[0].rstrip('.')}.",
            mend=(
                f"The value in use works on. Mend that and run this again.\n{done}"
                f"What {log.group} has of it:\n" + "\n".join(_telling(lines)[-_LAST_LINES:]) + "\n"
            ),
            resource=f"{KIND}/{item['Name']}",
            call="secretsmanager:RotateSecret",
        )
    steps = {report["step"]: report for report in reports}
    return {
        "version": version,
        "steps": [{"step": step, "detail": steps[step]["detail"]} for step in STEPS if step in steps],
        "log_from": log.since,
        "log_lines_before": seen,
    }
