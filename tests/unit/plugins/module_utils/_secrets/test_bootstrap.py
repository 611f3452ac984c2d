from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError, apply, plan_resource
from ansible_collections.airas.platform.plugins.module_utils._secrets import bootstrap

PARAMS = {"function_name": "f", "secret": "airas-dev/database-url"}


def answer(payload: Any, **others: Any) -> Callable[..., dict[str, Any]]:
    return lambda **_sent: {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(payload).encode()), **others}


def test_a_value_that_is_there_leaves_nothing_to_do(fake_aws: Callable[..., Any]) -> None:
    found = {"VersionIdsToStages": {"v": ["AWSCURRENT"]}}
    [item] = bootstrap.resources(fake_aws(describe_secret=found), PARAMS)
    assert plan_resource(item).action == "none"


@pytest.mark.parametrize("exists", [True, False])
def test_without_one_the_function_is_invoked(fake_aws: Callable[..., Any], refusal: Any, exists: bool) -> None:
    missing = refusal("ResourceNotFoundException")
    aws = fake_aws(describe_secret={} if exists else missing, invoke=answer({"made": [], "url": "written"}))
    [item] = bootstrap.resources(aws, PARAMS)
    plan = plan_resource(item)
    assert [change.after for change in plan.changes] == ["(sensitive)"]
    apply([plan], [])
    assert item.report()["did"] == {"made": [], "url": "written"}
    assert [call for call, _sent in aws.calls] == ["secretsmanager:describe_secret", "lambda:invoke"]


def test_a_function_that_fails_is_quoted(fake_aws: Callable[..., Any]) -> None:
    log = base64.b64encode(b"START\n[ERROR] no route\n").decode()
    failed = answer({"errorMessage": "no route"}, FunctionError="Unhandled", LogResult=log)
    plans = [plan_resource(item) for item in bootstrap.resources(fake_aws(invoke=failed), PARAMS)]
    with pytest.raises(PlatformError, match=r"the function f failed: no route.*\n.*\nSTART\n\[ERROR\] no route"):
        apply(plans, [])


def test_a_function_that_is_not_there(fake_aws: Callable[..., Any], refusal: Any) -> None:
    aws = fake_aws(invoke=refusal("ResourceNotFoundException"))
    plans = [plan_resource(item) for item in bootstrap.resources(aws, PARAMS)]
    with pytest.raises(PlatformError, match="there is no function f"):
        apply(plans, [])
