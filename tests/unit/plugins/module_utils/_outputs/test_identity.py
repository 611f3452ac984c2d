from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.airas.platform.plugins.module_utils._outputs import identity


def test_arns_follow_from_the_name(fake_aws: Callable[..., Any]) -> None:
    arns = identity.read(fake_aws(), {"name": "airas-dev"})["role_arns"]
    assert arns["execution"] == "arn:aws:iam::427979936961:role/airas-dev-execution"
    assert set(arns) == set(identity.ROLES)
