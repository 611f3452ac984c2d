"""RDS event subscriptions: checked, and changed in place."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.rds.models import EventSubscription, RDSBackend
from moto.rds.responses import RDSResponse
from moto.sns.models import sns_backends

from emulator import delays
from emulator.extensions import patch
from emulator.protocol import AwsError
from emulator.services._rds import API, GUIDE, value

CREATING = delays.declare("db_event_subscription.creating", "CreateEventSubscription until active")
MODIFYING = delays.declare("db_event_subscription.modifying", "ModifyEventSubscription until active")

# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html
_CATEGORIES = {
    "db-instance": {
        *("availability", "backtrack", "backup", "configuration change", "creation", "deletion", "failover", "failure"),
        *("low storage", "maintenance", "notification", "read replica", "recovery", "restoration", "security"),
        "security patching",
    },
    "db-snapshot": {"creation", "deletion", "notification", "restoration"},
    "db-parameter-group": {"configuration change"},
    "db-security-group": {"configuration change", "failure"},
}


def _check(backend: Any, topic: str | None, source_type: str | None, categories: Any) -> None:
    if topic is not None and topic not in sns_backends[backend.account_id][backend.region_name].topics:
        raise AwsError("SNSTopicArnNotFound", "SNS topic ARN does not exist.", 404)
    if source_type is not None:
        unknown = sorted(set(categories or []) - _CATEGORIES.get(source_type, set()))
        if unknown:
            raise AwsError("SubscriptionCategoryNotFound", f"Category {unknown[0]} does not exist.", 404)


def _check_source(backend: Any, source_type: str | None, source: str) -> None:
    if source_type == "db-instance" and source not in backend.databases:
        raise AwsError("SourceNotFound", f"Could not find source for source ID: {source}", 404)


@patch(RDSBackend, "create_event_subscription", aws=f"{API}/API_CreateEventSubscription.html")
def create_event_subscription(original: Any, self: Any, kwargs: Any) -> Any:
    """A subscription names a topic, categories and sources that exist; it is creating before it is active."""
    source_type = kwargs.get("source_type")
    if kwargs.get("source_ids") and source_type is None:
        raise value("SourceType must be supplied when SourceIds are.")
    _check(self, kwargs["sns_topic_arn"], source_type, kwargs.get("event_categories"))
    for source in kwargs.get("source_ids") or []:
        _check_source(self, source_type, source)
    kwargs.setdefault("enabled", True)
    subscription = original(self, kwargs=kwargs)
    _begin(subscription, "creating", CREATING)
    return subscription


def _begin(subscription: EventSubscription, status: str, delay: str) -> None:
    subscription.status = status
    delays.schedule(delay, lambda: setattr(subscription, "status", "active"))


def _found(response: Any) -> Any:
    return next(iter(response.backend.describe_event_subscriptions(response.params["SubscriptionName"])))


@patch(RDSResponse, "modify_event_subscription", added=True, aws=f"{API}/API_ModifyEventSubscription.html")
def modify_event_subscription(self: Any) -> ActionResult:
    """Topic, kind of source, categories and whether it is on can be changed."""
    subscription = _found(self)
    source_type = self.params.get("SourceType", subscription.source_type)
    _check(self.backend, self.params.get("SnsTopicArn"), source_type, self.params.get("EventCategories"))
    for name, attribute in (
        ("SnsTopicArn", "sns_topic_arn"),
        ("SourceType", "source_type"),
        ("EventCategories", "event_categories"),
        ("Enabled", "enabled"),
    ):
        if name in self.params:
            setattr(subscription, attribute, self.params[name])
    _begin(subscription, "modifying", MODIFYING)
    return ActionResult({"EventSubscription": subscription})


@patch(
    RDSResponse,
    "add_source_identifier_to_subscription",
    added=True,
    aws=f"{API}/API_AddSourceIdentifierToSubscription.html",
)
def add_source_identifier_to_subscription(self: Any) -> ActionResult:
    """A source that exists is added to a subscription."""
    subscription, source = _found(self), self.params["SourceIdentifier"]
    _check_source(self.backend, subscription.source_type, source)
    subscription.source_ids = sorted({*subscription.source_ids, source})
    return ActionResult({"EventSubscription": subscription})


@patch(
    RDSResponse,
    "remove_source_identifier_from_subscription",
    added=True,
    aws=f"{API}/API_RemoveSourceIdentifierFromSubscription.html",
)
def remove_source_identifier_from_subscription(self: Any) -> ActionResult:
    """A source is taken out of a subscription."""
    subscription, source = _found(self), self.params["SourceIdentifier"]
    if source not in subscription.source_ids:
        raise AwsError("SourceNotFound", f"Could not find source for source ID: {source}", 404)
    subscription.source_ids = [each for each in subscription.source_ids if each != source]
    return ActionResult({"EventSubscription": subscription})


@patch(RDSBackend, "delete_event_subscription", aws=f"{GUIDE}/USER_Events.Deleting.html")
def delete_event_subscription(original: Any, self: Any, subscription_name: str) -> Any:
    """A deleted subscription says that it is deleting."""
    subscription = original(self, subscription_name=subscription_name)
    subscription.status = "deleting"
    return subscription
