from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ansible_collections.airas.platform.plugins.module_utils._outputs import certificate
from ansible_collections.airas.platform.plugins.module_utils._reconcile import placeholders_in

Fake = Callable[..., Any]

ARN = "arn:aws:acm:ap-northeast-1:427979936961:certificate/1"
ZONES = {"HostedZones": [{"Id": "/hostedzone/Z1", "Name": "example.com.", "Config": {"PrivateZone": False}}]}


def test_what_is_there(fake_aws: Fake) -> None:
    found = {
        "CertificateArn": ARN,
        "Type": "AMAZON_ISSUED",
        "Status": "ISSUED",
        "CreatedAt": datetime(2026, 1, 1, tzinfo=UTC),
        "DomainName": "dev.example.com",
        "SubjectAlternativeNames": ["dev.example.com", "*.dev.example.com"],
        "KeyAlgorithm": "RSA-2048",
    }
    aws = fake_aws(
        list_certificates={"CertificateSummaryList": [{"CertificateArn": ARN}]},
        list_tags_for_certificate={"Tags": [{"Key": "Name", "Value": "airas-dev"}]},
        describe_certificate={"Certificate": found},
        list_hosted_zones=ZONES,
    )
    assert certificate.read(aws, {"name": "airas-dev", "domain_name": ""}) == {
        "domain_name": "dev.example.com",
        "alternative_names": ["*.dev.example.com"],
        "zone_id": "Z1",
        "certificate_arn": ARN,
        "validation_records": [],
    }


def test_what_is_not_there_yet_has_a_placeholder(fake_aws: Fake) -> None:
    outputs = certificate.read(
        fake_aws(list_hosted_zones=ZONES), {"name": "airas-dev", "domain_name": "dev.example.com"}
    )
    assert list(placeholders_in(outputs)) == ["certificate_arn"]
    assert outputs["certificate_arn"].startswith("arn:aws:acm:ap-northeast-1:427979936961:certificate/")


def test_a_stack_without_a_domain_has_nothing(fake_aws: Fake) -> None:
    outputs = certificate.read(fake_aws(), {"name": "airas-dev", "domain_name": ""})
    assert not any(outputs.values())
