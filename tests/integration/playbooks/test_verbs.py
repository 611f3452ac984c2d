"""What an operator does with a running service: deploy, go back, run a command, look, sleep and wake."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emulator.testing import EmulatorServer
from scripts import policy
from tests.integration.lock_table import LockTable
from tests.integration.playbooks.conftest import Playbooks
from tests.integration.service_stack import CLUSTER, LOG_GROUP, NAME, REPOSITORY, ServiceStack
from tests.unit.policies.test_role_documents import roles

Boto = Callable[[str], Any]
DEV = ("-i", "inventories/dev")
DEPLOY = ("playbooks/deploy.yml", *DEV)
MIGRATE = ("-e", '{"migration_command": ["alembic", "upgrade", "head"]}')


@pytest.fixture
def table(boto: Boto) -> LockTable:
    return LockTable(boto("dynamodb"))


@pytest.fixture
def stack(emulator: EmulatorServer, boto: Boto, table: LockTable) -> ServiceStack:
    return ServiceStack(emulator, boto)


@pytest.fixture
def refused_to_workflow(emulator: EmulatorServer) -> Callable[[], list[str]]:
    """What AWS would have refused of the playbooks' calls since the last reset, had GitHub's deploy role made them."""

    def read() -> list[str]:
        documents = roles("dev")["github-deploy"]["inline_policies"].values()
        tags = {"aws:ResourceTag/Project": "airas", "aws:ResourceTag/Environment": "dev"}  # where a resource has them
        return policy.denied(emulator.calls(), documents, tags)

    return read


def test_a_good_image_ends_healthy(
    playbooks: Playbooks,
    stack: ServiceStack,
    table: LockTable,
    writes: Any,
    refused_to_workflow: Callable[[], list[str]],
) -> None:
    digest = stack.emulator.put_image(REPOSITORY, "2")
    migrates = {"exit_code": 0, "log_lines": ["Running upgrade -> 2"]}
    stack.emulator.set_images({"*": {"commands": {"alembic*": migrates}}})
    before = writes()
    plan = playbooks.run(*DEPLOY, "-e", "image_tag=2", *MIGRATE, "--check", "--diff")
    assert plan.status == 0, plan.output
    assert writes() == before
    for words in (f"ecs_task_definition/{NAME}", f"ecs_task/{NAME}: alembic upgrade head", f"ecs_service/{NAME}"):
        assert words in plan.text, plan.output
    run = playbooks.run(*DEPLOY, "-e", "image_tag=2", *MIGRATE)
    assert run.status == 0, run.output
    assert "Running upgrade -> 2" in run.text
    assert f"ecs_service/{NAME} is IN_PROGRESS" in run.text
    assert stack.image() == f"@{digest}"
    assert table.lease() == {}
    again = playbooks.run(*DEPLOY, "-e", f"image_digest={digest}")
    assert again.status == 0, again.output
    assert "changed=0" in again.text
    assert refused_to_workflow() == []


def test_a_broken_image_ends_rolled_back(
    playbooks: Playbooks, stack: ServiceStack, table: LockTable, refused_to_workflow: Callable[[], list[str]]
) -> None:
    digest = stack.emulator.put_image(REPOSITORY, "broken")
    stack.emulator.set_images({f"*@{digest}": {"exit_code": 1, "log_lines": ["cannot import name app"]}})
    run = playbooks.run(*DEPLOY, "-e", "image_tag=broken")
    assert run.status == 2, run.output
    for words in (f"AWS has gone back to {NAME}:1", "Essential container in task exited", "cannot import name app"):
        assert words in run.text, run.output
    assert stack.image() == f"@{stack.digest}"
    assert table.lease() == {}
    assert refused_to_workflow() == []


def test_a_failing_migration_moves_nothing(playbooks: Playbooks, stack: ServiceStack, table: LockTable) -> None:
    stack.emulator.put_image(REPOSITORY, "2")
    fails = {"exit_code": 4, "log_lines": ["relation already exists"]}
    stack.emulator.set_images({"*": {"commands": {"alembic*": fails}}})
    run = playbooks.run(*DEPLOY, "-e", "image_tag=2", *MIGRATE)
    assert run.status == 2, run.output
    for words in ("it ended with exit code 4", "relation already exists"):
        assert words in run.text, run.output
    assert stack.image() == f"@{stack.digest}"
    assert table.lease() == {}


def test_what_is_wrong_is_said_before_anything_happens(playbooks: Playbooks, stack: ServiceStack, writes: Any) -> None:
    unnamed = playbooks.run(*DEPLOY)
    assert unnamed.status == 2
    assert "Say which image" in unnamed.text
    registered = stack.revisions()
    unknown = playbooks.run(*DEPLOY, "-e", "image_tag=none")
    assert unknown.status == 2
    assert "it has no image none. Push it, or choose another one; the newest are 1." in unknown.text
    assert stack.revisions() == registered
    assert "ecs:UpdateService" not in writes()


def test_back_to_what_ran_before(playbooks: Playbooks, stack: ServiceStack, table: LockTable) -> None:
    second = stack.register("registry.example.com/app:2")
    stack.ecs.update_service(cluster=CLUSTER, service=NAME, taskDefinition=second)
    while len(stack.service()["deployments"]) > 1:
        pass
    run = playbooks.run("playbooks/rollback.yml", *DEV)
    assert run.status == 0, run.output
    assert stack.service()["taskDefinition"] == stack.first
    assert table.lease() == {}
    named = playbooks.run("playbooks/rollback.yml", *DEV, "-e", "revision=2")
    assert named.status == 0, named.output
    assert stack.service()["taskDefinition"] == second


def test_a_command_is_run_once(playbooks: Playbooks, stack: ServiceStack, writes: Any) -> None:
    shell = {"/bin/sh -c repair*": {"exit_code": 0, "log_lines": ["3 rows repaired"]}, "fail": {"exit_code": 5}}
    stack.emulator.set_images({"*": {"commands": shell}})
    plan = playbooks.run("playbooks/run_task.yml", *DEV, "-e", 'command="repair --all"', "--check")
    assert plan.status == 0, plan.output
    assert "ecs:RunTask" not in writes()
    ran = playbooks.run("playbooks/run_task.yml", *DEV, "-e", 'command="repair --all"')
    assert ran.status == 0, ran.output
    assert "3 rows repaired" in ran.text
    failed = playbooks.run("playbooks/run_task.yml", *DEV, "-e", '{"command": ["fail"]}')
    assert failed.status == 2
    assert "it ended with exit code 5" in failed.text


def test_looking_changes_nothing(
    playbooks: Playbooks, stack: ServiceStack, table: LockTable, boto: Boto, writes: Any
) -> None:
    logs = boto("logs")
    logs.create_log_stream(logGroupName=LOG_GROUP, logStreamName="ecs/backend/1")
    event = {"timestamp": int(time.time() * 1000), "message": "ERROR out of tokens"}
    logs.put_log_events(logGroupName=LOG_GROUP, logStreamName="ecs/backend/1", logEvents=[event])
    before = writes()
    status = playbooks.run("playbooks/status.yml", *DEV, "-e", "require_healthy=true")
    assert status.status == 0, status.output
    for words in (f"service {NAME}: healthy", "nobody holds it", "last run from here: none that left a report"):
        assert words in status.text, status.output
    log = playbooks.run("playbooks/logs.yml", *DEV, "-e", "since=1h", "-e", "filter=ERROR")
    assert "ERROR out of tokens" in log.text, log.output
    session = playbooks.run("playbooks/exec.yml", *DEV)
    assert session.status == 2
    for words in (
        "aws ecs execute-command --region ap-northeast-1",
        "execute command is off",
        "Set container_platform",
    ):
        assert words in session.text, session.output
    assert writes() == before
    assert table.lease() == {}


def test_a_session_runs_a_command(playbooks: Playbooks, stack: ServiceStack, boto: Boto, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for program in ("aws", "session-manager-plugin"):
        (programs / program).write_text('#!/bin/sh\necho "ran: $*"\n', encoding="utf-8")
        (programs / program).chmod(0o755)
    playbooks.env["PATH"] = f"{programs}:{playbooks.env['PATH']}"
    iam = boto("iam")
    iam.create_role(RoleName="airas-dev-task", AssumeRolePolicyDocument="{}")
    statement = {"Effect": "Allow", "Action": "ssmmessages:OpenControlChannel", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName="airas-dev-task", PolicyName="exec", PolicyDocument=document)
    stack.ecs.update_service(cluster=CLUSTER, service=NAME, enableExecuteCommand=True, forceNewDeployment=True)
    while len(stack.service()["deployments"]) > 1:
        pass
    run = playbooks.run("playbooks/exec.yml", *DEV, "-e", "run=true", "-e", 'command="printenv PORT"')
    assert run.status == 0, run.output
    assert "--interactive --command printenv PORT" in run.text, run.output


def test_sleep_and_wake(playbooks: Playbooks, stack: ServiceStack, table: LockTable, boto: Boto) -> None:
    rds = boto("rds")
    rds.create_db_instance(
        DBInstanceIdentifier="airas-dev-db",
        DBInstanceClass="db.t3.small",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="airas_admin",
        ManageMasterUserPassword=True,
    )

    def database() -> str:
        return str(rds.describe_db_instances()["DBInstances"][0]["DBInstanceStatus"])

    asleep = playbooks.run("playbooks/sleep.yml", *DEV, "-e", "with_database=true")
    assert asleep.status == 0, asleep.output
    assert (stack.service()["runningCount"], database()) == (0, "stopped")
    awake = playbooks.run("playbooks/wake.yml", *DEV, "-e", "with_database=true")
    assert awake.status == 0, awake.output
    assert (stack.service()["runningCount"], database()) == (1, "available")
    assert table.lease() == {}


def test_prod_does_not_sleep(playbooks: Playbooks, writes: Any) -> None:
    refused = playbooks.run("playbooks/sleep.yml", "-i", "inventories/prod")
    assert refused.status == 2
    assert "prod is protected (stack_protected), and does not sleep." in refused.text
    assert writes() == []
