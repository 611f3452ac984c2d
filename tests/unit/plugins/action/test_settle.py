"""The waiting of the settle action, with a module that is played from a list of results."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.action import settle


def result(*changed: str, pending: str = "", **more: Any) -> dict[str, Any]:
    return {
        "changed": bool(changed),
        "plan": [{"resource": name, "changes": [{"path": "id", "after": name}]} for name in changed],
        "diff": [{"after": name} for name in changed],
        "pending": [{"resource": "shelf/a", "state": pending}] if pending else [],
        "wait": True,
        "wait_timeout": 60,
        **more,
    }


@pytest.fixture
def act(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the action against module results.

    ``act.pauses`` are the seconds that it would have slept, ``act.given`` the arguments of each call of the module.
    """
    pauses: list[float] = []
    monkeypatch.setattr(settle.time, "sleep", pauses.append)
    monkeypatch.setattr(settle.time, "monotonic", lambda: sum(pauses))

    def run(*results: dict[str, Any], check: bool = False) -> dict[str, Any]:
        waiting = iter(results)
        action = settle.ActionModule.__new__(settle.ActionModule)
        action._task = SimpleNamespace(check_mode=check, async_val=0, args={"name": "a"})
        action._connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
        action._execute_module = lambda **options: run.given.append(options.get("module_args")) or next(waiting)
        monkeypatch.setattr(settle.ActionBase, "run", lambda *_args, **_options: {})
        outcome: dict[str, Any] = action.run(task_vars={})
        assert next(waiting, None) is None, "the module was to be called again"
        return outcome

    run.pauses = pauses  # type: ignore[attr-defined]
    run.given = []  # type: ignore[attr-defined]
    return run


def test_a_change_that_a_call_had_to_leave_to_the_next_is_named_once(act: Any) -> None:
    outcome = act(result("made", pending="coming"), result("made", "tagged"))
    assert [entry["resource"] for entry in outcome["plan"]] == ["made", "tagged"]


def test_calls_until_nothing_is_pending_and_keeps_every_change_made_on_the_way(act: Any) -> None:
    outcome = act(
        result("gone", pending="going"), result(pending="going"), result("made", pending="coming"), result(id="sh-2")
    )
    assert [entry["resource"] for entry in outcome["plan"]] == ["gone", "made"]
    assert [entry["after"] for entry in outcome["diff"]] == ["gone", "made"]
    assert (outcome["changed"], outcome["pending"], outcome["id"]) == (True, [], "sh-2")


@pytest.mark.parametrize("options", [{"wait": False}, {"failed": True}])
def test_does_not_wait_when_told_so_or_when_the_module_failed(act: Any, options: dict[str, Any]) -> None:
    assert act(result("made", pending="coming", **options))["pending"]
    assert act.pauses == []


def test_a_plan_waits_for_nothing(act: Any) -> None:
    assert act(result("made", pending="coming"), check=True)["pending"]


def test_a_failure_while_waiting_keeps_what_was_changed_before_it(act: Any) -> None:
    outcome = act(result("made", pending="coming"), {"failed": True, "msg": "AWS gave up."})
    assert (outcome["failed"], outcome["msg"], outcome["changed"]) == (True, "AWS gave up.", True)
    assert [entry["resource"] for entry in outcome["plan"]] == ["made"]


def test_gives_up_after_the_timeout_and_says_what_it_waited_for(act: Any) -> None:
    outcome = act(result("made", pending="coming", wait_timeout=2), *[result(pending="coming", wait_timeout=2)] * 4)
    assert outcome["failed"]
    assert "After 2 s shelf/a is coming." in outcome["msg"]
    assert [entry["resource"] for entry in outcome["plan"]] == ["made"]


def test_the_next_call_is_given_what_the_last_one_asks_for(act: Any) -> None:
    resume = {"started_deployment": "ecs-svc/1"}
    act(result("made", pending="coming", resume=resume), result(pending="coming"), result())
    assert act.given == [None, {"name": "a", **resume}, {"name": "a"}]


def test_a_failure_does_not_deny_what_was_changed_before_it(act: Any) -> None:
    failed = {"failed": True, "msg": f"It broke. {settle.NOTHING_DONE}"}
    assert act(result("made", pending="coming"), failed)["msg"] == "It broke."
    assert act(result(pending="coming"), failed)["msg"] == failed["msg"]
