"""VPC flow logs to CloudWatch Logs and to S3."""

from __future__ import annotations

from typing import Any

from moto.ec2.models.flow_logs import FlowLogs, FlowLogsBackend
from moto.ec2.responses.flow_logs import FlowLogs as FlowLogsResponse

from emulator.extensions import patch
from emulator.services._ec2 import API


@patch(FlowLogsBackend, "create_flow_logs", aws=f"{API}/API_CreateFlowLogs.html")
def create_flow_logs(
    original: Any,
    self: Any,
    log_destination_type: str | None,
    log_destination: str | None,
    log_group_name: str | None,
    **others: Any,
) -> Any:
    """A log group can be named by its ARN, and a bucket's ARN can carry a prefix."""
    sought = log_destination
    if log_destination_type == "s3" and log_destination:
        sought = log_destination.partition("/")[0]
    elif log_destination and log_destination_type in (None, "cloud-watch-logs"):
        log_group_name = log_destination.split(":log-group:", 1)[-1].removesuffix(":*")
    created, unsuccessful = original(
        self,
        log_destination_type=log_destination_type,
        log_destination=sought,
        log_group_name=log_group_name,
        **others,
    )
    for flow_log in created:
        flow_log.log_destination = log_destination
    return created, unsuccessful


@patch(FlowLogsResponse, "create_flow_logs", aws=f"{API}/API_DestinationOptionsRequest.html")
def create_flow_logs_response(original: Any, self: Any) -> Any:
    """File format and partitioning of logs in S3 are kept."""
    answer = original(self)
    options = {"FileFormat": "plain-text", "HiveCompatiblePartitions": False, "PerHourPartition": False}
    options |= self._get_param("DestinationOptions", {}) or {}
    for flow_log_id in answer.result["FlowLogIds"]:
        flow_log: FlowLogs = self.ec2_backend.flow_logs[flow_log_id]
        if flow_log.log_destination_type == "s3":
            flow_log.destination_options = options
    return answer
