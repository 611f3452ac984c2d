"""EventBridge: a pattern looks into lists of objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.events.models import EventPattern

from emulator.extensions import patch

GUIDE = "https://docs.aws.amazon.com/eventbridge/latest/userguide"


@patch(EventPattern, "matches_event", aws=f"{GUIDE}/eb-event-patterns.html")
def matches_event(original: Any, self: Any, event: Any) -> bool:
    """A field of objects in a list matches if it does in any of them: containers of a task, for example."""
    return bool(original(self, event=_merged(event)))


def _merged(value: Any) -> Any:
    """``[{"a": 1}, {"a": 2}]`` becomes ``{"a": [1, 2]}``, as which moto compares it."""
    if isinstance(value, Mapping):
        return {key: _merged(item) for key, item in value.items()}
    if not isinstance(value, list) or not value or not all(isinstance(item, Mapping) for item in value):
        return value
    merged: dict[str, list[Any]] = {}
    for item in map(_merged, value):
        for key, held in item.items():
            merged.setdefault(key, []).extend(held if isinstance(held, list) else [held])
    return merged
