"""CloudWatch alarms: what PutMetricAlarm takes, the state of a changed alarm, composite alarms, and pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from moto.cloudwatch.models import Alarm, CloudWatchBackend, cloudwatch_backends
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult, EmptyResult

from emulator.extensions import patch
from emulator.protocol import AwsError

API = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference"
GUIDE = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring"

_PAGE = 100
_SHORT_PERIODS_S = (10, 20, 30)
_DAY_S, _HOUR_S = 86400, 3600
_STATES = ("ALARM", "OK", "INSUFFICIENT_DATA")
_TOKEN = re.compile(
    r"""\s*(?:(\(|\))|(AND|OR|NOT|TRUE|FALSE)\b|(ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*"?([^"()]+?)"?\s*\))"""
)


# -- what is taken ---------------------------------------------------------------------------------------------------


@patch(CloudWatchResponse, "put_metric_alarm", aws=f"{API}/API_PutMetricAlarm.html")
def put_metric_alarm(original: Any, self: Any) -> Any:
    """An alarm is either of one metric or of metrics with one result, over periods that AWS keeps data for."""
    if problem := next(_problems(self._get_params()), None):
        raise AwsError("ValidationError", problem)
    return original(self)


def _problems(params: dict[str, Any]) -> Iterator[str]:
    queries, single = params.get("Metrics") or [], params.get("MetricName")
    if bool(queries) == bool(single):
        yield "Exactly one of MetricName and Metrics must be specified"
    if single and not params.get("Statistic") and not params.get("ExtendedStatistic"):
        yield "Either Statistic or ExtendedStatistic must be specified"
    if single and not params.get("Period"):
        yield "Period must be specified"
    if queries and (params.get("Period") or params.get("Dimensions") or params.get("Statistic")):
        yield "Period, Dimensions and Statistic must not be specified together with Metrics"
    yield from _query_problems(queries)
    if params.get("Threshold") is None and not params.get("ThresholdMetricId"):
        yield "Threshold or ThresholdMetricId must be specified"
    periods = [
        params.get("Period") or 0,
        *((query.get("MetricStat") or {}).get("Period") or 0 for query in queries),
    ]
    for period in filter(None, periods):
        if period % 60 and period not in _SHORT_PERIODS_S:
            yield "Invalid metric alarm period: it must be 10, 20, 30 or a multiple of 60"
    evaluated = params.get("EvaluationPeriods") or 1
    if (params.get("DatapointsToAlarm") or 1) > evaluated:
        yield "DatapointsToAlarm must be less than or equal to EvaluationPeriods"
    longest = max(periods)
    if longest * evaluated > (_DAY_S if longest < _HOUR_S else 7 * _DAY_S):
        yield "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400)"


def _query_problems(queries: list[dict[str, Any]]) -> Iterator[str]:
    ids = [query["Id"] for query in queries]
    if len(set(ids)) < len(ids):
        yield "The values for parameter Id in MetricDataQueries must be unique"
    for query in queries:
        if not re.fullmatch(r"[a-z]\w*", query["Id"], re.ASCII):
            yield f"The value {query['Id']} for parameter Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$"
        if bool(query.get("Expression")) == bool(query.get("MetricStat")):
            yield "Each MetricDataQuery must have exactly one of Expression and MetricStat"
        for name in _names(query.get("Expression") or ""):
            if name not in ids:
                yield f"Error in expression '{query['Id']}': Undefined variable {name}"
    if queries and sum(query.get("ReturnData", True) for query in queries) != 1:
        yield "Exactly one element of the metrics list should return data"


def _names(expression: str) -> Iterable[str]:
    """The ids that a metric math expression uses: names that begin with a small letter, outside quotes."""
    return re.findall(r"(?<![\w.])[a-z]\w*", re.sub(r"'[^']*'|\"[^\"]*\"", "", expression))


