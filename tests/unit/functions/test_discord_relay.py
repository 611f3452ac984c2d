"""What the relay makes of notifications; how it speaks to Discord is in tests/integration/functions."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.functions.discord_receiver import problem

ROOT = Path(__file__).parents[3]


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


DOCS = load("discord_docs")
SAMPLES = {sample["name"]: sample for sample in DOCS.samples()}


def embed(relay: SimpleNamespace, sample: str | dict[str, Any], language: str = "en", **environment: str) -> Any:
    sample = SAMPLES[sample] if isinstance(sample, str) else sample
    [item] = relay.envelopes.unwrap({"Records": [DOCS.envelope(sample)]})
    variables = {"STACK": "airas-dev", "AWS_REGION": "ap-northeast-1", "LANGUAGE": language, **environment}
    return relay.embeds.of_item(item, relay.embeds.Settings.of(variables))


def fields(embed: dict[str, Any]) -> dict[str, str]:
    return {field["name"]: field["value"] for field in embed["fields"]}


def test_the_page_shows_what_the_relay_writes() -> None:
    """docs/discord.md: run `python scripts/discord_docs.py` after changing the relay, and look at it."""
    assert subprocess.run([sys.executable, "scripts/discord_docs.py", "--check"], cwd=ROOT, check=False).returncode == 0


@pytest.mark.parametrize(
    ("sample", "title", "colour"),
    [
        ("A metric alarm", "🔴 Alarm: airas-dev-ecs-cpu", 0xD92D20),
        ("A metric alarm that is over", "🟢 OK: airas-dev-rds-free-storage", 0x12B76A),
        ("A metric math alarm", "🔴 Alarm: airas-dev-alb-5xx-rate", 0xD92D20),
        ("A composite alarm", "🔴 Alarm: airas-dev-unhealthy", 0xD92D20),
        ("An alarm without data", "⚪ No data: airas-dev-rds-cpu", 0x98A2B3),
        ("A deployment that failed", "🔴 Alarm: The deployment failed: airas-dev-backend", 0xD92D20),
        ("A task that stopped by itself", "🔴 Alarm: A task stopped by itself: airas-dev-backend", 0xD92D20),
        ("An event of the database", "🟠 Warning: A word from the database: airas-prod-db", 0xF79009),
        ("A rotation that failed", "🔴 Alarm: The rotation failed: airas-dev/database-url", 0xD92D20),
        ("A budget", "🟠 Warning: The budget's threshold is exceeded: airas-dev", 0xF79009),
        ("A certificate that expires", "🟠 Warning: The certificate expires soon: api.example.com", 0xF79009),
        (
            "A finding of GuardDuty",
            "🔴 Alarm: GuardDuty has found a threat: Exfiltration:S3/AnomalousBehavior",
            0xD92D20,
        ),
        ("A word from AWS Health", "🟠 Warning: A word from AWS: AWS_RDS_MAINTENANCE_SCHEDULED", 0xF79009),
        ("Drift", "🟠 Warning: Drift was found: airas-dev", 0xF79009),
        ("A run that failed", "🔴 Alarm: The run failed: airas-prod", 0xD92D20),
        ("A test", "🔵 Notice: A test of the notifications: airas-dev", 0x2E90FA),
        ("Anything else, as an event", "🔵 Notice: EC2 Spot Instance Interruption Warning", 0x2E90FA),
        ("Anything else, as text", "🔵 Notice: A word from somebody", 0x2E90FA),
    ],
)
def test_each_kind_has_its_title_and_colour(relay: SimpleNamespace, sample: str, title: str, colour: int) -> None:
    made = embed(relay, sample)
    assert (made["title"], made["color"]) == (title, colour)
    japanese = embed(relay, sample, "ja")
    assert japanese["title"] != made["title"]
    assert japanese["color"] == colour


def test_an_alarm_says_what_where_since_when_and_the_value_against_the_threshold(relay: SimpleNamespace) -> None:
    made = embed(relay, "A metric alarm", RUNBOOK_URL="https://example.com/runbook")
    told = fields(made)
    assert told["Value against threshold"] == "**93.127 %** (> 80 %)"
    assert told["Metric"] == "AWS/ECS CPUUtilization, Average, 1 × 5 min"
    assert told["Where"] == "ClusterName: `airas-dev-cluster`\nServiceName: `airas-dev-backend`"
    assert told["Since"] == "<t:1795651512:f> (<t:1795651512:R>)"
    assert "[Runbook](https://example.com/runbook#ecs-cpu)" in told["Links"]
    assert "[Console](https://ap-northeast-1.console.aws.amazon.com/cloudwatch/home" in told["Links"]
    assert made["timestamp"].startswith("2026-11-26T00:05:12")


def test_bytes_and_expressions_are_legible(relay: SimpleNamespace) -> None:
    assert fields(embed(relay, "A metric alarm that is over"))["Value against threshold"] == "**8 GiB** (< 5 GiB)"
    told = fields(embed(relay, "A metric math alarm"))
    assert told["Value against threshold"] == "**12.5 %** (> 5 %)"
    assert told["Expression"] == "`IF(requests > 0, 100 * errors / requests, 0)`"


def test_the_logs_are_those_of_what_the_alarm_watches(relay: SimpleNamespace) -> None:
    """JSURL, encoded twice: as the console itself writes it, and without a bracket that would end the link."""
    [link] = [part for part in fields(embed(relay, "A metric alarm"))["Links"].split(" · ") if "Search" in part]
    assert "#logsV2:logs-insights$3FqueryDetail$3D$257E$2528end$257E$25272026-11-26T00*3a20*3a12.000Z" in link
    assert "source$257E$2528$257E$2527*2fecs*2fairas-dev-backend$2529$2529)" in link
    assert (
        "*2faws*2frds*2finstance*2fairas-dev-db*2fpostgresql" in fields(embed(relay, "An alarm without data"))["Links"]
    )


def test_an_alarm_by_eventbridge_is_the_same_alarm(relay: SimpleNamespace) -> None:
    event = {
        "source": "aws.cloudwatch",
        "detail-type": "CloudWatch Alarm State Change",
        "resources": ["arn:aws:cloudwatch:ap-northeast-1:111122223333:alarm:a"],
        "time": "2026-11-26T00:00:00Z",
        "detail": {"alarmName": "a", "state": {"value": "ALARM", "reason": "because"}},
    }
    made = embed(relay, {"body": event})
    assert (made["title"], fields(made)["Reason"]) == ("🔴 Alarm: a", "because")


@pytest.mark.parametrize(
    ("sample", "changes", "title"),
    [
        ("A deployment that failed", {"eventName": "SERVICE_DEPLOYMENT_COMPLETED", "eventType": "INFO"}, "🟢 OK: "),
        ("A task that stopped by itself", {"stopCode": "UserInitiated"}, "🔵 Notice: A task was stopped"),
        ("A rotation that failed", {"eventName": "RotationSucceeded"}, "🟢 OK: The rotation is complete"),
        ("A certificate that expires", {"DaysToExpiry": 7}, "🔴 Alarm: The certificate expires soon"),
        ("A finding of GuardDuty", {"severity": 5}, "🟠 Warning: GuardDuty has found a threat"),
        ("A word from AWS Health", {"statusCode": "closed"}, "🟢 OK: A word from AWS"),
        ("An event of the database", {"EventCategories": ["low storage"]}, "🔴 Alarm: A word from the database"),
    ],
)
def test_the_state_follows_the_event(relay: SimpleNamespace, sample: str, changes: dict[str, Any], title: str) -> None:
    body = SAMPLES[sample]["body"]
    assert embed(relay, {"body": {**body, "detail": {**body["detail"], **changes}}})["title"].startswith(title)


def test_text_of_others_is_not_formatted_and_calls_nobody(relay: SimpleNamespace) -> None:
    body = {**SAMPLES["A metric alarm"]["body"], "AlarmDescription": "**@everyone** [x](http://x)"}
    made = embed(relay, {"body": body})
    assert made["description"] == r"\*\*@everyone\*\* \[x\](http://x)"
    assert relay.embeds.payload([made], "airas-dev")["allowed_mentions"] == {"parse": []}


# -- limits ----------------------------------------------------------------------------------------------------------


def record(body: Any, message_id: str) -> dict[str, Any]:
    return DOCS.envelope({"body": body}, message_id)


def alarm(number: int) -> dict[str, Any]:
    moment = f"2026-11-26T00:{number // 60:02}:{number % 60:02}.000+0000"
    return {**SAMPLES["A metric alarm"]["body"], "AlarmName": f"airas-dev-{number:03}", "StateChangeTime": moment}


def test_a_burst_is_sorted_and_comes_in_few_messages(relay: SimpleNamespace, sent: list[dict[str, Any]]) -> None:
    numbers = [(7 * number) % 200 for number in range(200)]
    event = {"Records": [record(alarm(number), str(number)) for number in numbers]}
    assert relay.handler.handler(event, relay.context()) == {"batchItemFailures": []}
    names = [embed["title"][-3:] for message in sent for embed in message["embeds"]]
    assert names == [f"{number:03}" for number in range(200)]
    assert len(sent) == 20
    assert all(problem(message) == "" for message in sent)


def test_the_log_says_which_test_was_sent(
    relay: SimpleNamespace,
    sent: list[dict[str, Any]],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    test = {**SAMPLES["A test"], "body": {**SAMPLES["A test"]["body"], "id": "k3v9"}}
    event = {"Records": [DOCS.envelope(test), DOCS.envelope(SAMPLES["A test"], "2")]}
    caplog.set_level("INFO")
    relay.handler.handler(event, relay.context())
    assert [line for line in caplog.messages if "the test" in line] == ["the test k3v9 is sent"]

    caplog.clear()
    monkeypatch.setattr(relay.discord, "_post", lambda *_args: (404, {}, {}))
    with pytest.raises(relay.discord.NotSent):
        relay.handler.handler(event, relay.context())
    assert sum("the test k3v9 is not sent" in line for line in caplog.messages) == 1


def test_long_texts_are_cut_to_what_discord_takes(relay: SimpleNamespace, sent: list[dict[str, Any]]) -> None:
    long = "長い🔥" * 9000
    body = {**SAMPLES["A metric alarm"]["body"], "AlarmName": long, "AlarmDescription": long, "NewStateReason": long}
    for each in (body, {"source": "x", "detail-type": "y", "detail": {"text": long}}, long):
        relay.handler.handler(each, relay.context())
    assert [problem(message) for message in sent] == ["", "", ""]
    assert sent[1]["embeds"][0]["description"].endswith("…\n```")


# -- what nobody foresaw ---------------------------------------------------------------------------------------------

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """A real notification in which some values are anything."""
    body = draw(st.sampled_from([sample["body"] for sample in SAMPLES.values() if isinstance(sample["body"], dict)]))

    def damage(value: Any) -> Any:
        if draw(st.integers(0, 9)) == 0:
            return draw(ANYTHING)
        if isinstance(value, dict):
            return {key: damage(item) for key, item in value.items() if draw(st.integers(0, 19))}
        return [damage(item) for item in value] if isinstance(value, list) else value

    return {**body, **found} if isinstance(found := damage(body), dict) and draw(st.booleans()) else found


RELAXED = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@RELAXED
@given(event=ANYTHING | st.fixed_dictionaries({"Records": st.lists(ANYTHING, min_size=1, max_size=3)}))
def test_any_event_becomes_messages_that_discord_takes(
    relay: SimpleNamespace, sent: list[dict[str, Any]], event: Any
) -> None:
    sent.clear()
    relay.handler.handler(event, relay.context())
    assert sent
    assert [problem(json.loads(json.dumps(message))) for message in sent] == [""] * len(sent)


@RELAXED
@given(bodies=st.lists(damaged(), min_size=1, max_size=4), directly=st.booleans())
def test_damaged_notifications_become_messages_that_discord_takes(
    relay: SimpleNamespace, sent: list[dict[str, Any]], bodies: list[Any], directly: bool
) -> None:
    sent.clear()
    for event in bodies if directly else [{"Records": [record(body, str(n)) for n, body in enumerate(bodies)]}]:
        relay.handler.handler(event, relay.context())
    shown = [embed for message in sent for embed in message["embeds"]]
    assert len(shown) == len(bodies)
    assert [problem(message) for message in sent] == [""] * len(sent)
