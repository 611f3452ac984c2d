"""Load balancers: attributes in AWS's spelling and in ours, and what becomes of a failed one."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._elb import load_balancer


def test_attributes_as_aws_takes_them() -> None:
    wanted = {
        "idle_timeout": 600,
        "drop_invalid_headers": True,
        "access_logs": {"bucket": "logs", "prefix": "alb"},
        "connection_logs": {},
    }
    assert load_balancer._attributes(wanted) == {
        "idle_timeout.timeout_seconds": "600",
        "routing.http.drop_invalid_header_fields.enabled": "true",
        "access_logs.s3.enabled": "true",
        "access_logs.s3.bucket": "logs",
        "access_logs.s3.prefix": "alb",
        "connection_logs.s3.enabled": "false",
    }


def test_a_log_that_is_off_has_no_place() -> None:
    remembered = {"access_logs.s3.enabled": "false", "access_logs.s3.bucket": "old"}
    assert load_balancer._normalised_log(remembered, "access_logs") == {}


@pytest.mark.parametrize(("spelled", "value"), [("true", True), ("60", 60), ("defensive", "defensive"), ("", "")])
def test_values_have_their_kind(spelled: str, value: Any) -> None:
    assert load_balancer._value(spelled) == value


def test_a_failed_one_says_why() -> None:
    with pytest.raises(load_balancer.PlatformError, match="no free addresses"):
        load_balancer._settling({"state": "failed", "reason": "no free addresses"})
    assert load_balancer._settling({"state": "provisioning"}) == "provisioning"
    assert load_balancer._settling({"state": "active"}) is None
