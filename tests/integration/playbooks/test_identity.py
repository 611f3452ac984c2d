"""Role identity refuses what would let others in, before it writes anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Playbooks = Any


def test_a_wildcard_in_githubs_subject_is_refused(playbooks: Playbooks, writes: Callable[[], list[str]]) -> None:
    branches = ("-e", "identity_github_claim=ref:refs/heads/*")
    refused = playbooks.run("site.yml", "-i", "inventories/dev", "--tags", "identity", "--check", *branches)
    assert refused.status == 2, refused.output
    assert "make the subject airas-org/airas:ref:refs/heads/*, and a wildcard in it lets others assume" in refused.text
    assert writes() == []


def test_the_key_of_the_secrets_comes_first(playbooks: Playbooks, writes: Callable[[], list[str]]) -> None:
    refused = playbooks.run("site.yml", "-i", "inventories/dev", "--tags", "identity")
    assert refused.status == 2, refused.output
    assert "and make that key first: ansible-playbook site.yml --tags secrets" in refused.text
    assert [call for call in writes() if call.startswith("iam:")] == []
