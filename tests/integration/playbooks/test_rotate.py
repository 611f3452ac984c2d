"""A new password for the running application, now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.testing import EmulatorServer
from tests.integration.database_url_stack import BOOTSTRAP, FUNCTION_ARN, SECRET, DatabaseUrlStack
from tests.integration.lock_table import LockTable
from tests.integration.playbooks.conftest import Playbooks
from tests.integration.service_stack import ServiceStack

Boto = Callable[[str], Any]
ROTATE = ("playbooks/rotate.yml", "-i", "inventories/dev")


def test_each_step_is_shown_and_a_failed_one_is_gone_on_with(
    playbooks: Playbooks, emulator: EmulatorServer, boto: Boto, writes: Callable[[], list[str]]
) -> None:
    table, stack = LockTable(boto("dynamodb")), DatabaseUrlStack(emulator)
    stack.build()
    boto("lambda").invoke(FunctionName=BOOTSTRAP)
    rules = {"ScheduleExpression": "rate(30 days)"}
    stack.secrets.rotate_secret(
        SecretId=SECRET, RotationLambdaARN=FUNCTION_ARN, RotationRules=rules, RotateImmediately=False
    )
    services = ServiceStack(emulator, boto)
    deployment, first, before = services.service()["deployments"][0]["id"], stack.url(), writes()

    plan = playbooks.run(*ROTATE, "--check", "--diff")
    assert plan.status == 0, plan.output
    assert f"secret/{SECRET}" in plan.text
    assert writes() == before

    emulator.set_faults([{"operation": "UpdateService", "error": "AccessDeniedException"}])
    failed = playbooks.run(*ROTATE)
    assert failed.status == 2, failed.output
    for words in ("the rotation failed at finishSecret: ", "AccessDeniedException", "createSecret", "REPORT RequestId"):
        assert words in failed.text, failed.output
    assert table.lease() == {}
    stack.connect(first).close()

    emulator.set_faults([])
    outdated = playbooks.run(*ROTATE)
    assert outdated.status == 2, outdated.output
    assert "1 tasks of airas-dev-backend are older than the current URL" in outdated.text, outdated.output
    assert "It is being deployed anew now" in outdated.text, outdated.output

    run = playbooks.run(*ROTATE)
    assert run.status == 0, run.output
    for words in (
        "createSecret: nothing: the version has a URL already",
        "setSecret: set the password of airas_app_",
        "testSecret: airas_app_",
        "finishSecret: promoted; new tasks for airas-dev-backend",
    ):
        assert words in run.text, run.output
    [deployed] = services.service()["deployments"]
    assert (deployed["rolloutState"], deployed["id"] != deployment) == ("COMPLETED", True)
    assert table.lease() == {}
    assert stack.url().password not in failed.output + run.output
    stack.connect(stack.url()).close()
