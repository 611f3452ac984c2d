# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What arrives, taken out of the envelopes that SQS and SNS put around it, in the order in which it happened."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


@dataclass(frozen=True)
class Item:
    """One notification: ``body`` is a JSON object, or text; ``message_id`` is SQS's, where it came by a queue."""

    body: Any
    subject: str
    happened: datetime
    message_id: str = ""


def unwrap(event: Any) -> list[Item]:
    records = event.get("Records") if isinstance(event, Mapping) else None
    found = isinstance(records, list) and bool(records)
    items = [_of_record(record) for record in records] if found else [_item(event)]
    return sorted(items, key=lambda item: item.happened)


def _of_record(record: Any) -> Item:
    if not isinstance(record, Mapping):
        return _item(record)
    message_id = str(record.get("messageId") or "")
    if isinstance(record.get("Sns"), Mapping):
        return _of_notification(record["Sns"], message_id)
    if record.get("eventSource") == "aws:sqs" or "body" in record:
        body = parsed(record.get("body"))
        sent = _milliseconds(record.get("attributes"))
        if isinstance(body, Mapping) and body.get("Type") == "Notification":
            return _of_notification(body, message_id)
        return _item(body, message_id=message_id, otherwise=sent)
    return _item(record, message_id=message_id)


def _of_notification(notification: Mapping[str, Any], message_id: str) -> Item:
    told = moment(notification.get("Timestamp"))
    return _item(parsed(notification.get("Message")), str(notification.get("Subject") or ""), message_id, told)


def _item(body: Any, subject: str = "", message_id: str = "", otherwise: datetime | None = None) -> Item:
    happened = None
    if isinstance(body, Mapping):
        happened = moment(body.get("StateChangeTime")) or moment(body.get("time"))
    return Item(body, subject, happened or otherwise or datetime.now(UTC), message_id)


def parsed(text: Any) -> Any:
    """JSON where it is an object or a list, else what it was."""
    if not isinstance(text, str):
        return text
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return found if isinstance(found, (dict, list)) else text


def moment(value: Any) -> datetime | None:
    """``2026-11-26T00:00:00.000+0000``, as CloudWatch writes it, or any other ISO 8601."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _milliseconds(attributes: Any) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(attributes["SentTimestamp"]) / 1000, UTC)
    except (TypeError, KeyError, ValueError, OverflowError, OSError):
        return None
