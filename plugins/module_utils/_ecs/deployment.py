# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How the rollout of a service goes, and why its tasks stopped: for all that watch a deployment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from .._aws import Aws
from .._reconcile import PlatformError
from ._common import Item
from ._reads import described_service, described_task_definition

RolloutState = Literal["IN_PROGRESS", "COMPLETED", "FAILED"]
LOG_LINES = 20
# DescribeTasks takes so many.
_TASKS = 100


@dataclass(frozen=True)
class DeploymentStatus:
    """The deployment that a service is on, AWS's PRIMARY, with its task counts.

    ``stage`` is the stage of a blue/green, canary or linear deployment, such as ``BAKE_TIME``; else empty.
    """

    id: str
    task_definition: str
    state: RolloutState
    reason: str
    desired: int
    running: int
    failed: int
    stage: str = ""

    @property
    def progress(self) -> str:
        """``2 of 3 tasks running, 1 failed``"""
        parts = [f"{self.running} of {self.desired} tasks running"]
        if self.failed:
            parts.append(f"{self.failed} failed")
        if self.stage:
            parts.append(f"stage {self.stage}")
        return ", ".join(parts)

    @property
    def is_rollback(self) -> bool:
        """Whether AWS started it by itself, to bring back what ran before."""
        return "rolling back" in self.reason or "rolled back" in self.reason


@dataclass(frozen=True)
class Failure:
    """A task that did not stay up: AWS's reason, its containers' exits, and the last lines that they wrote."""

    task: str
    reason: str
    containers: tuple[str, ...] = ()
    log: tuple[str, ...] = ()

    def __str__(self) -> str:
        lines = [f"task {self.task} stopped: {self.reason or 'no reason given'}", *self.containers]
        if self.log:
            lines += ["its last log lines:", *(f"  {line}" for line in self.log)]
        return "\n".join(lines)


def deployment_status(aws: Aws, cluster: str, service: str) -> DeploymentStatus | None:
    """The state of the service's current deployment; None if there is no such service."""
    found = described_service(aws, cluster, service)
    return status_of(aws, found) if found else None


def status_of(aws: Aws, service: Item) -> DeploymentStatus:
    """The same, of a service as DescribeServices returned it."""
    deployments = service.get("deployments") or ()
    primary: Item = next((item for item in deployments if item["status"] == "PRIMARY"), {})
    return DeploymentStatus(
        id=primary.get("id", ""),
        task_definition=primary.get("taskDefinition") or service["taskDefinition"],
        state=_state(service, primary, len(deployments)),
        reason=primary.get("rolloutStateReason") or "",
        desired=service["desiredCount"],
        running=primary.get("runningCount", service["runningCount"]),
        failed=primary.get("failedTasks") or 0,
        stage=_stage(aws, service),
    )


def _state(service: Item, primary: Item, deployments: int) -> RolloutState:
    """AWS gives no rollout state where neither the circuit breaker nor alarms watch, and then the counts tell.

    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html
    """
    state = primary.get("rolloutState")
    if state in ("IN_PROGRESS", "COMPLETED", "FAILED"):
        return state
    steady = deployments <= 1 and service["runningCount"] == service["desiredCount"]
    return "COMPLETED" if steady else "IN_PROGRESS"


def _stage(aws: Aws, service: Item) -> str:
    """Where a deployment of one of the newer strategies stands; a rolling one has no stages."""
    strategy = (service.get("deploymentConfiguration") or {}).get("strategy", "ROLLING")
    arn = service.get("currentServiceDeployment")
    if strategy == "ROLLING" or not arn:
        return ""
    answer = aws.call("ecs", "describe_service_deployments", serviceDeploymentArns=[arn])
    return next((item.get("lifecycleStage") or "" for item in answer.get("serviceDeployments") or ()), "")


