# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""The lease that lets one run at a time change an environment: one item in the lock table.

    LockID      airas.platform/<environment>
    owner       <user>@<host>, or what stack_owner says
    run_id      <host>:<pid>:<start of the process> of ansible-playbook
    host, pid   the parts of run_id, for people
    what        the playbook that runs
    started_at  seconds since the epoch
    expires_at  seconds since the epoch

Every write is conditional on what was read before it, so of two runs that start together one gets the lease and the
other is told so. Times are AWS's, from the Date header of the answer: clocks of two controllers may differ.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from .._aws import Aws, AwsError
from .._reconcile import Operation, PlatformError, Refused, Resource, plan_resource, report
from .process import RunId

KEY_PREFIX = "airas.platform/"
# Each lost race means that another run has just written the lease; three in a row mean that something else is wrong.
RACES = 3

Item = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Lease:
    """Who holds an environment; times in seconds since the epoch."""

    owner: str
    run_id: str
    what: str
    started_at: int
    expires_at: int

    @property
    def run(self) -> RunId:
        return RunId.parse(self.run_id)

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "host": self.run.host, "pid": self.run.pid}


@dataclass(frozen=True)
class Verdict:
    """What a run may do with the lease it found, why, and what a person can do about it."""

    action: Literal["take", "extend", "take over", "refuse"]
    why: str = ""
    mend: str = ""


def decide(found: Lease | None, mine: Lease, now: int) -> Verdict:
    """Whether ``mine`` may replace the lease that was found."""
    if found is None:
        return Verdict("take")
    if found.run_id == mine.run_id:
        return Verdict("extend")
    if found.owner == mine.owner and found.run.is_alive:
        return Verdict(
            "refuse",
            "That process is still alive on this host.",
            f"Let it finish, or end it (kill {found.run.pid}), and run again.",
        )
    if found.expires_at <= now:
        return Verdict("take over", "It has expired.")
    if found.owner == mine.owner and found.run.host == mine.run.host:
        return Verdict("take over", "That process of yours is dead.")
    return Verdict("refuse", "", "Let that run finish.")


# -- words -----------------------------------------------------------------------------------------------------------


def describe(lease: Lease, now: int) -> str:
    """``alice@build-1 (ansible-playbook site.yml, process 17 on build-1) since ..., until ...``"""
    remaining = lease.expires_at - now
    until = f"until {clock(lease.expires_at)} ({_span(remaining)} left)"
    if remaining <= 0:
        until = f"expired {clock(lease.expires_at)} ({_span(-remaining)} ago)"
    process = f"{lease.what or 'unknown command'}, process {lease.run.pid} on host {lease.run.host or 'unknown'}"
    return f"{lease.owner or 'unknown'} ({process}) since {clock(lease.started_at)}, {until}"


