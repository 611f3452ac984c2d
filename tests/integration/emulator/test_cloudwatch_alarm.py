"""CloudWatch alarms as AWS documents them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.services.cloudwatch_alarm import evaluate
from emulator.testing import EmulatorServer

SINGLE = {
    "Namespace": "AWS/ECS",
    "MetricName": "CPUUtilization",
    "Statistic": "Average",
    "Period": 60,
    "Threshold": 1.0,
    "EvaluationPeriods": 1,
    "ComparisonOperator": "GreaterThanThreshold",
}
COMPARED = {key: SINGLE[key] for key in ("Threshold", "EvaluationPeriods", "ComparisonOperator")}


@pytest.fixture
def cloudwatch(emulator: EmulatorServer) -> Any:
    return emulator.client("cloudwatch")


def test_a_changed_alarm_keeps_its_state_and_its_tags(cloudwatch: Any) -> None:
    tags = [{"Key": "a", "Value": "1"}]
    cloudwatch.put_metric_alarm(AlarmName="cpu", **SINGLE, Tags=tags)
    (alarm,) = cloudwatch.describe_alarms()["MetricAlarms"]
    assert alarm["StateValue"] == "INSUFFICIENT_DATA"
    cloudwatch.set_alarm_state(AlarmName="cpu", StateValue="ALARM", StateReason="a test")
    cloudwatch.put_metric_alarm(AlarmName="cpu", **{**SINGLE, "Threshold": 2.0}, Tags=[{"Key": "b", "Value": "2"}])
    (alarm,) = cloudwatch.describe_alarms()["MetricAlarms"]
    assert (alarm["StateValue"], alarm["Threshold"]) == ("ALARM", 2.0)
    assert cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"] == tags
    cloudwatch.delete_alarms(AlarmNames=["cpu"])
    with pytest.raises(ClientError, match="ResourceNotFound"):
        cloudwatch.delete_alarms(AlarmNames=["cpu"])


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (COMPARED, "Exactly one of MetricName and Metrics"),
        ({**SINGLE, "Period": 45}, "a multiple of 60"),
        ({**SINGLE, "DatapointsToAlarm": 2}, "DatapointsToAlarm must be less"),
        ({**SINGLE, "EvaluationPeriods": 1441}, "more than a day"),
        ({**COMPARED, "Metrics": [{"Id": "a", "Expression": "b * 2"}]}, "Undefined variable b"),
        ({**COMPARED, "Metrics": [{"Id": "a", "Expression": "1", "ReturnData": False}]}, "should return data"),
    ],
)
def test_refuses_what_aws_refuses(cloudwatch: Any, request_: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError, match=message):
        cloudwatch.put_metric_alarm(AlarmName="cpu", **request_)


def test_alarms_come_in_pages_and_by_type(cloudwatch: Any) -> None:
    for name in ("a", "b", "c"):
        cloudwatch.put_metric_alarm(AlarmName=name, **SINGLE)
    cloudwatch.put_composite_alarm(AlarmName="both", AlarmRule='ALARM("a") AND ALARM("b")')
    first = cloudwatch.describe_alarms(MaxRecords=2)
    assert [alarm["AlarmName"] for alarm in first["MetricAlarms"]] == ["a", "b"]
    rest = cloudwatch.describe_alarms(MaxRecords=2, NextToken=first["NextToken"])
    assert [alarm["AlarmName"] for alarm in rest["MetricAlarms"]] == ["c"]
    assert "CompositeAlarms" not in rest or rest["CompositeAlarms"] == []
    (composite,) = cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    assert composite["AlarmRule"] == 'ALARM("a") AND ALARM("b")'


def test_a_composite_alarm_follows_its_children(cloudwatch: Any) -> None:
    for name in ("a", "b"):
        cloudwatch.put_metric_alarm(AlarmName=name, **SINGLE)
    cloudwatch.put_composite_alarm(AlarmName="both", AlarmRule="ALARM(a) AND ALARM(b)")
    cloudwatch.put_composite_alarm(AlarmName="above", AlarmRule="ALARM(both)")

    def states() -> list[str]:
        found = cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
        return [alarm["StateValue"] for alarm in found]

    assert states() == ["OK", "OK"]
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="a test")
    assert states() == ["OK", "OK"]
    cloudwatch.set_alarm_state(AlarmName="b", StateValue="ALARM", StateReason="a test")
    assert states() == ["ALARM", "ALARM"]
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="OK", StateReason="a test")
    assert states() == ["OK", "OK"]


@pytest.mark.parametrize("rule", ["ALARM(missing)", "ALARM(a) XOR ALARM(a)", "(ALARM(a)", "ALARM(a) AND"])
def test_a_wrong_rule_is_refused(cloudwatch: Any, rule: str) -> None:
    cloudwatch.put_metric_alarm(AlarmName="a", **SINGLE)
    with pytest.raises(ClientError, match="ValidationError"):
        cloudwatch.put_composite_alarm(AlarmName="both", AlarmRule=rule)


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("TRUE", True),
        ("NOT TRUE OR FALSE", False),
        ('ALARM("a") OR ALARM(b) AND OK(a)', True),
        ("(ALARM(a) OR ALARM(b)) AND OK(a)", False),
        ("NOT (ALARM(b) OR INSUFFICIENT_DATA(a))", True),
        ("ALARM(arn:aws:cloudwatch:ap-northeast-1:427979936961:alarm:a)", True),
    ],
)
def test_rules_bind_as_documented(rule: str, value: bool) -> None:
    assert evaluate(rule, {"a": "ALARM", "b": "OK"}) is value
