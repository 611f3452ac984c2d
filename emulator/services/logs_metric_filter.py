"""CloudWatch Logs: a metric filter is replaced as a whole, and belongs to a log group."""

from __future__ import annotations

from typing import Any

from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.metric_filters import MetricFilters
from moto.logs.models import LogsBackend

from emulator.extensions import patch

API = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference"


def _group(backend: Any, name: str | None) -> None:
    if name is not None and name not in backend.groups:
        raise ResourceNotFoundException("The specified log group does not exist.")


@patch(MetricFilters, "add_filter", aws=f"{API}/API_PutMetricFilter.html")
def add_filter(original: Any, self: Any, filter_name: str, log_group_name: str, **others: Any) -> None:
    """A filter of the same name in the same log group is replaced."""
    self.delete_filter(filter_name, log_group_name)
    original(self, filter_name=filter_name, log_group_name=log_group_name, **others)


@patch(LogsBackend, "put_metric_filter", aws=f"{API}/API_PutMetricFilter.html")
def put_metric_filter(original: Any, self: Any, log_group_name: str, **others: Any) -> None:
    """The log group has to exist."""
    _group(self, log_group_name)
    original(self, log_group_name=log_group_name, **others)


@patch(LogsBackend, "describe_metric_filters", aws=f"{API}/API_DescribeMetricFilters.html")
def describe_metric_filters(original: Any, self: Any, log_group_name: str | None = None, **others: Any) -> Any:
    """The filters of a log group that does not exist are an error, not an empty list."""
    _group(self, log_group_name)
    return original(self, log_group_name=log_group_name, **others)


@patch(LogsBackend, "delete_log_group", aws=f"{API}/API_DeleteLogGroup.html")
def delete_log_group(original: Any, self: Any, log_group_name: str) -> Any:
    """A log group takes its filters along."""
    for found in self.filters.get_matching_filters(log_group_name=log_group_name):
        self.filters.delete_filter(found["filterName"], log_group_name)
    return original(self, log_group_name=log_group_name)