@patch(CloudWatchBackend, "put_metric_alarm", aws=f"{API}/API_PutMetricAlarm.html")
def keep_what_was(original: Any, self: Any, name: str, tags: Any = None, **others: Any) -> Any:
    """A new alarm has INSUFFICIENT_DATA; a changed one keeps its state, history and tags."""
    earlier = self.alarms.get(name)
    alarm = original(self, name=name, tags=None if earlier else tags, **others)
    if earlier is None:
        alarm.state_value = "INSUFFICIENT_DATA"
        return alarm
    for attribute in ("state_value", "state_reason", "state_reason_data", "state_updated_timestamp", "history"):
        setattr(alarm, attribute, getattr(earlier, attribute))
    return alarm


@patch(CloudWatchBackend, "delete_alarms", aws=f"{API}/API_DeleteAlarms.html")
def delete_alarms(original: Any, self: Any, alarm_names: list[str]) -> None:
    """A deleted alarm takes its tags along; one that does not exist is an error."""
    for name in alarm_names:
        if name not in self.alarms:
            raise AwsError("ResourceNotFound", f"Alarm {name} does not exist", 404)
        self.tagger.delete_all_tags_for_resource(self.alarms[name].alarm_arn)
    original(self, alarm_names=alarm_names)


# -- composite alarms ------------------------------------------------------------------------------------------------


@patch(CloudWatchResponse, "put_composite_alarm", added=True, aws=f"{API}/API_PutCompositeAlarm.html")
def put_composite_alarm(self: Any) -> Any:
    """A composite alarm follows the states of the alarms that its rule names, which have to exist."""
    params, backend = self._get_params(), self.cloudwatch_backend
    name, rule = params["AlarmName"], params["AlarmRule"]
    missing = [child for child in _children(rule) if _alarm_name(child) not in backend.alarms]
    if missing:
        raise AwsError("ValidationError", f"AlarmRule refers to alarms that do not exist: {', '.join(missing)}")
    earlier = backend.alarms.get(name)
    if earlier is not None and earlier.rule is None:
        raise AwsError("ValidationError", f"An alarm of another type has the name {name}")
    alarm = backend.put_metric_alarm(
        name=name,
        namespace=None,
        metric_name=None,
        comparison_operator=None,
        evaluation_periods=None,
        period=None,
        threshold=None,
        statistic=None,
        description=params.get("AlarmDescription"),
        dimensions=[],
        alarm_actions=params.get("AlarmActions") or [],
        ok_actions=params.get("OKActions") or [],
        insufficient_data_actions=params.get("InsufficientDataActions") or [],
        actions_enabled=params.get("ActionsEnabled", True),
        rule=rule,
        tags=params.get("Tags") or [],
    )
    keys = ("ActionsSuppressor", "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")
    vars(alarm)["_emulator_suppressor"] = {key: params[key] for key in keys if key in params}
    _follow(backend, alarm)
    return EmptyResult()


@patch(Alarm, "update_state", aws=f"{GUIDE}/Create_Composite_Alarm.html")
def update_state(original: Any, self: Any, **state: Any) -> None:
    """A change of state changes the composite alarms whose rules name the alarm."""
    original(self, **state)
    account, region = self.alarm_arn.split(":")[4], self.alarm_arn.split(":")[3]
    backend = cloudwatch_backends[account][region]
    for alarm in list(backend.alarms.values()):
        if alarm.rule is not None and self.name in map(_alarm_name, _children(alarm.rule)):
            _follow(backend, alarm)


def _follow(backend: Any, alarm: Any) -> None:
    """Sets the state that the rule gives, by way of SetAlarmState, which carries out the actions."""
    states = {name: each.state_value for name, each in backend.alarms.items()}
    state = "ALARM" if evaluate(alarm.rule, states) else "OK"
    if state != alarm.state_value:
        reason = f"{alarm.alarm_arn} transitioned to {state} by its rule {alarm.rule}"
        backend.set_alarm_state(alarm.name, reason, None, state)


def _children(rule: str) -> list[str]:
    return [match.group(4) for match in _tokens(rule) if match.group(4)]


def _alarm_name(child: str) -> str:
    """A rule names an alarm by its name or its ARN."""
    return child.split(":alarm:", 1)[1] if child.startswith("arn:") else child


