"""route53_records against the embedded AWS: aliases and values, and only what is ours is removed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

Result = dict[str, Any]
Apply = Callable[..., Result]
Boto = Callable[[str], Any]

BALANCER = "airas-dev-alb-1.ap-northeast-1.elb.amazonaws.com"
ALIAS = {"dns_name": BALANCER, "zone_id": "Z14GRHDCWA56QT"}
RECORDS = [
    {"name": "dev.example.com", "type": "A", "alias": ALIAS},
    {"name": "*.dev.example.com", "type": "CNAME", "values": ["dev.example.com"], "ttl": 60},
    {"name": "dev.example.com", "type": "TXT", "values": ['"two"', '"one"']},
]


@pytest.fixture
def zone(boto: Boto) -> str:
    made = boto("route53").create_hosted_zone(Name="example.com", CallerReference="1")
    return str(made["HostedZone"]["Id"].rpartition("/")[2])


def held(boto: Boto, zone: str) -> dict[str, Mapping[str, Any]]:
    found = boto("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return {f"{item['Name']} {item['Type']}": item for item in found if item["Type"] not in ("NS", "SOA")}


def upsert(boto: Boto, zone: str, **record: Any) -> None:
    boto("route53").change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]}
    )


def test_planned_made_and_then_unchanged(apply: Apply, boto: Boto, zone: str, writes: Callable[[], list[str]]) -> None:
    args, before = {"zone_id": zone, "records": RECORDS}, writes()
    planned = apply("route53_records", args, check=True)
    assert writes() == before
    made = apply("route53_records", args)
    assert planned["plan"] == made["plan"]
    assert [plan["resource"] for plan in made["plan"]] == [
        "route53_record/dev.example.com A",
        "route53_record/*.dev.example.com CNAME",
        "route53_record/dev.example.com TXT",
    ]
    found = held(boto, zone)
    assert found["dev.example.com. A"]["AliasTarget"] == {
        "DNSName": BALANCER,
        "HostedZoneId": "Z14GRHDCWA56QT",
        "EvaluateTargetHealth": False,
    }
    assert found["dev.example.com. TXT"]["TTL"] == 300
    assert not apply("route53_records", args)["changed"]


def test_a_plan_of_a_zone_to_come_is_complete(apply: Apply) -> None:
    planned = apply("route53_records", {"zone_id": "Z00000000000000000", "records": RECORDS}, check=True)
    assert len(planned["plan"]) == len(RECORDS)


def test_drift_is_named_and_repaired(
    apply: Apply, boto: Boto, zone: str, value_changes: Callable[[Result], dict[str, Any]]
) -> None:
    args = {"zone_id": zone, "records": RECORDS}
    apply("route53_records", args)
    elsewhere = {"DNSName": "dualstack.other.elb.amazonaws.com", "HostedZoneId": "Z1", "EvaluateTargetHealth": False}
    upsert(boto, zone, Name="dev.example.com", Type="A", AliasTarget=elsewhere)
    upsert(boto, zone, Name="dev.example.com", Type="TXT", TTL=60, ResourceRecords=[{"Value": '"three"'}])
    result = apply("route53_records", args)
    assert value_changes(result) == {
        "route53_record/dev.example.com A alias.dns_name": ("other.elb.amazonaws.com", BALANCER),
        "route53_record/dev.example.com A alias.zone_id": ("Z1", "Z14GRHDCWA56QT"),
        "route53_record/dev.example.com TXT ttl": (60, 300),
        "route53_record/dev.example.com TXT values": (['"three"'], ['"one"', '"two"']),
    }
    assert result["plan"][0]["impact"] == "outage"
    assert not apply("route53_records", args)["changed"]


def test_absent_removes_what_is_ours_alone(apply: Apply, boto: Boto, zone: str) -> None:
    args = {"zone_id": zone, "records": RECORDS}
    apply("route53_records", args)
    upsert(boto, zone, Name="dev.example.com", Type="TXT", TTL=300, ResourceRecords=[{"Value": '"another"'}])
    pattern = [{**RECORDS[0], "alias": {**ALIAS, "dns_name": "airas-dev-alb-*.elb.amazonaws.com"}}, *RECORDS[1:]]
    gone = {"zone_id": zone, "records": pattern, "state": "absent"}
    planned = apply("route53_records", gone, check=True)
    result = apply("route53_records", gone)
    assert [plan["resource"] for plan in planned["plan"]] == [plan["resource"] for plan in result["plan"]]
    assert list(held(boto, zone)) == ["dev.example.com. TXT"]
    assert not apply("route53_records", gone)["changed"]


def test_an_alias_of_somebody_else_stays(apply: Apply, boto: Boto, zone: str) -> None:
    upsert(boto, zone, Name="dev.example.com", Type="A", TTL=60, ResourceRecords=[{"Value": "192.0.2.1"}])
    assert not apply("route53_records", {"zone_id": zone, "records": RECORDS[:1], "state": "absent"})["changed"]


def test_records_with_a_routing_policy_are_refused(run_module: Apply, boto: Boto, zone: str) -> None:
    weighted = {"SetIdentifier": "half", "Weight": 1, "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    upsert(boto, zone, Name="dev.example.com", Type="A", **weighted)
    failed = run_module("route53_records", {"zone_id": zone, "records": RECORDS[:1]})
    assert "routing policy (half)" in failed["msg"]


def test_interrupted_at_each_write(interrupt_each_write: Callable[..., None], boto: Boto) -> None:
    zones: list[str] = []

    def prepare() -> dict[str, Any]:
        zones.append(boto("route53").create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"])
        return {"zone_id": zones[-1].rpartition("/")[2], "records": RECORDS}

    interrupt_each_write("route53_records", prepare, lambda: held(boto, zones[-1]))
