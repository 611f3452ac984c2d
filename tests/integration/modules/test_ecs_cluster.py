from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

NAME = "airas-dev-cluster"
ADDRESS = f"ecs_cluster/{NAME}"
ARGS: dict[str, Any] = {
    "name": NAME,
    "default_strategy": [
        {"capacity_provider": "FARGATE", "base": 1},
        {"capacity_provider": "FARGATE_SPOT", "weight": 3},
    ],
    "container_insights": "enabled",
    "execute_command": {"logging": "OVERRIDE", "log_group": "/ecs/airas-dev-exec"},
    "tags": {"Environment": "dev"},
}

Run = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]


def census(boto: Boto) -> list[Any]:
    found = boto("ecs").describe_clusters(clusters=[NAME], include=["CONFIGURATIONS", "SETTINGS", "TAGS"])["clusters"]
    return [
        (
            cluster["status"],
            sorted(cluster["capacityProviders"]),
            cluster["defaultCapacityProviderStrategy"],
            cluster["configuration"],
            cluster["settings"],
            sorted(tag["value"] for tag in cluster["tags"]),
        )
        for cluster in found
    ]


def test_plan_on_an_empty_account(apply: Run, writes: Callable[[], list[str]], changes: Any) -> None:
    result = apply("ecs_cluster", ARGS, check=True)
    assert writes() == []
    assert changes(result)[ADDRESS] == [
        "arn",
        "capacity_providers",
        "container_insights",
        "default_strategy.FARGATE.base",
        "default_strategy.FARGATE.weight",
        "default_strategy.FARGATE_SPOT.base",
        "default_strategy.FARGATE_SPOT.weight",
        "execute_command.log_group",
        "execute_command.logging",
        "tags.Environment",
        "tags.Name",
    ]


def test_made_in_one_call_then_unchanged(apply: Run, writes: Callable[[], list[str]]) -> None:
    apply("ecs_cluster", ARGS)
    again = apply("ecs_cluster", ARGS)
    assert not again["changed"], again["plan"]
    assert writes() == ["ecs:CreateCluster"]


def test_drift_is_named_and_repaired(apply: Run, boto: Boto, changes: Any) -> None:
    made = apply("ecs_cluster", ARGS)
    expected, ecs = census(boto), boto("ecs")
    ecs.put_cluster_capacity_providers(cluster=NAME, capacityProviders=["FARGATE"], defaultCapacityProviderStrategy=[])
    ecs.update_cluster(cluster=NAME, configuration={"executeCommandConfiguration": {"logging": "NONE"}})
    ecs.update_cluster_settings(cluster=NAME, settings=[{"name": "containerInsights", "value": "disabled"}])
    arn = made["resources"][ADDRESS]["arn"]
    ecs.tag_resource(resourceArn=arn, tags=[{"key": "Environment", "value": "prod"}])
    plan = apply("ecs_cluster", ARGS, check=True)
    assert {path.split(".")[0] for path in changes(plan)[ADDRESS]} == {
        "capacity_providers",
        "container_insights",
        "default_strategy",
        "execute_command",
        "tags",
    }
    assert apply("ecs_cluster", ARGS)["plan"] == plan["plan"]
    assert not apply("ecs_cluster", ARGS)["changed"]
    assert census(boto) == expected


def test_container_insights_without_a_wish_are_the_accounts_and_stay(apply: Run, boto: Boto) -> None:
    boto("ecs").put_account_setting_default(name="containerInsights", value="enhanced")
    args = {key: value for key, value in ARGS.items() if key != "container_insights"}
    apply("ecs_cluster", args)
    assert census(boto)[0][4] == [{"name": "containerInsights", "value": "enhanced"}]
    assert not apply("ecs_cluster", args)["changed"]


def test_absent_twice_and_made_again(apply: Run) -> None:
    apply("ecs_cluster", ARGS)
    assert apply("ecs_cluster", {"name": NAME, "state": "absent"})["changed"]
    assert not apply("ecs_cluster", {"name": NAME, "state": "absent"})["changed"]
    assert apply("ecs_cluster", ARGS)["changed"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"capacity_providers": ["FARGATE"]}, "default_strategy names FARGATE_SPOT"),
        ({"execute_command": {"log_group": "x"}}, "execute_command.log_group holds with logging OVERRIDE only"),
    ],
)
def test_wrong_input(wrong: dict[str, Any], message: str, run_module: Run) -> None:
    assert message in run_module("ecs_cluster", {**ARGS, **wrong})["msg"]


def test_interrupted_runs_end_the_same(interrupt_each_write: Callable[..., None], apply: Run, boto: Boto) -> None:
    def prepare() -> dict[str, Any]:
        apply("ecs_cluster", {"name": NAME})
        return ARGS

    interrupt_each_write("ecs_cluster", prepare, lambda: census(boto))
