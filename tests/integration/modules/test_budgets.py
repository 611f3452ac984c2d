"""Budgets against the embedded AWS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

NAME = "airas-dev"
TOPIC = "arn:aws:sns:ap-northeast-1:427979936961:airas-dev-alarms"
ARN = "arn:aws:budgets::427979936961:budget/airas-dev"
BUDGET = {
    "name": NAME,
    "amount_usd": 90,
    "cost_filters": {"TagKeyValue": ["user:Environment$dev"]},
    "notifications": [
        {"threshold_percent": 80, "topic_arns": [TOPIC]},
        {"threshold_percent": 100, "topic_arns": [TOPIC]},
        {"of": "FORECASTED", "threshold_percent": 100, "topic_arns": [TOPIC]},
    ],
}
ARGS = {"region": "ap-northeast-1", "budgets": [BUDGET], "tags": {"Environment": "dev"}}
ABSENT = {"region": "ap-northeast-1", "budgets": [{"name": NAME}], "state": "absent"}
OF_BUDGET = {"AccountId": "427979936961", "BudgetName": NAME}

Apply = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]
Changes = Callable[[dict[str, Any]], dict[str, tuple[Any, Any]]]


def notification(of: str, percent: float) -> dict[str, Any]:
    told = {"NotificationType": of, "ComparisonOperator": "GREATER_THAN", "Threshold": percent}
    return {**told, "ThresholdType": "PERCENTAGE"}


def census(boto: Boto) -> dict[str, Any]:
    client, found = boto("budgets"), {}
    for item in client.describe_budgets(AccountId="427979936961").get("Budgets", []):
        listed = client.describe_notifications_for_budget(**OF_BUDGET)["Notifications"]
        found[item["BudgetName"]] = {
            "limit": item["BudgetLimit"],
            "filters": item.get("CostFilters"),
            "notifications": {
                f"{entry['NotificationType']} {entry['Threshold']}": client.describe_subscribers_for_notification(
                    **OF_BUDGET, Notification=entry
                )["Subscribers"]
                for entry in listed
            },
            "tags": client.list_tags_for_resource(ResourceARN=ARN)["ResourceTags"],
        }
    return found


def test_makes_it_and_then_changes_nothing(apply: Apply, boto: Boto) -> None:
    planned = apply("budgets", ARGS, check=True)
    assert census(boto) == {}
    assert apply("budgets", ARGS)["plan"] == planned["plan"]
    subscriber = [{"SubscriptionType": "SNS", "Address": TOPIC}]
    assert census(boto)[NAME] == {
        "limit": {"Amount": "90", "Unit": "USD"},
        "filters": {"TagKeyValue": ["user:Environment$dev"]},
        "notifications": {"ACTUAL 80.0": subscriber, "ACTUAL 100.0": subscriber, "FORECASTED 100.0": subscriber},
        "tags": [{"Key": "Environment", "Value": "dev"}, {"Key": "Name", "Value": NAME}],
    }
    assert planned["resources"][f"budget/{NAME}"]["arn"] == ARN
    assert apply("budgets", ARGS)["changed"] is False


def test_names_and_mends_each_attribute_that_drifted(apply: Apply, boto: Boto, value_changes: Changes) -> None:
    apply("budgets", ARGS)
    known, client = census(boto), boto("budgets")
    form = {"BudgetName": NAME, "BudgetType": "COST", "TimeUnit": "MONTHLY"}
    client.update_budget(AccountId="427979936961", NewBudget={**form, "BudgetLimit": {"Amount": "90.5", "Unit": "USD"}})
    client.delete_notification(**OF_BUDGET, Notification=notification("ACTUAL", 80))
    mail = {"SubscriptionType": "EMAIL", "Address": "ops@example.com"}
    client.create_notification(**OF_BUDGET, Notification=notification("ACTUAL", 50), Subscribers=[mail])
    client.create_subscriber(**OF_BUDGET, Notification=notification("ACTUAL", 100), Subscriber=mail)
    client.tag_resource(ResourceARN=ARN, ResourceTags=[{"Key": "Environment", "Value": "prod"}])
    budget = f"budget/{NAME}"
    expected = {
        f"{budget} amount_usd": ("90.5", "90"),
        f"{budget} cost_filters.TagKeyValue": (None, ["user:Environment$dev"]),
        f"{budget} notifications[ACTUAL 80 %]": (None, [f"SNS {TOPIC}"]),
        f"{budget} notifications[ACTUAL 50 %]": (["EMAIL ops@example.com"], None),
        f"{budget} notifications[ACTUAL 100 %]": (["EMAIL ops@example.com", f"SNS {TOPIC}"], [f"SNS {TOPIC}"]),
        f"{budget} tags.Environment": ("prod", "dev"),
    }
    assert value_changes(apply("budgets", ARGS, check=True)) == expected
    assert value_changes(apply("budgets", ARGS)) == expected
    assert census(boto) == known
    assert apply("budgets", ARGS)["changed"] is False


def test_another_topic_takes_the_place_of_the_first(apply: Apply, boto: Boto) -> None:
    apply("budgets", ARGS)
    other = TOPIC.replace("alarms", "costs")
    moved = {**BUDGET, "notifications": [{"threshold_percent": 80, "topic_arns": [other]}]}
    apply("budgets", {**ARGS, "budgets": [moved]})
    assert census(boto)[NAME]["notifications"] == {"ACTUAL 80.0": [{"SubscriptionType": "SNS", "Address": other}]}


def test_absent_twice(apply: Apply, boto: Boto) -> None:
    apply("budgets", ARGS)
    assert apply("budgets", ABSENT, check=True)["changed"]
    apply("budgets", ABSENT)
    assert census(boto) == {}
    assert apply("budgets", ABSENT)["changed"] is False


def test_interrupted_anywhere_it_ends_the_same(interrupt_each_write: Callable[..., None], boto: Boto) -> None:
    interrupt_each_write("budgets", lambda: ARGS, lambda: census(boto))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"amount_usd": None}, "amount_usd is None. Give US dollars, more than nothing."),
        ({"notifications": BUDGET["notifications"] * 2}, "it has 6 notifications. AWS takes up to 5."),
    ],
)
def test_wrong_input_is_refused(run_module: Apply, options: dict[str, Any], message: str) -> None:
    result = run_module("budgets", {**ARGS, "budgets": [{**BUDGET, **options}]})
    assert result["msg"].startswith(f"budget/{NAME}: {message}")
