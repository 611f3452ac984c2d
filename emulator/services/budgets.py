"""Budgets: changes, the subscribers of notifications, and tags."""

from __future__ import annotations

import copy
import json
import time
from typing import Any

from moto.budgets.models import Budget, Notification
from moto.budgets.responses import BudgetsResponse

from emulator.extensions import patch
from emulator.protocol import AwsError
from emulator.services._common import state_of

API = "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference"

_NOTIFICATIONS, _TOPICS = 5, 1


def _missing(what: str) -> AwsError:
    return AwsError("NotFoundException", f"Unable to find the {what} - it doesn't exist.")


def _budget(response: Any, name: str | None = None) -> Budget:
    params = json.loads(response.body)
    name = name or params["BudgetName"]
    budgets: dict[str, Budget] = response.backend.budgets[params["AccountId"]]
    if name not in budgets:
        raise _missing(f"budget: {name}")
    return budgets[name]


def _identity(details: dict[str, Any]) -> tuple[Any, ...]:
    """What tells notifications apart; a percentage is meant unless the request says otherwise."""
    kind = details.get("ThresholdType") or "PERCENTAGE"
    return details["NotificationType"], details["ComparisonOperator"], float(details["Threshold"]), kind


def _notification(response: Any) -> Notification:
    asked = _identity(response._get_param("Notification"))
    for notification in _budget(response).notifications:
        if _identity(notification.details) == asked:
            return notification
    raise _missing("notification")


def _check_subscribers(subscribers: list[dict[str, Any]]) -> None:
    if not subscribers:
        raise AwsError("InvalidParameterException", "A notification needs at least one subscriber")
    if sum(item["SubscriptionType"] == "SNS" for item in subscribers) > _TOPICS:
        raise AwsError("CreationLimitExceededException", "A notification can have one SNS subscriber")


@patch(BudgetsResponse, "create_budget", aws=f"{API}/API_budgets_CreateBudget.html")
def create_budget(original: Any, self: Any) -> Any:
    """A budget is made with at most five notifications, each with a subscriber, and with its tags."""
    params = json.loads(self.body)
    asked = params.get("NotificationsWithSubscribers") or []
    if len(asked) > _NOTIFICATIONS:
        raise AwsError("CreationLimitExceededException", "A budget can have five notifications")
    for item in asked:
        _check_subscribers(item.get("Subscribers") or [])
    answer = original(self)
    arn = f"arn:aws:budgets::{params['AccountId']}:budget/{params['Budget']['BudgetName']}"
    _tags(self)[arn] = {tag["Key"]: tag["Value"] for tag in params.get("ResourceTags") or ()}
    return answer


@patch(BudgetsResponse, "update_budget", added=True, aws=f"{API}/API_budgets_UpdateBudget.html")
def update_budget(self: Any) -> str:
    """A budget takes its new form, except for its period's start and its notifications."""
    asked = copy.deepcopy(self._get_param("NewBudget"))
    budget = _budget(self, asked["BudgetName"])
    kept = {key: budget.budget[key] for key in ("TimePeriod",) if key in budget.budget and key not in asked}
    budget.budget = {**asked, **kept, "LastUpdatedTime": time.time()}
    return "{}"


@patch(BudgetsResponse, "delete_budget", aws=f"{API}/API_budgets_DeleteBudget.html")
def delete_budget(original: Any, self: Any) -> Any:
    """A budget takes its tags along."""
    answer = original(self)
    params = json.loads(self.body)
    _tags(self).pop(f"arn:aws:budgets::{params['AccountId']}:budget/{params['BudgetName']}", None)
    return answer


@patch(BudgetsResponse, "create_notification", aws=f"{API}/API_budgets_CreateNotification.html")
def create_notification(original: Any, self: Any) -> Any:
    """A notification has a subscriber, is one of at most five, and is not there twice."""
    _check_subscribers(self._get_param("Subscribers") or [])
    notifications, asked = _budget(self).notifications, _identity(self._get_param("Notification"))
    if any(_identity(notification.details) == asked for notification in notifications):
        raise AwsError("DuplicateRecordException", "Error creating notification - it already exists.")
    if len(notifications) >= _NOTIFICATIONS:
        raise AwsError("CreationLimitExceededException", "A budget can have five notifications")
    return original(self)


