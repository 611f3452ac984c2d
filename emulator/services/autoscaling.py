"""Auto Scaling: group metrics."""

from __future__ import annotations

from typing import Any

from moto.autoscaling.models import AutoScalingBackend
from moto.autoscaling.responses import AutoScalingResponse
from moto.core.responses import EmptyResult

from emulator.extensions import patch
from emulator.protocol import AwsError

API = "https://docs.aws.amazon.com/autoscaling/ec2/APIReference"

# https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_EnableMetricsCollection.html
_METRICS = (
    "GroupMinSize",
    "GroupMaxSize",
    "GroupDesiredCapacity",
    "GroupInServiceInstances",
    "GroupPendingInstances",
    "GroupStandbyInstances",
    "GroupTerminatingInstances",
    "GroupTotalInstances",
)


def _group(backend: Any, name: str) -> Any:
    groups = backend.describe_auto_scaling_groups([name])
    if not groups:
        raise AwsError("ValidationError", "AutoScalingGroup name not found - null")
    return groups[0]


@patch(AutoScalingBackend, "enable_metrics_collection", aws=f"{API}/API_EnableMetricsCollection.html")
def enable_metrics_collection(_original: Any, self: Any, group_name: str, metrics: list[str] | None) -> None:
    """Without names every metric is collected; an unknown group is a ValidationError."""
    group = _group(self, group_name)
    group.metrics = sorted({*group.metrics, *(metrics or _METRICS)})


@patch(AutoScalingResponse, "disable_metrics_collection", added=True, aws=f"{API}/API_DisableMetricsCollection.html")
def disable_metrics_collection(self: Any) -> EmptyResult:
    """The named metrics, or all of them, are no longer collected."""
    group = _group(self.autoscaling_backend, self._get_param("AutoScalingGroupName"))
    stopped = self._get_param("Metrics") or group.metrics
    group.metrics = [metric for metric in group.metrics if metric not in stopped]
    return EmptyResult()
