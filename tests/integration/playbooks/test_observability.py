"""Alarms of a stack that a run has built reach a webhook that behaves as Discord's does."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer
from tests.integration.functions.discord_receiver import Receiver
from tests.integration.playbooks.conftest import Playbooks

DEV = ("-i", "inventories/dev")
ALARMS = ("ecs-cpu", "ecs-memory", "rds-cpu", "rds-free-storage", "alb-5xx")
STATES = {"ALARM": "異常", "OK": "正常"}

Boto = Callable[[str], Any]


def titles(receiver: Receiver, count: int) -> Counter[str]:
    """The titles of what has arrived, once it is as many, or a moment later to see whether there are more."""
    end = time.monotonic() + 30
    while len(receiver.embeds) < count and time.monotonic() < end:
        time.sleep(0.05)
    return Counter(embed["title"] for embed in receiver.embeds)


@pytest.fixture
def stack(playbooks: Playbooks, emulator: EmulatorServer, boto: Boto) -> Playbooks:
    emulator.set_delays({"lambda_event_source.window": 0})
    boto("logs").create_log_group(logGroupName="/ecs/airas-dev-backend")
    on = ("-e", '{"observability_guardduty_findings_enabled": true}')
    run = playbooks.run("site.yml", *DEV, "--tags", "secrets,identity,observability", *on)
    assert run.status == 0, run.output
    assert "alarms wait in airas-dev-discord-relay for four days" in run.text
    return playbooks


def test_each_alarm_of_the_specification_is_told_once_when_it_begins_and_once_when_it_ends(
    stack: Playbooks, boto: Boto
) -> None:
    with Receiver() as receiver:
        boto("secretsmanager").put_secret_value(SecretId="airas-dev/discord-webhook-url", SecretString=receiver.url)
        expected: Counter[str] = Counter()
        for state, word in STATES.items():
            for alarm in ALARMS:
                boto("cloudwatch").set_alarm_state(
                    AlarmName=f"airas-dev-{alarm}", StateValue=state, StateReason="Threshold Crossed: a test"
                )
                expected[alarm, word] += 1
            found = titles(receiver, len(expected))
            assert sum(found.values()) == len(expected), found
            for alarm, told in expected:
                assert sum(n for title, n in found.items() if title.endswith(f"{told}: airas-dev-{alarm}")) == 1, found
        links = str([embed for embed in receiver.embeds if "ecs-cpu" in embed["title"]])
        assert "docs/runbook.md#ecs-cpu" in links

        # Of GuardDuty's findings those that are severe.
        guardduty = boto("guardduty")
        kinds = ["UnauthorizedAccess:IAMUser/ConsoleLoginSuccess.B", "Backdoor:EC2/C&CActivity.B"]
        detector = guardduty.create_detector(Enable=True)["DetectorId"]
        guardduty.create_sample_findings(DetectorId=detector, FindingTypes=kinds)
        expected[kinds[1], "GuardDuty"] += 1
        assert [kind for kind in kinds if kind in str(titles(receiver, len(expected)))] == kinds[1:]

        planned = stack.run("playbooks/notify_test.yml", *DEV, "--check")
        assert planned.status == 0, planned.output
        tested = stack.run("playbooks/notify_test.yml", *DEV)
        assert tested.status == 0, tested.output
        assert len(receiver.embeds) == len(expected) + 1
