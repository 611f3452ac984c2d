"""DATABASE_URL on the embedded AWS: a real PostgreSQL, functions that run, and a client that never stops."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from emulator.testing import EmulatorServer
from tests.integration.database_url_stack import BOOTSTRAP, FUNCTION_ARN, ROTATION, SECRET, DatabaseUrlStack

REGION = {"region": "ap-northeast-1"}
SCHEDULE = {**REGION, "name": SECRET, "function_arn": FUNCTION_ARN}
FIRST = {**REGION, "function_name": BOOTSTRAP, "secret": SECRET}
ROTATE = {**REGION, "name": SECRET}

Apply = Callable[..., dict[str, Any]]


def rotate(run_module: Apply) -> dict[str, Any]:
    """What the action plugin does: calls the module until nothing is pending."""
    result = run_module("secret_rotate", ROTATE)
    while result.get("pending"):
        time.sleep(0.05)
        result = run_module("secret_rotate", {**ROTATE, **result["resume"]})
    return result


@pytest.fixture
def stack(emulator: EmulatorServer) -> DatabaseUrlStack:
    built = DatabaseUrlStack(emulator)
    built.build()
    return built


@pytest.fixture
def rotating(stack: DatabaseUrlStack, apply: Apply) -> DatabaseUrlStack:
    """With a first URL and a schedule."""
    apply("database_bootstrap", FIRST)
    apply("secret_rotation", SCHEDULE)
    _settled(stack)
    return stack


def _settled(stack: DatabaseUrlStack) -> None:
    """AWS tries the function after it has answered."""
    deadline = time.monotonic() + 30
    while any("AWSPENDING" in labels for labels in _stages(stack)):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _stages(stack: DatabaseUrlStack) -> list[list[str]]:
    return list(stack.secrets.describe_secret(SecretId=SECRET)["VersionIdsToStages"].values())


# -- the first value -------------------------------------------------------------------------------------------------


def test_the_first_url_is_written_once_and_never_shown(
    stack: DatabaseUrlStack, apply: Apply, writes: Callable[[], list[str]]
) -> None:
    planned = apply("database_bootstrap", FIRST, check=True)
    assert [plan["action"] for plan in planned["plan"]] == ["create"]
    assert "lambda:Invoke" not in writes()
    made = apply("database_bootstrap", FIRST)
    assert made["plan"] == planned["plan"]
    assert made["resources"][f"database_bootstrap/{SECRET}"]["did"] == {
        "made": ["role airas_app", "role airas_app_a", "role airas_app_b"],
        "url": "written",
    }
    assert apply("database_bootstrap", FIRST)["changed"] is False
    url = stack.url()
    assert (url.username, url.path) == ("airas_app_a", "/airas")
    session = stack.connect(url)
    session.run("CREATE TABLE users (id int)")
    session.close()
    assert url.password not in json.dumps([planned, made]) + stack.emulator.log()


def test_on_an_empty_account_it_is_planned(emulator: EmulatorServer, apply: Apply, run_module: Apply) -> None:
    assert apply("database_bootstrap", FIRST, check=True)["changed"] is True
    assert apply("secret_rotation", SCHEDULE, check=True)["changed"] is True
    assert "there is no function" in run_module("database_bootstrap", FIRST)["msg"]


def test_a_bootstrap_that_fails_tells_why_and_is_run_again(
    stack: DatabaseUrlStack, apply: Apply, run_module: Apply
) -> None:
    stack.emulator.set_faults([{"service": "secretsmanager", "operation": "PutSecretValue", "error": "throttle"}])
    failed = run_module("database_bootstrap", FIRST)["msg"]
    assert f"the function {BOOTSTRAP} failed" in failed
    stack.emulator.set_faults([])
    made = apply("database_bootstrap", FIRST)
    assert made["resources"][f"database_bootstrap/{SECRET}"]["did"] == {"made": [], "url": "written"}
    stack.connect(stack.url()).close()


# -- the schedule ----------------------------------------------------------------------------------------------------


def test_the_schedule_is_set_mended_and_taken_away(
    stack: DatabaseUrlStack, apply: Apply, value_changes: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    apply("database_bootstrap", FIRST)
    url = stack.url()
    planned = apply("secret_rotation", SCHEDULE, check=True)
    made = apply("secret_rotation", SCHEDULE)
    assert made["plan"] == planned["plan"]
    _settled(stack)
    assert stack.url() == url
    assert apply("secret_rotation", SCHEDULE)["changed"] is False
    monthly = {**SCHEDULE, "schedule": "rate(30 days)"}
    drift = {f"secret_rotation/{SECRET} schedule": ("cron(0 18 1 * ? *)", "rate(30 days)")}
    assert value_changes(apply("secret_rotation", monthly, check=True)) == drift
    assert value_changes(apply("secret_rotation", monthly)) == drift
    _settled(stack)
    assert stack.url() == url
    absent = {**REGION, "name": SECRET, "state": "absent"}
    assert apply("secret_rotation", absent, check=True)["changed"] is True
    assert apply("secret_rotation", absent)["changed"] is True
    assert apply("secret_rotation", absent)["changed"] is False
    assert stack.secrets.describe_secret(SecretId=SECRET)["RotationEnabled"] is False


def test_what_must_not_rotate_is_refused_before_any_write(run_module: Apply, writes: Callable[[], list[str]]) -> None:
    refused = run_module("secret_rotation", {**SCHEDULE, "name": "airas-dev/api-key-encryption-key"})
    assert "must never rotate: what users stored is encrypted with it" in refused["msg"]
    assert "several times a day" in run_module("secret_rotation", {**SCHEDULE, "schedule": "rate(4 hours)"})["msg"]
    assert "schedule is 'monthly'" in run_module("secret_rotation", {**SCHEDULE, "schedule": "monthly"})["msg"]
    assert writes() == []


def test_a_schedule_shorter_than_a_week_warns(rotating: DatabaseUrlStack, run_module: Apply) -> None:
    [warning] = run_module("secret_rotation", {**SCHEDULE, "schedule": "rate(2 days)"})["warnings"]
    assert "more often than once a week" in str(warning)


# -- rotations -------------------------------------------------------------------------------------------------------


class Client(threading.Thread):
    """An application with a pool: it queries without pause, opening connections all the while."""

    def __init__(self, stack: DatabaseUrlStack) -> None:
        super().__init__()
        self._stack = stack
        self._url = stack.url()
        self._pool = [stack.connect(self._url) for _number in range(2)]
        self._deploy = self._end = False
        self.deployed = threading.Event()
        self.failures: list[str] = []
        self.queries = self.connections = 0

    def run(self) -> None:
        while not self._end:
            try:
                self._work()
            except Exception as error:  # noqa: BLE001 - whatever it is, a user would have seen it
                self.failures.append(f"{type(error).__name__}: {error}")
                return
        for connection in self._pool:
            connection.close()

    def _work(self) -> None:
        if self._deploy:  # a new task reads the URL as it starts, and the old one goes
            self._deploy, old = False, self._pool
            self._url = self._stack.url()
            self._pool = [self._stack.connect(self._url) for _number in old]
            for connection in old:
                connection.close()
            self.deployed.set()
        oldest = self._pool.pop(0)
        self._pool.append(self._stack.connect(self._url))
        self.connections += 1
        for connection in (oldest, *self._pool):
            connection.run("INSERT INTO seen VALUES (1)")
            self.queries += 1
        oldest.close()

    def deploy(self) -> None:
        self.deployed.clear()
        self._deploy = True
        assert self.deployed.wait(30) or self.failures

    def end(self) -> None:
        self._end = True
        self.join(30)


@pytest.fixture
def client(rotating: DatabaseUrlStack) -> Iterator[Client]:
    with contextlib.closing(rotating.connect(rotating.url())) as session:
        session.run("CREATE TABLE seen (number int)")
    started = Client(rotating)
    started.start()
    yield started
    started.end()


def test_no_query_and_no_connection_fails_through_three_rotations(
    rotating: DatabaseUrlStack, client: Client, run_module: Apply
) -> None:
    users = []
    for _turn in range(3):
        result = rotate(run_module)
        assert not result.get("failed"), result["msg"]
        before = client.connections
        while client.connections == before and not client.failures:  # with the URL before, which is still good
            time.sleep(0.01)
        client.deploy()
        users.append(rotating.url().username)
    client.end()
    assert client.failures == []
    assert users == ["airas_app_b", "airas_app_a", "airas_app_b"]
    assert client.connections > 6
    with contextlib.closing(rotating.connect(rotating.url())) as session:
        assert session.run("SELECT count(*) FROM seen")[0][0] == client.queries


def test_a_rotation_tells_its_steps_and_deploys_after_the_promotion(
    rotating: DatabaseUrlStack, run_module: Apply, apply: Apply
) -> None:
    planned = apply("secret_rotate", ROTATE, check=True)
    assert [plan["resource"] for plan in planned["plan"]] == [f"secret/{SECRET}"]
    secret = rotate(run_module)["resources"][f"secret/{SECRET}"]
    assert [f"{entry['step']}: {entry['detail']}" for entry in secret["steps"]] == [
        "createSecret: made a URL of airas_app_b, airas_app_a being the current one",
        "setSecret: set the password of airas_app_b",
        "testSecret: airas_app_b works",
        "finishSecret: promoted; new tasks for no service",
    ]
    assert secret["version"] == secret["current_version"]
    log = rotating.emulator.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{ROTATION}")["events"]
    assert rotating.url().password not in json.dumps(log)


@pytest.mark.parametrize(
    ("operation", "step"),
    [
        ("GetRandomPassword", "createSecret"),
        ("DescribeServices", "setSecret"),
        ("UpdateSecretVersionStage", "finishSecret"),
    ],
)
def test_a_step_that_fails_is_told_and_gone_on_with(
    rotating: DatabaseUrlStack, run_module: Apply, operation: str, step: str
) -> None:
    before = rotating.url()
    rotating.emulator.set_faults([{"operation": operation, "error": "AccessDeniedException"}])
    failed = rotate(run_module)
    assert f"the rotation failed at {step}: " in failed["msg"]
    assert "AccessDeniedException" in failed["msg"]
    assert "What /aws/lambda/" in failed["msg"]
    assert rotating.url() == before
    rotating.connect(before).close()
    rotating.emulator.set_faults([])
    ended = rotate(run_module)
    assert not ended.get("failed"), ended["msg"]
    assert rotating.url().username == "airas_app_b"
    rotating.connect(rotating.url()).close()
    rotating.connect(before).close()


def test_a_wrong_password_in_the_pending_version_is_caught(rotating: DatabaseUrlStack, run_module: Apply) -> None:
    before = rotating.url()
    rotating.emulator.set_faults([{"operation": "UpdateSecretVersionStage", "error": "AccessDeniedException"}])
    rotate(run_module)
    stages = rotating.secrets.describe_secret(SecretId=SECRET)["VersionIdsToStages"]
    [pending] = [version for version, labels in stages.items() if labels == ["AWSPENDING"]]
    held = rotating.secrets.get_secret_value(SecretId=SECRET, VersionId=pending)["SecretString"]
    right = urlsplit(held)
    rotating.secrets.put_secret_value(
        SecretId=SECRET,
        ClientRequestToken=pending,
        SecretString=held.replace(right.password, "wrong"),
        VersionStages=["AWSPENDING"],
    )
    event = {"Step": "testSecret", "SecretId": SECRET, "ClientRequestToken": pending}
    tested = rotating.emulator.client("lambda").invoke(FunctionName=ROTATION, Payload=json.dumps(event))
    assert tested["FunctionError"] == "Unhandled"
    assert "password authentication failed" in json.loads(tested["Payload"].read())["errorMessage"]
    assert rotating.url() == before
    rotating.connect(before).close()


def test_what_has_no_rotation_is_not_rotated(stack: DatabaseUrlStack, run_module: Apply) -> None:
    assert "it has no rotation. Set it up" in run_module("secret_rotate", ROTATE)["msg"]
    assert "there is no such secret" in run_module("secret_rotate", {**ROTATE, "name": "other"})["msg"]
