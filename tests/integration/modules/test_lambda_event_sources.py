"""Event source mappings against the embedded AWS."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer

NAME = "airas-dev-relay"
QUEUE = f"arn:aws:sqs:ap-northeast-1:427979936961:{NAME}"
ADDRESS = f"lambda_event_source/{NAME}:{NAME}"
TAGS = {"Environment": "dev"}

Apply = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]
Changes = Callable[[dict[str, Any]], dict[str, tuple[Any, Any]]]
Writes = Callable[[], list[str]]


def args(**options: Any) -> dict[str, Any]:
    source = {"function": NAME, "source_arn": QUEUE, "batch_size": 200, "batching_window_s": 5}
    wanted = {**source, "maximum_concurrency": 2, "report_item_failures": True, **options}
    return {"region": "ap-northeast-1", "event_sources": [wanted], "tags": TAGS}


def prepare(boto: Boto, timeout_s: int = 3) -> dict[str, Any]:
    iam, written = boto("iam"), io.BytesIO()
    document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": QUEUE}}
    role = iam.create_role(RoleName=NAME, AssumeRolePolicyDocument=json.dumps(document))["Role"]["Arn"]
    iam.put_role_policy(RoleName=NAME, PolicyName="queue", PolicyDocument=json.dumps(document))
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("handler.py", "def handler(event, context):\n    return {}\n")
    boto("lambda").create_function(
        FunctionName=NAME,
        Runtime="python3.13",
        Role=role,
        Handler="handler.handler",
        Timeout=timeout_s,
        Code={"ZipFile": written.getvalue()},
    )
    boto("sqs").create_queue(QueueName=NAME)
    return args()


def census(boto: Boto) -> list[dict[str, Any]]:
    client = boto("lambda")
    client.list_functions()  # what was under way has come to its end
    return [
        {
            "batch": mapping["BatchSize"],
            "window": mapping["MaximumBatchingWindowInSeconds"],
            "scaling": mapping.get("ScalingConfig"),
            "types": mapping.get("FunctionResponseTypes"),
            "tags": client.list_tags(Resource=mapping["EventSourceMappingArn"])["Tags"],
        }
        for mapping in client.list_event_source_mappings()["EventSourceMappings"]
    ]


def test_makes_one_and_then_changes_nothing(apply: Apply, boto: Boto, writes: Writes) -> None:
    prepare(boto)
    planned = apply("lambda_event_sources", args(), check=True)
    assert census(boto) == []
    made = apply("lambda_event_sources", args())
    assert made["plan"] == planned["plan"]
    assert made["pending"] == [{"resource": ADDRESS, "state": "Creating"}]
    assert census(boto) == [
        {
            "batch": 200,
            "window": 5,
            "scaling": {"MaximumConcurrency": 2},
            "types": ["ReportBatchItemFailures"],
            "tags": {**TAGS, "Name": NAME},
        }
    ]
    before = writes()
    last = apply("lambda_event_sources", args())
    assert (last["changed"], last["pending"], writes()) == (False, [], before)


def test_names_and_mends_each_attribute_that_drifted(apply: Apply, boto: Boto, value_changes: Changes) -> None:
    prepare(boto)
    apply("lambda_event_sources", args())
    client = boto("lambda")
    [mapping] = client.list_event_source_mappings()["EventSourceMappings"]
    client.update_event_source_mapping(
        UUID=mapping["UUID"], BatchSize=10, ScalingConfig={}, FunctionResponseTypes=[], Enabled=False
    )
    client.tag_resource(Resource=mapping["EventSourceMappingArn"], Tags={"Environment": "prod"})
    drift = {
        f"{ADDRESS} batch_size": (10, 200),
        f"{ADDRESS} maximum_concurrency": (None, 2),
        f"{ADDRESS} report_item_failures": (False, True),
        f"{ADDRESS} enabled": (False, True),
        f"{ADDRESS} tags.Environment": ("prod", "dev"),
    }
    assert value_changes(apply("lambda_event_sources", args(), check=True)) == drift
    assert value_changes(apply("lambda_event_sources", args())) == drift
    assert apply("lambda_event_sources", args())["changed"] is False


def test_removes_it_and_makes_it_again_once_it_is_gone(apply: Apply, boto: Boto, emulator: EmulatorServer) -> None:
    prepare(boto)
    apply("lambda_event_sources", args())
    emulator.set_delays({"lambda_event_source.deleting": 60})
    absent = {**args(), "state": "absent"}
    assert [item["action"] for item in apply("lambda_event_sources", absent, check=True)["plan"]] == ["delete"]
    removed = apply("lambda_event_sources", absent)
    assert (removed["changed"], removed["pending"]) == (True, [{"resource": ADDRESS, "state": "Deleting"}])
    blocked = apply("lambda_event_sources", args())
    assert (blocked["changed"], blocked["pending"]) == (False, [{"resource": ADDRESS, "state": "Deleting"}])
    emulator.set_delays({})
    assert census(boto) == []
    assert apply("lambda_event_sources", absent)["changed"] is False
    assert apply("lambda_event_sources", args())["changed"] is True


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"batching_window_s": 0}, "need a window of at least one second"),
        ({"maximum_concurrency": 1}, "AWS takes 2 to 1000."),
    ],
)
def test_says_what_aws_would_refuse(run_module: Apply, options: dict[str, Any], said: str) -> None:
    assert said in run_module("lambda_event_sources", args(**options))["msg"]


def test_survives_an_interruption_at_every_write(interrupt_each_write: Callable[..., None], boto: Boto) -> None:
    interrupt_each_write("lambda_event_sources", lambda: prepare(boto), lambda: census(boto))
