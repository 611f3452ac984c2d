"""acm_certificate against the embedded AWS: requested, validated, replaced without a moment that lacks one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer

Result = dict[str, Any]
Apply = Callable[..., Result]
Boto = Callable[[str], Any]

CERTIFICATE = "acm_certificate/airas-dev"
ARGS = {
    "name": "airas-dev",
    "domain_name": "dev.example.com",
    "subject_alternative_names": ["*.dev.example.com"],
    "tags": {"Environment": "dev"},
}
KEYS = {"Includes": {"keyTypes": ["RSA_2048", "EC_prime256v1"]}}


@pytest.fixture
def zone(boto: Boto) -> str:
    made = boto("route53").create_hosted_zone(Name="example.com", CallerReference="1")
    return str(made["HostedZone"]["Id"].rpartition("/")[2])


@pytest.fixture
def issued(apply: Apply, zone: str) -> Callable[..., dict[str, Any]]:
    """Requests a certificate, publishes its records, and returns it."""

    def run(**options: Any) -> dict[str, Any]:
        args = {**ARGS, **options}
        apply("acm_certificate", args)
        records = apply("acm_certificate", args)["resources"][CERTIFICATE]["validation_records"]
        apply("route53_records", {"zone_id": zone, "records": records})
        found: dict[str, Any] = apply("acm_certificate", args)["resources"][CERTIFICATE]
        assert found["status"] == "ISSUED"
        return found

    return run


def arns(boto: Boto) -> list[str]:
    found = boto("acm").list_certificates(**KEYS)["CertificateSummaryList"]
    return [summary["CertificateArn"] for summary in found]


def listen(boto: Boto, arn: str) -> str:
    """A load balancer that uses the certificate; returns its ARN."""
    ec2, elbv2 = boto("ec2"), boto("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"ap-northeast-1{zone}")
        for n, zone in enumerate("ac")
    ]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    balancer = elbv2.create_load_balancer(
        Name="airas-dev-alb", Subnets=[subnet["Subnet"]["SubnetId"] for subnet in subnets]
    )["LoadBalancers"][0]["LoadBalancerArn"]
    answer = {"StatusCode": "200", "ContentType": "text/plain", "MessageBody": "ok"}
    elbv2.create_listener(
        LoadBalancerArn=balancer,
        Port=443,
        Protocol="HTTPS",
        Certificates=[{"CertificateArn": arn}],
        DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": answer}],
    )
    return str(balancer)


def test_a_plan_names_everything_with_records_to_come(apply: Apply, writes: Callable[[], list[str]]) -> None:
    planned = apply("acm_certificate", ARGS, check=True)
    assert writes() == []
    assert [change["path"] for change in planned["plan"][0]["changes"]] == [
        "arn",
        "domain_name",
        "key_algorithm",
        "subject_alternative_names",
        "tags.Environment",
        "tags.Name",
        "validation_records",
    ]
    records = planned["resources"][CERTIFICATE]["validation_records"]
    assert [record["name"] for record in records] == ["_0000000000000000.dev.example.com"]
    assert len(apply("route53_records", {"zone_id": "Z00000000000000000", "records": records}, check=True)["plan"]) == 1


def test_it_is_pending_first_for_its_records_and_then_for_acm(
    emulator: EmulatorServer, apply: Apply, zone: str
) -> None:
    emulator.set_delays({"certificate.records": 3600, "certificate.issuing": 3600})
    states = []
    for wait_for in ("records", "issued"):
        result = apply("acm_certificate", {**ARGS, "wait_for": wait_for})
        states += [(result["changed"], item["state"]) for item in result["pending"]]
    emulator.set_delays({"certificate.issuing": 3600})
    told = apply("acm_certificate", {**ARGS, "wait_for": "records"})
    assert told["pending"] == []
    records = told["resources"][CERTIFICATE]["validation_records"]
    assert len(records) == 1  # the wildcard shares it
    apply("route53_records", {"zone_id": zone, "records": records})
    states += [(False, item["state"]) for item in apply("acm_certificate", ARGS)["pending"]]
    emulator.set_delays({})
    result = apply("acm_certificate", ARGS)
    assert (result["changed"], result["pending"]) == (False, [])
    assert result["resources"][CERTIFICATE]["status"] == "ISSUED"
    unknown = "without its validation records"
    assert states == [(True, unknown), (False, unknown), (False, "PENDING_VALIDATION")]


def test_other_domains_are_another_certificate_and_the_old_one_stays_while_it_is_used(
    apply: Apply, boto: Boto, issued: Callable[..., dict[str, Any]]
) -> None:
    old = issued()["arn"]
    balancer = listen(boto, old)
    more = {**ARGS, "subject_alternative_names": ["*.dev.example.com", "www.example.com"]}
    [plan] = apply("acm_certificate", more, check=True)["plan"]
    assert (plan["action"], [change["path"] for change in plan["changes"]]) == (
        "replace",
        ["subject_alternative_names"],
    )
    new = issued(subject_alternative_names=more["subject_alternative_names"])["arn"]
    assert sorted(arns(boto)) == sorted([old, new])
    assert not apply("acm_certificate", more)["changed"]  # as long as the listener has the old one
    listener = boto("elbv2").describe_listeners(LoadBalancerArn=balancer)["Listeners"][0]["ListenerArn"]
    boto("elbv2").modify_listener(ListenerArn=listener, Certificates=[{"CertificateArn": new}])
    [plan] = apply("acm_certificate", more)["plan"]
    assert (plan["action"], plan["resource"]) == ("delete", f"{CERTIFICATE} ({old.rpartition('/')[2]})")
    assert arns(boto) == [new]


def test_another_key_is_another_certificate_and_is_found_again(apply: Apply, boto: Boto) -> None:
    apply("acm_certificate", ARGS)
    elliptic = {**ARGS, "key_algorithm": "EC_prime256v1"}
    assert apply("acm_certificate", elliptic)["plan"][0]["action"] == "replace"
    assert not apply("acm_certificate", elliptic)["changed"]
    assert len(arns(boto)) == 1


def test_drift_is_named_and_repaired(
    apply: Apply, boto: Boto, changes: Callable[[Result], dict[str, list[str]]]
) -> None:
    apply("acm_certificate", ARGS)
    [arn] = arns(boto)
    tags = [{"Key": "Name", "Value": "airas-dev"}, {"Key": "Environment", "Value": "dev"}]
    boto("acm").remove_tags_from_certificate(CertificateArn=arn, Tags=tags)
    assert changes(apply("acm_certificate", ARGS)) == {CERTIFICATE: ["tags.Environment", "tags.Name"]}
    assert arns(boto) == [arn]


def test_interrupted_at_each_write(interrupt_each_write: Callable[..., None], boto: Boto) -> None:
    interrupt_each_write("acm_certificate", lambda: {**ARGS, "wait_for": "records"}, lambda: len(arns(boto)))


def test_absent_waits_for_who_uses_it(apply: Apply, boto: Boto, issued: Callable[..., dict[str, Any]]) -> None:
    balancer = listen(boto, issued()["arn"])
    gone = {"name": "airas-dev", "state": "absent"}
    waiting = apply("acm_certificate", gone)
    assert (waiting["changed"], waiting["pending"]) == (
        False,
        [{"resource": CERTIFICATE, "state": f"in use by {balancer}"}],
    )
    boto("elbv2").delete_load_balancer(LoadBalancerArn=balancer)
    assert apply("acm_certificate", gone, check=True)["changed"]
    assert apply("acm_certificate", gone)["changed"]
    assert not apply("acm_certificate", gone)["changed"]
    assert arns(boto) == []
