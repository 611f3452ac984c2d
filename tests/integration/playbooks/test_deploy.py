"""What an operator does with a running service: deploy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer
from tests.integration.lock_table import LockTable
from tests.integration.playbooks.conftest import Playbooks
from tests.integration.service_stack import NAME, REPOSITORY, ServiceStack

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


def test_a_good_image_ends_healthy(playbooks: Playbooks, stack: ServiceStack, table: LockTable, writes: Any) -> None:
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


def test_a_broken_image_ends_rolled_back(playbooks: Playbooks, stack: ServiceStack, table: LockTable) -> None:
    digest = stack.emulator.put_image(REPOSITORY, "broken")
    stack.emulator.set_images({f"*@{digest}": {"exit_code": 1, "log_lines": ["cannot import name app"]}})
    run = playbooks.run(*DEPLOY, "-e", "image_tag=broken")
    assert run.status == 2, run.output
    for words in (f"AWS has gone back to {NAME}:1", "Essential container in task exited", "cannot import name app"):
        assert words in run.text, run.output
    assert stack.image() == f"@{stack.digest}"
    assert table.lease() == {}


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
