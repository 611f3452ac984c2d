# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Which secrets of a stack may be renewed by themselves, and which must never be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .._guard.findings import Finding

# Those that the stack has a function to renew.
RENEWED = ("DATABASE_URL",)
# Those that must stay what they are, with the reason.
NEVER = {"API_KEY_ENCRYPTION_KEY": "what users stored is encrypted with it and would be lost"}


def findings(secrets: Iterable[Any]) -> Iterator[Finding]:
    """What is wrong with ``rotation_enabled`` in the inventory's list of secrets."""
    for secret in secrets:
        name = secret.get("name") if isinstance(secret, Mapping) else None
        if not name or not secret.get("rotation_enabled") or name in RENEWED:
            continue
        problem = (
            f"must never rotate: {NEVER[name]}." if name in NEVER else "has rotation_enabled, but nothing renews it."
        )
        yield Finding(
            "secrets_secrets_manager", f"{name} {problem}", f"Take rotation_enabled off {name}; it is for {RENEWED[0]}."
        )
