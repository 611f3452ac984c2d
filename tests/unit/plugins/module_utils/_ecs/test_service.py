from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._ecs import service
from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError, apply, plan_resource

GROUP = "arn:aws:elasticloadbalancing:ap-northeast-1:427979936961:targetgroup/airas-dev/0123456789abcdef"
DEPLOYMENT: dict[str, Any] = {
    "strategy": "ROLLING",
    "minimum_healthy_percent": 100,
    "maximum_percent": 200,
    "circuit_breaker": True,
    "rollback": True,
    "alarms": [],
    "bake_minutes": 0,
    "canary_percent": None,
    "canary_bake_minutes": None,
    "step_percent": None,
    "step_bake_minutes": None,
}
OPTIONS: dict[str, Any] = {
    "name": "app",
    "cluster": "c",
    "state": "present",
    "task_definition": "app:2",
    "desired_count": 2,
    "capacity_provider_strategy": [{"capacity_provider": "FARGATE", "base": 0, "weight": 1}],
    "platform_version": "LATEST",
    "subnets": ["subnet-b", "subnet-a"],
    "security_groups": ["sg-1"],
    "assign_public_ip": False,
    "load_balancers": [],
    "health_check_grace_period": 0,
    "deployment": DEPLOYMENT,
    "availability_zone_rebalancing": True,
    "execute_command": False,
    "managed_tags": True,
    "propagate_tags": "SERVICE",
    "started_deployment": None,
    "tags": {},
}


def arn(number: int) -> str:
    return f"arn:aws:ecs:ap-northeast-1:427979936961:task-definition/app:{number}"


def deployed(number: int = 2, **primary: Any) -> dict[str, Any]:
    return {
        "id": "ecs-svc/2",
        "status": "PRIMARY",
        "taskDefinition": arn(number),
        "rolloutState": "COMPLETED",
        "runningCount": 2,
        **primary,
    }


DESCRIBED: dict[str, Any] = {
    "serviceArn": "arn:aws:ecs:ap-northeast-1:427979936961:service/c/app",
    "serviceName": "app",
    "status": "ACTIVE",
    "desiredCount": 2,
    "runningCount": 2,
    "launchType": "FARGATE",
    "platformVersion": "LATEST",
    "taskDefinition": arn(2),
    "deploymentConfiguration": {
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "alarms": {"alarmNames": [], "rollback": False, "enable": False},
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
    },
    "deployments": [deployed()],
    "loadBalancers": [],
    "networkConfiguration": {
        "awsvpcConfiguration": {
            "subnets": ["subnet-a", "subnet-b"],
            "securityGroups": ["sg-1"],
            "assignPublicIp": "DISABLED",
        }
    },
    "availabilityZoneRebalancing": "ENABLED",
    "enableECSManagedTags": True,
    "propagateTags": "SERVICE",
    "enableExecuteCommand": False,
    "tags": [{"key": "Name", "value": "app"}],
}

Fake = Callable[..., Any]


def found(**attributes: Any) -> dict[str, Any]:
    return {"describe_services": {"services": [{**DESCRIBED, **attributes}]}}


def resource(aws: Any, **given: Any) -> Any:
    [only] = service.resources(aws, {**OPTIONS, **given})
    return only


def paths(planned: Any) -> list[str]:
    return [change.path for change in plan_resource(planned).changes]


def updates(aws: Any) -> list[dict[str, Any]]:
    return [params for call, params in aws.calls if call == "ecs:update_service"]


def test_what_aws_adds_is_no_difference(fake_aws: Fake) -> None:
    """A launch type included: to the scheduler it is the capacity provider of its name."""
    assert paths(resource(fake_aws(**found()))) == []


def test_only_what_changes_is_sent(fake_aws: Fake) -> None:
    aws = fake_aws(**found(), update_service={"service": DESCRIBED})
    apply([plan_resource(resource(aws, execute_command=True, tags={"a": "b"}))], [])
    assert updates(aws) == [{"cluster": "c", "service": "app", "enableExecuteCommand": True}]
    assert aws.calls[-1] == (
        "ecs:tag_resource",
        {
            "resourceArn": DESCRIBED["serviceArn"],
            "tags": [{"key": "Name", "value": "app"}, {"key": "a", "value": "b"}],
        },
    )


def test_another_capacity_provider_needs_a_deployment(fake_aws: Fake) -> None:
    aws = fake_aws(**found(), update_service={"service": DESCRIBED})
    spot = [{"capacity_provider": "FARGATE_SPOT", "base": 0, "weight": 1}]
    apply([plan_resource(resource(aws, capacity_provider_strategy=spot))], [])
    [sent] = updates(aws)
    assert sent["forceNewDeployment"] is True
    assert sent["capacityProviderStrategy"] == [{"capacityProvider": "FARGATE_SPOT", "base": 0, "weight": 1}]


@pytest.mark.parametrize("wanted", [None, 5])
def test_the_desired_count_is_autoscalings(wanted: int | None, fake_aws: Fake) -> None:
    aws = fake_aws(**found(desiredCount=4), describe_scalable_targets={"ScalableTargets": [{"MinCapacity": 1}]})
    assert paths(resource(aws, desired_count=wanted)) == []


