"""The plan report: driven through the callback's own hooks, read back from the files and the screen."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.callback.plan_report import CallbackModule

CHANGE = {"path": "tags.Name", "before": "a<b", "after": "c", "call": "ec2:CreateTags", "impact": "none"}
UPDATE = {"resource": "vpc/airas-dev", "action": "update", "impact": "outage", "changes": [CHANGE]}


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.setattr(CallbackModule, "get_option", lambda *_args: str(tmp_path / "out" / "report.json"))

    def run(*results: dict[str, Any], check: bool = False, failed: bool = False) -> tuple[dict[str, Any], str, str]:
        callback = CallbackModule()
        callback.v2_playbook_on_start(SimpleNamespace(_file_name="playbooks/site.yml"))
        for number, result in enumerate(results):
            outcome = SimpleNamespace(
                host=SimpleNamespace(get_name=lambda: "airas-dev"),
                task=SimpleNamespace(get_name=lambda number=number: f"Task {number}", check_mode=check),
                result=result,
            )
            (callback.v2_runner_on_failed if failed else callback.v2_runner_on_ok)(outcome)
        callback.v2_playbook_on_stats(None)
        path = tmp_path / "out" / "report.json"
        return json.loads(path.read_text()), path.with_suffix(".html").read_text(), capsys.readouterr().out

    return run


def test_sums_up_plans_of_tasks_and_of_loop_items(report: Any) -> None:
    create = {**UPDATE, "action": "create"}
    found, _page, shown = report({"plan": [UPDATE]}, {"results": [{"plan": [create]}, {"plan": []}]}, check=True)
    assert found["mode"] == "plan"
    assert found["summary"] == {"create": 1, "update": 1, "replace": 0, "delete": 0}
    assert "~ vpc/airas-dev: tags.Name  (outage)" in shown
    assert "1 to create, 1 to update" in shown


def test_a_run_that_writes_is_not_a_plan(report: Any) -> None:
    found, _page, shown = report({"plan": [UPDATE]})
    assert found["mode"] == "apply"
    assert "1 updated" in shown


def test_names_a_task_that_changed_without_a_plan(report: Any) -> None:
    found, page, shown = report({"changed": True})
    assert found["unplanned"] == ["Task 0"]
    assert "Task 0: changed without naming its attributes" in shown
    assert "Task 0" in page


def test_keeps_failures(report: Any) -> None:
    found, page, _shown = report({"msg": "no <way>"}, failed=True)
    assert found["failures"] == [{"task": "Task 0", "message": "no <way>"}]
    assert "no &lt;way&gt;" in page


def test_the_page_escapes_what_it_shows(report: Any) -> None:
    _found, page, _shown = report({"plan": [UPDATE]})
    assert "a&lt;b" in page
    assert "a<b" not in page


def test_says_so_when_there_is_nothing_to_change(report: Any) -> None:
    _found, page, shown = report({"plan": []})
    assert "Everything is as the inventory describes it." in shown
    assert "Everything is as the inventory describes it." in page
