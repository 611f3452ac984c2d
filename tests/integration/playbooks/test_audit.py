from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.airas.platform.plugins.module_utils._audit import facts, report
from ansible_collections.airas.platform.plugins.module_utils._audit.controls import CONTROLS
from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from emulator.testing import EmulatorServer

from .conftest import Playbooks

PROD = ("-i", "inventories/prod")
ACCOUNT = "427979936961"
DAY = "2026-12-01"
STATE, TRAIL = f"airas-terraform-state-{ACCOUNT}", f"airas-trail-{ACCOUNT}"
ANYONE = [{"CidrIp": "0.0.0.0/0"}]

Boto = Callable[[str], Any]


class Module:
    """What Aws needs of a module."""

    region = "ap-northeast-1"

    def __init__(self, emulator: EmulatorServer) -> None:
        self._emulator = emulator

    def client(self, service: str, **_options: Any) -> Any:
        return self._emulator.client(service)


def failing(emulator: EmulatorServer, exceptions: list[dict[str, str]]) -> set[tuple[str, str]]:
    """What fails now: (control, resource)."""
    repositories = ["airas-backend"]
    now = dt.datetime.now(dt.UTC)
    scope = facts.Scope("airas-prod", [STATE, TRAIL], ["alias/airas-trail"], repositories, now)
    kinds = facts.read(Aws(Module(emulator)), scope)
    found = report.findings(CONTROLS.values(), kinds, exceptions, dt.date.fromisoformat(DAY))
    return {(item["control"], item["resource"]) for item in found if item["status"] == "fail"}


def open_port(boto: Boto, group: str, port: int) -> None:
    ec2 = boto("ec2")
    filters = [{"Name": "group-name", "Values": [group]}]
    [found] = ec2.describe_security_groups(Filters=filters)["SecurityGroups"]
    permission = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": ANYONE}
    ec2.authorize_security_group_ingress(GroupId=found["GroupId"], IpPermissions=[permission])


def open_subnet(boto: Boto) -> None:
    ec2 = boto("ec2")
    filters = [{"Name": "tag:Name", "Values": ["airas-prod-private-1a"]}]
    [found] = ec2.describe_subnets(Filters=filters)["Subnets"]
    ec2.modify_subnet_attribute(SubnetId=found["SubnetId"], MapPublicIpOnLaunch={"Value": True})


def stop_rotation(boto: Boto) -> None:
    kms = boto("kms")
    key = kms.describe_key(KeyId="alias/airas-prod-secrets")["KeyMetadata"]["KeyId"]
    kms.disable_key_rotation(KeyId=key)


def silence_web_acl(boto: Boto) -> None:
    wafv2 = boto("wafv2")
    [acl] = wafv2.list_web_acls(Scope="REGIONAL")["WebACLs"]
    wafv2.delete_logging_configuration(ResourceArn=acl["ARN"])


# What somebody opens behind Ansible's back, and the control that finds it.
OPENED: list[tuple[str, Callable[[Boto], Any]]] = [
    ("EC2.13", lambda boto: open_port(boto, "airas-prod-service", 22)),
    ("EC2.14", lambda boto: open_port(boto, "airas-prod-service", 3389)),
    ("EC2.18", lambda boto: open_port(boto, "airas-prod-alb", 8443)),
    ("EC2.19", lambda boto: open_port(boto, "airas-prod-database", 5432)),
    ("EC2.7", lambda boto: boto("ec2").disable_ebs_encryption_by_default()),
    ("EC2.15", open_subnet),
    ("S3.8", lambda boto: boto("s3").delete_public_access_block(Bucket=STATE)),
    ("S3.5", lambda boto: boto("s3").delete_bucket_policy(Bucket=TRAIL)),
    ("CloudTrail.1", lambda boto: boto("cloudtrail").stop_logging(Name="airas-trail")),
    ("KMS.4", stop_rotation),
    ("WAF.11", silence_web_acl),
]


def test_prod_passes_and_whatever_is_opened_fails(
    playbooks: Playbooks, emulator: EmulatorServer, boto: Boto, tmp_path: Path
) -> None:
    playbooks.env["AIRAS_AUDIT_REPORT"] = str(tmp_path / "audit.json")
    built = playbooks.run("site.yml", *PROD, "--tags", "account,network,storage,secrets,waf")
    assert built.status == 0, built.output
    audited = playbooks.run("playbooks/audit.yml", *PROD, "-e", f"audit_today={DAY}")
    assert audited.status == 0, audited.output
    written = json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))
    assert written["summary"]["fail"] == 0
    excepted = [item for item in written["findings"] if item["status"] == "exception"]
    assert all(item["reason"] and item["expires"] for item in excepted)

    seen: set[tuple[str, str]] = set()
    assert failing(emulator, excepted) == seen
    for control, opened in OPENED:
        opened(boto)
        now = failing(emulator, excepted)
        assert control in {name for name, _resource in now - seen}, control
        seen = now

    again = playbooks.run("playbooks/audit.yml", *PROD, "-e", f"audit_today={DAY}")
    assert again.status == 2
    assert "Mend them by a run of site.yml if they have drifted" in again.text
