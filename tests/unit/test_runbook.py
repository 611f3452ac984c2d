"""Each alarm and each kind of message has its section in the runbook, to which messages link."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
DEFAULTS = yaml.safe_load((ROOT / "roles/observability/defaults/main.yml").read_text(encoding="utf-8"))
SECTIONS = re.findall(r"^## (\S+)$", RUNBOOK, re.MULTILINE)
ALARMS = DEFAULTS["__observability_alarm_keys"]


@pytest.mark.parametrize("alarm", sorted(set(ALARMS) - {"nat-ports-2", "nat-ports-3"}))
def test_an_alarm_has_a_section(alarm: str) -> None:
    assert alarm in SECTIONS


def test_every_alarm_that_the_templates_make_can_be_switched_off() -> None:
    template = (ROOT / "roles/observability/templates/alarms.yml.j2").read_text(encoding="utf-8")
    made = set(re.findall(r"{{ alarm\('([\w-]+?)-?'", template))
    assert made - {"nat-ports"} == set(ALARMS) - {"nat-ports-1", "nat-ports-2", "nat-ports-3", "outage"}


@pytest.mark.parametrize(
    "section",
    [
        "budget",
        "deployment",
        "deployment-failed",
        "drift",
        "guardduty-finding",
        "health",
        "rds-event",
        "rotation",
        "rotation-failed",
        "run",
        "task-stopped",
        "test",
    ],
)
def test_what_the_relay_links_to_has_a_section(section: str) -> None:
    relay = (ROOT / "functions/discord_relay/notices.py").read_text(encoding="utf-8")
    assert f'"{section}"' in relay
    assert section in SECTIONS
