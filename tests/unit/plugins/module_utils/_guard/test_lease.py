"""Who gets the lease, against a table that is a dictionary and an item that another run writes at a bad moment."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._aws import AwsError
from ansible_collections.airas.platform.plugins.module_utils._guard import lease
from ansible_collections.airas.platform.plugins.module_utils._guard.lease import Lease, decide, describe
from ansible_collections.airas.platform.plugins.module_utils._guard.process import RunId
from ansible_collections.airas.platform.plugins.module_utils._reconcile import Refused

NOW = 1_767_225_600  # 2026-01-01 00:00:00 UTC
HERE = RunId.of(os.getpid())
DEAD = str(HERE._replace(pid=999_999_999))
MINE = Lease("bob@here", f"{HERE.host}:1:0", "ansible-playbook site.yml", NOW, NOW + 3600)


@pytest.mark.parametrize(
    ("found", "action"),
    [
        pytest.param(None, "take", id="nobody holds it"),
        pytest.param(replace(MINE, expires_at=NOW - 1), "extend", id="ours, even if it has expired"),
        pytest.param(replace(MINE, run_id=DEAD), "take over", id="our dead process"),
        pytest.param(replace(MINE, run_id=str(HERE)), "refuse", id="our live process"),
        pytest.param(replace(MINE, run_id=str(HERE), expires_at=NOW - 1), "refuse", id="our live process, expired"),
        pytest.param(replace(MINE, run_id="elsewhere:1:0"), "refuse", id="ours on another host"),
        pytest.param(replace(MINE, run_id="elsewhere:1:0", expires_at=NOW), "take over", id="elsewhere, expired"),
        pytest.param(replace(MINE, owner="alice", run_id=DEAD), "refuse", id="another owner's"),
        pytest.param(replace(MINE, owner="alice", expires_at=NOW, run_id=DEAD), "take over", id="another's, expired"),
    ],
)
def test_who_may_have_it(found: Lease | None, action: str) -> None:
    assert decide(found, MINE, NOW).action == action


def test_a_holder_is_described_for_a_person() -> None:
    held = Lease("alice@build-1", "build-1:17:0", "ansible-playbook site.yml --tags network", NOW - 600, NOW + 1500)
    assert describe(held, NOW) == (
        "alice@build-1 (ansible-playbook site.yml --tags network, process 17 on host build-1) "
        "since 2025-12-31 23:50:00 UTC, until 2026-01-01 00:25:00 UTC (25 min left)"
    )
    assert describe(held, NOW + 1560).endswith("expired 2026-01-01 00:25:00 UTC (60 s ago)")


def test_an_empty_item_is_still_described() -> None:
    assert describe(lease.from_item({}), NOW).startswith("unknown (unknown command, process 0 on host unknown)")


def test_an_item_holds_what_the_documentation_says_and_comes_back() -> None:
    item = lease.to_item(MINE)
    assert sorted(item) == ["expires_at", "host", "owner", "pid", "run_id", "started_at", "what"]
    assert item["expires_at"] == {"N": str(NOW + 3600)}
    assert item["pid"] == {"N": "1"}
    assert lease.from_item(item) == MINE


def test_a_condition_names_what_was_found() -> None:
    assert lease.condition(None) == {"ConditionExpression": "attribute_not_exists(LockID)"}
    assert lease.condition(MINE) == {
        "ConditionExpression": "run_id = :run_id AND expires_at = :expires_at",
        "ExpressionAttributeValues": {":run_id": {"S": MINE.run_id}, ":expires_at": {"N": str(MINE.expires_at)}},
    }
    assert lease.condition(lease.from_item({})) == {
        "ConditionExpression": "attribute_not_exists(run_id) AND attribute_not_exists(expires_at)"
    }


def test_the_time_is_that_of_the_answer() -> None:
    date = {"date": "Thu, 01 Jan 2026 00:00:00 GMT"}
    assert lease.server_time({"ResponseMetadata": {"HTTPHeaders": date}}) == NOW
    assert lease.server_time({}) > NOW - 10**8


class Table:
    """A lock table in which ``meanwhile`` happens before each write."""

    environment = "dev"

    def __init__(self, held: Lease | None, meanwhile: Callable[[], Lease | None]) -> None:
        self.held = held
        self._meanwhile = meanwhile
        self.writes = 0

    def read(self) -> tuple[Lease | None, int]:
        return self.held, NOW

    def write(self, wanted: Lease, found: Lease | None) -> bool:
        return self._swap(found, wanted)

    def delete(self, found: Lease) -> bool:
        return self._swap(found, None)

    def _swap(self, found: Lease | None, new: Lease | None) -> bool:
        self.writes += 1
        self.held = self._meanwhile()
        if self.held == found:
            self.held = new
            return True
        return False


def test_of_two_that_start_together_one_is_refused() -> None:
    other = replace(MINE, owner="alice", run_id="elsewhere:1:0")
    table: Any = Table(None, lambda: other)
    with pytest.raises(Refused, match=r"^lease/dev: it is held by alice .*unlock\.yml -i inventories/dev$"):
        lease.hold(table, MINE, 3600, write=True)
    assert table.held == other


def test_a_lease_that_changes_all_the_time_is_given_up() -> None:
    numbers = iter(range(100))

    def renewed() -> Lease:
        return replace(MINE, owner="alice", run_id="elsewhere:1:0", expires_at=NOW - next(numbers) - 1)

    table: Any = Table(renewed(), renewed)
    with pytest.raises(Refused, match="other runs wrote it 3 times"):
        lease.hold(table, MINE, 3600, write=True)
    table = Table(renewed(), renewed)
    with pytest.raises(Refused, match="3 times while it was being broken"):
        lease.break_(table, write=True)
    assert table.writes == lease.RACES


def test_a_lease_broken_between_reading_and_renewing_is_lost() -> None:
    table: Any = Table(MINE, lambda: None)
    with pytest.raises(Refused, match=r"this run has lost it: .* nobody holds it now"):
        lease.renew(table, MINE, 3600)


class Refusing:
    """An AWS that answers every call with one error."""

    region = "ap-northeast-1"

    def call(self, _service: str, _operation: str, **_params: Mapping[str, Any]) -> dict[str, Any]:
        error = AwsError("Failed to call dynamodb:GetItem", Exception("no"))
        error.code = "AccessDeniedException"
        raise error


def test_any_other_error_is_passed_on() -> None:
    aws: Any = Refusing()
    table = lease.LockTable(aws, "locks", "dev")
    with pytest.raises(AwsError, match="Failed to call"):
        table.read()
    with pytest.raises(AwsError, match="Failed to call"):
        table.delete(MINE)
