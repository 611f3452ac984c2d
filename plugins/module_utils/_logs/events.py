# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The newest events of a log group: by a pattern, since a moment."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from .._aws import Aws
from .._reconcile import PlatformError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def since(text: str, now: datetime) -> datetime:
    """``15m``, ``2h``, ``3d`` before ``now``, or a moment in ISO 8601, taken as UTC if it does not say."""
    if match := re.fullmatch(r"(\d+)([smhd])", text):
        return now - timedelta(**{_UNITS[match[2]]: int(match[1])})
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise PlatformError(
            f"since is {text!r}.", mend="Give 15m, 2h or 3d, or a moment such as 2026-11-26T09:00."
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def newest(aws: Aws, params: Mapping[str, Any], start: datetime) -> list[dict[str, str]]:
    """At most ``limit`` events, the oldest first: ``{"time": ..., "stream": ..., "message": ...}``."""
    group, kept = params["log_group"], deque[Mapping[str, Any]](maxlen=params["limit"])
    request: dict[str, Any] = {"logGroupName": group, "startTime": int(start.timestamp() * 1000)}
    if params["pattern"]:
        request["filterPattern"] = params["pattern"]
    if params["stream_prefix"]:
        request["logStreamNamePrefix"] = params["stream_prefix"]
    token: dict[str, str] = {}
    while True:  # page by page, for a busy group holds more than fits into memory
        answer = aws.call_or_none("logs", "filter_log_events", ("ResourceNotFoundException",), **request, **token)
        if answer is None:
            raise PlatformError(
                "there is no such log group.", mend="Name one that is there.", resource=f"log_group/{group}"
            )
        kept.extend(answer.get("events") or ())
        if not answer.get("nextToken"):
            break
        token = {"nextToken": answer["nextToken"]}
    return [_shown(event) for event in sorted(kept, key=lambda event: event["timestamp"])]


def _shown(event: Mapping[str, Any]) -> dict[str, str]:
    moment = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
    return {
        "time": moment.isoformat(sep=" ", timespec="milliseconds").removesuffix("+00:00"),
        "stream": event["logStreamName"],
        "message": event["message"].rstrip(),
    }
