# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Budgets of costs with their notifications."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

from .._aws import Aws, tag_list, tags_of
from .._reconcile import Operation, PlatformError, Resource, managed_tags

KIND = "budget"
TIME_UNITS = ("DAILY", "MONTHLY", "QUARTERLY", "ANNUALLY")
# https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_Notification.html
OF = ("ACTUAL", "FORECASTED")
_MISSING = ("NotFoundException",)
_NOTIFICATIONS = 5


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The budgets of the options."""
    present = params["state"] == "present"
    desired = [_desired(budget, params["tags"]) if present else None for budget in params["budgets"]]
    found = aws.gather(partial(_find, aws, budget, params["tags"]) for budget in params["budgets"])
    return [
        _budget(aws, budget["name"], before, after)
        for budget, before, after in zip(params["budgets"], found, desired, strict=True)
    ]


def budget_arn(aws: Aws, name: str) -> str:
    return aws.arn("budgets", f"budget/{name}", region=False)


# -- desired ---------------------------------------------------------------------------------------------------------


def _desired(budget: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    address = f"{KIND}/{budget['name']}"
    if len(budget["notifications"]) > _NOTIFICATIONS:
        raise PlatformError(
            f"it has {len(budget['notifications'])} notifications.",
            mend=f"AWS takes up to {_NOTIFICATIONS}.",
            resource=address,
        )
    return {
        "amount_usd": _amount(budget["amount_usd"], address),
        "time_unit": budget["time_unit"],
        "cost_filters": {key: sorted(values) for key, values in budget["cost_filters"].items()},
        "notifications": {
            _key(item["of"], item["threshold_percent"]): sorted(_subscribers(item)) for item in budget["notifications"]
        },
        "tags": {**tags, "Name": budget["name"]},
    }


def _amount(value: Any, address: str = "") -> str:
    """``90``, ``"90.0"`` and ``"90.00"`` are the same."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal(0)
    if amount <= 0:
        raise PlatformError(
            f"amount_usd is {value!r}.", mend="Give US dollars, more than nothing.", resource=address
        ) from None
    return format(amount.normalize(), "f")


def _subscribers(notification: Mapping[str, Any]) -> list[str]:
    """``SNS arn:...`` and ``EMAIL a@example.com``"""
    return [
        *(f"SNS {arn}" for arn in notification["topic_arns"]),
        *(f"EMAIL {address}" for address in notification["emails"]),
    ]


def _key(of: str, percent: float) -> str:
    return f"{of} {percent:g} %"


def _notification(key: str) -> dict[str, Any]:
    of, percent, _sign = key.split()
    return {
        "NotificationType": of,
        "ComparisonOperator": "GREATER_THAN",
        "Threshold": float(percent),
        "ThresholdType": "PERCENTAGE",
    }


def _subscriber(text: str) -> dict[str, str]:
    kind, _space, address = text.partition(" ")
    return {"SubscriptionType": kind, "Address": address}


# -- found -----------------------------------------------------------------------------------------------------------


def _find(aws: Aws, budget: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any] | None:
    name = budget["name"]
    of_budget = {"AccountId": aws.account_id, "BudgetName": name}
    answer = aws.call_or_none("budgets", "describe_budget", _MISSING, **of_budget)
    if answer is None:
        return None
    item, arn = answer["Budget"], budget_arn(aws, name)
    listed = aws.pages("budgets", "describe_notifications_for_budget", "Notifications", **of_budget)
    subscribed = aws.gather(
        partial(
            aws.pages,
            "budgets",
            "describe_subscribers_for_notification",
            "Subscribers",
            **of_budget,
            Notification=_named(notification),
        )
        for notification in listed
    )
    actual = tags_of(aws.call("budgets", "list_tags_for_resource", ResourceARN=arn), "ResourceTags")
    return {
        "arn": arn,
        "amount_usd": _amount(item["BudgetLimit"]["Amount"]),
        "time_unit": item["TimeUnit"],
        "cost_filters": {key: sorted(values) for key, values in (item.get("CostFilters") or {}).items()},
        "notifications": {
            _found_key(notification): sorted(f"{entry['SubscriptionType']} {entry['Address']}" for entry in subscribers)
            for notification, subscribers in zip(listed, subscribed, strict=True)
        },
        "found": {_found_key(notification): _named(notification) for notification in listed},
        "tags": managed_tags(actual, {**tags, "Name": name}),
    }


