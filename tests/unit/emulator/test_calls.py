from __future__ import annotations

import datetime as dt
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from emulator.calls import MASK, CallLog, error_code, loggable
from tests.unit.emulator.wire import model, received


def logged(service: str, operation: str, params: dict[str, Any]) -> Any:
    identified, parsed = received(service, operation, params)
    return loggable(parsed, identified.model.input_shape)


@pytest.mark.parametrize(
    ("service", "operation", "params", "member"),
    [
        ("secretsmanager", "PutSecretValue", {"SecretId": "a", "SecretString": "hunter2"}, "SecretString"),
        ("secretsmanager", "PutSecretValue", {"SecretId": "a", "SecretBinary": b"hunter2"}, "SecretBinary"),
        ("rds", "CreateDBInstance", {"MasterUserPassword": "hunter2"}, "MasterUserPassword"),
        ("elasticache", "CreateReplicationGroup", {"AuthToken": "hunter2"}, "AuthToken"),
        ("ssm", "PutParameter", {"Name": "a", "Value": "hunter2", "Type": "SecureString"}, "Value"),
        ("iam", "CreateLoginProfile", {"UserName": "a", "Password": "hunter2"}, "Password"),
        ("sts", "AssumeRoleWithWebIdentity", {"RoleArn": "a", "WebIdentityToken": "hunter2"}, "WebIdentityToken"),
        ("iam", "UploadServerCertificate", {"PrivateKey": "hunter2"}, "PrivateKey"),
    ],
)
def test_secrets_are_masked(service: str, operation: str, params: dict[str, Any], member: str) -> None:
    found = logged(service, operation, params)
    assert found[member] == MASK
    assert "hunter2" not in json.dumps(found)


def test_secrets_inside_are_masked() -> None:
    environment = {"Variables": {"TOKEN": "hunter2"}}
    found = logged("lambda", "UpdateFunctionConfiguration", {"FunctionName": "f", "Environment": environment})
    assert found["FunctionName"] == "f"
    assert "hunter2" not in json.dumps(found)
    users = {"UserId": "a", "UserName": "a", "Engine": "redis", "AccessString": "on", "Passwords": ["hunter2"]}
    assert "hunter2" not in json.dumps(logged("elasticache", "CreateUser", users))


def test_everything_else_is_kept() -> None:
    params = {
        "Bucket": "files",
        "Key": "a",
        "Body": b"12345",
        "ObjectLockRetainUntilDate": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    }
    found = logged("s3", "PutObject", params)
    assert found["Body"] == "<5 bytes>"
    assert found["ObjectLockRetainUntilDate"].startswith("2026-01-01T00:00:00")
    assert (found["Bucket"], found["Key"]) == ("files", "a")
    json.dumps(found)


def test_without_a_model_names_decide() -> None:
    assert loggable({"a": [{"Password": "x", "b": 1}]}, None) == {"a": [{"Password": MASK, "b": 1}]}
    assert model("ec2").operation_model("DescribeRegions").input_shape is not None


@pytest.mark.parametrize(
    ("status", "headers", "body", "code"),
    [
        (200, {}, b"<Code>x</Code>", None),
        (
            400,
            {},
            b"<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code></Error></Errors></Response>",
            "InvalidVpcID.NotFound",
        ),
        (400, {}, b'{"__type": "com.amazon#ResourceNotFoundException"}', "ResourceNotFoundException"),
        (404, {"X-Amzn-ErrorType": "NotFound:http://x"}, b"{}", "NotFound"),
        (400, {"x-amzn-errortype": "DynamoDB_20120810#Slow"}, b"{}", "Slow"),
        (400, {"x-amzn-errortype": "A#B", "x-amzn-query-error": "Throttling;Sender"}, b"{}", "Throttling"),
        (404, {}, b"", "404"),
        (500, {}, b"[]", "500"),
    ],
)
def test_error_code(status: int, headers: dict[str, str], body: bytes, code: str | None) -> None:
    assert error_code(status, headers, body) == code


def test_lines_of_many_writers_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    logs = [CallLog(path) for _ in range(4)]

    def write(log: CallLog, number: int) -> None:
        for n in range(50):
            log.write({"writer": number, "n": n, "filler": "x" * 2000})

    writers = [threading.Thread(target=write, args=(log, number)) for number, log in enumerate(logs)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    for log in logs:
        log.close()
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert sorted((line["writer"], line["n"]) for line in lines) == [(w, n) for w in range(4) for n in range(50)]
