from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._ecs import scaling
from ansible_collections.airas.platform.plugins.module_utils._reconcile import apply, plan_resource

POLICY: dict[str, Any] = {
    "name": "cpu",
    "metric": "ECSServiceAverageCPUUtilization",
    "resource_label": None,
    "target_value": 70.0,
    "scale_in_cooldown": 300,
    "scale_out_cooldown": 300,
    "disable_scale_in": False,
}
SLEEP: dict[str, Any] = {
    "name": "sleep",
    "schedule": "cron(0 21 ? * * *)",
    "timezone": "Asia/Tokyo",
    "min_capacity": 0,
    "max_capacity": 0,
}
OPTIONS: dict[str, Any] = {
    "cluster": "c",
    "service": "app",
    "state": "present",
    "min_capacity": 1,
    "max_capacity": 2,
    "target_tracking": [POLICY],
    "scheduled_actions": [SLEEP],
    "tags": {},
}
TARGET: dict[str, Any] = {"ScalableTargetARN": "arn:target", "MinCapacity": 1, "MaxCapacity": 2}
# The least that AWS answers.
ANSWERS: dict[str, Any] = {
    "describe_scalable_targets": {"ScalableTargets": [TARGET]},
    "describe_scaling_policies": {
        "ScalingPolicies": [
            {
                "PolicyName": "cpu",
                "PolicyType": "TargetTrackingScaling",
                "TargetTrackingScalingPolicyConfiguration": {
                    "TargetValue": 70,
                    "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
                },
            }
        ]
    },
    "describe_scheduled_actions": {
        "ScheduledActions": [
            {
                "ScheduledActionName": "sleep",
                "Schedule": "cron(0 21 ? * * *)",
                "Timezone": "Asia/Tokyo",
                "ScalableTargetAction": {"MinCapacity": 0, "MaxCapacity": 0},
            }
        ]
    },
    "list_tags_for_resource": {"Tags": {"Name": "app"}},
}

Fake = Callable[..., Any]


def plans(aws: Any, **given: Any) -> dict[str, Any]:
    found = scaling.resources(aws, {**OPTIONS, **given})
    return {resource.address: plan_resource(resource) for resource in found}


def changing(aws: Any, **given: Any) -> dict[str, list[str]]:
    found = plans(aws, **given)
    return {address: [change.path for change in plan.changes] for address, plan in found.items() if plan.changes}


def test_aws_defaults_are_no_difference(fake_aws: Fake) -> None:
    assert changing(fake_aws(**ANSWERS)) == {}


@pytest.mark.parametrize(
    ("bounds", "left_alone"),
    [((0, 0), True), ((1, 2), True), ((0, 2), False), ((2, 2), False)],
)
def test_bounds_that_the_clock_has_set(bounds: tuple[int, int], left_alone: bool, fake_aws: Fake) -> None:
    low, high = bounds
    target = {**TARGET, "MinCapacity": low, "MaxCapacity": high}
    aws = fake_aws(**{**ANSWERS, "describe_scalable_targets": {"ScalableTargets": [target]}})
    assert (changing(aws) == {}) is left_alone


def test_an_action_that_sets_one_bound(fake_aws: Fake) -> None:
    target = {**TARGET, "MinCapacity": 0}
    half = {**SLEEP, "max_capacity": None}
    aws = fake_aws(**{**ANSWERS, "describe_scalable_targets": {"ScalableTargets": [target]}})
    assert "scalable_target/app" not in changing(aws, scheduled_actions=[half])


def test_a_bound_that_an_action_loses_needs_another_action(fake_aws: Fake) -> None:
    found = plans(fake_aws(**ANSWERS), scheduled_actions=[{**SLEEP, "max_capacity": None}])
    assert found["scheduled_action/app/sleep"].action == "replace"


def test_a_policy_of_another_type_is_replaced(fake_aws: Fake) -> None:
    step = {"PolicyName": "cpu", "PolicyType": "StepScaling", "StepScalingPolicyConfiguration": {}}
    aws = fake_aws(**{**ANSWERS, "describe_scaling_policies": {"ScalingPolicies": [step]}})
    assert plans(aws)["scaling_policy/app/cpu"].action == "replace"


def test_what_is_suspended_goes_on(fake_aws: Fake) -> None:
    target = {**TARGET, "SuspendedState": {"DynamicScalingInSuspended": True}}
    aws = fake_aws(**{**ANSWERS, "describe_scalable_targets": {"ScalableTargets": [target]}})
    found = plans(aws)
    assert [change.path for change in found["scalable_target/app"].changes] == ["suspended"]
    apply(list(found.values()), [])
    [sent] = [params for call, params in aws.calls if call.endswith(":register_scalable_target")]
    assert set(sent["SuspendedState"].values()) == {False}
    assert "Tags" not in sent


def test_a_new_target_is_tagged_when_it_is_made(fake_aws: Fake) -> None:
    aws = fake_aws(register_scalable_target={"ScalableTargetARN": "arn:target"}, put_scaling_policy={"PolicyARN": "a"})
    apply(list(plans(aws, tags={"Environment": "dev"}).values()), [])
    register, policy, action = (params for call, params in aws.calls if not call.split(":")[1].startswith("describe"))
    assert register["Tags"] == {"Environment": "dev", "Name": "app"}
    assert register["ResourceId"] == "service/c/app"
    assert policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 70.0
    assert (action["Timezone"], action["ScalableTargetAction"]) == ("Asia/Tokyo", {"MinCapacity": 0, "MaxCapacity": 0})
