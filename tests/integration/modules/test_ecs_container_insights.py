from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer

DEFAULT = "ecs_account_setting/containerInsights"
CLUSTER = "ecs_cluster_settings/airas-dev"
ARGS = {"account_default": "enabled", "cluster": "airas-dev", "setting": "enhanced"}

Run = Callable[..., dict[str, Any]]


def census(boto: Callable[[str], Any]) -> dict[str, Any]:
    ecs = boto("ecs")
    settings = ecs.list_account_settings(name="containerInsights", effectiveSettings=True)["settings"]
    clusters = ecs.describe_clusters(clusters=["airas-dev"], include=["SETTINGS"])["clusters"]
    return {
        "default": [item["value"] for item in settings],
        "cluster": [item["value"] for cluster in clusters for item in cluster["settings"]],
    }


def changes(result: dict[str, Any]) -> dict[str, tuple[str, Any, Any]]:
    return {
        item["resource"]: (change["call"], change["before"], change["after"])
        for item in result["plan"]
        for change in item["changes"]
    }


def test_plan_where_no_cluster_is_yet(apply: Run, writes: Callable[[], list[str]]) -> None:
    assert changes(apply("ecs_container_insights", ARGS, check=True)) == {
        DEFAULT: ("ecs:PutAccountSettingDefault", "disabled", "enabled"),
        CLUSTER: ("ecs:UpdateClusterSettings", None, "enhanced"),
    }
    assert writes() == []


def test_without_its_cluster_a_run_says_so(run_module: Run) -> None:
    result = run_module("ecs_container_insights", {"cluster": "airas-dev", "setting": "enabled"})
    assert result["msg"].startswith(f"{CLUSTER}: cluster airas-dev does not exist. Make the cluster first.")


def test_set_then_unchanged(apply: Run, boto: Callable[[str], Any]) -> None:
    boto("ecs").create_cluster(clusterName="airas-dev")
    planned = apply("ecs_container_insights", ARGS, check=True)
    assert apply("ecs_container_insights", ARGS)["plan"] == planned["plan"]
    assert not apply("ecs_container_insights", ARGS)["changed"]
    assert census(boto) == {"default": ["enabled"], "cluster": ["enhanced"]}


def test_drift_is_named_and_repaired(apply: Run, boto: Callable[[str], Any]) -> None:
    ecs = boto("ecs")
    ecs.create_cluster(clusterName="airas-dev")
    apply("ecs_container_insights", ARGS)
    ecs.put_account_setting_default(name="containerInsights", value="disabled")
    ecs.update_cluster_settings(cluster="airas-dev", settings=[{"name": "containerInsights", "value": "enabled"}])
    assert changes(apply("ecs_container_insights", ARGS)) == {
        DEFAULT: ("ecs:PutAccountSettingDefault", "disabled", "enabled"),
        CLUSTER: ("ecs:UpdateClusterSettings", "enabled", "enhanced"),
    }
    assert not apply("ecs_container_insights", ARGS)["changed"]


def test_absent_twice(apply: Run, boto: Callable[[str], Any]) -> None:
    boto("ecs").create_cluster(clusterName="airas-dev")
    apply("ecs_container_insights", ARGS)
    assert apply("ecs_container_insights", {**ARGS, "state": "absent"})["changed"]
    assert census(boto) == {"default": ["disabled"], "cluster": ["disabled"]}
    assert not apply("ecs_container_insights", {**ARGS, "state": "absent"})["changed"]


def test_absent_of_a_cluster_that_is_gone(apply: Run) -> None:
    assert not apply("ecs_container_insights", {"cluster": "airas-dev", "state": "absent"})["changed"]


def test_interrupted_at_each_write(interrupt_each_write: Callable[..., None], boto: Callable[[str], Any]) -> None:
    def prepare() -> dict[str, str]:
        boto("ecs").create_cluster(clusterName="airas-dev")
        return ARGS

    interrupt_each_write("ecs_container_insights", prepare, lambda: census(boto))


def test_throttled_one_call_in_five(emulator: EmulatorServer, apply: Run, boto: Callable[[str], Any]) -> None:
    boto("ecs").create_cluster(clusterName="airas-dev")
    emulator.set_faults([{"service": "ecs", "error": "throttle", "every": 5}])
    for _run in range(3):
        apply("ecs_container_insights", ARGS)
    emulator.set_faults([])
    assert census(boto) == {"default": ["enabled"], "cluster": ["enhanced"]}


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({}, "one of the following is required: account_default, cluster"),
        ({"cluster": "airas-dev"}, "cluster is given without setting. Set it to disabled, enabled or enhanced."),
        ({"setting": "enabled"}, "cluster"),
        ({"account_default": "on"}, "must be one of: disabled, enabled, enhanced"),
    ],
)
def test_wrong_input_is_one_error_before_any_write(
    args: dict[str, Any], message: str, run_module: Run, writes: Callable[[], list[str]]
) -> None:
    result = run_module("ecs_container_insights", args)
    assert result["failed"]
    assert message in result["msg"]
    assert writes() == []
