from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._acm import certificate
from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError, plan_resource

Fake = Callable[..., Any]

ARN = "arn:aws:acm:ap-northeast-1:427979936961:certificate/1"
RECORD = {"Name": "_1.dev.example.com.", "Type": "CNAME", "Value": "_2.acm-validations.aws."}


def params(**options: Any) -> dict[str, Any]:
    return {
        "name": "airas-dev",
        "domain_name": "dev.example.com",
        "subject_alternative_names": [],
        "key_algorithm": "RSA_2048",
        "wait_for": "issued",
        "name_servers": ["ns-1", "ns-2"],
        "tags": {},
        "state": "present",
        **options,
    }


def account(fake_aws: Fake, *certificates: dict[str, Any], name: str = "airas-dev") -> Any:
    """An account that holds these certificates, each with the name and with what the test says of it."""
    held = {
        f"{ARN}{number}": {
            "CertificateArn": f"{ARN}{number}",
            "Type": "AMAZON_ISSUED",
            "Status": "ISSUED",
            "CreatedAt": datetime.now(UTC),
            "DomainName": "dev.example.com",
            "SubjectAlternativeNames": ["dev.example.com"],
            "KeyAlgorithm": "RSA-2048",
            "DomainValidationOptions": [{"DomainName": "dev.example.com", "ResourceRecord": RECORD}],
            **item,
        }
        for number, item in enumerate(certificates)
    }
    return fake_aws(
        list_certificates={"CertificateSummaryList": [{"CertificateArn": arn} for arn in held]},
        list_tags_for_certificate={"Tags": [{"Key": "Name", "Value": name}]},
        describe_certificate=lambda CertificateArn: {"Certificate": held[CertificateArn]},  # noqa: N803
    )


def test_certificates_with_every_kind_of_key_are_listed(fake_aws: Fake) -> None:
    aws = account(fake_aws)
    certificate.resources(aws, params())
    assert aws.calls == [("acm:list_certificates", {"Includes": {"keyTypes": list(certificate.KEY_ALGORITHMS)}})]


def test_case_and_order_and_the_spelling_of_the_key_do_not_count(fake_aws: Fake) -> None:
    names = ["dev.example.com", "b.example.com", "a.example.com"]
    aws = account(fake_aws, {"SubjectAlternativeNames": names})
    options = params(domain_name="Dev.Example.com", subject_alternative_names=["a.example.com", "B.example.com"])
    [resource] = certificate.resources(aws, options)
    assert plan_resource(resource).action == "none"


def test_an_issued_one_is_taken_before_a_newer_one_that_waits(fake_aws: Fake) -> None:
    old = {"CreatedAt": datetime.now(UTC) - timedelta(days=1)}
    [current, unused] = certificate.resources(account(fake_aws, {"Status": "PENDING_VALIDATION"}, old), params())
    assert current.before is not None
    assert current.before["arn"] == f"{ARN}1"
    assert plan_resource(unused).action == "delete"


@pytest.mark.parametrize("status", ["EXPIRED", "VALIDATION_TIMED_OUT", "REVOKED"])
def test_one_that_is_over_gives_way_to_another(fake_aws: Fake, status: str) -> None:
    plans = [
        plan_resource(resource) for resource in certificate.resources(account(fake_aws, {"Status": status}), params())
    ]
    assert [plan.action for plan in plans] == ["create", "delete"]


def test_one_that_failed_is_left_with_the_reason(fake_aws: Fake) -> None:
    aws = account(fake_aws, {"Status": "FAILED", "FailureReason": "CAA_ERROR"})
    with pytest.raises(PlatformError, match="CAA_ERROR"):
        certificate.resources(aws, params())


@pytest.mark.parametrize(("minutes", "expected"), [(1, "PENDING_VALIDATION"), (20, "name ns-1 and ns-2 as its name")])
def test_a_wait_that_lasts_names_the_name_servers(fake_aws: Fake, minutes: int, expected: str) -> None:
    asked = datetime.now(UTC) - timedelta(minutes=minutes)
    aws = account(fake_aws, {"Status": "PENDING_VALIDATION", "CreatedAt": asked})
    [resource] = certificate.resources(aws, params())
    assert expected in str(resource.pending)


def test_records_that_another_certificate_needs_are_not_its_own(fake_aws: Fake) -> None:
    aws = account(fake_aws, {}, {})
    aws.answers["list_tags_for_certificate"] = lambda CertificateArn: {  # noqa: N803
        "Tags": [{"Key": "Name", "Value": "airas-dev" if CertificateArn == f"{ARN}0" else "other"}]
    }
    found = certificate.find_by_name(aws, "airas-dev")
    assert found is not None
    assert (found["arn"], found["validation_records"]) == (f"{ARN}0", [])
    assert certificate.find_by_name(aws, "airas-prod") is None
