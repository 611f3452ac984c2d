"""Metric filters against the embedded AWS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

GROUP, NAME = "/ecs/airas-dev-backend", "airas-dev-errors"
FILTER = {
    "name": NAME,
    "log_group": GROUP,
    "pattern": "?ERROR ?CRITICAL",
    "namespace": "airas-dev",
    "metric": "ApplicationErrors",
    "default_value": 0,
    "unit": "Count",
}
ARGS = {"region": "ap-northeast-1", "filters": [FILTER]}
ABSENT = {"region": "ap-northeast-1", "filters": [{"name": NAME, "log_group": GROUP}], "state": "absent"}
ADDRESS = f"log_metric_filter/{GROUP} {NAME}"

Apply = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]
Changes = Callable[[dict[str, Any]], dict[str, tuple[Any, Any]]]


def prepare(boto: Boto) -> dict[str, Any]:
    boto("logs").create_log_group(logGroupName=GROUP)
    return ARGS


def census(boto: Boto) -> list[Any]:
    found = boto("logs").describe_metric_filters(logGroupName=GROUP)["metricFilters"]
    return [(item["filterName"], item["filterPattern"], item["metricTransformations"]) for item in found]


def test_makes_it_and_then_changes_nothing(apply: Apply, boto: Boto) -> None:
    planned = apply("log_metric_filters", ARGS, check=True)  # before there is a log group
    prepare(boto)
    assert apply("log_metric_filters", ARGS)["plan"] == planned["plan"]
    metric = {"metricName": "ApplicationErrors", "metricNamespace": "airas-dev", "metricValue": "1"}
    assert census(boto) == [(NAME, "?ERROR ?CRITICAL", [{**metric, "unit": "Count", "defaultValue": 0.0}])]
    assert apply("log_metric_filters", ARGS)["changed"] is False


def test_names_and_mends_what_drifted(apply: Apply, boto: Boto, value_changes: Changes) -> None:
    apply("log_metric_filters", prepare(boto))
    transformation = {"metricName": "ApplicationErrors", "metricNamespace": "airas-dev", "metricValue": "2"}
    boto("logs").put_metric_filter(
        logGroupName=GROUP, filterName=NAME, filterPattern="WARNING", metricTransformations=[transformation]
    )
    expected = {
        f"{ADDRESS} pattern": ("WARNING", "?ERROR ?CRITICAL"),
        f"{ADDRESS} metric.value": ("2", "1"),
        f"{ADDRESS} metric.unit": ("None", "Count"),
        f"{ADDRESS} metric.default_value": (None, 0.0),
    }
    assert value_changes(apply("log_metric_filters", ARGS, check=True)) == expected
    assert value_changes(apply("log_metric_filters", ARGS)) == expected
    assert apply("log_metric_filters", ARGS)["changed"] is False


def test_absent_twice_and_where_the_group_is_gone(apply: Apply, boto: Boto) -> None:
    apply("log_metric_filters", prepare(boto))
    assert apply("log_metric_filters", ABSENT, check=True)["changed"]
    apply("log_metric_filters", ABSENT)
    assert census(boto) == []
    assert apply("log_metric_filters", ABSENT)["changed"] is False
    boto("logs").delete_log_group(logGroupName=GROUP)
    assert apply("log_metric_filters", ABSENT)["changed"] is False


def test_interrupted_anywhere_it_ends_the_same(interrupt_each_write: Callable[..., None], boto: Boto) -> None:
    interrupt_each_write("log_metric_filters", lambda: prepare(boto), lambda: census(boto))
