from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._logs import events
from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
PARAMS = {"log_group": "/g", "limit": 2, "pattern": "ERROR", "stream_prefix": "ecs/"}


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("30s", "2026-11-26T11:59:30+00:00"),
        ("15m", "2026-11-26T11:45:00+00:00"),
        ("2h", "2026-11-26T10:00:00+00:00"),
        ("3d", "2026-11-23T12:00:00+00:00"),
        ("2026-11-26T09:00", "2026-11-26T09:00:00+00:00"),
        ("2026-11-26T09:00+09:00", "2026-11-26T09:00:00+09:00"),
    ],
)
def test_since(text: str, moment: str) -> None:
    assert events.since(text, NOW).isoformat() == moment


def test_since_nonsense() -> None:
    with pytest.raises(PlatformError, match="since is 'yesterday'"):
        events.since("yesterday", NOW)


def test_the_newest_of_all_pages(fake_aws: Callable[..., Any]) -> None:
    def event(number: int) -> dict[str, Any]:
        return {"timestamp": 1000 * number, "logStreamName": "ecs/backend/1", "message": f"{number}\n"}

    def answer(**params: Any) -> dict[str, Any]:
        if "nextToken" in params:
            return {"events": [event(3)]}
        return {"events": [event(1), event(2)], "nextToken": "more"}

    aws = fake_aws(filter_log_events=answer)
    found = events.newest(aws, PARAMS, NOW)
    assert [item["message"] for item in found] == ["2", "3"]
    assert found[1]["time"] == "1970-01-01 00:00:03.000"
    assert aws.calls[0][1] == {
        "logGroupName": "/g",
        "startTime": 1795694400000,
        "filterPattern": "ERROR",
        "logStreamNamePrefix": "ecs/",
    }
