from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.airas.platform.plugins.module_utils._logs import metric_filters
from ansible_collections.airas.platform.plugins.module_utils._reconcile import plan_resource

FILTER = {
    "name": "errors",
    "log_group": "/ecs/airas-dev-backend",
    "pattern": "ERROR",
    "namespace": "airas-dev",
    "metric": "ApplicationErrors",
    "value": "1",
    "default_value": None,
    "unit": "None",
}


def test_a_filter_whose_name_only_begins_the_same_is_another(fake_aws: Callable[..., Any]) -> None:
    transformation = {"metricNamespace": "airas-dev", "metricName": "ApplicationErrors", "metricValue": "1"}
    listed = [
        {"filterName": "errors-old", "metricTransformations": [transformation]},
        {"filterName": "errors", "filterPattern": "ERROR", "metricTransformations": [transformation]},
    ]
    aws = fake_aws(describe_metric_filters={"metricFilters": listed})
    params = {"filters": [FILTER], "state": "present"}
    assert [plan_resource(item).action for item in metric_filters.resources(aws, params)] == ["none"]
