"""CloudWatch composite alarms against the embedded AWS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

CHILDREN = ("airas-dev-alb-5xx", "airas-dev-unhealthy-hosts")
NAME = "airas-dev-service"
TOPIC = "arn:aws:sns:ap-northeast-1:427979936961:airas-dev-alarms"
ARN = f"arn:aws:cloudwatch:ap-northeast-1:427979936961:alarm:{NAME}"
ALARM = {
    "name": NAME,
    "description": "The service is ill",
    "rule": f'ALARM("{CHILDREN[0]}")\n  AND ALARM("{CHILDREN[1]}")\n',
    "alarm_actions": [TOPIC],
    "suppressor": {"alarm": CHILDREN[0], "wait_s": 60},
}
ARGS = {"region": "ap-northeast-1", "alarms": [ALARM], "tags": {"Environment": "dev"}}
ABSENT = {"region": "ap-northeast-1", "alarms": [{"name": NAME}], "state": "absent"}

Apply = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]
Changes = Callable[[dict[str, Any]], dict[str, tuple[Any, Any]]]


def prepare(boto: Boto) -> dict[str, Any]:
    for name in CHILDREN:
        boto("cloudwatch").put_metric_alarm(
            AlarmName=name,
            Namespace="a",
            MetricName="b",
            Statistic="Sum",
            Period=60,
            Threshold=1,
            EvaluationPeriods=1,
            ComparisonOperator="GreaterThanThreshold",
        )
    return ARGS


def census(boto: Boto) -> dict[str, Any]:
    cloudwatch, found = boto("cloudwatch"), {}
    for alarm in cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]:
        tags = cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
        kept = {key: value for key, value in alarm.items() if "Timestamp" not in key and "Reason" not in key}
        found[alarm["AlarmName"]] = {**kept, "tags": {tag["Key"]: tag["Value"] for tag in tags}}
    return found


def test_makes_it_and_then_changes_nothing(apply: Apply, boto: Boto) -> None:
    prepare(boto)
    planned = apply("composite_alarms", ARGS, check=True)
    assert census(boto) == {}
    made = apply("composite_alarms", ARGS)
    assert made["plan"] == planned["plan"]
    assert planned["resources"][f"composite_alarm/{NAME}"]["arn"] == ARN
    found = census(boto)[NAME]
    assert found["AlarmRule"] == f'ALARM("{CHILDREN[0]}") AND ALARM("{CHILDREN[1]}")'
    assert (found["ActionsSuppressor"], found["ActionsSuppressorWaitPeriod"]) == (CHILDREN[0], 60)
    assert found["tags"] == {"Environment": "dev", "Name": NAME}
    assert apply("composite_alarms", ARGS)["changed"] is False


def test_names_and_mends_each_attribute_that_drifted(apply: Apply, boto: Boto, value_changes: Changes) -> None:
    prepare(boto)
    apply("composite_alarms", ARGS)
    boto("cloudwatch").put_composite_alarm(AlarmName=NAME, AlarmRule=f"ALARM({CHILDREN[0]})", ActionsEnabled=False)
    boto("cloudwatch").tag_resource(ResourceARN=ARN, Tags=[{"Key": "Environment", "Value": "prod"}])
    alarm = f"composite_alarm/{NAME}"
    expected = {
        f"{alarm} actions_enabled": (False, True),
        f"{alarm} alarm_actions": ([], [TOPIC]),
        f"{alarm} description": ("", "The service is ill"),
        f"{alarm} rule": (f"ALARM({CHILDREN[0]})", f'ALARM("{CHILDREN[0]}") AND ALARM("{CHILDREN[1]}")'),
        f"{alarm} suppressor.alarm": (None, CHILDREN[0]),
        f"{alarm} suppressor.extension_s": (None, 180),
        f"{alarm} suppressor.wait_s": (None, 60),
        f"{alarm} tags.Environment": ("prod", "dev"),
    }
    assert value_changes(apply("composite_alarms", ARGS, check=True)) == expected
    assert value_changes(apply("composite_alarms", ARGS)) == expected
    assert apply("composite_alarms", ARGS)["changed"] is False


def test_absent_twice_and_pruned(apply: Apply, boto: Boto) -> None:
    prepare(boto)
    apply("composite_alarms", ARGS)
    assert apply("composite_alarms", ABSENT, check=True)["changed"]
    apply("composite_alarms", ABSENT)
    assert census(boto) == {}
    assert apply("composite_alarms", ABSENT)["changed"] is False
    apply("composite_alarms", ARGS)
    apply("composite_alarms", {**ARGS, "alarms": [], "prune_prefix": "airas-dev-"})
    assert census(boto) == {}
    assert len(boto("cloudwatch").describe_alarms()["MetricAlarms"]) == len(CHILDREN)


def test_interrupted_anywhere_it_ends_the_same(interrupt_each_write: Callable[..., None], boto: Boto) -> None:
    interrupt_each_write("composite_alarms", lambda: prepare(boto), lambda: census(boto))


@pytest.mark.parametrize(
    ("rule", "message"),
    [("", "its rule has 0 characters. AWS takes 1 to 10240."), ("ALARM(missing)", "Failed to call cloudwatch:Put")],
)
def test_a_wrong_rule_is_refused(run_module: Apply, rule: str, message: str) -> None:
    result = run_module("composite_alarms", {**ARGS, "alarms": [{**ALARM, "rule": rule}]})
    assert f"composite_alarm/{NAME}: {message}" in result["msg"]
