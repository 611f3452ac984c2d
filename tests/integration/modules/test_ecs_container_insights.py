from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer

DEFAULT = "ecs_account_setting/containerInsights value"
ARGS = {"account_default": "enabled"}

Run = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]
Values = Callable[[dict[str, Any]], dict[str, tuple[Any, Any]]]


def census(boto: Boto) -> list[str]:
    settings = boto("ecs").list_account_settings(name="containerInsights", effectiveSettings=True)["settings"]
    return [item["value"] for item in settings]


def test_set_then_unchanged(apply: Run, boto: Boto, value_changes: Values) -> None:
    planned = apply("ecs_container_insights", ARGS, check=True)
    assert value_changes(planned) == {DEFAULT: ("disabled", "enabled")}
    assert census(boto) == ["disabled"]
    assert apply("ecs_container_insights", ARGS)["plan"] == planned["plan"]
    assert not apply("ecs_container_insights", ARGS)["changed"]
    assert census(boto) == ["enabled"]


def test_drift_is_named_and_repaired(apply: Run, boto: Boto, value_changes: Values) -> None:
    apply("ecs_container_insights", ARGS)
    boto("ecs").put_account_setting_default(name="containerInsights", value="enhanced")
    assert value_changes(apply("ecs_container_insights", ARGS)) == {DEFAULT: ("enhanced", "enabled")}
    assert not apply("ecs_container_insights", ARGS)["changed"]


def test_absent_twice(apply: Run, boto: Boto) -> None:
    apply("ecs_container_insights", ARGS)
    assert apply("ecs_container_insights", {**ARGS, "state": "absent"})["changed"]
    assert census(boto) == ["disabled"]
    assert not apply("ecs_container_insights", {**ARGS, "state": "absent"})["changed"]


def test_interrupted_at_its_write(interrupt_each_write: Callable[..., None], boto: Boto) -> None:
    interrupt_each_write("ecs_container_insights", lambda: ARGS, lambda: census(boto))


def test_throttled_one_call_in_five(emulator: EmulatorServer, apply: Run, boto: Boto) -> None:
    emulator.set_faults([{"service": "ecs", "error": "throttle", "every": 5}])
    for _run in range(3):
        apply("ecs_container_insights", ARGS)
    emulator.set_faults([])
    assert census(boto) == ["enabled"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({}, "missing required arguments: account_default"),
        ({"account_default": "on"}, "must be one of: disabled, enabled, enhanced"),
    ],
)
def test_wrong_input_is_one_error_before_any_write(
    args: dict[str, Any], message: str, run_module: Run, writes: Callable[[], list[str]]
) -> None:
    result = run_module("ecs_container_insights", args)
    assert result["failed"]
    assert message in result["msg"]
    assert writes() == []
