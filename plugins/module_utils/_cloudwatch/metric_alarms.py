# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""CloudWatch metric alarms, of one metric or of an expression over several."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .._aws import Aws
from .._reconcile import PlatformError, Resource
from . import _common

KIND = "metric_alarm"
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
COMPARISONS = (
    "GreaterThanThreshold",
    "GreaterThanOrEqualToThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
)
MISSING_DATA = ("missing", "breaching", "notBreaching", "ignore")
STATISTICS = ("Average", "Maximum", "Minimum", "SampleCount", "Sum")
_SHORT_PERIODS_S = (10, 20, 30)
_HOUR_S, _DAY_S = 3600, 86400
_LONGEST_DAYS = 7
_ID = re.compile(r"[a-z]\w*", re.ASCII)
_METRIC = ("namespace", "metric", "statistic")


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The alarms of the options, and those that O(prune_prefix) removes."""
    return _common.resources(
        aws,
        params,
        "MetricAlarm",
        KIND,
        desire=lambda alarm: _desired(alarm, params["tags"]),
        normalise=_normalised,
        put=_request,
    )


# -- desired ---------------------------------------------------------------------------------------------------------


def _desired(alarm: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    address = f"{KIND}/{alarm['name']}"
    if problem := next(_problems(alarm), None):
        raise PlatformError(problem, mend="See the module's documentation.", resource=address)
    return {
        **_common.desired_common(alarm, tags, address),
        "metric": {} if alarm["metrics"] else _desired_metric(alarm),
        "metrics": {query["id"]: _desired_query(query, alarm) for query in alarm["metrics"]},
        "threshold": float(alarm["threshold"]),
        "comparison": alarm["comparison"],
        "evaluation_periods": alarm["evaluation_periods"],
        "datapoints_to_alarm": alarm["datapoints_to_alarm"] or alarm["evaluation_periods"],
        "missing_data": alarm["missing_data"],
    }


def _desired_metric(options: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "namespace": options["namespace"],
        "name": options["metric"],
        "dimensions": {key: str(value) for key, value in (options["dimensions"] or {}).items()},
        "statistic": options["statistic"],
        "period_s": options["period_s"],
    }


def _desired_query(query: Mapping[str, Any], alarm: Mapping[str, Any]) -> dict[str, Any]:
    shown = {"label": query["label"], "return_data": query["return_data"]}
    if query["expression"]:
        return {**shown, "expression": _one_line(query["expression"])}
    return {**shown, "metric": _desired_metric({**query, "period_s": query["period_s"] or alarm["period_s"]})}


def _one_line(expression: str) -> str:
    """An expression as one line: a folded text of YAML may bring a line break at its end."""
    return " ".join(expression.split())


def _problems(alarm: Mapping[str, Any]) -> Iterator[str]:
    """What AWS would refuse, in its order."""
    missing = [option for option in _METRIC if not alarm[option]]
    if bool(alarm["metrics"]) == (len(missing) < len(_METRIC)):
        yield "it needs either namespace, metric and statistic, or metrics."
    if not alarm["metrics"]:
        if missing:
            yield f"it has no {missing[0]}."
        yield from _metric_problems(alarm)
    else:
        yield from _query_problems(alarm["metrics"])
    if alarm["threshold"] is None:
        yield "it has no threshold."
    if not 1 <= (alarm["datapoints_to_alarm"] or 1) <= alarm["evaluation_periods"]:
        yield (
            f"datapoints_to_alarm is {alarm['datapoints_to_alarm']} and evaluation_periods "
            f"{alarm['evaluation_periods']}; it cannot be more than those."
        )
    longest = _DAY_S if alarm["period_s"] < _HOUR_S else _LONGEST_DAYS * _DAY_S
    if alarm["period_s"] * alarm["evaluation_periods"] > longest:
        yield f"evaluation_periods times period_s is more than {longest} seconds, as far as AWS looks back."


def _metric_problems(options: Mapping[str, Any]) -> Iterator[str]:
    statistic, period = options["statistic"], options["period_s"]
    if statistic not in STATISTICS and not re.fullmatch(r"(p|tm|tc|ts|wm)\d{1,2}(\.\d+)?|p100|IQM", statistic or ""):
        yield f"statistic is {statistic!r}, neither one of {', '.join(STATISTICS)} nor a percentile such as p95."
    if period is not None and (period < 1 or (period % 60 and period not in _SHORT_PERIODS_S)):
        yield f"period_s is {period}; AWS takes 10, 20, 30 and multiples of 60."


def _query_problems(queries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    ids = [query["id"] for query in queries]
    if len(set(ids)) < len(ids):
        yield f"two of its metrics have the same id ({', '.join(sorted(ids))})."
    for query in queries:
        if not _ID.fullmatch(query["id"]):
            yield f"{query['id']!r} is no id for a metric: a small letter, then letters, digits and underscores."
        if bool(query["expression"]) == bool(query["metric"]):
            yield f"metric {query['id']} needs either an expression, or namespace, metric and statistic."
        if query["metric"]:
            if not query["namespace"]:
                yield f"metric {query['id']} has no namespace."
            yield from (f"metric {query['id']}: {problem}" for problem in _metric_problems(query))
    if sum(query["return_data"] for query in queries) != 1:
        yield "exactly one of its metrics has to have return_data, for the threshold to be compared with."


# -- found -----------------------------------------------------------------------------------------------------------


def _normalised(item: Mapping[str, Any]) -> dict[str, Any]:
    queries = item.get("Metrics") or ()
    return {
        **_common.normalised_common(item),
        "metric": {} if queries else _normalised_metric(item, item.get("ExtendedStatistic") or item.get("Statistic")),
        "metrics": {query["Id"]: _normalised_query(query) for query in queries},
        "threshold": item.get("Threshold"),
        "comparison": item["ComparisonOperator"],
        "evaluation_periods": item["EvaluationPeriods"],
        "datapoints_to_alarm": item.get("DatapointsToAlarm") or item["EvaluationPeriods"],
        "missing_data": item.get("TreatMissingData") or "missing",
    }


def _normalised_metric(item: Mapping[str, Any], statistic: str | None) -> dict[str, Any]:
    return {
        "namespace": item.get("Namespace"),
        "name": item.get("MetricName"),
        "dimensions": {entry["Name"]: entry["Value"] for entry in item.get("Dimensions") or ()},
        "statistic": statistic,
        "period_s": item.get("Period"),
    }


def _normalised_query(query: Mapping[str, Any]) -> dict[str, Any]:
    shown = {"label": query.get("Label") or "", "return_data": query.get("ReturnData", True)}
    if query.get("Expression"):
        return {**shown, "expression": query["Expression"]}
    stat = query["MetricStat"]
    return {**shown, "metric": _normalised_metric({**stat["Metric"], "Period": stat["Period"]}, stat["Stat"])}


# -- sent ------------------------------------------------------------------------------------------------------------


def _request(name: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The whole alarm: AWS replaces all of it in every call."""
    return {
        **_common.request_common(name, wanted),
        **(_sent_metric(wanted["metric"]) if wanted["metric"] else {}),
        **({"Metrics": [_sent_query(*entry) for entry in wanted["metrics"].items()]} if wanted["metrics"] else {}),
        "Threshold": wanted["threshold"],
        "ComparisonOperator": wanted["comparison"],
        "EvaluationPeriods": wanted["evaluation_periods"],
        "DatapointsToAlarm": wanted["datapoints_to_alarm"],
        "TreatMissingData": wanted["missing_data"],
    }


def _sent_metric(metric: Mapping[str, Any]) -> dict[str, Any]:
    key = "Statistic" if metric["statistic"] in STATISTICS else "ExtendedStatistic"
    return {**_named(metric), key: metric["statistic"], "Period": metric["period_s"]}


def _sent_query(query_id: str, query: Mapping[str, Any]) -> dict[str, Any]:
    label = {"Label": query["label"]} if query["label"] else {}
    shown = {"Id": query_id, "ReturnData": query["return_data"], **label}
    if "expression" in query:
        return {**shown, "Expression": query["expression"]}
    metric = query["metric"]
    return {
        **shown,
        "MetricStat": {"Metric": _named(metric), "Period": metric["period_s"], "Stat": metric["statistic"]},
    }


def _named(metric: Mapping[str, Any]) -> dict[str, Any]:
    dimensions = [{"Name": key, "Value": value} for key, value in sorted(metric["dimensions"].items())]
    return {"Namespace": metric["namespace"], "MetricName": metric["name"], "Dimensions": dimensions}
