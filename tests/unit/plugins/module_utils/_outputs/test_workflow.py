from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.airas.platform.plugins.module_utils._outputs import workflow

Fake = Callable[..., Any]


def test_a_state_machine(fake_aws: Fake) -> None:
    arn = "arn:aws:states:ap-northeast-1:427979936961:stateMachine:airas-dev-task"
    assert workflow.read(fake_aws(), {"name": "airas-dev"}) == {"state_machine_arn": arn}


def test_none(fake_aws: Fake, refusal: Fake) -> None:
    aws = fake_aws(describe_state_machine=refusal("StateMachineDoesNotExist"))
    assert workflow.read(aws, {"name": "airas-dev"}) == {"state_machine_arn": ""}
