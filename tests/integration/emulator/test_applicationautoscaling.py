from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

TARGET = {
    "ServiceNamespace": "ecs",
    "ResourceId": "service/c/s",
    "ScalableDimension": "ecs:service:DesiredCount",
}


@pytest.fixture
def ecs(emulator: Any, network: Any) -> Any:
    client = emulator.client("ecs")
    client.create_cluster(clusterName="c")
    client.register_task_definition(
        family="app",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "app", "image": "registry.example.com/app"}],
    )
    client.create_service(
        cluster="c",
        serviceName="s",
        taskDefinition="app",
        desiredCount=1,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [network.subnet]}},
    )
    return client


@pytest.fixture
def scaling(emulator: Any, ecs: Any) -> Any:
    return emulator.client("application-autoscaling")


def _desired(ecs: Any) -> int:
    return int(ecs.describe_services(cluster="c", services=["s"])["services"][0]["desiredCount"])


def test_bounds_hold(ecs: Any, scaling: Any, refused: Callable[..., Any]) -> None:
    arn = scaling.register_scalable_target(**TARGET, MinCapacity=2, MaxCapacity=4, Tags={"a": "b"})["ScalableTargetARN"]
    assert _desired(ecs) == 2
    ecs.update_service(cluster="c", service="s", desiredCount=4)
    scaling.register_scalable_target(**TARGET, MaxCapacity=3)
    assert _desired(ecs) == 3
    newest, oldest = scaling.describe_scaling_activities(ServiceNamespace="ecs")["ScalingActivities"]
    assert (newest["Cause"], oldest["Cause"]) == ("maximum capacity was set to 3", "minimum capacity was set to 2")
    [target] = scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    assert (target["MinCapacity"], target["MaxCapacity"], target["ScalableTargetARN"]) == (2, 3, arn)
    assert not any(target["SuspendedState"].values())
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"a": "b"}
    scaling.tag_resource(ResourceARN=arn, Tags={"c": "d"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["a"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"c": "d"}
    with refused("ValidationException", "Maximum capacity cannot be less"):
        scaling.register_scalable_target(**TARGET, MinCapacity=5, MaxCapacity=4)
    with refused("ValidationException", "ECS service doesn't exist"):
        scaling.register_scalable_target(**TARGET | {"ResourceId": "service/c/none"}, MinCapacity=1, MaxCapacity=1)


def test_policies_and_schedules_belong_to_a_target(scaling: Any, emulator: Any, refused: Callable[..., Any]) -> None:
    policy = {
        "PolicyName": "cpu",
        **TARGET,
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": 70.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        },
    }
    action = {
        "ScheduledActionName": "night",
        **TARGET,
        "Schedule": "cron(0 22 * * ? *)",
        "Timezone": "Asia/Tokyo",
        "ScalableTargetAction": {"MinCapacity": 0, "MaxCapacity": 0},
    }
    with refused("ObjectNotFoundException"):
        scaling.put_scaling_policy(**policy)
    with refused("ObjectNotFoundException"):
        scaling.put_scheduled_action(**action)
    scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=2)
    first = scaling.put_scaling_policy(**policy)
    again = scaling.put_scaling_policy(**policy)
    assert first["PolicyARN"] == again["PolicyARN"]
    assert len(emulator.client("cloudwatch").describe_alarms()["MetricAlarms"]) == 2
    scaling.put_scheduled_action(**action)
    with refused("ValidationException", "Invalid timezone"):
        scaling.put_scheduled_action(**action | {"Timezone": "Asia/Nowhere"})
    [told] = scaling.describe_scheduled_actions(ServiceNamespace="ecs")["ScheduledActions"]
    assert (told["Timezone"], told["ScalableTargetAction"]) == ("Asia/Tokyo", {"MinCapacity": 0, "MaxCapacity": 0})
    with refused("ObjectNotFoundException"):
        scaling.delete_scheduled_action(**TARGET, ScheduledActionName="day")
    scaling.deregister_scalable_target(**TARGET)
    assert scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"] == []
    assert scaling.describe_scheduled_actions(ServiceNamespace="ecs")["ScheduledActions"] == []
    assert emulator.client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    with refused("ObjectNotFoundException"):
        scaling.deregister_scalable_target(**TARGET)
