from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._ecs import container_insights
from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError, apply, plan_resource

NOTHING: dict[str, Any] = {"state": "present", "account_default": None, "cluster": None, "setting": None}

Fake = Callable[..., Any]


def plans(aws: Any, **given: Any) -> list[Any]:
    return [plan_resource(resource) for resource in container_insights.resources(aws, {**NOTHING, **given})]


def cluster(status: str = "ACTIVE", **settings: str) -> dict[str, Any]:
    listed = [{"name": name, "value": value} for name, value in settings.items()]
    return {"describe_clusters": {"clusters": [{"clusterName": "c", "status": status, "settings": listed}]}}


def test_what_ecs_does_not_list_is_disabled(fake_aws: Fake) -> None:
    assert container_insights.account_default(fake_aws(list_account_settings={"settings": []})) == "disabled"
    assert [plan.action for plan in plans(fake_aws(**cluster()), cluster="c", setting="disabled")] == ["none"]


def test_the_setting_that_holds_is_asked_for(fake_aws: Fake) -> None:
    aws = fake_aws(list_account_settings={"settings": [{"name": "containerInsights", "value": "enhanced"}]})
    assert [plan.action for plan in plans(aws, account_default="enhanced")] == ["none"]
    assert aws.calls == [("ecs:list_account_settings", {"name": "containerInsights", "effectiveSettings": True})]


def test_a_cluster_that_has_been_deleted_is_not_there(fake_aws: Fake) -> None:
    aws = fake_aws(**cluster("INACTIVE", containerInsights="enabled"))
    assert [plan.action for plan in plans(aws, cluster="c", setting="enabled")] == ["create"]
    assert [plan.action for plan in plans(aws, cluster="c", state="absent")] == ["none"]


def test_a_missing_cluster_is_named(fake_aws: Fake, refusal: Fake) -> None:
    aws = fake_aws(describe_clusters={"clusters": []}, update_cluster_settings=refusal("ClusterNotFoundException"))
    with pytest.raises(PlatformError, match=r"cluster c does not exist\. Make the cluster first"):
        apply(plans(aws, cluster="c", setting="enabled"), [])
