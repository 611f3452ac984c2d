"""Bad input ends a run before its first write, with one message that helps."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from emulator.testing import EmulatorServer
from tests.integration.playbooks.conftest import ROOT, Playbooks, Run

PREFLIGHT = "playbooks/preflight.yml"
ROLE = """\
argument_specs:
  main:
    options:
      sample_mode: {type: str, choices: [gateway, none]}
      sample_retention_days: {type: int}
      sample_password: {type: int, no_log: true}
"""


@pytest.fixture
def refused(playbooks: Playbooks, writes: Callable[[], list[str]]) -> Callable[..., str]:
    """What a run says that has to be refused: it fails, and has written nothing."""

    def run(*arguments: str) -> str:
        before = writes()
        result = playbooks.run(PREFLIGHT, *arguments)
        assert result.status != 0, result.output
        assert "Traceback" not in result.output
        assert "WARNING" not in result.output
        assert writes() == before
        return result.text

    return run


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_both_inventories_are_valid(playbooks: Playbooks, writes: Callable[[], list[str]], environment: str) -> None:
    run = playbooks.run(PREFLIGHT, "-i", f"inventories/{environment}")
    assert run.status == 0, run.output
    subject = (
        f"stack airas-{environment}, account 427979936961, region ap-northeast-1, inventory inventories/{environment}"
    )
    assert subject in run.text
    assert "WARNING" not in run.output
    assert writes() == []


def test_without_i_it_says_that_it_is_about_dev(playbooks: Playbooks) -> None:
    assert "stack airas-dev, account 427979936961" in playbooks.run(PREFLIGHT).text


def test_an_inventory_without_a_stack(refused: Callable[..., str]) -> None:
    text = refused("-i", "localhost,")
    assert "The inventory (localhost,) has 0 hosts in the group stack" in text
    assert "Choose one inventory: -i inventories/dev or -i inventories/prod." in text


def test_two_inventories_at_once(refused: Callable[..., str]) -> None:
    text = refused("-i", "inventories/dev", "-i", "inventories/prod")
    assert "has 2 hosts in the group stack, and one run is about one stack." in text
    assert "the variables of one stack overwrite those of the other" in text


def test_every_fault_of_the_inventory_at_once(refused: Callable[..., str], emulator: EmulatorServer) -> None:
    faults = {
        "stack_protected": "perhaps",
        "stack_owner": ["alice"],
        "stack_confrm": [],
        "stack_project": "{{ nowhere }}",
        "network_nat_mod": "none",
        "network_nat_gateway_count": "two",
        "secrets_secrets_manager": [{"name": "API_KEY_ENCRYPTION_KEY", "rotation_enabled": True}],
        "network_availability_zones": "ap-northeast-1a,ap-northeast-1c",
    }
    text = refused("-e", json.dumps(faults))
    assert "8 things have to be mended first. Nothing has been written." in text
    for line in (
        "network_availability_zones: should be a list, and is 'ap-northeast-1a,ap-northeast-1c'. Write a list.",
        "network_nat_gateway_count: should be a whole number, and is 'two'. Write a number.",
        "network_nat_mod: there is no such variable. The nearest is network_nat_mode: correct the name, or remove the",
        "secrets_secrets_manager: API_KEY_ENCRYPTION_KEY must never rotate: what users stored is encrypted with it and",
        "stack_confrm: there is no such variable. The nearest is stack_confirm",
        "stack_name, stack_project, stack_services, stack_tags: cannot be worked out: 'nowhere' is undefined.",
        "stack_owner: should be a text, and is a list.",
        "stack_protected: should be true or false, and is 'perhaps'.",
    ):
        assert line in text
    assert emulator.calls() == [], "the inventory is checked before anybody is asked"


def test_every_fault_of_the_network_at_once(refused: Callable[..., str], emulator: EmulatorServer) -> None:
    for _number in range(5):
        emulator.client("ec2").allocate_address(Domain="vpc")
    network = {
        "network_vpc_cidr": "10.0.0.0/16",
        "network_availability_zones": ["ap-northeast-1a", "us-east-1a"],
        "network_public_subnet_cidrs": ["10.0.0.0/24", "10.0.0.0/25"],
        "network_private_subnet_cidrs": ["10.1.0.0/24", "10.0.2.0/24"],
        "network_nat_mode": "gateway",
        "network_nat_gateway_count": 2,
    }
    text = refused("-e", json.dumps(network))
    for line in (
        "network_availability_zones: us-east-1a is no availability zone of ap-northeast-1 in this account.",
        "network_nat_mode: it needs 2 more Elastic IPs, and the account has 5 of at most 5 in ap-northeast-1.",
        "network_private_subnet_cidrs[0]: 10.1.0.0/24 is outside the VPC's 10.0.0.0/16 (network_vpc_cidr).",
        "network_public_subnet_cidrs[0]: 10.0.0.0/24 overlaps 10.0.0.0/25 (network_public_subnet_cidrs[1]).",
    ):
        assert line in text


def test_a_foreign_account(refused: Callable[..., str]) -> None:
    text = refused("-e", "aws_account_id=111111111111")
    assert "the credentials are of account 427979936961, and the inventory is for account 111111111111." in text


def test_an_unreachable_endpoint(refused: Callable[..., str], playbooks: Playbooks) -> None:
    playbooks.env["AWS_ENDPOINT_URL"] = "http://127.0.0.1:9"
    assert "connection: http://127.0.0.1:9 (AWS_ENDPOINT_URL) cannot be reached. Start it, or correct" in refused()


def test_missing_credentials(refused: Callable[..., str], playbooks: Playbooks) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del playbooks.env[name]
    assert "credentials: there are no AWS credentials. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and" in refused()


def test_expired_credentials(refused: Callable[..., str], emulator: EmulatorServer) -> None:
    emulator.set_faults([{"error": "ExpiredToken", "status": 403}])
    assert "credentials: the AWS credentials have expired (ExpiredToken). Renew them (aws sso login" in refused()


def test_an_installed_collection_knows_its_roles(playbooks: Playbooks, tmp_path: Path) -> None:
    """As ansible-galaxy installs it, with one role more."""
    installed = tmp_path / "ansible_collections/airas/platform"
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        if name.startswith(("playbooks/", "plugins/", "meta/", "group_vars/", "roles/", "galaxy.yml")):
            (installed / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, installed / name)
    role = installed / "roles/sample/meta/argument_specs.yml"
    role.parent.mkdir(parents=True)
    role.write_text(ROLE, encoding="utf-8")
    playbooks.env["ANSIBLE_COLLECTIONS_PATH"] = str(tmp_path)

    def check(**variables: object) -> Run:
        return playbooks.run("airas.platform.preflight", "-i", "inventories/dev", "-e", json.dumps(variables))

    good = check(sample_mode="none", sample_retention_days=7, sample_password=1, __sample_x="?")
    assert good.status == 0, good.output
    bad = check(sample_mod="none", sample_mode="gatway", sample_retention_days="week", sample_password="hunter2")
    assert bad.status != 0
    assert "hunter2" not in bad.output
    for line in (
        "sample_mod: there is no such variable. The nearest is sample_mode: correct the name, or remove the line.",
        "sample_mode: it cannot be 'gatway'. Choose one of gateway, none. gateway is the nearest.",
        "sample_password: should be a whole number, and is something else (its value is not shown).",
        "sample_retention_days: should be a whole number, and is 'week'.",
    ):
        assert line in bad.text, bad.output