def clock(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _span(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"


def unlock_command(environment: str) -> str:
    return f"ansible-playbook playbooks/unlock.yml -i inventories/{environment}"


# -- the lock table --------------------------------------------------------------------------------------------------


class TableMissing(PlatformError):
    """The lock table does not exist (yet)."""


class LockTable:
    """The lease of one environment in the lock table, read and written with conditions."""

    def __init__(self, aws: Aws, table: str, environment: str) -> None:
        self._aws = aws
        self.table = table
        self.environment = environment
        self._key = {"LockID": {"S": f"{KEY_PREFIX}{environment}"}}

    def read(self) -> tuple[Lease | None, int]:
        """The lease, and the time by AWS's clock."""
        answer = self._call("get_item", Key=self._key, ConsistentRead=True)
        item = answer.get("Item")
        return from_item(item) if item else None, server_time(answer)

    def write(self, lease: Lease, found: Lease | None) -> bool:
        """Whether the lease was written; not if by now the table no longer holds what was found."""
        item = {**self._key, **to_item(lease)}
        return self._if_unchanged("put_item", found, Item=item)

    def delete(self, found: Lease) -> bool:
        """Whether the lease was deleted; not if by now the table no longer holds what was found."""
        return self._if_unchanged("delete_item", found, Key=self._key)

    def _if_unchanged(self, operation: str, found: Lease | None, **params: Any) -> bool:
        try:
            self._call(operation, **params, **condition(found))
        except AwsError as error:
            if error.code == "ConditionalCheckFailedException":
                return False
            raise
        return True

    def _call(self, operation: str, **params: Any) -> dict[str, Any]:
        try:
            return self._aws.call("dynamodb", operation, TableName=self.table, **params)
        except AwsError as error:
            if error.code == "ResourceNotFoundException":
                raise TableMissing(
                    f"the lock table {self.table} does not exist in region {self._aws.region}.",
                    mend="Run site.yml, which makes it first; or correct account_lock_table_name and aws_region.",
                    resource=f"lease/{self.environment}",
                    call=error.call,
                ) from error
            raise


def condition(found: Lease | None) -> dict[str, Any]:
    """DynamoDB's condition that the table still holds what was found."""
    if found is None:
        return {"ConditionExpression": "attribute_not_exists(LockID)"}
    expected: dict[str, str | int] = {"run_id": found.run_id, "expires_at": found.expires_at}
    terms = [f"{name} = :{name}" if value else f"attribute_not_exists({name})" for name, value in expected.items()]
    values = {f":{name}": _typed(value) for name, value in expected.items() if value}
    return {
        "ConditionExpression": " AND ".join(terms),
        **({"ExpressionAttributeValues": values} if values else {}),
    }


def to_item(lease: Lease) -> dict[str, dict[str, str]]:
    """The lease's attributes in DynamoDB's form."""
    return {name: _typed(value) for name, value in lease.as_dict().items()}


def _typed(value: str | int) -> dict[str, str]:
    return {"N": str(value)} if isinstance(value, int) else {"S": value}


def from_item(item: Item) -> Lease:
    """Whatever stands in the item, empty or 0 what is missing: one edited by hand must still be breakable."""

    def text(name: str) -> str:
        return item.get(name, {}).get("S", "")

    def number(name: str) -> int:
        return int(item.get(name, {}).get("N", "0"))

    return Lease(text("owner"), text("run_id"), text("what"), number("started_at"), number("expires_at"))


def server_time(answer: Mapping[str, Any]) -> int:
    """Seconds since the epoch by the clock that answered; by this host's if the answer has no date."""
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return int(parsedate_to_datetime(date).timestamp()) if date else int(time.time())


# -- what a module call does -----------------------------------------------------------------------------------------


def settle(aws: Aws, params: Mapping[str, Any], write: bool) -> dict[str, Any]:
    """The result of one module call; nothing is written, and nobody refused, without ``write``."""
    table = LockTable(aws, params["table"], params["environment"])
    mine = Lease(params["owner"] or "", params["run_id"] or "", params["what"] or "", 0, 0)
    try:
        if params["state"] == "broken":
            return break_(table, write)
        if params["state"] == "released":
            return release(table, mine, write)
        if params["state"] == "renewed" and write:
            return renew(table, mine, params["duration"])
        return hold(table, mine, params["duration"], write, refuse=write or params["refuse_in_check_mode"])
    except TableMissing as missing:
        if write and params["state"] in ("held", "renewed"):
            raise
        notice = f"nobody holds {table.environment}: {missing.problem}"
        return _result(None, notice, notice=notice if params["state"] == "broken" else "")


def hold(table: LockTable, mine: Lease, duration_s: int, write: bool, refuse: bool = True) -> dict[str, Any]:
    """Takes the lease, takes it over or extends it; raises L(Refused) while another run holds it, if that is wanted."""
    for _race in range(RACES):
        found, now = table.read()
        wanted = replace(mine, started_at=now, expires_at=now + duration_s)
        verdict = decide(found, wanted, now)
        if verdict.action == "extend" and found:
            wanted = replace(wanted, started_at=found.started_at)
        if verdict.action == "refuse" and found and refuse:
            raise _refusal(table.environment, found, verdict, now)
        if not write:
            return _forecast(table.environment, found, verdict, now)
        if table.write(wanted, found):
            notice = ""
            if verdict.action == "take over" and found:
                notice = f"took over the lease of {table.environment} from {describe(found, now)}. {verdict.why}"
            return _result(wanted, f"{table.environment} is held by this run.", notice=notice)
    raise Refused(
        f"other runs wrote it {RACES} times while this one tried to take it.",
        mend="Run again when they have finished.",
        resource=f"lease/{table.environment}",
    )


def renew(table: LockTable, mine: Lease, duration_s: int) -> dict[str, Any]:
    """Extends the lease that this run holds; raises L(Refused) if it was broken or taken over meanwhile."""
    found, now = table.read()
    if found and found.run_id == mine.run_id:
        wanted = replace(found, expires_at=now + duration_s)
        # A lost answer makes botocore send again, and then the condition fails on what the first request wrote.
        if table.write(wanted, found) or table.read()[0] == wanted:
            return _result(wanted, f"{table.environment} is held by this run.")
        found, now = table.read()
    holder = f"it is now held by {describe(found, now)}" if found else "nobody holds it now"
    raise Refused(
        f"this run has lost it: somebody broke it, or it expired and was taken over; {holder}.",
        mend="The run stops here, so that two runs do not mix. What is done stays done; run again to go on from there.",
        resource=f"lease/{table.environment}",
    )


def release(table: LockTable, mine: Lease, write: bool) -> dict[str, Any]:
    """Gives the lease back if this run holds it; another's is left alone."""
    found, _now = table.read()
    if found is None or found.run_id != mine.run_id:
        return _result(found, f"This run does not hold {table.environment}.")
    if write:
        table.delete(found)
    return _result(None, f"{table.environment} is released.")


def break_(table: LockTable, write: bool) -> dict[str, Any]:
    """Deletes the lease, whoever holds it, and says whose it was."""
    for _race in range(RACES):
        found, now = table.read()
        if found is None:
            notice = f"nobody holds {table.environment}: there is no lease to break."
            return _result(None, notice, notice=notice)
        if not write or table.delete(found):
            notice = f"{'broke' if write else 'would break'} the lease of {table.environment}, held by "
            notice += f"{describe(found, now)}."
            if found.run.is_alive:
                notice += " That process is still alive on this host; it stops when it next renews the lease."
            return _result(found, notice, notice=notice) | _deletion(table.environment, found)
    raise Refused(
        f"it was renewed or taken {RACES} times while it was being broken.",
        mend="Its run is alive: end that run first, or run unlock.yml again.",
        resource=f"lease/{table.environment}",
    )


def _deletion(environment: str, lease: Lease) -> dict[str, Any]:
    """What breaking a lease adds to a plan."""
    delete = Operation("dynamodb:DeleteItem", lambda _known: None)
    resource = Resource("lease", environment, before=lease.as_dict(), after=None, delete=delete)
    changes = report([plan_resource(resource)], [resource])
    return {key: changes[key] for key in ("changed", "diff", "plan")}


def _forecast(environment: str, found: Lease | None, verdict: Verdict, now: int) -> dict[str, Any]:
    """What check mode says: it neither takes a lease nor is refused for want of it."""
    if found is None or verdict.action == "extend":
        return _result(found, f"Nobody else holds {environment}.")
    would = "be refused" if verdict.action == "refuse" else "take it over"
    holder = f"{environment} is held by {describe(found, now)}."
    notice = " ".join(filter(None, [holder, verdict.why, f"A real run would {would} now."]))
    return _result(found, notice, notice=notice)


def _refusal(environment: str, found: Lease, verdict: Verdict, now: int) -> Refused:
    unlock = f"If it is known to be dead, break its lease and run again: {unlock_command(environment)}"
    return Refused(
        " ".join(filter(None, [f"it is held by {describe(found, now)}.", verdict.why])),
        mend=f"{verdict.mend} {unlock}",
        resource=f"lease/{environment}",
    )


def _result(lease: Lease | None, message: str, *, notice: str = "") -> dict[str, Any]:
    # Holding a lease changes nothing of the stack, so it does not count as a change.
    return {"changed": False, "msg": message, "notice": notice, "lease": lease.as_dict() if lease else None}
