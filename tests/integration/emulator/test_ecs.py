from __future__ import annotations

from typing import Any

import pytest

ROOT = "arn:aws:iam::427979936961:root"


@pytest.fixture
def ecs(emulator: Any) -> Any:
    return emulator.client("ecs")


def _effective(ecs: Any, name: str) -> str:
    [setting] = ecs.list_account_settings(name=name, effectiveSettings=True)["settings"]
    return str(setting["value"])


def _insights(ecs: Any, cluster: str) -> str:
    [found] = ecs.describe_clusters(clusters=[cluster], include=["SETTINGS"])["clusters"]
    return str(found["settings"][0]["value"])


def test_account_settings(emulator: Any, ecs: Any, refused: Any) -> None:
    assert _effective(ecs, "containerInsights") == "disabled"
    names = [setting["name"] for setting in ecs.list_account_settings(effectiveSettings=True)["settings"]]
    assert {"serviceLongArnFormat", "awsvpcTrunking", "tagResourceAuthorization"} < set(names)

    default = ecs.put_account_setting_default(name="containerInsights", value="enhanced")["setting"]
    assert default == {"name": "containerInsights", "value": "enhanced", "principalArn": ROOT, "type": "user"}
    assert _effective(ecs, "containerInsights") == "enhanced"
    assert ecs.list_account_settings(name="containerInsights")["settings"] == []

    own = ecs.put_account_setting(name="containerInsights", value="enabled")["setting"]
    assert own["principalArn"] == emulator.client("sts").get_caller_identity()["Arn"]
    assert _effective(ecs, "containerInsights") == "enabled"
    assert len(ecs.list_account_settings(name="containerInsights")["settings"]) == 1
    ecs.delete_account_setting(name="containerInsights")
    assert _effective(ecs, "containerInsights") == "enhanced"

    with refused("InvalidParameterException"):
        ecs.put_account_setting_default(name="containerInsights", value="sometimes")
    with refused("InvalidParameterException", "Member must satisfy enum value set"):
        ecs.put_account_setting_default(name="nonsense", value="enabled")


def test_new_clusters_follow_the_account(ecs: Any) -> None:
    ecs.create_cluster(clusterName="before")
    ecs.put_account_setting_default(name="containerInsights", value="enabled")
    ecs.create_cluster(clusterName="after")
    own = [{"name": "containerInsights", "value": "disabled"}]
    ecs.create_cluster(clusterName="own", settings=own)
    assert [_insights(ecs, name) for name in ("before", "after", "own")] == ["disabled", "enabled", "disabled"]


def test_cluster_settings(ecs: Any, refused: Any) -> None:
    ecs.create_cluster(clusterName="a", tags=[{"key": "k", "value": "v"}])
    assert ecs.create_cluster(clusterName="a")["cluster"]["tags"] == [{"key": "k", "value": "v"}]
    enabled = [{"name": "containerInsights", "value": "enabled"}]
    with refused("InvalidParameterException", "idempotent"):
        ecs.create_cluster(clusterName="a", settings=enabled)
    assert ecs.update_cluster_settings(cluster="a", settings=enabled)["cluster"]["settings"] == enabled
    configuration = {"executeCommandConfiguration": {"logging": "DEFAULT"}}
    ecs.update_cluster(cluster="a", configuration=configuration)

    [bare] = ecs.describe_clusters(clusters=["a"])["clusters"]
    assert (bare["settings"], bare.get("tags", []), bare.get("configuration")) == ([], [], None)
    [full] = ecs.describe_clusters(clusters=["a"], include=["SETTINGS", "TAGS", "CONFIGURATIONS"])["clusters"]
    assert (full["settings"], full["configuration"]) == (enabled, configuration)
    ecs.delete_cluster(cluster="a")
    with refused("ClusterNotFoundException"):
        ecs.update_cluster_settings(cluster="a", settings=enabled)


def test_capacity_providers(ecs: Any, refused: Any) -> None:
    told = ecs.describe_capacity_providers()["capacityProviders"]
    assert [provider["name"] for provider in told] == ["FARGATE", "FARGATE_SPOT"]
    answer = ecs.describe_capacity_providers(capacityProviders=["FARGATE_SPOT", "none"])
    assert [provider["name"] for provider in answer["capacityProviders"]] == ["FARGATE_SPOT"]
    assert [failure["reason"] for failure in answer["failures"]] == ["MISSING"]
    ecs.create_cluster(clusterName="c")
    strategy = [{"capacityProvider": "FARGATE", "weight": 1, "base": 1}]
    request = {"cluster": "c", "capacityProviders": ["FARGATE"], "defaultCapacityProviderStrategy": strategy}
    cluster = ecs.put_cluster_capacity_providers(**request)["cluster"]
    assert (cluster["capacityProviders"], cluster["defaultCapacityProviderStrategy"]) == (["FARGATE"], strategy)
    with refused("InvalidParameterException", "was not found"):
        ecs.put_cluster_capacity_providers(**request | {"capacityProviders": ["none"]})
    with refused("InvalidParameterException", "not associated"):
        ecs.put_cluster_capacity_providers(**request | {"capacityProviders": ["FARGATE_SPOT"]})
