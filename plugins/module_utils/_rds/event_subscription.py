# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which events of which RDS resources a topic is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._aws import Aws, tag_list
from .._reconcile import Operation, PlatformError, Resource, State, managed_tags
from ._common import arn, read_tags, retag

KIND = "db_event_subscription"
SOURCES = ("db-instance", "db-snapshot", "db-parameter-group", "db-security-group")

_MISSING = ("SubscriptionNotFound", "SubscriptionNotFoundFault")
_FAILED = {
    "no-permission": "Let events.rds.amazonaws.com publish to the topic in the topic's policy, and run again.",
    "topic-not-exist": "Make the topic, and run again.",
}


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The subscription named by the options."""
    name, present = params["name"], params["state"] == "present"
    own_arn = arn(aws, "es", name)
    tags = {**params["tags"], "Name": name}
    after = {**_desired(params), "tags": tags} if present else None
    before = _find(aws, name, tags)

    def create(_known: dict[str, Any]) -> dict[str, Any]:
        made = aws.create(
            "rds",
            "create_event_subscription",
            SubscriptionName=name,
            SnsTopicArn=params["topic_arn"],
            SourceType=params["source_type"],
            SourceIds=sorted(params["source_ids"]),
            EventCategories=sorted(params["categories"]),
            Enabled=True,
            Tags=tag_list(tags),
        )["EventSubscription"]
        return {"arn": own_arn, "status": made["Status"]}

    def modify(_known: dict[str, Any]) -> dict[str, Any]:
        made = aws.call(
            "rds",
            "modify_event_subscription",
            SubscriptionName=name,
            SnsTopicArn=params["topic_arn"],
            SourceType=params["source_type"],
            EventCategories=sorted(params["categories"]),
            Enabled=True,
        )["EventSubscription"]
        return {"status": made["Status"]}

    def modify_sources(known: dict[str, Any]) -> None:
        wanted, found = set(params["source_ids"]), set(known["source_ids"])
        for source in sorted(wanted - found):
            aws.call("rds", "add_source_identifier_to_subscription", SubscriptionName=name, SourceIdentifier=source)
        for source in sorted(found - wanted):
            aws.call(
                "rds", "remove_source_identifier_from_subscription", SubscriptionName=name, SourceIdentifier=source
            )

    def delete(_known: dict[str, Any]) -> None:
        aws.call_or_none("rds", "delete_event_subscription", _MISSING, SubscriptionName=name)

    return [
        Resource(
            KIND,
            name,
            before=before,
            after=after,
            placeholders={"arn": own_arn},
            create=Operation("rds:CreateEventSubscription", create),
            updates=(
                Operation(
                    "rds:ModifyEventSubscription", modify, covers=("topic_arn", "source_type", "categories", "enabled")
                ),
                Operation("rds:AddSourceIdentifierToSubscription", modify_sources, covers=("source_ids",)),
                retag(aws, own_arn, tags),
            ),
            delete=Operation("rds:DeleteEventSubscription", delete),
            settling=_settling if present else lambda _known: None,
        )
    ]


def _settling(known: State) -> str | None:
    if known["status"] in _FAILED:
        raise PlatformError(f"the subscription is {known['status']}.", mend=_FAILED[known["status"]])
    return None if known["status"] == "active" else known["status"]


def _desired(params: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "topic_arn": params["topic_arn"],
        "source_type": params["source_type"],
        "source_ids": sorted(params["source_ids"]),
        "categories": sorted(params["categories"]),
        "enabled": True,
    }


def _find(aws: Aws, name: str, tags: Mapping[str, str]) -> dict[str, Any] | None:
    answer = aws.call_or_none("rds", "describe_event_subscriptions", _MISSING, SubscriptionName=name)
    if not answer or not answer["EventSubscriptionsList"]:
        return None
    item = answer["EventSubscriptionsList"][0]
    return {
        "arn": item["EventSubscriptionArn"],
        "status": item["Status"],
        "topic_arn": item["SnsTopicArn"],
        "source_type": item.get("SourceType"),
        "source_ids": sorted(item.get("SourceIdsList") or ()),
        "categories": sorted(item.get("EventCategoriesList") or ()),
        "enabled": item.get("Enabled", False),
        "tags": managed_tags(read_tags(aws, item["EventSubscriptionArn"]), tags),
    }