def refuse_failed(aws: Aws, cluster: str, service: str, started: str, status: DeploymentStatus, changed: bool) -> None:
    """Ends the wait for the deployment ``started`` if it failed, or if AWS took it back, with the reason.

    ``changed`` says that the service is not as that deployment was to make it. What it changed is a difference again
    then; planning it once more would deploy without end.
    """
    if status.id == started:
        problem = f"the deployment failed: {status.reason}" if status.state == "FAILED" else ""
    elif status.is_rollback or changed:
        problem = f"the deployment failed, and AWS has gone back to {_id(status.task_definition)}"
    else:  # somebody has started another one of the same
        problem = ""
    if not problem:
        return
    failure = last_failure(aws, cluster, service, started) or last_failure(aws, cluster, service)
    raise PlatformError(
        f"{problem.rstrip('.')}.",
        mend="Mend the cause, or deploy another image, and run again." + (f"\n{failure}\n" if failure else ""),
        resource=f"ecs_service/{service}",
        call="ecs:UpdateService",
    )


def last_failure(aws: Aws, cluster: str, service: str, deployment: str = "") -> Failure | None:
    """The task of the deployment (of any, if empty) that stopped last other than on ECS's own order.

    AWS remembers stopped tasks for an hour.
    """
    arns = aws.pages("ecs", "list_tasks", "taskArns", cluster=cluster, serviceName=service, desiredStatus="STOPPED")
    if not arns:
        return None
    tasks = aws.call("ecs", "describe_tasks", cluster=cluster, tasks=arns[-_TASKS:])["tasks"]
    failed = [task for task in tasks if _failed(task) and deployment in ("", task.get("startedBy"))]
    if not failed:
        return None
    return failure_of(aws, max(failed, key=lambda task: str(task.get("stoppedAt") or task.get("createdAt") or "")))


def _failed(task: Item) -> bool:
    """A task that the scheduler ended to replace it did not fail, unless it had not passed its health checks."""
    return task.get("stopCode") != "ServiceSchedulerInitiated" or "failed" in (task.get("stoppedReason") or "")


def failure_of(aws: Aws, task: Item, lines: int = LOG_LINES) -> Failure:
    """Why this task stopped, as far as AWS tells, with the last lines of the containers that ended badly."""
    containers = [item for item in task.get("containers") or () if item.get("exitCode") or item.get("reason")]
    logs = last_log_lines(aws, task, [item["name"] for item in containers], lines)
    return Failure(
        task=_id(task["taskArn"]),
        reason=task.get("stoppedReason") or "",
        containers=tuple(_exit(item) for item in containers),
        log=tuple(logs),
    )


def _exit(container: Item) -> str:
    parts = [f"container {container['name']}"]
    if container.get("exitCode") is not None:
        parts.append(f"exit code {container['exitCode']}")
    if container.get("reason"):
        parts.append(str(container["reason"]))
    return ": ".join((parts[0], ", ".join(parts[1:])))


def last_log_lines(aws: Aws, task: Item, containers: Sequence[str], lines: int = LOG_LINES) -> list[str]:
    """The last lines that these containers of a task (all of them, if none are named) wrote to CloudWatch Logs."""
    definition: Mapping[str, Any] = described_task_definition(aws, task["taskDefinitionArn"]) or {}
    found: list[str] = []
    for container in definition.get("containerDefinitions") or ():
        if not containers or container["name"] in containers:
            found += _log_lines(aws, container, task, lines)
    return found[-lines:]


def _log_lines(aws: Aws, container: Item, task: Item, lines: int) -> list[str]:
    place = log_stream(container, task["taskArn"])
    if place is None:
        return []
    answer = aws.call_or_none(
        "logs",
        "get_log_events",
        ("ResourceNotFoundException",),  # it stopped before it wrote anything
        logGroupName=place[0],
        logStreamName=place[1],
        limit=lines,
        startFromHead=False,
    )
    return [event["message"].rstrip() for event in (answer or {}).get("events") or ()]


def log_stream(container: Item, task_arn: str) -> tuple[str, str] | None:
    """The log group and stream of a container (as its task definition describes it); None if it logs elsewhere.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specify-log-config.html
    """
    log = container.get("logConfiguration") or {}
    options = log.get("options") or {}
    group, prefix = options.get("awslogs-group"), options.get("awslogs-stream-prefix")
    if log.get("logDriver") != "awslogs" or not group or not prefix:
        return None
    return group, f"{prefix}/{container['name']}/{_id(task_arn)}"


def _id(arn: str) -> str:
    return arn.rpartition("/")[2]
