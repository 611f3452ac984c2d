"""The plan report: driven through the callback's own hooks, read back from the files and the screen."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.callback.plan_report import CallbackModule
from ansible_collections.airas.platform.plugins.plugin_utils import _run_plans

CHANGE = {"path": "tags.Name", "before": "a<b", "after": "c", "call": "ec2:CreateTags", "impact": "none"}
UPDATE = {"resource": "vpc/airas-dev", "action": "update", "impact": "outage", "changes": [CHANGE]}


def outcome(result: dict[str, Any], name: str = "Task", check: bool = False, role: str = "") -> Any:
    """What Ansible hands to a callback: the result of one task on one host."""
    return SimpleNamespace(
        host=SimpleNamespace(get_name=lambda: "airas-dev"),
        task=SimpleNamespace(
            get_name=lambda: name,
            check_mode=check,
            _role=SimpleNamespace(get_name=lambda: f"airas.platform.{role}") if role else None,
        ),
        result=result,
    )


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.setattr(CallbackModule, "get_option", lambda *_args: str(tmp_path / "out" / "report.json"))

    def run(*results: dict[str, Any], check: bool = False, failed: bool = False) -> tuple[dict[str, Any], str, str]:
        callback = CallbackModule()
        callback.v2_playbook_on_start(SimpleNamespace(_file_name="playbooks/site.yml"))
        for number, result in enumerate(results):
            found = outcome(result, f"Task {number}", check)
            (callback.v2_runner_on_failed if failed else callback.v2_runner_on_ok)(found)
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
    assert "There is nothing to change." in shown
    assert "There is nothing to change." in page


def test_drift_is_found_and_no_failure(report: Any) -> None:
    found, _page, _shown = report({"msg": "airas-dev has drifted", "drift": True}, {"msg": "no"}, failed=True)
    assert [failure["task"] for failure in found["failures"]] == ["Task 1"]


class TestWhatPlaysLeave:
    """Of what a play has looked at, for the action plugins of the next one."""

    @pytest.fixture
    def callback(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CallbackModule:
        monkeypatch.setattr(_run_plans.constants, "DEFAULT_LOCAL_TMP", str(tmp_path))
        return CallbackModule()

    def test_nothing_was_left(self, callback: CallbackModule) -> None:
        callback.v2_playbook_on_play_start(None)
        assert _run_plans.found("airas-dev") is None

    def test_resources_are_left_with_their_component_and_those_that_need_no_change_are_counted(
        self, callback: CallbackModule
    ) -> None:
        resources = {"vpc/airas-dev": {}, "subnet/a": {}, "subnet/b": {}}
        callback.v2_runner_on_ok(outcome({"plan": [UPDATE], "resources": resources}, check=True, role="network"))
        callback.v2_playbook_on_play_start(None)
        found = _run_plans.found("airas-dev")
        assert found
        assert found["mode"] == "plan"
        assert [resource["component"] for resource in found["resources"]] == ["network"]
        assert found["unchanged"] == {"network": ["subnet/a", "subnet/b"]}
        assert _run_plans.found("airas-prod") is None

    def test_an_apply_leaves_out_what_was_only_looked_at(self, callback: CallbackModule) -> None:
        callback.v2_runner_on_ok(outcome({"plan": [UPDATE]}, check=True))
        callback.v2_runner_on_ok(outcome({"plan": [UPDATE]}))
        assert callback._report("airas-dev")["summary"]["update"] == 1

    def test_a_removal_keeps_the_layers_that_it_is_about(self, callback: CallbackModule) -> None:
        for role in ("network", "database"):
            callback.v2_runner_on_ok(outcome({"plan": [UPDATE]}, check=True, role=role))
        callback.v2_runner_on_ok(outcome({"components": ["database"]}, check=True))
        assert [resource["component"] for resource in callback._report("airas-dev")["resources"]] == ["database"]
