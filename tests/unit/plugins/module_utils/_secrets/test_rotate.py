from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError, apply, plan_resource
from ansible_collections.airas.platform.plugins.module_utils._secrets import rotate

NAME = "airas-dev/database-url"
FOUND = {
    "Name": NAME,
    "RotationEnabled": True,
    "RotationLambdaARN": "arn:aws:lambda:ap-northeast-1:427979936961:function:f",
    "VersionIdsToStages": {"old": ["AWSCURRENT"]},
}
PENDING = {**FOUND, "VersionIdsToStages": {"old": ["AWSCURRENT"], "new": ["AWSPENDING"]}}
DONE = {**FOUND, "VersionIdsToStages": {"old": ["AWSPREVIOUS"], "new": ["AWSCURRENT", "AWSPENDING"]}}


def params(**options: Any) -> dict[str, Any]:
    return {"name": NAME, "version": None, "log_from": None, "log_lines_before": 0, **options}


def line(step: str, outcome: str = "done", version: str = "new") -> str:
    return json.dumps({"step": step, "version": version, "outcome": outcome, "detail": f"{step} said so"})


def events(*lines: str) -> dict[str, Any]:
    return {"events": [{"message": f"{text}\n"} for text in lines]}


def followed(aws: Any, **options: Any) -> Any:
    [secret] = rotate.resources(aws, params(version="new", log_from=1, **options))
    assert plan_resource(secret).action == "none"
    return secret


def test_it_starts_a_version_of_its_own(fake_aws: Callable[..., Any]) -> None:
    aws = fake_aws(describe_secret=FOUND)
    [secret] = rotate.resources(aws, params())
    apply([plan_resource(secret)], [])
    call, sent = aws.calls[-1]
    assert call == "secretsmanager:rotate_secret"
    assert sent["ClientRequestToken"] == secret.resume(secret.known)["version"]
    assert secret.pending == "rotating"


def test_a_rotation_that_failed_is_gone_on_with(fake_aws: Callable[..., Any], refusal: Any) -> None:
    again = refusal("InvalidRequestException", "A previous rotation isn't complete. That rotation will be reattempted.")
    aws = fake_aws(
        describe_secret=PENDING, rotate_secret=again, filter_log_events=events(line("createSecret", "failed"))
    )
    [secret] = rotate.resources(aws, params())
    apply([plan_resource(secret)], [])
    resume = secret.resume(secret.known)
    assert (resume["version"], resume["log_lines_before"]) == ("new", 1)


def test_steps_are_told_as_they_are_done(fake_aws: Callable[..., Any]) -> None:
    log = events("START RequestId", line("createSecret"), line("setSecret"), line("testSecret", version="other"))
    secret = followed(fake_aws(describe_secret=PENDING, filter_log_events=log))
    assert secret.pending == "rotating (createSecret, setSecret done)"


@pytest.mark.parametrize("steps", [rotate.STEPS, rotate.STEPS[:3]])
def test_it_ends_with_the_last_step(fake_aws: Callable[..., Any], steps: tuple[str, ...]) -> None:
    secret = followed(fake_aws(describe_secret=DONE, filter_log_events=events(*map(line, steps))))
    assert (secret.pending is None) is (len(steps) == 4)
    assert [entry["step"] for entry in secret.report()["steps"]] == list(steps)


@pytest.mark.parametrize(
    "failure",
    [line("setSecret", "failed"), "2026 Task timed out after 50.00 seconds", "[ERROR] Runtime.ImportModuleError: no"],
)
def test_a_failure_ends_it_with_the_functions_words(fake_aws: Callable[..., Any], failure: str) -> None:
    aws = fake_aws(describe_secret=PENDING, filter_log_events=events(line("createSecret"), failure))
    with pytest.raises(PlatformError, match="the rotation failed at") as raised:
        rotate.resources(aws, params(version="new", log_from=1))
    assert "run this again.\ncreateSecret: createSecret said so\nWhat /aws/lambda/f has of it:" in str(raised.value)
    assert failure in str(raised.value)


def test_failures_of_earlier_attempts_are_past(fake_aws: Callable[..., Any]) -> None:
    log = events(line("setSecret", "failed"), line("createSecret"))
    secret = followed(fake_aws(describe_secret=PENDING, filter_log_events=log), log_lines_before=1)
    assert secret.pending == "rotating (createSecret done)"


def test_a_function_that_has_not_run_yet_has_no_log(fake_aws: Callable[..., Any], refusal: Any) -> None:
    missing = refusal("ResourceNotFoundException")
    assert followed(fake_aws(describe_secret=PENDING, filter_log_events=missing)).pending == "rotating"


def test_without_a_rotation_there_is_none(fake_aws: Callable[..., Any]) -> None:
    with pytest.raises(PlatformError, match="it has no rotation"):
        rotate.resources(fake_aws(describe_secret={"Name": NAME}), params())
