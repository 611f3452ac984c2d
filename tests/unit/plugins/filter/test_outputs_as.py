from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.airas.platform.plugins.filter.outputs_as import FilterModule, outputs_as

OUTPUTS = {"network": {"vpc_id": "vpc-1", "subnet_ids": ["subnet-1", "subnet-2"]}, "account": {"note": "it's ours"}}


def test_json_is_the_whole() -> None:
    assert json.loads(outputs_as(OUTPUTS, "json")) == OUTPUTS


def test_dotenv_has_a_line_for_each_output_and_quotes_what_a_shell_would_read() -> None:
    assert outputs_as(OUTPUTS, "dotenv").splitlines() == [
        "ACCOUNT_NOTE='it'\"'\"'s ours'",
        "NETWORK_SUBNET_IDS=subnet-1,subnet-2",
        "NETWORK_VPC_ID=vpc-1",
    ]


def test_github_sets_variables() -> None:
    assert outputs_as(OUTPUTS, "github").splitlines()[-1] == "gh variable set NETWORK_VPC_ID --body vpc-1"


def test_another_format_is_refused_with_the_choices() -> None:
    with pytest.raises(AnsibleFilterError, match=r"Choose one of json, dotenv, github\."):
        outputs_as(OUTPUTS, "yaml")


def test_ansible_finds_it() -> None:
    assert FilterModule().filters() == {"outputs_as": outputs_as}