@patch(BudgetsResponse, "delete_notification", aws=f"{API}/API_budgets_DeleteNotification.html")
def delete_notification(_original: Any, self: Any) -> str:
    """A notification is told by its type, comparison and threshold; one that does not exist is an error."""
    _budget(self).notifications.remove(_notification(self))
    return "{}"


@patch(
    BudgetsResponse,
    "describe_subscribers_for_notification",
    added=True,
    aws=f"{API}/API_budgets_DescribeSubscribersForNotification.html",
)
def describe_subscribers_for_notification(self: Any) -> str:
    """The subscribers of a notification are told."""
    return json.dumps({"Subscribers": _notification(self).subscribers})


@patch(BudgetsResponse, "create_subscriber", added=True, aws=f"{API}/API_budgets_CreateSubscriber.html")
def create_subscriber(self: Any) -> str:
    """A notification takes one topic and ten addresses as subscribers, each once."""
    subscribers: Any = _notification(self).subscribers
    asked = self._get_param("Subscriber")
    if asked in subscribers:
        raise AwsError("DuplicateRecordException", "Error creating subscriber - it already exists.")
    _check_subscribers([*subscribers, asked])
    subscribers.append(asked)
    return "{}"


@patch(BudgetsResponse, "update_subscriber", added=True, aws=f"{API}/API_budgets_UpdateSubscriber.html")
def update_subscriber(self: Any) -> str:
    """A subscriber takes the place of another."""
    subscribers: Any = _notification(self).subscribers
    old, new = self._get_param("OldSubscriber"), self._get_param("NewSubscriber")
    if old not in subscribers:
        raise _missing("subscriber")
    kept = [item for item in subscribers if item != old]
    _check_subscribers([*kept, new])
    subscribers[:] = [*kept, new]
    return "{}"


@patch(BudgetsResponse, "delete_subscriber", added=True, aws=f"{API}/API_budgets_DeleteSubscriber.html")
def delete_subscriber(self: Any) -> str:
    """The last subscriber of a notification takes the notification along."""
    notification = _notification(self)
    subscribers: Any = notification.subscribers
    if self._get_param("Subscriber") not in subscribers:
        raise _missing("subscriber")
    subscribers.remove(self._get_param("Subscriber"))
    if not subscribers:
        _budget(self).notifications.remove(notification)
    return "{}"


# -- tags ------------------------------------------------------------------------------------------------------------


def _tags(response: Any) -> dict[str, dict[str, str]]:
    tags: dict[str, dict[str, str]] = state_of(response.backend, "tags", dict)
    return tags


def _tagged(response: Any) -> dict[str, str]:
    arn = response._get_param("ResourceARN")
    if arn not in _tags(response):
        raise _missing(f"resource {arn}")
    return _tags(response)[arn]


@patch(BudgetsResponse, "list_tags_for_resource", added=True, aws=f"{API}/API_budgets_ListTagsForResource.html")
def list_tags_for_resource(self: Any) -> str:
    """A budget's tags are told."""
    return json.dumps({"ResourceTags": [{"Key": key, "Value": value} for key, value in _tagged(self).items()]})


@patch(BudgetsResponse, "tag_resource", added=True, aws=f"{API}/API_budgets_TagResource.html")
def tag_resource(self: Any) -> str:
    """Tags are added to a budget, or replaced."""
    _tagged(self).update({tag["Key"]: tag["Value"] for tag in self._get_param("ResourceTags")})
    return "{}"


@patch(BudgetsResponse, "untag_resource", added=True, aws=f"{API}/API_budgets_UntagResource.html")
def untag_resource(self: Any) -> str:
    """Tags are taken off a budget."""
    for key in self._get_param("ResourceTagKeys"):
        _tagged(self).pop(key, None)
    return "{}"
