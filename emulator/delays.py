"""How long slow things take, and what becomes of them when their time has come.

An extension declares each waiting time once, and schedules what ends it:

    PENDING = delays.declare("nat_gateway.pending", "From CreateNatGateway until the gateway is available.")
    nat_gateway.state = "pending"
    delays.schedule(PENDING, lambda: become_available(nat_gateway))

`advance()` runs before every request is served, so the answer that announces `pending` always comes first and the
order of states is AWS's; with no delay set the next request already sees the final state. The waiting time is looked
up when it is due, not when it begins: lowering it in the delays file ends waits that are under way.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator import hooks
from emulator.live import ConfigurationError, LiveFile

DECLARED: dict[str, tuple[str, float]] = {}
"""Every key a delays file may hold, with what it stands for and its default in seconds."""


def declare(key: str, meaning: str, default: float = 0.0) -> str:
    """Make `key` known to the delays file; returns the key."""
    DECLARED[key] = (meaning, default)
    return key


def parse_delays(document: Any) -> dict[str, float]:
    """Seconds by key, from `{"nat_gateway.pending": 3}` or `{"nat_gateway": {"pending": 3}}`."""
    delays: dict[str, float] = {}
    for key, seconds in _flattened(document or {}):
        if key not in DECLARED:
            raise ConfigurationError(f"unknown delay '{key}'; known: {', '.join(sorted(DECLARED))}")
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or seconds < 0:
            raise ConfigurationError(f"delay '{key}' must be a number of seconds, 0 or more, not {seconds!r}")
        delays[key] = float(seconds)
    return delays


def _flattened(document: Any, prefix: str = "") -> list[tuple[str, Any]]:
    if not isinstance(document, Mapping):
        raise ConfigurationError(f"a mapping of delays to seconds is needed, not {document!r}")
    flat: list[tuple[str, Any]] = []
    for key, value in document.items():
        name = f"{prefix}{key}"
        flat.extend(_flattened(value, f"{name}.") if isinstance(value, Mapping) else [(name, value)])
    return flat


@dataclass(frozen=True)
class Transition:
    """`action` is due once `key`'s delay, and `least` seconds, have passed since `begun` (monotonic seconds)."""

    key: str
    begun: float
    action: Callable[[], None]
    least: float = 0.0


class Schedule:
    """The transitions under way. Safe to use from several threads; actions run one at a time."""

    def __init__(self, delays: Callable[[], Mapping[str, float]], clock: Callable[[], float] = time.monotonic) -> None:
        self._delays = delays
        self._clock = clock
        self._ids = itertools.count()
        self._waiting: dict[int, Transition] = {}
        self.lock = threading.RLock()
        """Held while transitions run; a service whose calls and transitions share state takes it for its calls."""

    def add(self, key: str, action: Callable[[], None], least: float = 0.0) -> None:
        if key not in DECLARED:
            raise KeyError(f"delay '{key}' is used before it is declared with delays.declare()")
        with self.lock:
            self._waiting[next(self._ids)] = Transition(key, self._clock(), action, least)

    def seconds(self, key: str) -> float:
        """The delay of `key` at this moment."""
        return self._delays().get(key, DECLARED[key][1])

    def advance(self) -> None:
        """Run what is due, in the order in which it was scheduled, each once."""
        if not self._waiting:
            return
        with self.lock:
            now = self._clock()
            due = {i: t for i, t in self._waiting.items() if now - t.begun >= max(self.seconds(t.key), t.least)}
            for number, transition in due.items():
                del self._waiting[number]
                transition.action()

    def clear(self) -> None:
        with self.lock:
            self._waiting.clear()


settings: LiveFile[dict[str, float]] = LiveFile(parse_delays)
_schedule = Schedule(settings.value)
schedule = _schedule.add
seconds = _schedule.seconds
lock = _schedule.lock
advance = _schedule.advance
hooks.on_reset(_schedule.clear)
