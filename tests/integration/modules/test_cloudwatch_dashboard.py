"""CloudWatch dashboards against the embedded AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

NAME = "airas-dev"


def graph(title: str, **properties: Any) -> dict[str, Any]:
    place = {"x": 0, "y": 0, "width": 12, "height": 6}
    return {"type": "metric", **place, "properties": {"title": title, "region": "ap-northeast-1", **properties}}


TEXT = {"type": "text", "x": 0, "y": 6, "width": 24, "height": 1, "properties": {"markdown": "# airas"}}
BODY = {"widgets": [graph("CPU", metrics=[["AWS/ECS", "CPUUtilization"]]), graph("CPU"), TEXT]}
ARGS = {"region": "ap-northeast-1", "name": NAME, "body": BODY}

Apply = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]
Changes = Callable[[dict[str, Any]], dict[str, tuple[Any, Any]]]


def census(boto: Boto) -> Any:
    names = [item["DashboardName"] for item in boto("cloudwatch").list_dashboards()["DashboardEntries"]]
    return {name: json.loads(boto("cloudwatch").get_dashboard(DashboardName=name)["DashboardBody"]) for name in names}


def test_makes_it_and_then_changes_nothing(apply: Apply, boto: Boto) -> None:
    planned = apply("cloudwatch_dashboard", ARGS, check=True)
    assert census(boto) == {}
    assert apply("cloudwatch_dashboard", ARGS)["plan"] == planned["plan"]
    assert census(boto) == {NAME: BODY}
    resource = planned["resources"][f"cloudwatch_dashboard/{NAME}"]
    assert resource["arn"] == "arn:aws:cloudwatch::427979936961:dashboard/airas-dev"
    assert apply("cloudwatch_dashboard", ARGS)["changed"] is False


def test_the_order_of_widgets_and_keys_is_no_change(apply: Apply, boto: Boto) -> None:
    apply("cloudwatch_dashboard", ARGS)
    turned = {
        "widgets": [dict(reversed(list(widget.items()))) for widget in (BODY["widgets"][2], *BODY["widgets"][:2])]
    }
    boto("cloudwatch").put_dashboard(DashboardName=NAME, DashboardBody=json.dumps(turned))
    assert apply("cloudwatch_dashboard", ARGS)["changed"] is False


def test_names_and_mends_the_widget_that_drifted(apply: Apply, boto: Boto, value_changes: Changes) -> None:
    apply("cloudwatch_dashboard", ARGS)
    body = {"widgets": [BODY["widgets"][0], {**BODY["widgets"][1], "width": 6}], "start": "-P1D"}
    boto("cloudwatch").put_dashboard(DashboardName=NAME, DashboardBody=json.dumps(body))
    found = value_changes(apply("cloudwatch_dashboard", ARGS, check=True))
    assert found[f"cloudwatch_dashboard/{NAME} body.start"] == ("-P1D", None)
    assert found[f"cloudwatch_dashboard/{NAME} body.widgets[CPU #2].width"] == (6, 12)
    assert found[f"cloudwatch_dashboard/{NAME} body.widgets[text 0 6].properties.markdown"] == (None, "# airas")
    assert value_changes(apply("cloudwatch_dashboard", ARGS)) == found
    assert census(boto) == {NAME: BODY}


def test_absent_twice(apply: Apply, boto: Boto) -> None:
    absent = {"region": "ap-northeast-1", "name": NAME, "state": "absent"}
    apply("cloudwatch_dashboard", ARGS)
    assert apply("cloudwatch_dashboard", absent, check=True)["changed"]
    apply("cloudwatch_dashboard", absent)
    assert census(boto) == {}
    assert apply("cloudwatch_dashboard", absent)["changed"] is False


def test_interrupted_anywhere_it_ends_the_same(interrupt_each_write: Callable[..., None], boto: Boto) -> None:
    interrupt_each_write("cloudwatch_dashboard", lambda: ARGS, lambda: census(boto))


def test_a_body_without_widgets_is_refused(run_module: Apply) -> None:
    result = run_module("cloudwatch_dashboard", {**ARGS, "body": {"start": "-P1D"}})
    assert result["msg"].startswith(f"cloudwatch_dashboard/{NAME}: its body has no list of widgets.")
