from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError
from ansible_collections.airas.platform.plugins.module_utils._states import machine

Fake = Callable[..., Any]

ARN = "arn:aws:states:ap-northeast-1:427979936961:stateMachine:task"
GROUP = "arn:aws:logs:ap-northeast-1:427979936961:log-group:/aws/vendedlogs/states/task"
PARAMS: dict[str, Any] = {
    "name": "task",
    "state": "present",
    "type": "STANDARD",
    "definition": {"StartAt": "End", "States": {"End": {"Type": "Succeed"}}},
    "role_arn": "role",
    "log_level": "ERROR",
    "log_group_arn": GROUP,
    "log_execution_data": True,
    "tracing": False,
    "tags": {},
}


def described(**more: Any) -> dict[str, Any]:
    return {
        "stateMachineArn": ARN,
        "type": "STANDARD",
        "status": "ACTIVE",
        "definition": '{ "States": {"End": {"Type": "Succeed"}}, "StartAt": "End" }',
        "roleArn": "role",
        **more,
    }


def test_the_definition_is_compared_by_what_it_means(fake_aws: Fake) -> None:
    [resource] = machine.resources(fake_aws(describe_state_machine=described()), PARAMS)
    assert (resource.before or {})["definition"] == (resource.after or {})["definition"]
    assert (resource.before or {})["logging"] == {"level": "OFF", "execution_data": False, "log_group_arn": None}


def test_all_streams_of_the_log_group_are_the_group(fake_aws: Fake) -> None:
    logging = {
        "level": "ERROR",
        "includeExecutionData": True,
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": f"{GROUP}:*"}}],
    }
    aws = fake_aws(describe_state_machine=described(loggingConfiguration=logging))
    [resource] = machine.resources(aws, {**PARAMS, "log_group_arn": f"{GROUP}:*"})
    assert (resource.before or {})["logging"] == (resource.after or {})["logging"]


def test_only_what_changed_is_sent(fake_aws: Fake) -> None:
    aws = fake_aws(describe_state_machine=described())
    [resource] = machine.resources(aws, {**PARAMS, "log_level": "OFF", "log_group_arn": None, "tracing": True})
    resource.updates[0].run({})
    assert aws.calls[-1][1] == {"stateMachineArn": ARN, "tracingConfiguration": {"enabled": True}}


def test_a_new_role_is_waited_for(fake_aws: Fake, refusal: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    message = "states.amazonaws.com is not authorized to assume the provided role."
    refused = [refusal("AccessDeniedException", message)]

    def answer(**_params: Any) -> Any:
        return refused.pop()() if refused else {"stateMachineArn": ARN}

    aws = fake_aws(describe_state_machine=refusal("StateMachineDoesNotExist"), create_state_machine=answer)
    [resource] = machine.resources(aws, PARAMS)
    assert resource.create
    assert resource.create.run({}) == {"arn": ARN, "status": "ACTIVE"}


def test_one_that_is_being_deleted_is_not_made_anew(fake_aws: Fake) -> None:
    aws = fake_aws(describe_state_machine=described(status="DELETING"))
    with pytest.raises(PlatformError, match="still deleting it"):
        machine.resources(aws, PARAMS)
    [going] = machine.resources(aws, {**PARAMS, "state": "absent"})
    assert going.pending == "DELETING"
