"""Target groups: which of two is the current one, and which attributes AWS is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._elb import target_groups

WANTED: dict[str, Any] = {
    "port": 8000,
    "protocol": "HTTP",
    "protocol_version": "HTTP1",
    "vpc_id": "vpc-0a1b2c3d4e5f60718",
    "target_type": "ip",
    "deregistration_delay": 600,
    "slow_start": 0,
    "algorithm": "round_robin",
    "anomaly_mitigation": False,
    "stickiness": {},
}


def group(name: str, **more: Any) -> dict[str, Any]:
    return {**WANTED, "arn": f"arn/{name}", "aws_name": name, "in_use": False, **more}


@pytest.mark.parametrize(
    ("held", "current"),
    [
        ([], None),
        ([group("a")], "a"),
        ([group("a", port=80)], "a"),
        ([group("a", port=80), group("a-2")], "a-2"),
        ([group("a", in_use=True), group("a-2")], "a"),
    ],
)
def test_the_one_that_can_become_what_is_wanted(held: list[dict[str, Any]], current: str | None) -> None:
    found = target_groups._current(held, WANTED)
    assert (found["aws_name"] if found else None) == current


def test_a_vpc_that_is_not_there_yet_replaces_nothing() -> None:
    assert not target_groups._misfits(group("a"), {**WANTED, "vpc_id": "vpc-00000000000000000"})


@pytest.mark.parametrize(
    ("wanted", "sent"),
    [
        ({}, {"stickiness.enabled": "false"}),
        (
            {"stickiness": {"duration": 60}},
            {"stickiness.type": "lb_cookie", "stickiness.lb_cookie.duration_seconds": "60"},
        ),
        (
            {"stickiness": {"cookie": "session", "duration": 60}},
            {"stickiness.type": "app_cookie", "stickiness.app_cookie.cookie_name": "session"},
        ),
        (
            {"algorithm": "weighted_random", "anomaly_mitigation": True},
            {"load_balancing.algorithm.anomaly_mitigation": "on"},
        ),
    ],
)
def test_attributes_as_aws_takes_them(wanted: dict[str, Any], sent: dict[str, str]) -> None:
    attributes = target_groups._attributes({**WANTED, **wanted})
    assert sent.items() <= attributes.items()
    assert ("load_balancing.algorithm.anomaly_mitigation" in attributes) == ("algorithm" in wanted)


def test_two_that_cannot_become_it_are_refused(fake_aws: Callable[..., Any]) -> None:
    with pytest.raises(target_groups.PlatformError, match="both a and a-2 exist"):
        target_groups._group(fake_aws(), "a", group("a", port=80), {**WANTED, "health_check": {}, "tags": {}}, True)
