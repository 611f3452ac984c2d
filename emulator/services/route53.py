"""Route 53: a change is PENDING until the name servers have it, then INSYNC."""

from __future__ import annotations

import secrets
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.route53.responses import Route53

from emulator import delays
from emulator.extensions import patch
from emulator.protocol import AwsError
from emulator.services._common import state_of

API = "https://docs.aws.amazon.com/Route53/latest/APIReference"

CHANGE = delays.declare("route53.change", "A change is asked for until it is INSYNC")


def _begun(self: Any, answer: Any) -> ActionResult:
    """The answer, with a change of its own that is PENDING."""
    change = {"Id": f"/change/C{secrets.token_hex(10).upper()}", "Status": "PENDING", "SubmittedAt": utcnow()}
    changes: dict[str, Any] = state_of(self.backend, "changes", dict)
    changes[change["Id"]] = change

    def done() -> None:
        change["Status"] = "INSYNC"

    delays.schedule(CHANGE, done)
    return ActionResult({**answer.result, "ChangeInfo": dict(change)})


@patch(Route53, "change_resource_record_sets", aws=f"{API}/API_ChangeResourceRecordSets.html")
def change_resource_record_sets(original: Any, self: Any) -> ActionResult:
    """A change of records is PENDING first."""
    return _begun(self, original(self))


@patch(Route53, "create_hosted_zone", aws=f"{API}/API_CreateHostedZone.html")
def create_hosted_zone(original: Any, self: Any) -> ActionResult:
    """A new zone is PENDING first."""
    return _begun(self, original(self))


@patch(Route53, "delete_hosted_zone", aws=f"{API}/API_DeleteHostedZone.html")
def delete_hosted_zone(original: Any, self: Any) -> ActionResult:
    """The deletion of a zone is PENDING first."""
    return _begun(self, original(self))


@patch(Route53, "get_change", aws=f"{API}/API_GetChange.html")
def get_change(_original: Any, self: Any) -> ActionResult:
    """A change is told by its id, with or without its prefix."""
    identifier = self._get_param("Id").rpartition("/")[2]
    changes: dict[str, Any] = state_of(self.backend, "changes", dict)
    if f"/change/{identifier}" not in changes:
        raise AwsError("NoSuchChange", f"Could not find resource with ID: {identifier}", 404)
    return ActionResult({"ChangeInfo": changes[f"/change/{identifier}"]})
