from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.airas.platform.plugins.module_utils._ecs import container_insights
from ansible_collections.airas.platform.plugins.module_utils._reconcile import plan_resource

Fake = Callable[..., Any]


def test_what_ecs_does_not_list_is_disabled(fake_aws: Fake) -> None:
    assert container_insights.account_default(fake_aws(list_account_settings={"settings": []})) == "disabled"


def test_the_setting_that_holds_is_asked_for(fake_aws: Fake) -> None:
    aws = fake_aws(list_account_settings={"settings": [{"name": "containerInsights", "value": "enhanced"}]})
    [found] = container_insights.resources(aws, {"state": "present", "account_default": "enhanced"})
    assert plan_resource(found).action == "none"
    assert aws.calls == [("ecs:list_account_settings", {"name": "containerInsights", "effectiveSettings": True})]
