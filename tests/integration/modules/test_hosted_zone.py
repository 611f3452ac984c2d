"""hosted_zone against the embedded AWS: one zone of a name, made or adopted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Result = dict[str, Any]
Apply = Callable[..., Result]
Boto = Callable[[str], Any]

ZONE = "hosted_zone/example.com"
ARGS = {"name": "example.com", "comment": "The domain of airas", "tags": {"Environment": "global"}}


def test_planned_made_and_then_unchanged(apply: Apply, boto: Boto, writes: Callable[[], list[str]]) -> None:
    planned = apply("hosted_zone", ARGS, check=True)
    assert writes() == []
    assert [change["path"] for change in planned["plan"][0]["changes"]] == [
        "comment",
        "id",
        "name_servers",
        "tags.Environment",
        "tags.Name",
    ]
    assert planned["resources"][ZONE]["id"].startswith("Z0000")
    made = apply("hosted_zone", ARGS)["resources"][ZONE]
    held = boto("route53").get_hosted_zone(Id=made["id"])
    assert held["HostedZone"]["Config"] == {"Comment": "The domain of airas", "PrivateZone": False}
    assert sorted(held["DelegationSet"]["NameServers"]) == made["name_servers"]
    again = apply("hosted_zone", ARGS)
    assert (again["changed"], again["resources"][ZONE]["name_servers"]) == (False, made["name_servers"])
    assert not apply("hosted_zone", ARGS, check=True)["changed"]


def test_one_that_is_there_is_adopted(
    apply: Apply, boto: Boto, changes: Callable[[Result], dict[str, list[str]]]
) -> None:
    route53 = boto("route53")
    private = {"HostedZoneConfig": {"PrivateZone": True}, "VPC": {"VPCRegion": "ap-northeast-1", "VPCId": "vpc-1"}}
    route53.create_hosted_zone(Name="example.com", CallerReference="private", **private)
    zone_id = route53.create_hosted_zone(Name="example.com", CallerReference="by hand")["HostedZone"]["Id"]
    result = apply("hosted_zone", ARGS)
    assert changes(result) == {ZONE: ["comment", "tags.Environment", "tags.Name"]}
    assert result["resources"][ZONE]["id"] == zone_id.rpartition("/")[2]
    assert len(route53.list_hosted_zones()["HostedZones"]) == 2


def test_two_of_a_name_are_an_error(run_module: Apply, boto: Boto) -> None:
    for reference in ("one", "two"):
        boto("route53").create_hosted_zone(Name="example.com", CallerReference=reference)
    failed = run_module("hosted_zone", ARGS)
    assert "two public zones have this name" in failed["msg"]


@pytest.mark.parametrize("drift", ["comment", "tags"])
def test_drift_is_named_and_repaired(drift: str, apply: Apply, boto: Boto) -> None:
    zone_id = apply("hosted_zone", ARGS)["resources"][ZONE]["id"]
    if drift == "comment":
        boto("route53").update_hosted_zone_comment(Id=zone_id, Comment="other")
    else:
        boto("route53").change_tags_for_resource(
            ResourceType="hostedzone", ResourceId=zone_id, RemoveTagKeys=["Environment"]
        )
    [plan] = apply("hosted_zone", ARGS)["plan"]
    assert [change["path"] for change in plan["changes"]] == ["comment" if drift == "comment" else "tags.Environment"]
    assert not apply("hosted_zone", ARGS)["changed"]


@pytest.mark.parametrize("name", ["example", "not a domain.com", "-a.com", "https://example.com", f"{'a' * 64}.com"])
def test_what_is_no_domain_is_found_by_a_plan(name: str, run_module: Apply) -> None:
    message = run_module("hosted_zone", {**ARGS, "name": name}, check=True)["msg"]
    assert message.startswith(f"hosted_zone: '{name}' is no domain. Give one such as example.com")


def test_interrupted_at_each_write(interrupt_each_write: Callable[..., None], boto: Boto) -> None:
    def census() -> Any:
        [zone] = boto("route53").list_hosted_zones()["HostedZones"]
        return zone["Name"], zone["Config"]

    interrupt_each_write("hosted_zone", lambda: ARGS, census)


def test_its_deletion_is_a_loss_of_data(apply: Apply, run_module: Apply, boto: Boto) -> None:
    apply("hosted_zone", ARGS)
    gone = {**ARGS, "state": "absent"}
    refused = run_module("hosted_zone", {**gone, "protected": True, "environment": "global"})
    assert "-e confirm=global:hosted_zone/example.com" in refused["msg"]
    assert apply("hosted_zone", gone, check=True)["plan"][0]["impact"] == "data loss"
    assert apply("hosted_zone", gone)["changed"]
    assert not apply("hosted_zone", gone)["changed"]
    assert boto("route53").list_hosted_zones()["HostedZones"] == []
