from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer

CLUSTER = "airas-prod-cluster"
SERVICE = "airas-prod-backend"
TARGET = f"scalable_target/{SERVICE}"
POLICY = f"scaling_policy/{SERVICE}/cpu"
ACTION = f"scheduled_action/{SERVICE}/sleep"
PLACE = {
    "ServiceNamespace": "ecs",
    "ResourceId": f"service/{CLUSTER}/{SERVICE}",
    "ScalableDimension": "ecs:service:DesiredCount",
}
SLEEP = {
    "name": "sleep",
    "schedule": "cron(0 21 ? * MON-FRI *)",
    "timezone": "Asia/Tokyo",
    "min_capacity": 0,
    "max_capacity": 0,
}
ARGS: dict[str, Any] = {
    "cluster": CLUSTER,
    "service": SERVICE,
    "min_capacity": 2,
    "max_capacity": 4,
    "target_tracking": [{"name": "cpu", "metric": "ECSServiceAverageCPUUtilization", "target_value": 70}],
    "scheduled_actions": [SLEEP],
    "tags": {"Environment": "prod"},
}

Run = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]


@pytest.fixture
def scaling(boto: Boto) -> Any:
    """A client of Application Auto Scaling, where the service is there."""
    make_service(boto)
    return boto("application-autoscaling")


def make_service(boto: Boto) -> None:
    ecs = boto("ecs")
    ecs.create_cluster(clusterName=CLUSTER)
    ecs.register_task_definition(
        family=SERVICE,
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[{"name": "backend", "image": "x"}],
    )
    subnet = boto("ec2").describe_subnets()["Subnets"][0]["SubnetId"]
    ecs.create_service(
        cluster=CLUSTER,
        serviceName=SERVICE,
        taskDefinition=SERVICE,
        desiredCount=2,
        launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet]}},
    )


def census(boto: Boto) -> dict[str, Any]:
    client = boto("application-autoscaling")
    targets = client.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]
    policies = client.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    actions = client.describe_scheduled_actions(ServiceNamespace="ecs")["ScheduledActions"]
    return {
        "targets": [(target["MinCapacity"], target["MaxCapacity"]) for target in targets],
        "tags": [client.list_tags_for_resource(ResourceARN=target["ScalableTargetARN"])["Tags"] for target in targets],
        "policies": [policy["TargetTrackingScalingPolicyConfiguration"] for policy in policies],
        "actions": [(action["Schedule"], action["Timezone"], action["ScalableTargetAction"]) for action in actions],
    }


def test_plan_where_no_service_is_yet(apply: Run, writes: Callable[[], list[str]], changes: Any) -> None:
    result = apply("ecs_service_scaling", ARGS, check=True)
    assert writes() == []
    assert set(changes(result)) == {TARGET, POLICY, ACTION}


def test_without_its_service_a_run_says_so(run_module: Run) -> None:
    refused = run_module("ecs_service_scaling", ARGS)
    assert (
        "there is no service airas-prod-backend in cluster airas-prod-cluster. Make the service first" in refused["msg"]
    )


def test_made_then_unchanged(apply: Run, scaling: Any, writes: Callable[[], list[str]]) -> None:
    before = len(writes())
    apply("ecs_service_scaling", ARGS)
    again = apply("ecs_service_scaling", ARGS)
    assert not again["changed"], again["plan"]
    calls = ["RegisterScalableTarget", "PutScalingPolicy", "PutScheduledAction"]
    assert [call.partition(":")[2] for call in writes()[before:]] == calls


def test_drift_is_named_and_repaired(apply: Run, scaling: Any, boto: Boto, changes: Any) -> None:
    apply("ecs_service_scaling", ARGS)
    expected = census(boto)
    scaling.register_scalable_target(**PLACE, MinCapacity=1, MaxCapacity=9)
    [policy] = scaling.describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    tracking = {**policy["TargetTrackingScalingPolicyConfiguration"], "TargetValue": 50.0, "DisableScaleIn": True}
    scaling.put_scaling_policy(
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        **PLACE,
        TargetTrackingScalingPolicyConfiguration=tracking,
    )
    scaling.put_scheduled_action(
        ScheduledActionName="sleep",
        **PLACE,
        Schedule=SLEEP["schedule"],
        Timezone="UTC",
        ScalableTargetAction={"MinCapacity": 0, "MaxCapacity": 0},
    )
    plan = apply("ecs_service_scaling", ARGS, check=True)
    assert changes(plan) == {
        TARGET: ["max_capacity", "min_capacity"],
        POLICY: ["disable_scale_in", "target_value"],
        ACTION: ["timezone"],
    }
    assert apply("ecs_service_scaling", ARGS)["plan"] == plan["plan"]
    assert not apply("ecs_service_scaling", ARGS)["changed"]
    assert census(boto) == expected


def test_what_the_clock_has_set_is_left_alone(apply: Run, scaling: Any) -> None:
    apply("ecs_service_scaling", ARGS)
    scaling.register_scalable_target(**PLACE, MinCapacity=0, MaxCapacity=0)
    assert not apply("ecs_service_scaling", ARGS)["changed"]


def test_what_is_not_listed_goes(apply: Run, scaling: Any, boto: Boto, changes: Any) -> None:
    apply("ecs_service_scaling", ARGS)
    bare = {key: value for key, value in ARGS.items() if key not in ("target_tracking", "scheduled_actions")}
    assert set(changes(apply("ecs_service_scaling", bare))) == {POLICY, ACTION}
    assert not apply("ecs_service_scaling", bare)["changed"]
    assert census(boto)["policies"] == census(boto)["actions"] == []


def test_absent_twice(apply: Run, scaling: Any, boto: Boto) -> None:
    apply("ecs_service_scaling", ARGS)
    gone = {"cluster": CLUSTER, "service": SERVICE, "state": "absent"}
    assert apply("ecs_service_scaling", gone)["changed"]
    assert not apply("ecs_service_scaling", gone)["changed"]
    assert census(boto) == {"targets": [], "tags": [], "policies": [], "actions": []}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"min_capacity": 5}, "min_capacity is above max_capacity"),
        ({"scheduled_actions": [{"name": "a", "schedule": "rate(1 day)"}]}, "scheduled action a changes nothing"),
        ({"scheduled_actions": [{**SLEEP, "schedule": "21:00"}]}, "schedule '21:00' is none"),
        (
            {"target_tracking": [{"name": "r", "metric": "ALBRequestCountPerTarget", "target_value": 9}]},
            "scaling policy r has resource_label None",
        ),
    ],
)
def test_wrong_input(wrong: dict[str, Any], message: str, run_module: Run) -> None:
    assert message in run_module("ecs_service_scaling", {**ARGS, **wrong})["msg"]


def test_interrupted_runs_end_the_same(interrupt_each_write: Callable[..., None], boto: Boto) -> None:
    def prepare() -> dict[str, Any]:
        make_service(boto)
        return ARGS

    interrupt_each_write("ecs_service_scaling", prepare, lambda: census(boto))


def test_throttled_one_call_in_five(emulator: EmulatorServer, apply: Run, scaling: Any) -> None:
    emulator.set_faults([{"service": "application-autoscaling", "error": "throttle", "every": 5}])
    apply("ecs_service_scaling", ARGS)
    assert not apply("ecs_service_scaling", ARGS)["changed"]
