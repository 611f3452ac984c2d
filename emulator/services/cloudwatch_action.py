"""CloudWatch alarms: a change of state runs the alarm's actions and tells EventBridge."""

from __future__ import annotations

import json
import re
from typing import Any

from moto.cloudwatch.models import Alarm, cloudwatch_backends

from emulator.extensions import patch
from emulator.services._events import emit
from emulator.services._resource_policy import allows

API = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference"
GUIDE = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring"

_SERVICE = "cloudwatch.amazonaws.com"
_REGIONS = {
    "ap-northeast-1": "Asia Pacific (Tokyo)",
    "ap-northeast-3": "Asia Pacific (Osaka)",
    "us-east-1": "US East (N. Virginia)",
}


@patch(Alarm, "update_state", aws=f"{API}/API_SetAlarmState.html")
def update_state(original: Any, self: Any, reason: str, reason_data: str | None, state_value: str) -> None:
    """An alarm that changes its state publishes to the topics of the new state, once."""
    account_id, before = self.alarm_arn.split(":")[4], str(self.state_value)
    since = _time(self.state_updated_timestamp)
    previous = {"value": before, "reason": self.state_reason, "timestamp": since}
    original(self, reason=reason, reason_data=reason_data or "{}", state_value=state_value)
    if before == state_value:
        return
    _run_actions(self, account_id, before)
    state = {"value": state_value, "reason": reason, "timestamp": _time(self.state_updated_timestamp)}
    emit(
        account_id,
        self.region_name,
        "aws.cloudwatch",
        "CloudWatch Alarm State Change",
        [self.alarm_arn],
        {
            "alarmName": self.name,
            "state": {**state, "reasonData": reason_data} if reason_data else state,
            "previousState": previous,
            "configuration": {"description": self.description or ""},
        },
    )


def _time(moment: Any) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def _run_actions(alarm: Any, account_id: str, previous: str) -> None:
    from moto.sns.models import sns_backends

    if not alarm.actions_enabled:
        return
    actions = {"ALARM": alarm.alarm_actions, "OK": alarm.ok_actions}.get(
        alarm.state_value, alarm.insufficient_data_actions
    )
    message = json.dumps(_notification(alarm, account_id, previous))
    subject = f'{alarm.state_value}: "{alarm.name}" in {_REGIONS.get(alarm.region_name, alarm.region_name)}'
    for arn in actions or []:
        if arn.split(":")[2] != "sns":
            continue
        topic = sns_backends[arn.split(":")[4]][arn.split(":")[3]].topics.get(arn)
        if topic is None:
            continue
        statements = json.loads(topic.policy)["Statement"]
        if allows(statements, _SERVICE, "sns:Publish", alarm.alarm_arn, account_id):
            topic.publish(message, subject=subject[:100])


def _notification(alarm: Any, account_id: str, previous: str) -> dict[str, Any]:
    """What CloudWatch publishes: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html"""
    told: dict[str, Any] = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description or None,
        "AWSAccountId": account_id,
        "AlarmConfigurationUpdatedTimestamp": _time(alarm.configuration_updated_timestamp),
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": _time(alarm.state_updated_timestamp),
        "Region": _REGIONS.get(alarm.region_name, alarm.region_name),
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": previous,
        "OKActions": list(alarm.ok_actions or []),
        "AlarmActions": list(alarm.alarm_actions or []),
        "InsufficientDataActions": list(alarm.insufficient_data_actions or []),
    }
    if alarm.rule:
        return {**told, "AlarmRule": alarm.rule, "TriggeringChildren": _children(alarm, account_id)}
    return {**told, "Trigger": _trigger(alarm)}


def _trigger(alarm: Any) -> dict[str, Any]:
    evaluated = {
        "Period": _number(alarm.period),
        "EvaluationPeriods": _number(alarm.evaluation_periods),
        "DatapointsToAlarm": _number(alarm.datapoints_to_alarm),
        "ComparisonOperator": alarm.comparison_operator,
        "Threshold": float(alarm.threshold) if alarm.threshold is not None else None,
        "TreatMissingData": alarm.treat_missing_data or "",
        "EvaluateLowSampleCountPercentile": alarm.evaluate_low_sample_count_percentile or "",
    }
    if alarm.metric_data_queries:
        return {**evaluated, "Metrics": [_query(query) for query in alarm.metric_data_queries]}
    extended = {"StatisticType": "ExtendedStatistic", "ExtendedStatistic": alarm.extended_statistic}
    simple = {"StatisticType": "Statistic", "Statistic": _upper(alarm.statistic)}
    return {
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        **(extended if alarm.extended_statistic else simple),
        "Unit": alarm.unit or None,
        "Dimensions": [{"value": each.value, "name": each.name} for each in alarm.dimensions],
        **evaluated,
    }


def _query(query: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"Id": query.id}
    if query.label:
        told["Label"] = query.label
    told["ReturnData"] = str(query.return_data).lower() != "false"
    if query.expression:
        return {**told, "Expression": query.expression}
    stat = query.metric_stat
    metric = {
        "Dimensions": [{"value": each.value, "name": each.name} for each in stat.metric.dimensions],
        "MetricName": stat.metric.metric_name,
        "Namespace": stat.metric.namespace,
    }
    return {**told, "MetricStat": {"Metric": metric, "Period": _number(stat.period), "Stat": stat.stat}}


def _number(value: Any) -> int | None:
    return None if value is None else int(value)


def _upper(statistic: str | None) -> str | None:
    """`SampleCount` is written SAMPLE_COUNT."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", statistic).upper() if statistic else None


def _children(composite: Any, account_id: str) -> list[dict[str, Any]]:
    backend = cloudwatch_backends[account_id][composite.region_name]
    return [
        {
            "Arn": alarm.alarm_arn,
            "State": {"Value": alarm.state_value, "Timestamp": _time(alarm.state_updated_timestamp)},
        }
        for alarm in backend.alarms.values()
        if alarm is not composite and alarm.name in composite.rule and alarm.state_value == "ALARM"
    ]
