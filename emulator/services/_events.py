"""Events of the emulator's own services, on the default event bus of their account and region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from moto.core.utils import utcnow
from moto.events.models import events_backends
from moto.moto_api._internal import mock_random


def emit(
    account_id: str, region: str, source: str, detail_type: str, resources: Sequence[str], detail: Mapping[str, Any]
) -> None:
    """Put an event of AWS (`aws.ecs`, `ECS Task State Change`) on the default bus; its rules get it at once.

    It starts threads where something has to be called, takes no lock and raises nothing, so that it can be used
    anywhere, in transitions too.
    """
    event: Any = {
        "version": "0",
        "id": str(mock_random.uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": account_id,
        "time": f"{utcnow():%Y-%m-%dT%H:%M:%SZ}",
        "region": region,
        "resources": list(resources),
        "detail": dict(detail),
    }
    for rule in list(events_backends[account_id][region].event_buses["default"].rules.values()):
        rule.send_to_targets(event)
