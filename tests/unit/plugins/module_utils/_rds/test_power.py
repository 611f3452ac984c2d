from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._rds import power
from ansible_collections.airas.platform.plugins.module_utils._reconcile import Refused, plan_resource

Fake = Callable[..., Any]


def instance(status: str, **more: Any) -> dict[str, Any]:
    return {"DBInstances": [{"DBInstanceIdentifier": "db", "DBInstanceStatus": status, **more}]}


@pytest.mark.parametrize(
    ("status", "wanted", "action", "pending"),
    [
        ("available", "stopped", "update", None),
        ("available", "running", "none", None),
        ("stopping", "stopped", "none", "stopping"),
        ("stopped", "running", "update", None),
        ("starting", "running", "none", "starting"),
        ("backing-up", "stopped", "update", "backing-up"),
    ],
)
def test_states(fake_aws: Fake, status: str, wanted: str, action: str, pending: str | None) -> None:
    [resource] = power.resources(fake_aws(describe_db_instances=instance(status)), {"name": "db", "state": wanted})
    plan = plan_resource(resource)
    assert (plan.action, resource.pending) == (action, pending)
    assert plan.impact == ("outage" if (action, wanted) == ("update", "stopped") else "none")


def test_none_there(fake_aws: Fake, refusal: Fake) -> None:
    for answer in (refusal("DBInstanceNotFound"), instance("deleting")):
        assert power.resources(fake_aws(describe_db_instances=answer), {"name": "db", "state": "stopped"}) == []


def test_a_replica_is_not_stopped(fake_aws: Fake) -> None:
    found = instance("available", ReadReplicaDBInstanceIdentifiers=["other"])
    with pytest.raises(Refused, match="read replica"):
        power.resources(fake_aws(describe_db_instances=found), {"name": "db", "state": "stopped"})