def _tokens(rule: str) -> list[re.Match[str]]:
    found, position = [], 0
    while position < len(rule.rstrip()):
        match = _TOKEN.match(rule, position)
        if match is None:
            raise AwsError("ValidationError", f"AlarmRule is not valid at character {position}: {rule[position:]}")
        found.append(match)
        position = match.end()
    return found


def evaluate(rule: str, states: dict[str, str]) -> bool:
    """The value of a rule: NOT binds closest, then AND, then OR."""
    tokens = _tokens(rule)

    def chain(word: str, part: Callable[[], bool], join: Callable[[Iterable[bool]], bool]) -> Callable[[], bool]:
        def run() -> bool:
            values = [part()]
            while tokens and tokens[0].group(2) == word:
                tokens.pop(0)
                values.append(part())
            return join(values)

        return run

    def atom() -> bool:
        if not tokens:
            raise AwsError("ValidationError", f"AlarmRule ends too early: {rule}")
        token = tokens.pop(0)
        bracket, word, state, child = token.groups()
        if bracket == "(":
            value = whole()
            if not tokens or tokens.pop(0).group(1) != ")":
                raise AwsError("ValidationError", f"AlarmRule has a bracket that is not closed: {rule}")
            return value
        if state in _STATES:
            return states.get(_alarm_name(child)) == state
        return not atom() if word == "NOT" else word == "TRUE"

    whole = chain("OR", chain("AND", atom, all), any)
    value = whole()
    if tokens:
        raise AwsError("ValidationError", f"AlarmRule is not valid at {tokens[0].group().strip()}: {rule}")
    return value


# -- reading ---------------------------------------------------------------------------------------------------------


@patch(CloudWatchResponse, "describe_alarms", aws=f"{API}/API_DescribeAlarms.html")
def describe_alarms(_original: Any, self: Any) -> Any:
    """Without AlarmTypes only metric alarms are told, and a hundred at a time."""
    params, backend = self._get_params(), self.cloudwatch_backend
    found = sorted(filter(_asked_for(params), backend.alarms.values()), key=lambda alarm: alarm.name)
    start, size = int(params.get("NextToken") or 0), int(params.get("MaxRecords") or _PAGE)
    page = found[start : start + size]
    more = {"NextToken": str(start + size)} if len(found) > start + size else {}
    return ActionResult(
        {
            "MetricAlarms": [alarm for alarm in page if alarm.rule is None],
            "CompositeAlarms": [_composite(alarm) for alarm in page if alarm.rule is not None],
            **more,
        }
    )


def _asked_for(params: dict[str, Any]) -> Callable[[Any], bool]:
    kinds = params.get("AlarmTypes") or ["MetricAlarm"]
    names, prefix = params.get("AlarmNames"), params.get("AlarmNamePrefix") or ""
    action, state = params.get("ActionPrefix") or "", params.get("StateValue")

    def asked(alarm: Any) -> bool:
        return (
            ("MetricAlarm" if alarm.rule is None else "CompositeAlarm") in kinds
            and (not names or alarm.name in names)
            and alarm.name.startswith(prefix)
            and (not action or any(arn.startswith(action) for arn in alarm.alarm_actions))
            and (not state or alarm.state_value == state)
        )

    return asked


def _composite(alarm: Any) -> dict[str, Any]:
    return {
        "AlarmName": alarm.name,
        "AlarmArn": alarm.alarm_arn,
        "AlarmDescription": alarm.description,
        "AlarmRule": alarm.rule,
        "ActionsEnabled": alarm.actions_enabled,
        "AlarmActions": alarm.alarm_actions,
        "OKActions": alarm.ok_actions,
        "InsufficientDataActions": alarm.insufficient_data_actions,
        "StateValue": alarm.state_value,
        "StateReason": alarm.state_reason,
        "StateUpdatedTimestamp": alarm.state_updated_timestamp,
        "AlarmConfigurationUpdatedTimestamp": alarm.configuration_updated_timestamp,
        **vars(alarm).get("_emulator_suppressor", {}),
    }
