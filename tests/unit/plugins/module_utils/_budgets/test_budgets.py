from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._budgets import budgets
from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError, plan_resource

TOLD = {"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN", "Threshold": 80.0}
BUDGET = {
    "name": "airas-dev",
    "amount_usd": 90.0,
    "time_unit": "MONTHLY",
    "cost_filters": {},
    "notifications": [{"of": "ACTUAL", "threshold_percent": 80.0, "topic_arns": ["arn:topic"], "emails": []}],
}


def params(**options: Any) -> dict[str, Any]:
    return {"budgets": [{**BUDGET, **options}], "state": "present", "tags": {}}


def test_another_spelling_of_the_amount_is_no_change(fake_aws: Callable[..., Any]) -> None:
    aws = fake_aws(
        describe_budget={"Budget": {"BudgetLimit": {"Amount": "90.00", "Unit": "USD"}, "TimeUnit": "MONTHLY"}},
        describe_notifications_for_budget={"Notifications": [{**TOLD, "NotificationState": "OK"}]},
        describe_subscribers_for_notification={"Subscribers": [{"SubscriptionType": "SNS", "Address": "arn:topic"}]},
        list_tags_for_resource={"ResourceTags": [{"Key": "Name", "Value": "airas-dev"}]},
    )
    assert [plan_resource(item).action for item in budgets.resources(aws, params())] == ["none"]
    asked = dict(aws.calls)["budgets:describe_subscribers_for_notification"]
    assert asked["Notification"] == TOLD  # AWS refuses a notification with its state


@pytest.mark.parametrize("amount", [0, -1, None, "much"])
def test_no_money_is_no_budget(fake_aws: Callable[..., Any], amount: Any) -> None:
    with pytest.raises(PlatformError, match="Give US dollars, more than nothing"):
        budgets.resources(fake_aws(), params(amount_usd=amount))
