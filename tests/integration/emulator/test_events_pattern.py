"""EventBridge patterns over lists of objects, as AWS documents them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.testing import EmulatorServer

PATTERN = {
    "source": ["example"],
    "detail": {
        "$or": [
            {"stopCode": ["TaskFailedToStart"]},
            {"stopCode": ["EssentialContainerExited"], "containers": {"exitCode": [{"anything-but": [0]}]}},
        ]
    },
}


def stopped(code: str, *exit_codes: int) -> dict[str, Any]:
    return {"stopCode": code, "containers": [{"name": "backend", "exitCode": number} for number in exit_codes]}


@pytest.mark.parametrize(
    ("detail", "told"),
    [
        (stopped("TaskFailedToStart"), True),
        (stopped("EssentialContainerExited", 0), False),
        (stopped("EssentialContainerExited", 0, 137), True),
        (stopped("ServiceSchedulerInitiated", 143), False),
    ],
)
def test_a_task_is_told_by_how_its_containers_ended(
    emulator: EmulatorServer, detail: dict[str, Any], told: bool
) -> None:
    sqs, events = emulator.client("sqs"), emulator.client("events")
    arn = "arn:aws:sqs:ap-northeast-1:427979936961:events"
    statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Resource": arn}]})
    url = sqs.create_queue(QueueName="events", Attributes={"Policy": policy})["QueueUrl"]
    events.put_rule(Name="stopped", EventPattern=json.dumps(PATTERN))
    events.put_targets(Rule="stopped", Targets=[{"Id": "queue", "Arn": arn}])
    events.put_events(Entries=[{"Source": "example", "DetailType": "Task", "Detail": json.dumps(detail)}])
    assert ("Messages" in sqs.receive_message(QueueUrl=url)) is told
