from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.action import removal_plan

LAYERS = {"network": ["database"], "database": []}
THERE = {
    "resources": [
        {"resource": "vpc/a", "component": "network", "impact": "outage"},
        {"resource": "db/a", "component": "database", "impact": "data loss"},
    ]
}


@pytest.fixture
def decide(monkeypatch: pytest.MonkeyPatch) -> Any:
    def run(
        report: dict[str, Any] | None = THERE, tags: tuple[str, ...] = (), check: bool = False, **options: Any
    ) -> dict[str, Any]:
        monkeypatch.setattr(removal_plan._run_plans, "found", lambda _host: report)
        monkeypatch.setattr(removal_plan.context, "CLIARGS", {"tags": tags, "skip_tags": ()})
        monkeypatch.setattr(removal_plan.ActionBase, "run", lambda *_args, **_options: {})
        action = removal_plan.ActionModule.__new__(removal_plan.ActionModule)
        action._task = SimpleNamespace(check_mode=check, args={"environment": "prod", "layers": LAYERS, **options})
        return action.run(task_vars={"inventory_hostname": "airas-prod"})

    return run


def test_each_loss_is_confirmed_for_the_modules(decide: Any) -> None:
    found = decide(protected=True, confirm=["prod:destroy"])
    assert (found["remove"], found["confirm"]) == (True, ["prod:destroy", "prod:db/a"])


def test_a_refusal_fails_and_a_check_run_is_told(decide: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert "-e confirm=prod:destroy Nothing has been changed" in decide(protected=True)["msg"]
    assert "database stands on it" in decide(tags=("network",))["msg"]
    assert "failed" not in decide(protected=True, check=True)
    assert "This would be refused" in capsys.readouterr().err


def test_a_layer_alone(decide: Any) -> None:
    found = decide(tags=("database",))
    assert (found["remove"], found["components"]) == (True, ["database"])


def test_nothing_is_left(decide: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert not decide({"resources": []}, protected=True)["remove"]
    assert not decide({"resources": []}, tags=("database",))["remove"]
    said = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert said == ["Nothing of prod is left to remove.", "Nothing of database in prod is left to remove."]


def test_nothing_was_collected_or_no_such_layer(decide: Any) -> None:
    assert "callbacks_enabled" in decide(None)["msg"]
    assert "no layer netwrok" in decide(tags=("netwrok",))["msg"]
