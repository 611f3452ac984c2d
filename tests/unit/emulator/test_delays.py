from __future__ import annotations

from typing import Any

import pytest

from emulator import delays
from emulator.live import ConfigurationError


@pytest.fixture(autouse=True)
def declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delays, "DECLARED", {})
    delays.declare("gateway.pending", "until available")
    delays.declare("gateway.deleted", "until forgotten", default=60)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0
        self.delays: dict[str, float] = {}
        self.done: list[str] = []
        self.schedule = delays.Schedule(lambda: self.delays, lambda: self.now)

    def add(self, key: str, name: str) -> None:
        self.schedule.add(key, lambda: self.done.append(name))

    def advanced(self, seconds: float = 0) -> list[str]:
        self.now += seconds
        self.schedule.advance()
        return self.done


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_without_a_delay_the_next_request_sees_the_result(clock: Clock) -> None:
    clock.add("gateway.pending", "a")
    assert clock.done == []
    assert clock.advanced() == ["a"]
    assert clock.advanced() == ["a"]


def test_due_when_the_delay_has_passed(clock: Clock) -> None:
    clock.delays = {"gateway.pending": 3}
    clock.add("gateway.pending", "a")
    assert clock.advanced(2.9) == []
    assert clock.advanced(0.1) == ["a"]


def test_a_default_holds_until_it_is_set(clock: Clock) -> None:
    clock.add("gateway.deleted", "a")
    assert clock.advanced(59) == []
    clock.delays = {"gateway.deleted": 0}
    assert clock.advanced() == ["a"]


def test_lowering_a_delay_ends_waits_under_way(clock: Clock) -> None:
    clock.delays = {"gateway.pending": 3600}
    clock.add("gateway.pending", "a")
    assert clock.advanced(1) == []
    clock.delays = {}
    assert clock.advanced() == ["a"]


def test_order_and_follow_ups(clock: Clock) -> None:
    clock.add("gateway.pending", "a")

    def second() -> None:
        clock.done.append("b")
        clock.add("gateway.pending", "c")

    clock.schedule.add("gateway.pending", second)
    assert clock.advanced() == ["a", "b"]
    assert clock.advanced() == ["a", "b", "c"]


def test_reset_forgets(clock: Clock) -> None:
    clock.add("gateway.pending", "a")
    clock.schedule.clear()
    assert clock.advanced(1) == []


def test_an_undeclared_key_is_the_extension_s_mistake(clock: Clock) -> None:
    with pytest.raises(KeyError, match="used before it is declared"):
        clock.add("gateway.dreaming", "a")


@pytest.mark.parametrize("document", [{"gateway.pending": 3}, {"gateway": {"pending": 3}}])
def test_parse(document: Any) -> None:
    assert delays.parse_delays(document) == {"gateway.pending": 3.0}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"gateway.open": 1}, "unknown delay 'gateway.open'; known: gateway.deleted, gateway.pending"),
        ({"gateway.pending": -1}, "must be a number of seconds, 0 or more, not -1"),
        ({"gateway.pending": "soon"}, "must be a number of seconds"),
        ([1], "a mapping of delays to seconds is needed"),
    ],
)
def test_bad_files(document: Any, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        delays.parse_delays(document)
    assert message in str(caught.value)


def test_a_transition_may_take_time_of_its_own(clock: Clock) -> None:
    clock.schedule.add("gateway.pending", lambda: clock.done.append("a"), least=5)
    assert clock.advanced(4) == []
    clock.delays = {"gateway.pending": 8}
    assert clock.advanced(2) == []
    assert clock.advanced(2) == ["a"]
    assert clock.schedule.seconds("gateway.deleted") == 60
