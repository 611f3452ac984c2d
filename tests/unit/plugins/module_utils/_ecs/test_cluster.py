from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._ecs import cluster
from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError, apply, plan_resource

OPTIONS: dict[str, Any] = {
    "name": "c",
    "state": "present",
    "capacity_providers": ["FARGATE_SPOT", "FARGATE"],
    "default_strategy": [{"capacity_provider": "FARGATE", "base": 0, "weight": 1}],
    "container_insights": None,
    "execute_command": None,
    "tags": {},
}
DESCRIBED: dict[str, Any] = {
    "clusterArn": "arn:aws:ecs:ap-northeast-1:427979936961:cluster/c",
    "status": "ACTIVE",
    "capacityProviders": ["FARGATE", "FARGATE_SPOT"],
    "defaultCapacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1}],
    "settings": [{"name": "containerInsights", "value": "enhanced"}],
    "tags": [{"key": "Name", "value": "c"}],
}

Fake = Callable[..., Any]


def resource(aws: Any, **given: Any) -> Any:
    [found] = cluster.resources(aws, {**OPTIONS, **given})
    return found


def found(**attributes: Any) -> dict[str, Any]:
    return {"describe_clusters": {"clusters": [{**DESCRIBED, **attributes}]}}


def test_aws_defaults_are_no_difference(fake_aws: Fake) -> None:
    assert plan_resource(resource(fake_aws(**found()))).action == "none"
    default = {"executeCommandConfiguration": {"logging": "DEFAULT"}}
    assert plan_resource(resource(fake_aws(**found(configuration=default)))).action == "none"


def test_a_deleted_cluster_is_none(fake_aws: Fake) -> None:
    aws = fake_aws(**found(status="INACTIVE"), create_cluster={"cluster": DESCRIBED})
    apply([plan_resource(resource(aws))], [])
    [_describe, (call, sent)] = aws.calls
    assert call == "ecs:create_cluster"
    assert "settings" not in sent  # so that the account's default holds


def test_a_cluster_that_provisions_is_pending_and_left_alone(fake_aws: Fake) -> None:
    aws = fake_aws(**found(status="PROVISIONING"))
    changing = resource(aws, capacity_providers=["FARGATE"])
    apply([plan_resource(changing)], [])
    assert changing.pending == "PROVISIONING"
    assert [call for call, _params in aws.calls] == ["ecs:describe_clusters"]


def test_a_failed_cluster_is_named(fake_aws: Fake) -> None:
    with pytest.raises(PlatformError, match="the cluster is FAILED"):
        _ = resource(fake_aws(**found(status="FAILED"))).pending


def test_a_cluster_in_use_is_not_deleted(fake_aws: Fake, refusal: Fake) -> None:
    aws = fake_aws(**found(), delete_cluster=refusal("ClusterContainsServicesException"))
    with pytest.raises(PlatformError, match="services or tasks still run in it") as caught:
        apply([plan_resource(resource(aws, state="absent"))], [])
    assert caught.value.mend.startswith("Remove its services")
