from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.airas.platform.plugins.module_utils._outputs import observability


def test_names_what_others_send_to(fake_aws: Callable[..., Any]) -> None:
    assert observability.read(fake_aws(), {"name": "airas-dev"}) == {
        "topic_arn": "arn:aws:sns:ap-northeast-1:427979936961:airas-dev-alarms",
        "relay_function_arn": "arn:aws:lambda:ap-northeast-1:427979936961:function:airas-dev-discord-relay",
    }
