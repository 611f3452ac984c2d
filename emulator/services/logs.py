"""CloudWatch Logs: the class of a log group, and its key after it was made."""

from __future__ import annotations

from typing import Any

from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.models import LogGroup
from moto.logs.responses import LogsResponse

from emulator.extensions import patch

API = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference"


@patch(LogsResponse, "create_log_group", aws=f"{API}/API_CreateLogGroup.html")
def create_log_group(original: Any, self: Any) -> Any:
    """A log group has the class that it was made with, STANDARD unless another was asked for."""
    answer = original(self)
    vars(_group(self))["log_group_class"] = self._get_param("logGroupClass") or "STANDARD"
    return answer


@patch(LogGroup, "to_describe_dict", aws=f"{API}/API_LogGroup.html")
def to_describe_dict(original: Any, self: Any) -> dict[str, Any]:
    """DescribeLogGroups tells the class."""
    return {**original(self), "logGroupClass": getattr(self, "log_group_class", "STANDARD")}


@patch(LogsResponse, "associate_kms_key", added=True, aws=f"{API}/API_AssociateKmsKey.html")
def associate_kms_key(self: Any) -> str:
    """A log group's key can be given or replaced later; what was written keeps the key it was written with."""
    _group(self).kms_key_id = self._get_param("kmsKeyId")
    return ""


@patch(LogsResponse, "disassociate_kms_key", added=True, aws=f"{API}/API_DisassociateKmsKey.html")
def disassociate_kms_key(self: Any) -> str:
    """A log group's key can be taken away; CloudWatch Logs then encrypts with its own."""
    _group(self).kms_key_id = None
    return ""


def _group(response: Any) -> LogGroup:
    name = response._get_param("logGroupName") or response._get_param("resourceIdentifier").split(":log-group:")[-1]
    groups: dict[str, LogGroup] = response.logs_backend.groups
    if name not in groups:
        raise ResourceNotFoundException
    return groups[name]
