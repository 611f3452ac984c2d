from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]

NAME = "airas-dev-task"
MODULE = "step_functions_state_machine"
ADDRESS = f"{MODULE}/{NAME}"
ARN = f"arn:aws:states:ap-northeast-1:427979936961:stateMachine:{NAME}"
GROUP = f"arn:aws:logs:ap-northeast-1:427979936961:log-group:/aws/vendedlogs/states/{NAME}"
ROLE = "arn:aws:iam::427979936961:role/airas-dev-workflow"
WAIT = {"Type": "Wait", "Seconds": 5, "End": True}
ARGS = {
    "name": NAME,
    "definition": {"StartAt": "Wait", "States": {"Wait": WAIT}},
    "role_arn": ROLE,
    "log_level": "ERROR",
    "log_group_arn": GROUP,
    "tags": {"Environment": "dev"},
}


@pytest.fixture
def states(boto: Boto) -> Any:
    return boto("stepfunctions")


def test_made_changed_and_removed(
    states: Any, apply: Run, changes: Any, writes: Callable[[], list[str]], value_changes: Any
) -> None:
    plan = apply(MODULE, ARGS, check=True)
    assert {"arn", "definition.States.Wait.Seconds", "logging.level", "role_arn", "tracing"} <= set(
        changes(plan)[ADDRESS]
    )
    assert plan["resources"][ADDRESS]["arn"] == ARN
    assert writes() == []
    apply(MODULE, ARGS)
    assert not apply(MODULE, ARGS)["changed"]
    assert writes() == ["stepfunctions:CreateStateMachine"]
    found = states.describe_state_machine(stateMachineArn=ARN)
    assert json.loads(found["definition"]) == ARGS["definition"]
    [destination] = found["loggingConfiguration"]["destinations"]
    assert destination == {"cloudWatchLogsLogGroup": {"logGroupArn": f"{GROUP}:*"}}

    longer = {**ARGS, "definition": {"StartAt": "Wait", "States": {"Wait": {**WAIT, "Seconds": 9}}}, "tracing": True}
    assert value_changes(apply(MODULE, longer, check=True)) == {
        f"{ADDRESS} definition.States.Wait.Seconds": (5, 9),
        f"{ADDRESS} tracing": (False, True),
    }
    apply(MODULE, longer)
    assert not apply(MODULE, longer)["changed"]
    assert states.describe_state_machine(stateMachineArn=ARN)["tracingConfiguration"] == {"enabled": True}

    gone = {"name": NAME, "state": "absent"}
    assert apply(MODULE, gone, check=True)["plan"][0]["impact"] == "outage"
    while apply(MODULE, gone)["pending"]:
        pass
    assert not apply(MODULE, gone)["changed"]
    assert states.list_state_machines()["stateMachines"] == []


def test_each_drift_is_named_and_repaired(states: Any, apply: Run, changes: Any) -> None:
    apply(MODULE, ARGS)
    other = json.dumps({"StartAt": "Wait", "Comment": "x", "States": {"Wait": WAIT}})
    drifts: list[tuple[Callable[[], Any], list[str]]] = [
        (lambda: states.update_state_machine(stateMachineArn=ARN, definition=other), ["definition.Comment"]),
        (lambda: states.update_state_machine(stateMachineArn=ARN, roleArn=f"{ROLE}-x"), ["role_arn"]),
        (
            lambda: states.update_state_machine(
                stateMachineArn=ARN, loggingConfiguration={"level": "OFF", "destinations": []}
            ),
            ["logging.level", "logging.log_group_arn"],
        ),
        (
            lambda: states.tag_resource(resourceArn=ARN, tags=[{"key": "Environment", "value": "prod"}]),
            ["tags.Environment"],
        ),
    ]
    for drift, paths in drifts:
        drift()
        assert changes(apply(MODULE, ARGS, check=True)) == {ADDRESS: paths}
        apply(MODULE, ARGS)
        assert not apply(MODULE, ARGS)["changed"], paths


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"log_level": "OFF"}, "log_level is OFF and log_group_arn"),
        ({"log_group_arn": None}, "log_level is ERROR and log_group_arn None"),
        ({"definition": {"StartAt": "Gone", "States": {"Wait": WAIT}}}, "starts at 'Gone'"),
    ],
)
def test_wrong_input(run_module: Run, wrong: dict[str, Any], message: str) -> None:
    assert message in run_module(MODULE, {**ARGS, **wrong})["msg"]


def test_the_type_cannot_change(apply: Run, run_module: Run) -> None:
    apply(MODULE, ARGS)
    assert "AWS cannot change it in place" in run_module(MODULE, {**ARGS, "type": "EXPRESS"})["msg"]


def test_interrupted_runs_end_the_same(interrupt_each_write: Callable[..., None], states: Any) -> None:
    def prepare() -> dict[str, Any]:
        states.create_state_machine(name=NAME, definition=json.dumps(ARGS["definition"]), roleArn=ROLE)
        return ARGS

    def census() -> Any:
        found = states.describe_state_machine(stateMachineArn=ARN)
        tags = states.list_tags_for_resource(resourceArn=ARN)["tags"]
        return found["loggingConfiguration"]["level"], sorted(tag["key"] for tag in tags)

    interrupt_each_write(MODULE, prepare, census)
