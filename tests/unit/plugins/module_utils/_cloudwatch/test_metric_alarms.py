from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._cloudwatch import metric_alarms
from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError, plan_resource

COMMON = {
    "description": "",
    "actions_enabled": True,
    "alarm_actions": [],
    "ok_actions": [],
    "insufficient_data_actions": [],
    "period_s": 60,
    "comparison": "GreaterThanThreshold",
    "evaluation_periods": 5,
    "datapoints_to_alarm": None,
    "missing_data": "missing",
}
EMPTY = {"namespace": None, "metric": None, "dimensions": None, "statistic": None}
CPU = {
    **COMMON,
    "name": "airas-dev-cpu",
    "namespace": "AWS/ECS",
    "metric": "CPUUtilization",
    "dimensions": {"ServiceName": "airas-dev-backend"},
    "statistic": "Average",
    "metrics": [],
    "threshold": 80.0,
}
QUERY = {**EMPTY, "expression": None, "period_s": None, "label": "", "return_data": False}
RATE = {
    **COMMON,
    **EMPTY,
    "name": "airas-dev-rate",
    "metrics": [
        {
            **QUERY,
            "id": "e",
            "namespace": "AWS/ApplicationELB",
            "metric": "Errors",
            "statistic": "Sum",
            "dimensions": {},
        },
        {**QUERY, "id": "r", "expression": "e * 100", "return_data": True},
    ],
    "threshold": 5.0,
}
AWS_CPU = {
    "AlarmName": "airas-dev-cpu",
    "AlarmArn": "arn:cpu",
    "StateValue": "OK",
    "Namespace": "AWS/ECS",
    "MetricName": "CPUUtilization",
    "Dimensions": [{"Name": "ServiceName", "Value": "airas-dev-backend"}],
    "Statistic": "Average",
    "Period": 60,
    "Threshold": 80.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "EvaluationPeriods": 5,
}


def params(*alarms: Any, state: str = "present", prefix: str | None = None) -> dict[str, Any]:
    return {"alarms": list(alarms), "state": state, "prune_prefix": prefix, "tags": {}}


def test_defaults_that_aws_leaves_out_are_no_change(fake_aws: Callable[..., Any]) -> None:
    tags = {"Tags": [{"Key": "Name", "Value": "airas-dev-cpu"}, {"Key": "theirs", "Value": "x"}]}
    aws = fake_aws(describe_alarms={"MetricAlarms": [AWS_CPU]}, list_tags_for_resource=tags)
    assert [plan_resource(item).action for item in metric_alarms.resources(aws, params(CPU))] == ["none"]


def test_expressions_inherit_the_period_and_are_sent_as_queries(fake_aws: Callable[..., Any]) -> None:
    aws = fake_aws()
    (resource,) = metric_alarms.resources(aws, params(RATE))
    (create,) = plan_resource(resource).creates
    create.run({})
    _operation, sent = aws.calls[-1]
    metric = {"Namespace": "AWS/ApplicationELB", "MetricName": "Errors", "Dimensions": []}
    assert sent["Metrics"] == [
        {"Id": "e", "ReturnData": False, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}},
        {"Id": "r", "ReturnData": True, "Expression": "e * 100"},
    ]
    assert not {"MetricName", "Period", "Statistic", "Dimensions"} & set(sent)


def test_asks_for_a_hundred_names_at_a_time_and_for_the_prefix(fake_aws: Callable[..., Any]) -> None:
    aws = fake_aws()
    metric_alarms.resources(aws, params(*({"name": str(number)} for number in range(101)), state="absent", prefix="a-"))
    sent = [params for operation, params in aws.calls if operation == "cloudwatch:describe_alarms"]
    assert sorted(len(each.get("AlarmNames", ())) for each in sent) == [0, 1, 100]
    assert all(each["AlarmTypes"] == ["MetricAlarm"] for each in sent)


@pytest.mark.parametrize("statistic", ["p95", "p99.9", "tm90", "IQM"])
def test_takes_percentiles(fake_aws: Callable[..., Any], statistic: str) -> None:
    (resource,) = metric_alarms.resources(fake_aws(), params({**CPU, "statistic": statistic}))
    assert resource.after is not None
    assert resource.after["metric"]["statistic"] == statistic


def test_two_metrics_of_one_id_are_refused(fake_aws: Callable[..., Any]) -> None:
    twice = {**RATE, "metrics": [RATE["metrics"][0], *RATE["metrics"]]}
    with pytest.raises(PlatformError, match="two of its metrics have the same id"):
        metric_alarms.resources(fake_aws(), params(twice))
