"""What set_secrets.yml does not write; what it writes is in test_canaries.py."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Playbooks = Any

SET = ("playbooks/set_secrets.yml", "-i", "inventories/dev")


@pytest.mark.parametrize(
    ("environment", "values", "said"),
    [
        (
            {"AIRAS_SECRET_OPENAI_KEY": "never shown"},
            {"GEMINI_KEY": "never shown"},
            "no secret GEMINI_KEY, OPENAI_KEY. It",
        ),
        (
            {},
            {"HF_TOKEN": {"key": "never shown"}, "DEVIN_API_KEY": 7, "WANDB_API_KEY": ""},
            "DEVIN_API_KEY, HF_TOKEN, W",
        ),
    ],
)
def test_what_it_cannot_write_is_named_before_anything_is_written(
    playbooks: Playbooks,
    writes: Callable[[], list[str]],
    tmp_path: Path,
    environment: dict[str, str],
    values: dict[str, Any],
    said: str,
) -> None:
    given = tmp_path / "values.json"
    given.write_text(json.dumps({"secrets_values": {"GEMINI_API_KEY": "never shown", **values}}), encoding="utf-8")
    playbooks.env |= environment
    refused = playbooks.run(*SET, "-e", f"@{given}", "-vvv")
    assert refused.status == 2, refused.output
    assert said in refused.text
    assert "Nothing has been written." in refused.text
    assert "never shown" not in refused.output
    assert writes() == []
