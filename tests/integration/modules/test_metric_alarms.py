"""CloudWatch metric alarms against the embedded AWS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer

CPU, ERRORS, OLD = "airas-dev-ecs-cpu", "airas-dev-alb-5xx", "airas-dev-old"
TOPIC = "arn:aws:sns:ap-northeast-1:427979936961:airas-dev-alarms"
OTHER = "arn:aws:sns:ap-northeast-1:427979936961:other"
ARN = "arn:aws:cloudwatch:ap-northeast-1:427979936961:alarm"
BALANCER = {
    "namespace": "AWS/ApplicationELB",
    "dimensions": {"LoadBalancer": "app/airas-dev-alb/1"},
    "statistic": "Sum",
}
SINGLE = {
    "name": CPU,
    "description": "CPU is high",
    "namespace": "AWS/ECS",
    "metric": "CPUUtilization",
    "dimensions": {"ClusterName": "airas-dev-cluster", "ServiceName": "airas-dev-backend"},
    "statistic": "Average",
    "threshold": 80,
    "evaluation_periods": 5,
    "missing_data": "breaching",
    "alarm_actions": [TOPIC],
    "ok_actions": [TOPIC],
}
MATH = {
    "name": ERRORS,
    "metrics": [
        {"id": "requests", **BALANCER, "metric": "RequestCount"},
        {"id": "errors", **BALANCER, "metric": "HTTPCode_ELB_5XX_Count", "period_s": 60},
        {
            "id": "rate",
            "expression": "IF(requests > 0,\n  errors / requests, 0)\n",
            "label": "5xx",
            "return_data": True,
        },
    ],
    "threshold": 5,
    "missing_data": "notBreaching",
    "alarm_actions": [TOPIC],
}
ARGS = {"region": "ap-northeast-1", "alarms": [SINGLE, MATH], "tags": {"Environment": "dev"}}
ABSENT = {"region": "ap-northeast-1", "alarms": [{"name": CPU}, {"name": ERRORS}], "state": "absent"}

Apply = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]
Changes = Callable[[dict[str, Any]], dict[str, tuple[Any, Any]]]
Writes = Callable[[], list[str]]


def census(boto: Boto) -> dict[str, Any]:
    cloudwatch, found = boto("cloudwatch"), {}
    for alarm in cloudwatch.describe_alarms()["MetricAlarms"]:
        tags = cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
        kept = {key: value for key, value in alarm.items() if "Timestamp" not in key and "Reason" not in key}
        found[alarm["AlarmName"]] = {**kept, "tags": {tag["Key"]: tag["Value"] for tag in tags}}
    return found


def with_single(**options: Any) -> dict[str, Any]:
    return {**ARGS, "alarms": [{**SINGLE, **options}]}


def test_makes_them_and_then_changes_nothing(apply: Apply, boto: Boto, writes: Writes) -> None:
    planned = apply("metric_alarms", ARGS, check=True)
    assert census(boto) == {}
    made = apply("metric_alarms", ARGS)
    assert made["plan"] == planned["plan"]
    assert planned["resources"][f"metric_alarm/{CPU}"]["arn"] == f"{ARN}:{CPU}"
    found = census(boto)
    assert found[CPU]["tags"] == {"Environment": "dev", "Name": CPU}
    wanted = {"Threshold": 80.0, "Period": 60, "EvaluationPeriods": 5, "TreatMissingData": "breaching"}
    assert wanted.items() <= found[CPU].items()
    assert (found[CPU]["AlarmActions"], found[CPU]["OKActions"]) == ([TOPIC], [TOPIC])
    assert [query["Id"] for query in found[ERRORS]["Metrics"]] == ["requests", "errors", "rate"]
    assert found[ERRORS]["Metrics"][2]["Expression"] == "IF(requests > 0, errors / requests, 0)"
    before = writes()
    assert apply("metric_alarms", ARGS)["changed"] is False
    assert writes() == before


def test_names_and_mends_each_attribute_that_drifted(apply: Apply, boto: Boto, value_changes: Changes) -> None:
    apply("metric_alarms", ARGS)
    cloudwatch = boto("cloudwatch")
    cloudwatch.set_alarm_state(AlarmName=CPU, StateValue="OK", StateReason="a test")
    keys = ("MetricName", "Namespace", "ComparisonOperator", "AlarmName", "Statistic", "Period", "Dimensions")
    single = {key: value for key, value in census(boto)[CPU].items() if key in keys}
    cloudwatch.put_metric_alarm(**single, Threshold=95, EvaluationPeriods=3, AlarmActions=[OTHER])
    math = census(boto)[ERRORS]["Metrics"]
    math[2]["Expression"] = "errors"
    cloudwatch.put_metric_alarm(
        AlarmName=ERRORS, Metrics=math, Threshold=5, EvaluationPeriods=1, ComparisonOperator="GreaterThanThreshold"
    )
    cloudwatch.tag_resource(ResourceARN=f"{ARN}:{CPU}", Tags=[{"Key": "Environment", "Value": "prod"}])
    expected = {
        f"metric_alarm/{CPU} description": ("", "CPU is high"),
        f"metric_alarm/{CPU} threshold": (95.0, 80.0),
        f"metric_alarm/{CPU} evaluation_periods": (3, 5),
        f"metric_alarm/{CPU} datapoints_to_alarm": (3, 5),
        f"metric_alarm/{CPU} missing_data": ("missing", "breaching"),
        f"metric_alarm/{CPU} alarm_actions": ([OTHER], [TOPIC]),
        f"metric_alarm/{CPU} ok_actions": ([], [TOPIC]),
        f"metric_alarm/{CPU} tags.Environment": ("prod", "dev"),
        f"metric_alarm/{ERRORS} alarm_actions": ([], [TOPIC]),
        f"metric_alarm/{ERRORS} missing_data": ("missing", "notBreaching"),
        f"metric_alarm/{ERRORS} metrics.rate.expression": ("errors", "IF(requests > 0, errors / requests, 0)"),
    }
    assert value_changes(apply("metric_alarms", ARGS, check=True)) == expected
    assert value_changes(apply("metric_alarms", ARGS)) == expected
    assert apply("metric_alarms", ARGS)["changed"] is False
    assert census(boto)[CPU]["StateValue"] == "OK"


def test_a_single_metric_can_become_an_expression(apply: Apply, boto: Boto) -> None:
    apply("metric_alarms", ARGS)
    turned = {**ARGS, "alarms": [{**MATH, "name": CPU}]}
    apply("metric_alarms", turned)
    assert "MetricName" not in census(boto)[CPU]
    assert apply("metric_alarms", turned)["changed"] is False


def test_a_percentile_is_an_extended_statistic(apply: Apply, boto: Boto) -> None:
    latency = with_single(statistic="p95")
    apply("metric_alarms", latency)
    assert census(boto)[CPU]["ExtendedStatistic"] == "p95"
    assert apply("metric_alarms", latency)["changed"] is False


def test_prunes_what_is_not_listed_and_only_if_asked(apply: Apply, boto: Boto, value_changes: Changes) -> None:
    apply("metric_alarms", {**ARGS, "alarms": [{**SINGLE, "name": OLD}, {**SINGLE, "name": "other-prod-cpu"}]})
    assert apply("metric_alarms", ARGS)["changed"]
    assert set(census(boto)) == {CPU, ERRORS, OLD, "other-prod-cpu"}
    pruned = apply("metric_alarms", {**ARGS, "prune_prefix": "airas-dev-"})
    assert [(plan["resource"], plan["action"]) for plan in pruned["plan"]] == [(f"metric_alarm/{OLD}", "delete")]
    assert set(census(boto)) == {CPU, ERRORS, "other-prod-cpu"}


def test_more_than_a_page_of_them(apply: Apply, boto: Boto) -> None:
    many = {**ARGS, "alarms": [{**SINGLE, "name": f"airas-dev-{number:03}"} for number in range(101)]}
    cloudwatch = boto("cloudwatch")
    for alarm in many["alarms"]:
        cloudwatch.put_metric_alarm(
            AlarmName=alarm["name"],
            Namespace="a",
            MetricName="b",
            Statistic="Sum",
            Period=60,
            Threshold=1,
            EvaluationPeriods=1,
            ComparisonOperator="GreaterThanThreshold",
            Tags=[{"Key": key, "Value": value} for key, value in ARGS["tags"].items()],
        )
    gone = apply("metric_alarms", {**ARGS, "alarms": [], "prune_prefix": "airas-dev-"}, check=True)
    assert len(gone["plan"]) == 101


def test_absent_twice(apply: Apply, boto: Boto) -> None:
    apply("metric_alarms", ARGS)
    assert len(apply("metric_alarms", ABSENT, check=True)["plan"]) == 2
    apply("metric_alarms", ABSENT)
    assert census(boto) == {}
    assert apply("metric_alarms", ABSENT)["changed"] is False


def test_placeholders_are_accepted_in_a_plan(apply: Apply) -> None:
    arn = f"arn:aws:sns:ap-northeast-1:427979936961:{'0' * 16}"
    planned = apply("metric_alarms", with_single(alarm_actions=[arn]), check=True)
    assert planned["changed"]


def test_interrupted_anywhere_it_ends_the_same(interrupt_each_write: Callable[..., None], boto: Boto) -> None:
    interrupt_each_write("metric_alarms", lambda: ARGS, lambda: census(boto))


def test_one_throttled_call_in_five_is_survived(apply: Apply, emulator: EmulatorServer) -> None:
    emulator.set_faults([{"error": "throttle", "every": 5}])
    apply("metric_alarms", ARGS)
    emulator.set_faults([])
    assert apply("metric_alarms", ARGS)["changed"] is False


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metric": None}, "it has no metric."),
        ({"metrics": MATH["metrics"]}, "it needs either namespace, metric and statistic, or metrics."),
        ({"statistic": "Mean"}, "statistic is 'Mean', neither one of Average, Maximum, Minimum, SampleCount, Sum nor"),
        ({"period_s": 45}, "period_s is 45; AWS takes 10, 20, 30 and multiples of 60."),
        ({"threshold": None}, "it has no threshold."),
        (
            {"datapoints_to_alarm": 6},
            "datapoints_to_alarm is 6 and evaluation_periods 5; it cannot be more than those.",
        ),
        ({"evaluation_periods": 1500}, "evaluation_periods times period_s is more than 86400 seconds"),
        ({"ok_actions": [TOPIC] * 6}, "it has 6 ok_actions. AWS takes up to 5."),
        (
            {"metric": None, "namespace": None, "statistic": None, "metrics": MATH["metrics"][:1]},
            "exactly one of its metrics has to have return_data",
        ),
        (
            {"metric": None, "namespace": None, "statistic": None, "metrics": [{"id": "Rate", "expression": "1"}]},
            "'Rate' is no id for a metric",
        ),
    ],
)
def test_wrong_input_is_refused_before_any_write(
    run_module: Apply, writes: Writes, options: dict[str, Any], message: str
) -> None:
    result = run_module("metric_alarms", with_single(**options))
    assert result["msg"].startswith(f"metric_alarm/{CPU}: {message}")
    assert writes() == []
