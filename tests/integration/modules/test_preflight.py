"""The checks before the first write, against the embedded AWS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer

Run = Callable[..., dict[str, Any]]

GOOD: dict[str, Any] = {
    "account_id": "427979936961",
    "region": "ap-northeast-1",
    "project": "airas",
    "environment": "dev",
    "availability_zones": ["ap-northeast-1a", "ap-northeast-1c"],
    "vpc_cidr": "10.0.0.0/16",
    "subnets": {"network_public_subnet_cidrs": ["10.0.0.0/24", "10.0.1.0/24"]},
    "elastic_ips": 1,
}


@pytest.fixture
def refused(run_module: Run, writes: Callable[[], list[str]]) -> Callable[..., list[str]]:
    """The findings for these options: one line each."""

    def run(**options: Any) -> list[str]:
        before = writes()
        result = run_module("preflight", {**GOOD, **options})
        assert result.get("failed"), result
        assert writes() == before
        heading, *lines = result["msg"].splitlines()
        assert heading.endswith("first. Nothing has been written.")
        return lines

    return run


def address(boto: Callable[[str], Any], **tags: str) -> None:
    specification = [{"ResourceType": "elastic-ip", "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}]
    boto("ec2").allocate_address(Domain="vpc", **({"TagSpecifications": specification} if tags else {}))


def test_an_account_that_is_ready(apply: Run, writes: Callable[[], list[str]]) -> None:
    before = writes()
    assert not apply("preflight", GOOD)["changed"]
    assert not apply("preflight", GOOD, check=True)["changed"]
    assert writes() == before


def test_throttling_is_waited_out(apply: Run, emulator: EmulatorServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    emulator.set_faults([{"error": "throttle", "times": 5}])
    apply("preflight", GOOD)


def test_nobody_waits_for_an_endpoint_that_is_gone(refused: Callable[..., list[str]], emulator: EmulatorServer) -> None:
    emulator.set_faults([{"service": "sts", "effect": "drop_after"}])
    asked = len(emulator.calls())
    refused()
    assert len(emulator.calls()) == asked + 1


def test_a_foreign_account(refused: Callable[..., list[str]]) -> None:
    (line,) = refused(account_id="111111111111")
    assert line == (
        "1. aws_account_id: the credentials are of account 427979936961, and the inventory is for account "
        "111111111111. Use that account's credentials (AWS_PROFILE), or choose another inventory (-i)."
    )


def test_a_region_that_does_not_exist(refused: Callable[..., list[str]]) -> None:
    assert refused(region="ap-northest-1") == ["1. aws_region: there is no region ap-northest-1. Write ap-northeast-1."]


def test_a_region_that_is_not_enabled(refused: Callable[..., list[str]]) -> None:
    (line,) = refused(region="me-south-1")
    assert line.startswith(
        "1. aws_region: me-south-1 is not enabled in this account. Enable it (aws account enable-reg"
    )


def test_a_zone_of_another_region(refused: Callable[..., list[str]]) -> None:
    (line,) = refused(availability_zones=["ap-northeast-1a", "us-east-1a"])
    assert line == (
        "1. network_availability_zones: us-east-1a is no availability zone of ap-northeast-1 in this account. "
        "Choose among ap-northeast-1a, ap-northeast-1c, ap-northeast-1d."
    )


def test_a_network_that_overlaps_another_environments(
    refused: Callable[..., list[str]], apply: Run, boto: Callable[[str], Any]
) -> None:
    for environment in ("dev", "prod"):
        tags = {"Project": "airas", "Environment": environment, "Name": f"airas-{environment}"}
        specification = [{"ResourceType": "vpc", "Tags": [{"Key": k, "Value": v} for k, v in tags.items()]}]
        boto("ec2").create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=specification)
    (line,) = refused()
    assert "network_vpc_cidr: 10.0.0.0/16 overlaps 10.0.0.0/16 of vpc-" in line
    assert "(airas-prod), another environment of the project." in line
    apply("preflight", {**GOOD, "project": "other"})


def test_too_few_elastic_ips(refused: Callable[..., list[str]], boto: Callable[[str], Any], apply: Run) -> None:
    for _number in range(4):
        address(boto)
    address(boto, Project="airas", Environment="dev")
    apply("preflight", GOOD)  # its one address is there already
    (line,) = refused(elastic_ips=2)
    assert (
        "network_nat_mode: it needs 1 more Elastic IPs, and the account has 5 of at most 5 in ap-northeast-1." in line
    )
    assert "--quota-code L-0263D0A3 --desired-value 6" in line


def test_a_new_account_has_no_concurrency_to_reserve(
    refused: Callable[..., list[str]], emulator: EmulatorServer, apply: Run
) -> None:
    wanted = {"reserved_concurrency": {"observability_relay_reserved_concurrency": 1}}
    apply("preflight", {**GOOD, **wanted})
    emulator.set_world(quotas={"lambda/L-B99A9384": 10})
    (line,) = refused(**wanted)
    assert (
        "observability_relay_reserved_concurrency: it reserves 1 of the 10 concurrent executions of the account in "
        "ap-northeast-1, and Lambda keeps 10 of them unreserved. Set it to 0, or ask for more:"
    ) in line
    apply("preflight", {**GOOD, "reserved_concurrency": {"observability_relay_reserved_concurrency": 0}})


def test_an_unreadable_quota_is_assumed(apply: Run, emulator: EmulatorServer) -> None:
    emulator.set_faults([{"service": "service-quotas", "error": "access_denied"}])
    (note,) = apply("preflight", GOOD)["notes"]
    assert "could not be read (AccessDeniedException); AWS's default of 5 is assumed" in note


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ExpiredToken", "credentials: the AWS credentials have expired (ExpiredToken). Renew them"),
        (
            "InvalidClientTokenId",
            "credentials: AWS in ap-northeast-1 refuses these credentials (InvalidClientTokenId).",
        ),
    ],
)
def test_credentials_that_aws_refuses(
    refused: Callable[..., list[str]], emulator: EmulatorServer, code: str, expected: str
) -> None:
    emulator.set_faults([{"service": "sts", "error": code, "status": 403}])
    (line,) = refused()
    assert expected in line


def test_no_credentials(refused: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert refused() == [
        "1. credentials: there are no AWS credentials. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
    ]


def test_a_profile_that_does_not_exist(run_module: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    failed = run_module("preflight", GOOD)
    assert failed["failed"]
    assert "nobody" in failed["msg"]


def test_an_endpoint_that_does_not_answer(refused: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    (line,) = refused()
    assert line == (
        "1. connection: http://127.0.0.1:9 (AWS_ENDPOINT_URL) cannot be reached. "
        "Start it, or correct or unset AWS_ENDPOINT_URL."
    )


def test_a_missing_permission_does_not_hide_the_other_findings(
    refused: Callable[..., list[str]], emulator: EmulatorServer
) -> None:
    emulator.set_faults([{"service": "ec2", "operation": "DescribeAddresses", "error": "access_denied"}])
    denied, zone = sorted(refused(availability_zones=["ap-northeast-1a", "ap-northeast-1x"]), key=lambda line: line[3:])
    assert "ec2:DescribeAddresses" in denied
    assert "ap-northeast-1x" in zone


def test_everything_at_once(refused: Callable[..., list[str]]) -> None:
    lines = refused(
        availability_zones=["ap-northeast-1a", "ap-northeast-1b"],
        subnets={
            "network_public_subnet_cidrs": ["10.0.0.0/24", "10.0.0.128/25"],
            "network_private_subnet_cidrs": ["x"],
        },
    )
    assert [line.split(": ")[0] for line in lines] == [
        "1. network_availability_zones",
        "2. network_private_subnet_cidrs",
        "3. network_private_subnet_cidrs[0]",
        "4. network_public_subnet_cidrs[0]",
    ]
