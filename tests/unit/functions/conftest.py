from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

SOURCE = Path(__file__).parents[3] / "functions" / "discord_relay"
MODULES = tuple(path.stem for path in SOURCE.glob("*.py"))


class Context:
    """Lambda's, with as much time left as the test says."""

    def __init__(self, seconds: float = 60) -> None:
        self.seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


@pytest.fixture
def relay(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """The relay's modules as Lambda imports them, with no wait between them and nothing but the test."""
    monkeypatch.syspath_prepend(str(SOURCE))
    for name, value in {"STACK": "airas-dev", "AWS_REGION": "ap-northeast-1", "WEBHOOK_SECRET_ID": "webhook"}.items():
        monkeypatch.setenv(name, value)
    for name in ("LANGUAGE", "RUNBOOK_URL", "LOG_GROUPS"):
        monkeypatch.delenv(name, raising=False)
    found: dict[str, ModuleType] = {name: importlib.import_module(name) for name in MODULES}
    yield SimpleNamespace(**found, context=Context)
    for name in MODULES:
        sys.modules.pop(name, None)


@pytest.fixture
def sent(relay: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Every message that the relay sends, taken off before it reaches a network."""
    messages: list[dict[str, Any]] = []

    def post(_url: str, payload: dict[str, Any], _deadline: float) -> Any:
        messages.append(payload)
        return 204, {}, {}

    monkeypatch.setattr(relay.discord, "_post", post)
    monkeypatch.setattr(relay.handler.webhook, "_read", lambda: "https://discord.invalid/webhook")
    return messages
