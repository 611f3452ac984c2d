from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._accessanalyzer import analyzer
from ansible_collections.airas.platform.plugins.module_utils._reconcile import plan_resource

OURS = {"ManagedBy": "airas.platform"}
PARAMS: dict[str, Any] = {
    "name": "airas",
    "type": "ACCOUNT",
    "unused_access_age_days": None,
    "state": "present",
    "tags": OURS,
}

Fake = Callable[..., Any]


def listed(name: str, **more: Any) -> dict[str, Any]:
    return {
        "arn": f"arn:aws:access-analyzer:x:1:analyzer/{name}",
        "name": name,
        "type": "ACCOUNT",
        "status": "ACTIVE",
    } | more


def test_ours_counts_more_than_that_of_another_service(fake_aws: Fake) -> None:
    theirs = listed("theirs", managedBy="securityhubv2.amazonaws.com")
    for items in ([theirs, listed("airas", tags=OURS)], [listed("airas", tags=OURS), theirs]):
        [found] = analyzer.resources(fake_aws(list_analyzers={"analyzers": items}), PARAMS)
        assert found.known["analyzer"] == "airas"
        assert [change.path for change in plan_resource(found).changes] == ["tags.Name"]
    [found] = analyzer.resources(fake_aws(list_analyzers={"analyzers": [theirs, listed("other")]}), PARAMS)
    assert found.known["analyzer"] == "other"


@pytest.mark.parametrize(
    ("status", "warned"), [("ACTIVE", False), ("CREATING", False), ("FAILED", True), ("DISABLED", True)]
)
def test_one_that_finds_nothing_is_warned_of(status: str, warned: bool, fake_aws: Fake) -> None:
    aws = fake_aws(list_analyzers={"analyzers": [listed("airas", status=status)]})
    [found] = analyzer.resources(aws, PARAMS)
    assert bool(found.warns(found.known)) is warned


def test_whose_age_is_not_ours_to_set_is_not_read(fake_aws: Fake) -> None:
    aws = fake_aws(list_analyzers={"analyzers": [listed("theirs", type=analyzer.UNUSED)]})
    [found] = analyzer.resources(aws, {**PARAMS, "type": analyzer.UNUSED, "unused_access_age_days": 30})
    assert plan_resource(found).action == "none"
    assert [call for call, _params in aws.calls] == ["accessanalyzer:list_analyzers"]
