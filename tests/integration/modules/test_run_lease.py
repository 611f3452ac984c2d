"""The lease against the embedded AWS: the cases that need no second process."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._guard.process import RunId
from emulator.testing import EmulatorServer
from tests.integration.lock_table import TABLE, LockTable

HOST = socket.gethostname()
MINE = {
    "environment": "dev",
    "table": TABLE,
    "owner": "bob@here",
    "run_id": f"{HOST}:999999999:1",
    "what": "ansible-playbook site.yml",
    "region": "ap-northeast-1",
}

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def table(boto: Callable[[str], Any]) -> LockTable:
    return LockTable(boto("dynamodb"))


def test_holding_twice_extends_and_keeps_the_start(apply: Run, table: LockTable) -> None:
    apply("run_lease", MINE)
    first = table.lease()
    assert first["owner"] == "bob@here"
    assert (first["host"], first["pid"]) == (HOST, "999999999")
    assert int(first["expires_at"]) == int(first["started_at"]) + 3600
    result = apply("run_lease", {**MINE, "duration": 7200})
    assert not result["changed"]
    assert table.lease()["started_at"] == first["started_at"]
    assert int(table.lease()["expires_at"]) >= int(first["expires_at"]) + 3600


def test_a_live_process_keeps_even_an_expired_lease_from_its_owner(run_module: Run, table: LockTable) -> None:
    held = table.put(owner="bob@here", run_id=str(RunId.of(os.getpid())), expires_in_s=-5)
    refused = run_module("run_lease", MINE)
    assert refused["failed"]
    assert "still alive on this host" in refused["msg"]
    assert f"kill {os.getpid()}" in refused["msg"]
    assert table.lease() == held


def test_the_same_owners_run_on_another_host_is_refused(run_module: Run, table: LockTable) -> None:
    """Nobody here can see whether that process is alive."""
    held = table.put(owner="bob@here", run_id="elsewhere:4711:99")
    refused = run_module("run_lease", MINE)
    assert refused["failed"]
    assert "on host elsewhere" in refused["msg"]
    assert "ansible-playbook playbooks/unlock.yml -i inventories/dev" in refused["msg"]
    assert table.lease() == held


def test_renewing_what_was_never_held_fails(run_module: Run, table: LockTable) -> None:
    failed = run_module("run_lease", {**MINE, "state": "renewed"})
    assert failed["failed"]
    assert "nobody holds it now" in failed["msg"]
    assert table.lease() == {}


def test_releasing_leaves_another_runs_lease_alone(apply: Run, table: LockTable) -> None:
    held = table.put()
    apply("run_lease", {**MINE, "state": "released"})
    assert table.lease() == held


def test_an_item_edited_by_hand_can_be_broken(apply: Run, table: LockTable) -> None:
    table.edit(owner={"S": "alice"})
    assert apply("run_lease", {**MINE, "state": "broken"})["changed"]
    assert table.lease() == {}


def test_breaking_is_planned_with_whose_it_is(apply: Run, table: LockTable) -> None:
    held = table.put()
    result = apply("run_lease", {**MINE, "state": "broken"}, check=True)
    (plan,) = result["plan"]
    assert (plan["resource"], plan["action"]) == ("lease/dev", "delete")
    assert {"owner", "run_id", "host"} <= {change["path"] for change in plan["changes"]}
    assert "would break the lease of dev, held by alice@build-1" in result["notice"]
    assert table.lease() == held


@pytest.mark.parametrize("state", ["held", "renewed", "released", "broken"])
def test_check_mode_needs_no_table_and_writes_nothing(apply: Run, writes: Callable[[], list[str]], state: str) -> None:
    assert not apply("run_lease", {**MINE, "state": state}, check=True)["changed"]
    assert writes() == []


@pytest.mark.parametrize("state", ["held", "renewed"])
def test_a_run_needs_the_table(run_module: Run, state: str) -> None:
    failed = run_module("run_lease", {**MINE, "state": state})
    assert failed["failed"]
    assert f"the lock table {TABLE} does not exist in region ap-northeast-1" in failed["msg"]


@pytest.mark.parametrize("operation", ["PutItem", "DeleteItem"])
def test_a_lost_answer_loses_nothing(apply: Run, table: LockTable, emulator: EmulatorServer, operation: str) -> None:
    """botocore sends again, and the second request meets what the first one wrote."""
    lost = {"service": "dynamodb", "operation": operation, "effect": "drop_after"}
    emulator.set_faults([{**lost, "after": number, "times": 1} for number in (0, 1)])
    apply("run_lease", MINE)
    apply("run_lease", {**MINE, "state": "renewed"})
    assert table.lease()["run_id"] == MINE["run_id"]
    apply("run_lease", {**MINE, "state": "released"})
    assert table.lease() == {}


def test_throttling_is_waited_out(apply: Run, table: LockTable, emulator: EmulatorServer) -> None:
    emulator.set_faults([{"service": "dynamodb", "error": "throttle", "every": 2}])
    apply("run_lease", MINE)
    emulator.set_faults([])
    assert table.lease()["run_id"] == MINE["run_id"]


def test_a_check_run_can_be_refused_too(apply: Run, run_module: Run, table: LockTable) -> None:
    strict = {**MINE, "refuse_in_check_mode": True}
    assert apply("run_lease", strict, check=True)["lease"] is None
    held = table.put()
    refused = run_module("run_lease", strict, check=True)
    assert refused["failed"]
    assert "alice@build-1" in refused["msg"]
    assert "A real run would be refused now" in apply("run_lease", MINE, check=True)["notice"]
    assert table.lease() == held
