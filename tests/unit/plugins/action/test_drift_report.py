"""With which status a drift run ends, and what it says: reports and the module's answers are made up."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.action import drift_report

CHANGE = {"path": "multi_az", "before": False, "after": True}
UPDATE = {"resource": "db/a", "component": "database", "action": "update", "impact": "none", "changes": [CHANGE]}
SAME: dict[str, Any] = {"stack": "airas-dev", "resources": [], "unplanned": [], "unchanged": {}, "failures": []}
TOLD = {"changed": False, "drift": False, "notice": "Discord is told."}


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs the action; ``judge.given`` are the module's arguments."""

    def run(report: dict[str, Any] | None, told: dict[str, Any] = TOLD, tags: tuple[str, ...] = ("all",)) -> Any:
        monkeypatch.setattr(drift_report._run_plans, "found", lambda _host: report)
        monkeypatch.setattr(drift_report.context, "CLIARGS", {"tags": tags, "skip_tags": ()})
        monkeypatch.setattr(drift_report.ActionBase, "run", lambda *_args, **_options: {})
        action = drift_report.ActionModule.__new__(drift_report.ActionModule)
        action._task = SimpleNamespace(args={"notify": "changed"})
        action._execute_module = lambda **options: run.given.append(options["module_args"]) or dict(told)
        return action.run(task_vars={"inventory_hostname": "airas-dev"})

    run.given = []  # type: ignore[attr-defined]
    return run


def test_drift_fails_and_names_it(judge: Any) -> None:
    found = judge({**SAME, "resources": [UPDATE]})
    assert (found["failed"], found["drift"], found.get("unreachable")) == (True, True, None)
    assert found["msg"].splitlines()[1:] == ["~ db/a", "    multi_az: is false, should be true", "Discord is told."]


def test_no_drift_is_well(judge: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert "failed" not in judge(SAME)
    assert "airas-dev is as the inventory says." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (None, "callbacks_enabled"),
        ({**SAME, "failures": [{"task": "Subnets", "message": "no right"}]}, "Subnets: no right"),
        ({**SAME, "resources": [UPDATE], "failures": [{"task": "Subnets", "message": "no right"}]}, "no right"),
    ],
)
def test_what_was_not_compared_is_neither(judge: Any, report: dict[str, Any] | None, words: str) -> None:
    found = judge(report)
    assert (found["unreachable"], found.get("failed")) == (True, None)
    assert words in found["msg"]
    assert judge.given == []


def test_drift_stays_drift_if_discord_cannot_be_told(judge: Any) -> None:
    failed = {"failed": True, "msg": "sns:Publish is not allowed."}
    assert "Discord could not be told: sns:Publish" in judge({**SAME, "resources": [UPDATE]}, failed)["msg"]
    assert judge(SAME, failed)["unreachable"]


def test_a_part_tells_nobody(judge: Any) -> None:
    judge(SAME)
    assert "about a part of the stack" in judge(SAME, tags=("network",))["notice"]
    assert [given["notify"] for given in judge.given] == ["changed", "never"]
