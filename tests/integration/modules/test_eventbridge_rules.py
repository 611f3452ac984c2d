"""EventBridge rules against the embedded AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer

STOPPED, NIGHTLY = "airas-dev-task-stopped", "airas-dev-nightly"
TOPIC = "arn:aws:sns:ap-northeast-1:427979936961:airas-dev-alerts"
QUEUE = "arn:aws:sqs:ap-northeast-1:427979936961:airas-dev-events"
DEAD = "arn:aws:sqs:ap-northeast-1:427979936961:airas-dev-events-dead"
MACHINE = "arn:aws:states:ap-northeast-1:427979936961:stateMachine:airas-dev"
ROLE = "arn:aws:iam::427979936961:role/airas-dev-events"
TAGS = {"Environment": "dev"}
PATTERN = {"source": ["aws.ecs"], "detail": {"lastStatus": ["STOPPED"], "stopCode": ["A", {"prefix": "B"}]}}
ALERTS = {"id": "alerts", "arn": TOPIC, "dead_letter_arn": DEAD, "retry_attempts": 3, "retry_max_age_s": 3600}
ARGS = {
    "region": "ap-northeast-1",
    "rules": [
        {
            "name": STOPPED,
            "description": "Tasks that stopped",
            "event_pattern": PATTERN,
            "targets": [
                ALERTS,
                {
                    "id": "queue",
                    "arn": QUEUE,
                    "input_transformer": {"input_paths": {"task": "$.detail.taskArn"}, "input_template": '"<task>"'},
                },
            ],
        },
        {
            "name": NIGHTLY,
            "schedule": "cron(0 15 * * ? *)",
            "enabled": False,
            "targets": [{"id": "machine", "arn": MACHINE, "role_arn": ROLE, "input": {"kind": "nightly"}}],
        },
    ],
    "tags": TAGS,
}
ABSENT = {**ARGS, "rules": [{"name": STOPPED}, {"name": NIGHTLY}], "state": "absent"}

Apply = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]
Changes = Callable[[dict[str, Any]], dict[str, tuple[Any, Any]]]
Writes = Callable[[], list[str]]


def census(boto: Boto) -> dict[str, Any]:
    events = boto("events")
    found: dict[str, Any] = {}
    for rule in events.list_rules()["Rules"]:
        tags = events.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"]
        found[rule["Name"]] = {
            "pattern": json.loads(rule.get("EventPattern") or "{}"),
            "schedule": rule.get("ScheduleExpression"),
            "state": rule["State"],
            "description": rule.get("Description") or "",
            "tags": {tag["Key"]: tag["Value"] for tag in tags},
            "targets": {item["Id"]: item for item in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]},
        }
    return found


def with_stopped(**options: Any) -> dict[str, Any]:
    return {**ARGS, "rules": [{**ARGS["rules"][0], **options}]}


def test_makes_them_and_then_changes_nothing(apply: Apply, boto: Boto, writes: Writes) -> None:
    planned = apply("eventbridge_rules", ARGS, check=True)
    assert census(boto) == {}
    made = apply("eventbridge_rules", ARGS)
    assert made["plan"] == planned["plan"]
    found = census(boto)
    assert found[STOPPED] == {
        "pattern": PATTERN,
        "schedule": None,
        "state": "ENABLED",
        "description": "Tasks that stopped",
        "tags": {**TAGS, "Name": STOPPED},
        "targets": {
            "alerts": {
                "Id": "alerts",
                "Arn": TOPIC,
                "DeadLetterConfig": {"Arn": DEAD},
                "RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 3600},
            },
            "queue": {
                "Id": "queue",
                "Arn": QUEUE,
                "RetryPolicy": {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 86400},
                "InputTransformer": {"InputPathsMap": {"task": "$.detail.taskArn"}, "InputTemplate": '"<task>"'},
            },
        },
    }
    assert (found[NIGHTLY]["schedule"], found[NIGHTLY]["state"]) == ("cron(0 15 * * ? *)", "DISABLED")
    assert found[NIGHTLY]["targets"]["machine"]["Input"] == '{"kind":"nightly"}'
    arn = f"arn:aws:events:ap-northeast-1:427979936961:rule/{STOPPED}"
    assert made["resources"][f"eventbridge_rule/{STOPPED}"]["arn"] == arn
    assert planned["resources"][f"eventbridge_rule/{STOPPED}"]["arn"] == arn
    before = writes()
    assert apply("eventbridge_rules", ARGS)["changed"] is False
    assert writes() == before


def test_names_and_mends_each_attribute_that_drifted(apply: Apply, boto: Boto, value_changes: Changes) -> None:
    apply("eventbridge_rules", ARGS)
    events = boto("events")
    changed = {**PATTERN, "detail": {**PATTERN["detail"], "lastStatus": ["RUNNING"]}}
    events.put_rule(Name=STOPPED, EventPattern=json.dumps(changed), State="DISABLED", Description="")
    events.put_rule(Name=NIGHTLY, ScheduleExpression="rate(1 day)", State="DISABLED")
    events.put_targets(Rule=STOPPED, Targets=[{"Id": "alerts", "Arn": QUEUE}, {"Id": "stranger", "Arn": TOPIC}])
    events.remove_targets(Rule=STOPPED, Ids=["queue"])
    events.put_targets(Rule=NIGHTLY, Targets=[{"Id": "machine", "Arn": MACHINE, "RoleArn": ROLE, "Input": "{}"}])
    arn = f"arn:aws:events:ap-northeast-1:427979936961:rule/{STOPPED}"
    events.tag_resource(ResourceARN=arn, Tags=[{"Key": "Environment", "Value": "prod"}])
    rule, targets = f"eventbridge_rule/{STOPPED}", f"eventbridge_rule/{STOPPED} targets"
    found = value_changes(apply("eventbridge_rules", ARGS, check=True))
    whole = (f"{targets}.queue", f"{targets}.stranger")
    assert {path: change for path, change in found.items() if not path.startswith(whole)} == {
        f"{rule} description": ("", "Tasks that stopped"),
        f"{rule} event_pattern.detail.lastStatus": (["RUNNING"], ["STOPPED"]),
        f"{rule} enabled": (False, True),
        f"{rule} tags.Environment": ("prod", "dev"),
        f"{targets}.alerts.arn": (QUEUE, TOPIC),
        f"{targets}.alerts.dead_letter_arn": (None, DEAD),
        f"{targets}.alerts.retry_attempts": (185, 3),
        f"{targets}.alerts.retry_max_age_s": (86400, 3600),
        f"eventbridge_rule/{NIGHTLY} schedule": ("rate(1 day)", "cron(0 15 * * ? *)"),
        f"eventbridge_rule/{NIGHTLY} targets.machine.input.kind": (None, "nightly"),
    }
    assert found[f"{targets}.queue.arn"] == (None, QUEUE)
    assert found[f"{targets}.stranger.arn"] == (TOPIC, None)
    assert value_changes(apply("eventbridge_rules", ARGS)) == found
    assert apply("eventbridge_rules", ARGS)["changed"] is False
    assert set(census(boto)[STOPPED]["targets"]) == {"alerts", "queue"}


def test_another_order_of_alternatives_is_no_change(apply: Apply) -> None:
    apply("eventbridge_rules", ARGS)
    turned = {**PATTERN, "detail": {"stopCode": [{"prefix": "B"}, "A"], "lastStatus": ["STOPPED"]}}
    assert apply("eventbridge_rules", with_stopped(event_pattern=turned))["changed"] is False


def test_a_pattern_can_become_a_schedule(apply: Apply, boto: Boto) -> None:
    apply("eventbridge_rules", ARGS)
    hourly = with_stopped(event_pattern=None, schedule="rate(1 hour)")
    apply("eventbridge_rules", hourly)
    found = census(boto)[STOPPED]
    assert (found["pattern"], found["schedule"]) == ({}, "rate(1 hour)")
    assert apply("eventbridge_rules", hourly)["changed"] is False


def test_absent_twice(apply: Apply, boto: Boto) -> None:
    apply("eventbridge_rules", ARGS)
    apply("eventbridge_rules", ABSENT)
    assert census(boto) == {}
    assert apply("eventbridge_rules", ABSENT)["changed"] is False


def test_a_role_that_is_not_assumable_yet_is_waited_for(apply: Apply, emulator: EmulatorServer) -> None:
    unready = f"Provided role '{ROLE}' cannot be assumed by principal 'events.amazonaws.com'."
    rule = {"service": "events", "operation": "PutTargets", "error": "ValidationException", "times": 1}
    emulator.set_faults([{**rule, "message": unready}])
    assert apply("eventbridge_rules", ARGS)["changed"]


def test_interrupted_anywhere_it_ends_the_same(interrupt_each_write: Callable[..., None], boto: Boto) -> None:
    interrupt_each_write("eventbridge_rules", lambda: ARGS, lambda: census(boto))


def test_an_interrupted_removal_is_finished(
    apply: Apply, interrupt_each_write: Callable[..., None], boto: Boto
) -> None:
    def prepare() -> dict[str, Any]:
        apply("eventbridge_rules", ARGS)
        return ABSENT

    interrupt_each_write("eventbridge_rules", prepare, lambda: census(boto))


def test_one_throttled_call_in_five_is_survived(apply: Apply, emulator: EmulatorServer) -> None:
    emulator.set_faults([{"error": "throttle", "every": 5}])
    apply("eventbridge_rules", ARGS)
    emulator.set_faults([])
    assert apply("eventbridge_rules", ARGS)["changed"] is False


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"event_pattern": None}, "it needs either an event_pattern or a schedule."),
        ({"schedule": "rate(1 hour)"}, "it needs either an event_pattern or a schedule."),
        ({"targets": [ALERTS, ALERTS]}, "two of its targets have the same id (alerts, alerts)."),
        (
            {"targets": [{**ALERTS, "retry_attempts": 186}]},
            "retry_attempts of target alerts is 186. AWS takes 0 to 185.",
        ),
        (
            {"targets": [{**ALERTS, "retry_max_age_s": 1}]},
            "retry_max_age_s of target alerts is 1. AWS takes 60 to 86400.",
        ),
        (
            {"targets": [{**ALERTS, "input": {}, "input_transformer": {"input_template": "x"}}]},
            "target alerts has both an input and an input_transformer. Keep one.",
        ),
    ],
)
def test_wrong_input_is_refused_before_any_write(
    run_module: Apply, writes: Writes, options: dict[str, Any], message: str
) -> None:
    result = run_module("eventbridge_rules", with_stopped(**options))
    assert result["msg"].startswith(f"eventbridge_rule/{STOPPED}: {message}")
    assert writes() == []
