from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.airas.platform.plugins.module_utils._reconcile import apply, plan_resource
from ansible_collections.airas.platform.plugins.module_utils._route53 import health_check

Fake = Callable[..., Any]

PARAMS = {
    "name": "airas-dev",
    "domain_name": "dev.example.com",
    "type": "HTTP",
    "port": 80,
    "path": "/",
    "interval_s": 30,
    "failure_threshold": 3,
    "tags": {},
    "state": "present",
}


def test_a_check_of_another_name_is_not_ours(fake_aws: Fake) -> None:
    aws = fake_aws(
        list_health_checks={"HealthChecks": [{"Id": "1", "CallerReference": "airas-dev-2:1", "HealthCheckConfig": {}}]},
        create_health_check={"HealthCheck": {"Id": "2"}},
    )
    [check] = health_check.resources(aws, PARAMS)
    apply([plan_resource(check)], [])
    sent = dict(aws.calls)["route53:create_health_check"]
    assert sent["CallerReference"].startswith("airas-dev:")
    assert len(sent["CallerReference"]) <= 64
    assert "EnableSNI" not in sent["HealthCheckConfig"]
