"""``identity_permissions_boundary`` bounds every role that the stack or the account has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from tests.unit.policies.test_role_documents import ENVIRONMENTS, variables

ROOT = Path(__file__).parents[2]
BOUNDARY = "arn:aws:iam::427979936961:policy/boundary"


def users() -> dict[str, Any]:
    """By role of the collection, what it hands to iam_roles as ``roles``."""
    found = {}
    for file in sorted(ROOT.glob("roles/*/tasks/*.yml")):
        for task in yaml.safe_load(file.read_text(encoding="utf-8")) or []:
            if (options := task.get("airas.platform.iam_roles")) and options.get("state") != "absent":
                found[file.parts[-3]] = options["roles"]
    return found


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("boundary", [BOUNDARY, ""])
@pytest.mark.parametrize("role", sorted(users().keys() - {"identity"}))  # whose own are in a template
def test_a_role_outside_of_identity_is_bounded_too(role: str, boundary: str, environment: str) -> None:
    loader = DataLoader()
    defaults = loader.load_from_file(str(ROOT / "roles" / role / "defaults" / "main.yml"), trusted_as_template=True)
    held = {**defaults, **variables(environment), "identity_permissions_boundary": boundary}
    wanted = users()[role]
    made = Templar(loader, variables=held).template(
        [trust_as_template(item) for item in wanted] if isinstance(wanted, list) else trust_as_template(wanted)
    )
    assert made
    assert {document["permissions_boundary"] for document in made} == {boundary or None}


def test_no_user_of_the_module_is_overlooked() -> None:
    assert {"account", "identity", "network"} <= users().keys()
