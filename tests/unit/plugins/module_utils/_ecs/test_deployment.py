from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._ecs import deployment

TASK = "arn:aws:ecs:ap-northeast-1:427979936961:task/c/0123456789abcdef0123456789abcdef"
DEFINITION = "arn:aws:ecs:ap-northeast-1:427979936961:task-definition/app:2"

Fake = Callable[..., Any]


def service(state: str | None = "IN_PROGRESS", **primary: Any) -> dict[str, Any]:
    rollout = {"rolloutState": state} if state else {}
    return {
        "status": "ACTIVE",
        "taskDefinition": DEFINITION,
        "desiredCount": 3,
        "runningCount": 3,
        "deployments": [
            {"id": "ecs-svc/1", "status": "ACTIVE", "taskDefinition": "old", "rolloutState": "COMPLETED"},
            {
                "id": "ecs-svc/2",
                "status": "PRIMARY",
                "taskDefinition": DEFINITION,
                "runningCount": 2,
                **rollout,
                **primary,
            },
        ],
    }


def test_progress_of_the_primary_deployment(fake_aws: Fake) -> None:
    aws = fake_aws(describe_services={"services": [service(failedTasks=1)]})
    status = deployment.deployment_status(aws, "c", "s")
    assert status is not None
    assert (status.id, status.state) == ("ecs-svc/2", "IN_PROGRESS")
    assert status.progress == "2 of 3 tasks running, 1 failed"
    assert not status.is_rollback


def test_no_service_no_status(fake_aws: Fake, refusal: Fake) -> None:
    assert deployment.deployment_status(fake_aws(describe_services={"services": []}), "c", "s") is None
    missing = fake_aws(describe_services=refusal("ClusterNotFoundException"))
    assert deployment.deployment_status(missing, "c", "s") is None
    gone = {**service(), "status": "INACTIVE"}
    assert deployment.deployment_status(fake_aws(describe_services={"services": [gone]}), "c", "s") is None


def test_counts_tell_where_aws_gives_no_rollout_state(fake_aws: Fake) -> None:
    moving = service(None)
    assert deployment.status_of(fake_aws(), moving).state == "IN_PROGRESS"
    steady = {**moving, "deployments": moving["deployments"][1:]}
    assert deployment.status_of(fake_aws(), steady).state == "COMPLETED"


def test_a_rollback_is_known_by_its_reason(fake_aws: Fake) -> None:
    reason = "ECS deployment circuit breaker: rolling back to deploymentId ecs-svc/1."
    assert deployment.status_of(fake_aws(), service(rolloutStateReason=reason)).is_rollback


def test_the_stage_of_a_shifting_deployment(fake_aws: Fake) -> None:
    aws = fake_aws(describe_service_deployments={"serviceDeployments": [{"lifecycleStage": "BAKE_TIME"}]})
    shifting = {
        **service(),
        "deploymentConfiguration": {"strategy": "BLUE_GREEN"},
        "currentServiceDeployment": "arn:deployment",
    }
    assert deployment.status_of(aws, shifting).progress == "2 of 3 tasks running, stage BAKE_TIME"


def failed_task(**attributes: Any) -> dict[str, Any]:
    return {
        "taskArn": TASK,
        "taskDefinitionArn": DEFINITION,
        "startedBy": "ecs-svc/2",
        "stopCode": "EssentialContainerExited",
        "stoppedReason": "Essential container in task exited",
        "stoppedAt": "2026-01-01T00:00:01",
        "containers": [{"name": "backend", "exitCode": 137, "reason": "OutOfMemoryError"}, {"name": "sidecar"}],
        **attributes,
    }


LOGGED = {
    "containerDefinitions": [
        {
            "name": "backend",
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": "/ecs/app", "awslogs-stream-prefix": "ecs"},
            },
        },
        {"name": "sidecar"},
    ]
}


def test_the_last_failure_has_reason_exit_and_log(fake_aws: Fake) -> None:
    earlier = failed_task(stoppedReason="earlier", stoppedAt="2026-01-01T00:00:00")
    other = failed_task(startedBy="ecs-svc/1", stoppedReason="other", stoppedAt="2026-01-01T00:00:09")
    replaced = failed_task(
        stopCode="ServiceSchedulerInitiated",
        stoppedReason="Scaling activity initiated by (deployment ecs-svc/2)",
        stoppedAt="2026-01-01T00:00:09",
    )
    aws = fake_aws(
        list_tasks={"taskArns": [TASK] * 4},
        describe_tasks={"tasks": [earlier, failed_task(), other, replaced]},
        describe_task_definition={"taskDefinition": LOGGED},
        get_log_events={"events": [{"message": "Traceback\n"}, {"message": "MemoryError"}]},
    )
    failure = deployment.last_failure(aws, "c", "s", "ecs-svc/2")
    assert str(failure) == (
        "task 0123456789abcdef0123456789abcdef stopped: Essential container in task exited\n"
        "container backend: exit code 137, OutOfMemoryError\n"
        "its last log lines:\n"
        "  Traceback\n"
        "  MemoryError"
    )
    streams = [params["logStreamName"] for call, params in aws.calls if call == "logs:get_log_events"]
    assert streams == ["ecs/backend/0123456789abcdef0123456789abcdef"]


def test_a_task_that_failed_its_health_check_failed(fake_aws: Fake) -> None:
    unhealthy = failed_task(
        stopCode="ServiceSchedulerInitiated",
        stoppedReason="Task failed ELB health checks in (target-group arn)",
        containers=[],
    )
    aws = fake_aws(list_tasks={"taskArns": [TASK]}, describe_tasks={"tasks": [unhealthy]})
    failure = deployment.last_failure(aws, "c", "s")
    assert failure is not None
    assert failure.reason.startswith("Task failed ELB health checks")


def test_nothing_failed(fake_aws: Fake) -> None:
    assert deployment.last_failure(fake_aws(list_tasks={"taskArns": []}), "c", "s") is None


def test_a_container_that_never_wrote_has_no_stream(fake_aws: Fake, refusal: Fake) -> None:
    aws = fake_aws(
        describe_task_definition={"taskDefinition": LOGGED}, get_log_events=refusal("ResourceNotFoundException")
    )
    assert deployment.failure_of(aws, failed_task()).log == ()


@pytest.mark.parametrize(
    "log", [None, {"logDriver": "awsfirelens"}, {"logDriver": "awslogs", "options": {"awslogs-group": "g"}}]
)
def test_other_logs_are_elsewhere(log: Any) -> None:
    assert deployment.log_stream({"name": "backend", "logConfiguration": log}, TASK) is None
