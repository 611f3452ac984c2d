"""One run at a time for each environment, whatever happens to the runs."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.lock_table import LockTable
from tests.integration.playbooks.conftest import Playbooks

RUN = ("tests/integration/playbooks/leased_run.yml", "-i", "inventories/dev", "-e", "@group_vars/all.yml")
UNLOCK = ("playbooks/unlock.yml", "-i", "inventories/dev")
UNLOCK_COMMAND = "ansible-playbook playbooks/unlock.yml -i inventories/dev"
FIRST, SECOND = "the first role ran", "the second role ran"


@pytest.fixture
def table(boto: Callable[[str], Any]) -> LockTable:
    return LockTable(boto("dynamodb"))


def waiting_run(playbooks: Playbooks, table: LockTable, go: Path) -> tuple[subprocess.Popen[str], dict[str, str]]:
    """A run that holds the lease and waits before its second role until the file ``go`` exists."""
    process = playbooks.start(*RUN, "-e", f"wait_for_file={go}")
    return process, table.wait_until_held()


def test_a_run_takes_the_lease_and_gives_it_back(playbooks: Playbooks, table: LockTable) -> None:
    run = playbooks.run(*RUN)
    assert run.status == 0, run.output
    assert SECOND in run.text
    assert "changed=0" in run.text
    assert table.lease() == {}


def test_another_owners_lease_is_refused(playbooks: Playbooks, table: LockTable) -> None:
    held = table.put()
    run = playbooks.run(*RUN)
    assert run.status != 0
    since, until = (
        time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(int(held[name]))) for name in ("started_at", "expires_at")
    )
    for words in ("alice@build-1", "process 4711 on host build-1", f"since {since}", f"until {until}", UNLOCK_COMMAND):
        assert words in run.text, run.output
    assert FIRST not in run.text
    assert table.lease() == held


def test_an_expired_lease_is_taken_over(playbooks: Playbooks, table: LockTable) -> None:
    table.put(expires_in_s=-60)
    run = playbooks.run(*RUN)
    assert run.status == 0, run.output
    assert "took over the lease of dev from alice@build-1" in run.text, run.output
    assert "It has expired." in run.text
    assert SECOND in run.text


def test_a_killed_runs_lease_is_taken_over_by_its_owner(playbooks: Playbooks, table: LockTable, tmp_path: Path) -> None:
    go = tmp_path / "go"
    killed, lease = waiting_run(playbooks, table, go)
    assert lease["pid"] == str(killed.pid)
    killed.send_signal(signal.SIGKILL)
    go.touch()  # ends the module that the killed run has left behind
    killed.wait()
    assert table.lease() == lease
    run = playbooks.run(*RUN)
    assert run.status == 0, run.output
    assert f"took over the lease of dev from {lease['owner']}" in run.text, run.output
    assert "That process of yours is dead." in run.text
    assert SECOND in run.text
    assert table.lease() == {}


def test_two_runs_of_one_owner_do_not_overlap(playbooks: Playbooks, table: LockTable, tmp_path: Path) -> None:
    go = tmp_path / "go"
    first, lease = waiting_run(playbooks, table, go)
    second = playbooks.run(*RUN)
    assert second.status != 0
    assert f"process {first.pid} on host" in second.text, second.output
    assert "That process is still alive on this host." in second.text
    assert FIRST not in second.text
    assert table.lease()["run_id"] == lease["run_id"]
    go.touch()
    finished = playbooks.finish(first)
    assert finished.status == 0, finished.output
    assert SECOND in finished.text


def test_a_run_whose_lease_is_broken_stops_before_its_next_role(
    playbooks: Playbooks, table: LockTable, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    first, lease = waiting_run(playbooks, table, go)
    unlock = playbooks.run(*UNLOCK)
    assert unlock.status == 0, unlock.output
    assert f"dev is held by {lease['owner']}" in unlock.text, unlock.output
    assert f"broke the lease of dev, held by {lease['owner']}" in unlock.text
    assert f"process {first.pid} on host" in unlock.text
    assert table.lease() == {}
    other = table.put()
    go.touch()
    run = playbooks.finish(first)
    assert run.status != 0
    assert "this run has lost it" in run.text, run.output
    assert "alice@build-1" in run.text
    assert FIRST in run.text
    assert SECOND not in run.text
    assert table.lease() == other, "a run may only release its own lease"


def test_unlock_says_that_nobody_holds_it(
    playbooks: Playbooks, table: LockTable, writes: Callable[[], list[str]]
) -> None:
    before = writes()
    run = playbooks.run(*UNLOCK)
    assert run.status == 0, run.output
    assert "nobody holds dev: there is no lease to break" in run.text
    assert writes() == before
    assert table.lease() == {}


def test_a_plan_says_who_holds_the_lease_and_goes_on(
    playbooks: Playbooks, table: LockTable, writes: Callable[[], list[str]]
) -> None:
    held = table.put()
    before = writes()
    run = playbooks.run(*RUN, "--check")
    assert run.status == 0, run.output
    assert "dev is held by alice@build-1" in run.text
    assert "A real run would be refused now." in run.text
    assert SECOND in run.text
    assert writes() == before
    assert table.lease() == held