def _found_key(notification: Mapping[str, Any]) -> str:
    """A notification of another form than ours, such as one of an absolute value, gets a key that is none of ours."""
    key = _key(notification["NotificationType"], notification["Threshold"])
    ours = notification["ComparisonOperator"] == "GREATER_THAN" and (
        notification.get("ThresholdType", "PERCENTAGE") == "PERCENTAGE"
    )
    return key if ours else f"{key} {notification['ComparisonOperator']} {notification.get('ThresholdType', '')}"


def _named(notification: Mapping[str, Any]) -> dict[str, Any]:
    """What identifies a notification; its state is in the answers alone."""
    keys = ("NotificationType", "ComparisonOperator", "Threshold", "ThresholdType")
    return {key: notification[key] for key in keys if key in notification}


# -- changed ---------------------------------------------------------------------------------------------------------


def _budget(aws: Aws, name: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> Resource:
    wanted = after or {}
    found = before.pop("found") if before else {}

    def of_budget() -> dict[str, str]:
        return {"AccountId": aws.account_id, "BudgetName": name}

    def create(_known: dict[str, Any]) -> dict[str, Any]:
        aws.create(
            "budgets",
            "create_budget",
            AccountId=aws.account_id,
            Budget=_document(name, wanted),
            NotificationsWithSubscribers=[
                {"Notification": _notification(key), "Subscribers": [_subscriber(text) for text in texts]}
                for key, texts in wanted["notifications"].items()
            ],
            ResourceTags=tag_list(wanted["tags"]),
        )
        return {"arn": budget_arn(aws, name)}

    def update(_known: dict[str, Any]) -> None:
        aws.call("budgets", "update_budget", AccountId=aws.account_id, NewBudget=_document(name, wanted))

    def notify(known: dict[str, Any]) -> None:
        there, asked = known["notifications"], wanted["notifications"]
        for key in there:
            if key not in asked:
                gone = found[key]
                aws.call_or_none("budgets", "delete_notification", _MISSING, **of_budget(), Notification=gone)
        for key, texts in asked.items():
            sent = {**of_budget(), "Notification": _notification(key)}
            if key not in there:
                subscribers = [_subscriber(text) for text in texts]
                aws.call("budgets", "create_notification", **sent, Subscribers=subscribers)
                continue
            for old, new in _exchanges(there[key], texts):
                if old and new:
                    aws.call("budgets", "update_subscriber", **sent, OldSubscriber=old, NewSubscriber=new)
                elif new:
                    aws.call("budgets", "create_subscriber", **sent, Subscriber=new)
                elif old:
                    aws.call("budgets", "delete_subscriber", **sent, Subscriber=old)

    def tag(_known: dict[str, Any]) -> None:
        tags = tag_list(wanted["tags"])
        aws.call("budgets", "tag_resource", ResourceARN=budget_arn(aws, name), ResourceTags=tags)

    def delete(_known: dict[str, Any]) -> None:
        aws.call_or_none("budgets", "delete_budget", _MISSING, **of_budget())

    return Resource(
        KIND,
        name,
        before=before,
        after=after,
        placeholders={"arn": budget_arn(aws, name)},
        create=Operation("budgets:ModifyBudget", create),
        updates=(
            Operation("budgets:ModifyBudget", update, covers=("amount_usd", "time_unit", "cost_filters")),
            Operation("budgets:ModifyBudget", notify, covers=("notifications",)),
            Operation("budgets:TagResource", tag, covers=("tags",)),
        ),
        delete=Operation("budgets:ModifyBudget", delete),
    )


def _exchanges(
    there: Sequence[str], asked: Sequence[str]
) -> Iterator[tuple[dict[str, str] | None, dict[str, str] | None]]:
    """(old, new) subscribers: a notification has room for one topic, so a new one takes the place of the old one.

    What is added comes before what is removed, because the last subscriber would take the notification along.
    """
    removed, added = sorted(set(there) - set(asked)), sorted(set(asked) - set(there))
    for text in added:
        old = next((each for each in removed if each.split()[0] == text.split()[0]), None)
        if old:
            removed.remove(old)
        yield (_subscriber(old) if old else None), _subscriber(text)
    for text in removed:
        yield _subscriber(text), None


def _document(name: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "BudgetName": name,
        "BudgetType": "COST",
        "BudgetLimit": {"Amount": wanted["amount_usd"], "Unit": "USD"},
        "TimeUnit": wanted["time_unit"],
        "CostFilters": wanted["cost_filters"],
    }
