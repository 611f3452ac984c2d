from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._secrets import renewal


@pytest.mark.parametrize(
    ("secret", "problem"),
    [
        ({"name": "DATABASE_URL", "rotation_enabled": True}, None),
        ({"name": "API_KEY_ENCRYPTION_KEY"}, None),
        ({"name": "API_KEY_ENCRYPTION_KEY", "rotation_enabled": False}, None),
        ({"name": "API_KEY_ENCRYPTION_KEY", "rotation_enabled": True}, "must never rotate: what users stored"),
        ({"name": "OPENAI_API_KEY", "rotation_enabled": True}, "nothing renews it"),
        ("not a mapping", None),
    ],
)
def test_only_database_url_is_renewed(secret: Any, problem: str | None) -> None:
    found = [finding.problem for finding in renewal.findings([secret])]
    assert [problem in text for text in found] == ([True] if problem else [])
