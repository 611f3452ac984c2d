"""Drift is told once: the message in the topic, and what the lock table remembers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer
from tests.integration.lock_table import TABLE, LockTable

Run = Callable[..., dict[str, Any]]

CHANGE = {"path": "multi_az", "before": False, "after": True, "call": "rds:ModifyDBInstance", "impact": "none"}
UPDATE = {"resource": "rds_instance/airas-dev-db", "component": "database", "action": "update", "impact": "none"}
SAME = {"stack": "airas-dev", "mode": "plan", "playbook": "drift.yml", "unplanned": [], "unchanged": {}}
KEY = {"LockID": {"S": "airas.platform/dev/drift"}}


@pytest.fixture
def messages(emulator: EmulatorServer) -> Callable[[], list[dict[str, Any]]]:
    """What was published since the last call."""
    emulator.client("sns").create_topic(Name="airas-dev-alarms")
    seen: list[dict[str, Any]] = []

    def read() -> list[dict[str, Any]]:
        sent = [call["params"] for call in emulator.calls() if call["operation"] == "Publish"]
        new = [json.loads(params["Message"]) for params in sent[len(seen) :]]
        seen.extend(new)
        return new

    return read


def options(*resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "region": "ap-northeast-1",
        "environment": "dev",
        "table": TABLE,
        "topic_arn": "arn:aws:sns:ap-northeast-1:427979936961:airas-dev-alarms",
        "report": {**SAME, "resources": list(resources)},
        **more,
    }


def test_drift_is_told_once_and_its_end_too(
    apply: Run, boto: Callable[[str], Any], messages: Callable[[], list[dict[str, Any]]]
) -> None:
    LockTable(boto("dynamodb"))
    drifted = {**UPDATE, "changes": [CHANGE]}
    assert "would be told" in apply("drift_report", options(drifted), check=True)["notice"]
    assert messages() == []

    told = apply("drift_report", options(drifted, url="https://awx.example.com/1"))
    assert (told["drift"], told["told"], told["changed"]) == (True, True, False)
    [body] = messages()
    assert body["url"] == "https://awx.example.com/1"
    assert body["report"]["resources"] == [
        {
            **{key: UPDATE[key] for key in ("resource", "action", "impact")},
            "changes": [{"path": "multi_az", "before": "false", "after": "true"}],
        }
    ]
    item = boto("dynamodb").get_item(TableName=TABLE, Key=KEY)["Item"]
    assert sorted(item) == ["LockID", "digest", "resources", "since"]

    assert not apply("drift_report", options(drifted))["told"]
    assert messages() == []

    assert apply("drift_report", options())["told"]
    assert [body["report"]["resources"] for body in messages()] == [[]]
    assert "Item" not in boto("dynamodb").get_item(TableName=TABLE, Key=KEY)


def test_without_a_table_and_a_topic_it_says_so(apply: Run, emulator: EmulatorServer) -> None:
    told = apply("drift_report", options({**UPDATE, "changes": [CHANGE]}))
    assert told["drift"]
    assert "the topic arn:aws:sns:ap-northeast-1:427979936961:airas-dev-alarms does not exist" in told["notice"]
    assert not apply("drift_report", options())["drift"]
