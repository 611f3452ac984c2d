"""route53_health_check against the embedded AWS: one check of a name, however often a run is interrupted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Result = dict[str, Any]
Apply = Callable[..., Result]
Boto = Callable[[str], Any]

CHECK = "route53_health_check/airas-dev"
ARGS = {"name": "airas-dev", "domain_name": "dev.example.com", "path": "/health", "tags": {"Environment": "dev"}}


def config(boto: Boto) -> dict[str, Any]:
    [check] = boto("route53").list_health_checks()["HealthChecks"]
    found: dict[str, Any] = check["HealthCheckConfig"]
    return found


def test_planned_made_and_then_unchanged(apply: Apply, boto: Boto, writes: Callable[[], list[str]]) -> None:
    planned = apply("route53_health_check", ARGS, check=True)
    assert writes() == []
    made = apply("route53_health_check", ARGS)
    assert [change["path"] for change in planned["plan"][0]["changes"]] == [
        change["path"] for change in made["plan"][0]["changes"]
    ]
    found = config(boto)
    assert (found["Type"], found["FullyQualifiedDomainName"], found["ResourcePath"]) == (
        "HTTPS",
        "dev.example.com",
        "/health",
    )
    assert found["EnableSNI"] is True
    tags = boto("route53").list_tags_for_resource(
        ResourceType="healthcheck", ResourceId=made["resources"][CHECK]["id"]
    )["ResourceTagSet"]["Tags"]
    assert {tag["Key"] for tag in tags} == {"Environment", "Name"}
    assert not apply("route53_health_check", ARGS)["changed"]


def test_drift_is_named_and_repaired(
    apply: Apply, boto: Boto, changes: Callable[[Result], dict[str, list[str]]]
) -> None:
    made = apply("route53_health_check", ARGS)["resources"][CHECK]["id"]
    boto("route53").update_health_check(HealthCheckId=made, ResourcePath="/", FailureThreshold=9, Port=8443)
    assert changes(apply("route53_health_check", ARGS)) == {CHECK: ["failure_threshold", "path", "port"]}
    assert not apply("route53_health_check", ARGS)["changed"]


def test_another_interval_is_another_check(apply: Apply, boto: Boto) -> None:
    apply("route53_health_check", ARGS)
    [plan] = apply("route53_health_check", {**ARGS, "interval_s": 10})["plan"]
    assert plan["action"] == "replace"
    assert config(boto)["RequestInterval"] == 10


def test_interrupted_at_each_write(interrupt_each_write: Callable[..., None], boto: Boto) -> None:
    interrupt_each_write("route53_health_check", lambda: ARGS, lambda: config(boto))


def test_absent_twice(apply: Apply, boto: Boto) -> None:
    apply("route53_health_check", ARGS)
    gone = {**ARGS, "state": "absent"}
    assert apply("route53_health_check", gone, check=True)["changed"]
    assert apply("route53_health_check", gone)["changed"]
    assert not apply("route53_health_check", gone)["changed"]
    assert boto("route53").list_health_checks()["HealthChecks"] == []