def test_the_desired_count_is_ours_if_it_is_given(fake_aws: Fake) -> None:
    aws = fake_aws(**found(desiredCount=4), update_service={"service": DESCRIBED})
    assert paths(resource(aws, desired_count=None)) == []
    changing = resource(aws)
    assert paths(changing) == ["desired_count"]
    apply([plan_resource(changing)], [])
    assert updates(aws) == [{"cluster": "c", "service": "app", "desiredCount": 2}]


def test_a_service_is_made_whole_in_one_call(fake_aws: Fake) -> None:
    aws = fake_aws(describe_services={"services": []}, create_service={"service": DESCRIBED})
    balancer = {
        "target_group_arn": GROUP,
        "container_name": "backend",
        "container_port": 8000,
        "alternate_target_group_arn": f"{GROUP}0",
        "production_listener_rule_arn": "arn:rule",
        "test_listener_rule_arn": None,
        "role_arn": "arn:role",
    }
    linear = {**DEPLOYMENT, "strategy": "LINEAR", "step_percent": 12.5, "step_bake_minutes": 2, "alarms": ["b", "a"]}
    given = {"load_balancers": [balancer], "deployment": linear, "health_check_grace_period": 180}
    apply([plan_resource(resource(aws, **given))], [])
    [sent] = [params for call, params in aws.calls if call == "ecs:create_service"]
    assert sent["deploymentConfiguration"] == {
        "strategy": "LINEAR",
        "minimumHealthyPercent": 100,
        "maximumPercent": 200,
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        "alarms": {"alarmNames": ["a", "b"], "enable": True, "rollback": True},
        "bakeTimeInMinutes": 0,
        "linearConfiguration": {"stepPercent": 12.5, "stepBakeTimeInMinutes": 2},
    }
    assert sent["loadBalancers"] == [
        {
            "targetGroupArn": GROUP,
            "containerName": "backend",
            "containerPort": 8000,
            "advancedConfiguration": {
                "alternateTargetGroupArn": f"{GROUP}0",
                "productionListenerRule": "arn:rule",
                "roleArn": "arn:role",
            },
        }
    ]
    assert (sent["desiredCount"], sent["healthCheckGracePeriodSeconds"]) == (2, 180)


def test_no_grace_period_is_sent_for_none(fake_aws: Fake) -> None:
    aws = fake_aws(describe_services={"services": []}, create_service={"service": DESCRIBED})
    apply([plan_resource(resource(aws))], [])
    [sent] = [params for call, params in aws.calls if call == "ecs:create_service"]
    assert "healthCheckGracePeriodSeconds" not in sent


# -- following a deployment ------------------------------------------------------------------------------------------


def test_a_rollout_is_pending_with_its_progress(fake_aws: Fake) -> None:
    rolling = resource(fake_aws(**found(deployments=[deployed(rolloutState="IN_PROGRESS", runningCount=1)])))
    assert rolling.pending == "IN_PROGRESS, 1 of 2 tasks running"
    assert rolling.resume(rolling.known) == {"started_deployment": "ecs-svc/2"}


def test_a_rollback_ends_the_wait(fake_aws: Fake) -> None:
    """AWS may have gone back before the module looks again: what was sent is a difference then."""
    aws = fake_aws(**found(taskDefinition=arn(1), deployments=[deployed(1, id="ecs-svc/3")]))
    with pytest.raises(PlatformError, match="the deployment failed, and AWS has gone back to app:1"):
        resource(aws, started_deployment="ecs-svc/2")
    assert updates(aws) == []


def test_a_rollback_is_seen_when_it_begins(fake_aws: Fake) -> None:
    back = deployed(id="ecs-svc/3", rolloutState="IN_PROGRESS", rolloutStateReason="x: rolling back to deploymentId 1.")
    with pytest.raises(PlatformError, match="AWS has gone back"):
        resource(fake_aws(**found(deployments=[back])), started_deployment="ecs-svc/2")


def test_somebody_elses_deployment_of_the_same_is_followed(fake_aws: Fake) -> None:
    other = deployed(id="ecs-svc/3", rolloutState="IN_PROGRESS")
    assert resource(fake_aws(**found(deployments=[other])), started_deployment="ecs-svc/2").pending


def test_a_failure_ends_the_wait_and_is_mended_by_the_next_run(fake_aws: Fake) -> None:
    failed = deployed(
        rolloutState="FAILED", rolloutStateReason="ECS deployment circuit breaker: tasks failed to start."
    )
    aws = fake_aws(**found(deployments=[failed]), update_service={"service": DESCRIBED})
    with pytest.raises(PlatformError, match="the deployment failed: ECS deployment circuit breaker"):
        resource(aws, started_deployment="ecs-svc/2")
    again = resource(aws)
    assert paths(again) == ["rollout"]
    apply([plan_resource(again)], [])
    assert updates(aws) == [{"cluster": "c", "service": "app", "forceNewDeployment": True}]


def test_a_service_that_is_going_cannot_be_made_yet(fake_aws: Fake) -> None:
    draining = found(status="DRAINING")
    with pytest.raises(PlatformError, match="AWS is still draining"):
        resource(fake_aws(**draining))
    going = resource(fake_aws(**draining), state="absent")
    assert going.pending == "DRAINING"
