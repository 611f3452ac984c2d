"""Lambda functions against the embedded AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator.testing import EmulatorServer

NAME, ACCOUNT = "airas-dev-relay", "427979936961"
ARN = f"arn:aws:lambda:ap-northeast-1:{ACCOUNT}:function:{NAME}"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/airas-dev-relay"
TOPIC = f"arn:aws:sns:ap-northeast-1:{ACCOUNT}:airas-dev-alarms"
TAGS = {"Environment": "dev"}

Apply = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]
Changes = Callable[[dict[str, Any]], dict[str, tuple[Any, Any]]]
Writes = Callable[[], list[str]]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "handler.py").write_text("def handler(event, context):\n    return event\n", encoding="utf-8")
    return tmp_path


def prepare(boto: Boto) -> None:
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    boto("iam").create_role(RoleName="airas-dev-relay", AssumeRolePolicyDocument=policy)


def args(source: Path, **options: Any) -> dict[str, Any]:
    function = {
        "name": NAME,
        "source": str(source),
        "role_arn": ROLE,
        "environment": {"LANGUAGE": "ja"},
        "reserved_concurrency": 1,
        "permissions": [{"id": "topic", "principal": "sns.amazonaws.com", "source_arn": TOPIC}],
    }
    return {"region": "ap-northeast-1", "functions": [{**function, **options}], "tags": TAGS}


def census(boto: Boto) -> dict[str, Any]:
    client = boto("lambda")
    found = {}
    for function in client.list_functions()["Functions"]:
        name = function["FunctionName"]
        told = client.get_function(FunctionName=name)
        try:
            policy = json.loads(client.get_policy(FunctionName=name)["Policy"])["Statement"]
        except client.exceptions.ResourceNotFoundException:
            policy = []
        found[name] = {
            "code": told["Configuration"]["CodeSha256"],
            "environment": told["Configuration"].get("Environment", {}),
            "concurrency": told.get("Concurrency", {}).get("ReservedConcurrentExecutions"),
            "permissions": [statement["Sid"] for statement in policy],
            "tags": told.get("Tags"),
        }
    return found


def settled(apply: Apply, arguments: dict[str, Any]) -> dict[str, Any]:
    """What the action plugin settle does: calls until nothing is pending."""
    result = apply("lambda_functions", arguments)
    for _ in range(5):
        if not result["pending"]:
            return result
        result = apply("lambda_functions", arguments)
    raise AssertionError(result["pending"])


def test_makes_one_and_then_changes_nothing(apply: Apply, boto: Boto, source: Path, writes: Writes) -> None:
    prepare(boto)
    planned = apply("lambda_functions", args(source), check=True)
    assert census(boto) == {}
    made = apply("lambda_functions", args(source))
    assert made["plan"] == planned["plan"]
    assert made["pending"] == [{"resource": f"lambda_function/{NAME}", "state": "Pending"}]
    last = settled(apply, args(source))
    assert last["resources"][f"lambda_function/{NAME}"]["arn"].endswith(f":function:{NAME}")
    told = census(boto)[NAME]
    assert told["environment"] == {"Variables": {"LANGUAGE": "ja"}}
    assert (told["concurrency"], told["permissions"]) == (1, ["topic"])
    assert told["tags"] == {**TAGS, "Name": NAME}
    before = writes()
    assert apply("lambda_functions", args(source))["changed"] is False
    assert writes() == before
    answer = boto("lambda").invoke(FunctionName=NAME, Payload=b'{"a": 1}')
    assert json.loads(answer["Payload"].read()) == {"a": 1}


def test_new_code_and_new_settings_come_one_after_the_other(
    apply: Apply, boto: Boto, source: Path, changes: Callable[..., dict[str, list[str]]], writes: Writes
) -> None:
    prepare(boto)
    settled(apply, args(source))
    (source / "handler.py").write_text("def handler(event, context):\n    return 'new'\n", encoding="utf-8")
    wanted = args(source, timeout_s=60, permissions=[])
    [changed] = changes(apply("lambda_functions", wanted, check=True)).values()
    assert {path.split(".")[0] for path in changed} == {"code_sha256", "timeout_s", "permissions"}
    done = writes()
    settled(apply, wanted)
    assert writes()[len(done) :] == [
        "lambda:UpdateFunctionConfiguration",
        "lambda:UpdateFunctionCode",
        "lambda:RemovePermission",
    ]
    answer = boto("lambda").invoke(FunctionName=NAME, Payload=b"{}")
    assert json.loads(answer["Payload"].read()) == "new"
    assert apply("lambda_functions", wanted)["changed"] is False


def test_names_and_mends_each_attribute_that_drifted(
    apply: Apply, boto: Boto, source: Path, value_changes: Changes
) -> None:
    prepare(boto)
    settled(apply, args(source))
    client = boto("lambda")
    client.update_function_configuration(
        FunctionName=NAME, MemorySize=512, Environment={"Variables": {"OTHER": "x"}}, TracingConfig={"Mode": "Active"}
    )
    client.put_function_concurrency(FunctionName=NAME, ReservedConcurrentExecutions=5)
    client.remove_permission(FunctionName=NAME, StatementId="topic")
    client.add_permission(
        FunctionName=NAME, StatementId="anyone", Action="lambda:InvokeFunction", Principal="sns.amazonaws.com"
    )
    client.tag_resource(
        Resource=f"arn:aws:lambda:ap-northeast-1:{ACCOUNT}:function:{NAME}", Tags={"Environment": "prod"}
    )
    found = value_changes(apply("lambda_functions", args(source), check=True))
    address = f"lambda_function/{NAME}"
    assert found == {
        f"{address} memory_mb": (512, 256),
        f"{address} environment.OTHER": ("x", None),
        f"{address} environment.LANGUAGE": (None, "ja"),
        f"{address} tracing": ("Active", "PassThrough"),
        f"{address} reserved_concurrency": (5, 1),
        f"{address} permissions.anyone.principal": ("sns.amazonaws.com", None),
        f"{address} permissions.anyone.action": ("lambda:InvokeFunction", None),
        f"{address} permissions.anyone.source_arn": ("", None),
        f"{address} permissions.anyone.source_account": ("", None),
        f"{address} permissions.topic.principal": (None, "sns.amazonaws.com"),
        f"{address} permissions.topic.action": (None, "lambda:InvokeFunction"),
        f"{address} permissions.topic.source_arn": (None, TOPIC),
        f"{address} permissions.topic.source_account": (None, ""),
        f"{address} tags.Environment": ("prod", "dev"),
    }
    settled(apply, args(source))
    assert apply("lambda_functions", args(source))["changed"] is False
    assert census(boto)[NAME]["permissions"] == ["topic"]


def test_removes_it(apply: Apply, boto: Boto, source: Path) -> None:
    prepare(boto)
    settled(apply, args(source))
    absent = {"region": "ap-northeast-1", "functions": [{"name": NAME}], "state": "absent"}
    planned = apply("lambda_functions", absent, check=True)
    assert [item["action"] for item in planned["plan"]] == ["delete"]
    assert census(boto)
    apply("lambda_functions", absent)
    assert census(boto) == {}
    assert apply("lambda_functions", absent)["changed"] is False


def test_plans_what_stands_in_a_network_that_is_not_there_yet(apply: Apply, source: Path) -> None:
    vpc = {"subnet_ids": ["subnet-00000000000000000"], "security_group_ids": ["sg-00000000000000000"]}
    planned = apply("lambda_functions", args(source, vpc_config=vpc), check=True)
    shown = {change["path"]: change["after"] for change in planned["plan"][0]["changes"]}
    assert shown["subnet_ids"] == ["(known after apply)"]
    assert shown["arn"] == f"arn:aws:lambda:ap-northeast-1:{ACCOUNT}:function:{NAME}"


def test_a_role_that_lambda_does_not_see_yet_is_waited_for(
    apply: Apply, boto: Boto, emulator: EmulatorServer, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(boto)
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    message = "The role defined for the function cannot be assumed by Lambda."
    rule = {"service": "lambda", "operation": "CreateFunction", "times": 2}
    emulator.set_faults([{**rule, "error": "InvalidParameterValueException", "message": message}])
    apply("lambda_functions", args(source))
    assert NAME in census(boto)


def test_a_new_account_has_nothing_to_reserve(
    apply: Apply, run_module: Apply, boto: Boto, emulator: EmulatorServer, source: Path
) -> None:
    prepare(boto)
    emulator.set_world(quotas={"lambda/L-B99A9384": 10})
    apply("lambda_functions", args(source))
    failed = run_module("lambda_functions", args(source))
    assert "below its minimum value of [10]" in failed["msg"]
    assert "quota Concurrent executions (lambda/L-B99A9384)" in failed["msg"]
    emulator.set_world()
    assert settled(apply, args(source))["changed"]


def test_says_what_is_missing(run_module: Apply, source: Path) -> None:
    failed = run_module("lambda_functions", args(source / "nowhere"))
    assert "there is no directory" in failed["msg"]
    failed = run_module("lambda_functions", args(source, role_arn=None))
    assert f"lambda_function/{NAME}: role_arn is missing." in failed["msg"]
    failed = run_module("lambda_functions", args(source, timeout_s=901))
    assert "AWS takes 1 to 900." in failed["msg"]


def test_survives_an_interruption_at_every_write(
    interrupt_each_write: Callable[..., None], apply: Apply, boto: Boto, source: Path
) -> None:
    """Of the making, and of what waits until the function is there."""
    bare = args(source, reserved_concurrency=None, permissions=[])

    def nothing() -> dict[str, Any]:
        prepare(boto)
        return bare

    def made() -> dict[str, Any]:
        prepare(boto)
        settled(apply, bare)
        return {**args(source), "tags": {"Environment": "test"}}

    interrupt_each_write("lambda_functions", nothing, lambda: census(boto))
    interrupt_each_write("lambda_functions", made, lambda: census(boto))
