"""What ECS tells EventBridge of tasks and deployments.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_cwe_events.html
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from emulator.services._events import emit


def task_changed(task: Any) -> None:
    """ECS Task State Change: the task as DescribeTasks tells it."""
    detail = json.loads(json.dumps(task.view(), default=_moment))
    _emit(task.backend, "ECS Task State Change", task.task_arn, {key: each for key, each in detail.items() if each})


def deployment_changed(service: Any, deployment: Any, state: str) -> None:
    """ECS Deployment State Change: IN_PROGRESS, COMPLETED or FAILED."""
    detail = {
        "eventType": "ERROR" if state == "FAILED" else "INFO",
        "eventName": f"SERVICE_DEPLOYMENT_{state}",
        "deploymentId": deployment.id,
        "updatedAt": _moment(deployment.updated),
        "reason": deployment.reason,
    }
    _emit(service.backend, "ECS Deployment State Change", service.arn, detail)


def _emit(backend: Any, detail_type: str, arn: str, detail: dict[str, Any]) -> None:
    emit(backend.account_id, backend.region_name, "aws.ecs", detail_type, [arn], detail)


def _moment(value: dt.datetime) -> str:
    return f"{value:%Y-%m-%dT%H:%M:%S}.{value.microsecond // 1000:03d}Z"
