from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def acm(emulator: Any) -> Any:
    return emulator.client("acm")


@pytest.fixture
def zone(emulator: Any) -> str:
    return str(
        emulator.client("route53").create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"]
    )


def _told(acm: Any, arn: str) -> dict[str, Any]:
    told: dict[str, Any] = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    return told


def _publish(emulator: Any, zone: str, record: dict[str, str]) -> dict[str, Any]:
    change = {
        "Action": "UPSERT",
        "ResourceRecordSet": {
            "Name": record["Name"],
            "Type": "CNAME",
            "TTL": 300,
            "ResourceRecords": [{"Value": record["Value"]}],
        },
    }
    made: dict[str, Any] = emulator.client("route53").change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": [change]}
    )["ChangeInfo"]
    return made


def test_a_certificate_is_issued_once_its_records_exist(emulator: Any, acm: Any, zone: str) -> None:
    request = {"DomainName": "app.example.com", "SubjectAlternativeNames": ["*.app.example.com", "b.example.com"]}
    arn = acm.request_certificate(**request, ValidationMethod="DNS", IdempotencyToken="one")["CertificateArn"]
    assert acm.request_certificate(**request, ValidationMethod="DNS", IdempotencyToken="one")["CertificateArn"] == arn
    told = _told(acm, arn)
    assert (told["Status"], told["SubjectAlternativeNames"]) == (
        "PENDING_VALIDATION",
        ["app.example.com", "*.app.example.com", "b.example.com"],
    )
    assert not {"IssuedAt", "NotAfter"} & set(told)
    own, wildcard, other = (option["ResourceRecord"] for option in told["DomainValidationOptions"])
    assert own == wildcard != other
    assert own["Name"].endswith(".app.example.com.")
    _publish(emulator, zone, own)
    told = _told(acm, arn)
    assert told["Status"] == "PENDING_VALIDATION"
    assert [option["ValidationStatus"] for option in told["DomainValidationOptions"]] == [
        "SUCCESS",
        "SUCCESS",
        "PENDING_VALIDATION",
    ]
    emulator.set_delays({"certificate.issuing": 3600})
    _publish(emulator, zone, other)
    assert _told(acm, arn)["Status"] == "PENDING_VALIDATION"
    emulator.set_delays({})
    told = _told(acm, arn)
    assert told["Status"] == "ISSUED"
    assert {"IssuedAt", "NotAfter"} <= set(told)
    again = acm.request_certificate(DomainName="app.example.com", ValidationMethod="DNS")["CertificateArn"]
    assert (again != arn, _told(acm, again)["Status"]) == (True, "ISSUED")


def test_records_are_told_a_little_later(emulator: Any, acm: Any) -> None:
    emulator.set_delays({"certificate.records": 3600})
    arn = acm.request_certificate(DomainName="example.com", ValidationMethod="DNS")["CertificateArn"]
    assert "ResourceRecord" not in _told(acm, arn)["DomainValidationOptions"][0]
    emulator.set_delays({})
    assert "ResourceRecord" in _told(acm, arn)["DomainValidationOptions"][0]


def test_a_change_is_pending_then_in_sync(emulator: Any, zone: str, refused: Any) -> None:
    route53 = emulator.client("route53")
    emulator.set_delays({"route53.change": 3600})
    change = _publish(emulator, zone, {"Name": "a.example.com", "Value": "b.example.com"})
    assert change["Status"] == "PENDING"
    assert route53.get_change(Id=change["Id"])["ChangeInfo"]["Status"] == "PENDING"
    emulator.set_delays({})
    assert route53.get_change(Id=change["Id"])["ChangeInfo"]["Status"] == "INSYNC"
    with refused("NoSuchChange", status=404):
        route53.get_change(Id="C0123456789")
