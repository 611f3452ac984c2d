# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Metric filters of CloudWatch Logs: what a log group's lines count for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from .._aws import Aws
from .._reconcile import Operation, Resource

KIND = "log_metric_filter"
_MISSING = ("ResourceNotFoundException",)


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The filters of the options."""
    present = params["state"] == "present"
    found = aws.gather(partial(_find, aws, item) for item in params["filters"])
    return [
        _resource(aws, item, before, _desired(item) if present else None)
        for item, before in zip(params["filters"], found, strict=True)
    ]


def _desired(item: Mapping[str, Any]) -> dict[str, Any]:
    default = {} if item["default_value"] is None else {"default_value": float(item["default_value"])}
    return {
        "pattern": item["pattern"],
        "metric": {
            "namespace": item["namespace"],
            "name": item["metric"],
            "value": item["value"],
            "unit": item["unit"],
            **default,
        },
    }


def _find(aws: Aws, item: Mapping[str, Any]) -> dict[str, Any] | None:
    sent = {"logGroupName": item["log_group"], "filterNamePrefix": item["name"]}
    answer = aws.call_or_none("logs", "describe_metric_filters", _MISSING, **sent)
    if answer is None:  # the log group does not exist yet
        return None
    listed = aws.pages("logs", "describe_metric_filters", "metricFilters", **sent)
    found = next((entry for entry in listed if entry["filterName"] == item["name"]), None)
    return _normalised(found) if found else None


def _normalised(found: Mapping[str, Any]) -> dict[str, Any]:
    """AWS keeps exactly one transformation a filter."""
    metric = found["metricTransformations"][0]
    default = metric.get("defaultValue")
    return {
        "pattern": found.get("filterPattern") or "",
        "metric": {
            "namespace": metric["metricNamespace"],
            "name": metric["metricName"],
            "value": metric["metricValue"],
            "unit": metric.get("unit") or "None",
            **({} if default is None else {"default_value": float(default)}),
        },
    }


def _resource(
    aws: Aws, item: Mapping[str, Any], before: dict[str, Any] | None, after: dict[str, Any] | None
) -> Resource:
    group, name, wanted = item["log_group"], item["name"], after or {}

    def put(_known: dict[str, Any]) -> None:
        metric = wanted["metric"]
        default = {"defaultValue": metric["default_value"]} if "default_value" in metric else {}
        aws.call(
            "logs",
            "put_metric_filter",
            logGroupName=group,
            filterName=name,
            filterPattern=wanted["pattern"],
            metricTransformations=[
                {
                    "metricName": metric["name"],
                    "metricNamespace": metric["namespace"],
                    "metricValue": metric["value"],
                    "unit": metric["unit"],
                    **default,
                }
            ],
        )

    def delete(_known: dict[str, Any]) -> None:
        aws.call_or_none("logs", "delete_metric_filter", _MISSING, logGroupName=group, filterName=name)

    return Resource(
        KIND,
        f"{group} {name}",
        before=before,
        after=after,
        create=Operation("logs:PutMetricFilter", put),
        updates=(Operation("logs:PutMetricFilter", put, covers=("pattern", "metric")),),
        delete=Operation("logs:DeleteMetricFilter", delete),
    )
