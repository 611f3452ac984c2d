"""What RDS tells of its instances: DescribeEvents, EventBridge, and the topics of event subscriptions."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

from moto.core.utils import utcnow
from moto.sns.models import sns_backends

from emulator.services._events import emit
from emulator.services._resource_policy import allows

_SERVICE = "events.rds.amazonaws.com"
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html
_MESSAGES = {
    "RDS-EVENT-0003": ("deletion", "DB instance deleted"),
    "RDS-EVENT-0005": ("creation", "DB instance created"),
    "RDS-EVENT-0006": ("availability", "DB instance restarted"),
    "RDS-EVENT-0014": ("configuration change", "Finished applying modification to DB instance class"),
    "RDS-EVENT-0016": ("configuration change", "Reset master credentials"),
    "RDS-EVENT-0017": ("configuration change", "Finished applying modification to allocated storage"),
    "RDS-EVENT-0087": ("notification", "DB instance stopped"),
    "RDS-EVENT-0088": ("notification", "DB instance started"),
}


def tell(database: Any, event_id: str) -> None:
    """An event of an instance, to all who want it."""
    category, message = _MESSAGES[event_id]
    backend, name = database.backend, database.db_instance_identifier
    now = utcnow()
    backend.events.append(
        SimpleNamespace(
            source_identifier=name,
            source_type="db-instance",
            message=message,
            event_categories=[category],
            source_arn=database.arn,
            date=now,
        )
    )
    emit(
        backend.account_id,
        backend.region_name,
        "aws.rds",
        "RDS DB Instance Event",
        [database.arn],
        {
            "EventCategories": [category],
            "SourceType": "DB_INSTANCE",
            "SourceArn": database.arn,
            "Date": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03d}Z",
            "Message": message,
            "SourceIdentifier": name,
            "EventID": event_id,
        },
    )
    for subscription in list(backend.event_subscriptions.values()):
        if _wants(subscription, name, category):
            _publish(backend, subscription, name, event_id, message)


def _wants(subscription: Any, name: str, category: str) -> bool:
    return bool(
        subscription.enabled
        and subscription.source_type in (None, "db-instance")
        and name in (subscription.source_ids or [name])
        and category in (subscription.event_categories or [category])
    )


def _publish(backend: Any, subscription: Any, name: str, event_id: str, message: str) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.GrantingPermissions.html"""
    topic = sns_backends[backend.account_id][backend.region_name].topics.get(subscription.sns_topic_arn)
    if topic is None:
        return
    statements = json.loads(topic.policy)["Statement"]
    if not allows(statements, _SERVICE, "sns:Publish", subscription.arn, backend.account_id):
        return
    told = {
        "Event Source": "db-instance",
        "Event Time": f"{utcnow():%Y-%m-%d %H:%M:%S}.000",
        "Identifier Link": f"https://console.aws.amazon.com/rds/home?region={backend.region_name}#dbinstance:id={name}",
        "Source ID": name,
        "Event ID": f"http://docs.amazonwebservices.com/AmazonRDS/latest/UserGuide/USER_Events.html#{event_id}",
        "Event Message": message,
    }
    topic.publish(json.dumps(told), subject="RDS Notification Message")
