# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""From facts and exceptions to findings: each control for each resource, in words and as a table."""

from __future__ import annotations

import datetime as dt
import fnmatch
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .._reconcile import PlatformError
from ._control import Control

STATUSES = ("fail", "exception", "pass", "not applicable")

Finding = dict[str, str]
Exception_ = Mapping[str, Any]


def findings(
    controls: Iterable[Control],
    kinds: Mapping[str, Mapping[str, Any]],
    exceptions: Sequence[Exception_],
    today: dt.date,
) -> list[Finding]:
    """One finding for each control and resource; one alone where the stack has no such resource."""
    found = []
    for control in sorted(controls, key=_order):
        resources = kinds.get(control.kind) or {}
        if not resources:
            found.append(_finding(control, "", "not applicable", f"there is no {control.kind}"))
        for name, facts in sorted(resources.items()):
            found.append(_judged(control, name, control.check(facts), exceptions, today))
    return found


def _judged(control: Control, name: str, problem: str, exceptions: Sequence[Exception_], today: dt.date) -> Finding:
    resource = f"{control.kind}/{name}"
    if not problem:
        return _finding(control, resource, "pass", "")
    allowed = next((item for item in exceptions if _covers(item, control, resource)), None)
    if allowed is None:
        return _finding(control, resource, "fail", problem)
    expires = _date(allowed)
    held = {"reason": allowed["reason"], "expires": expires.isoformat()}
    if expires < today:
        late = f"{problem}, and the exception ended on {expires}"
        return {**_finding(control, resource, "fail", late), **held}
    return {**_finding(control, resource, "exception", problem), **held}


def _covers(exception: Exception_, control: Control, resource: str) -> bool:
    return exception["control"] == control.id and fnmatch.fnmatchcase(resource, exception["resource"])


def _finding(control: Control, resource: str, status: str, problem: str) -> Finding:
    return {
        "control": control.id,
        "title": control.title,
        "resource": resource,
        "status": status,
        "problem": problem,
        "reason": "",
        "expires": "",
        "url": control.url,
    }


def _order(control: Control) -> tuple[str, int]:
    service, _dot, number = control.id.partition(".")
    return service, int(number)


def checked(exceptions: Sequence[Exception_], known: Iterable[str]) -> Sequence[Exception_]:
    """The exceptions that are in force, or an error that names the one which excepts nothing that there is."""
    ids = set(known)
    for exception in exceptions:
        if exception["control"] not in ids:
            raise PlatformError(
                f"an exception names the control {exception['control']}, which is not one of the audit's.",
                mend=f"They are {', '.join(sorted(ids))}.",
            )
        _date(exception)
    return [exception for exception in exceptions if exception["when"]]


def _date(exception: Exception_) -> dt.date:
    text = str(exception["expires"])
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            pass
    raise PlatformError(
        f"the exception from {exception['control']} expires on {text!r}.", mend="Write a date as 2027-03-31."
    )


def unused(exceptions: Sequence[Exception_], found: Sequence[Finding], controls: Mapping[str, Control]) -> list[str]:
    """Exceptions that no finding needed: what they allowed has been mended, or is not there."""
    needed = [item for item in found if item["reason"] or controls[item["control"]].ages]
    return [
        f"{exception['control']} {exception['resource']}"
        for exception in exceptions
        if not any(_covers(exception, controls[item["control"]], item["resource"]) for item in needed)
    ]


def summary(found: Sequence[Finding]) -> dict[str, int]:
    counts = Counter(item["status"] for item in found)
    return {status: counts[status] for status in STATUSES}


def table(found: Sequence[Finding], unneeded: Sequence[str] = ()) -> list[str]:
    """The findings as lines for a person: what fails first, then the exceptions, then one line for each control."""
    return list(_lines(found, unneeded))


def _lines(found: Sequence[Finding], unneeded: Sequence[str]) -> Iterator[str]:
    for item in found:
        if item["status"] == "fail":
            yield (
                f"FAIL       {item['control']:<17} {item['resource']}: {item['problem']}. "
                f"Wanted: {item['title']}. {item['url']}"
            )
    for exception in unneeded:
        control, _space, resource = exception.partition(" ")
        yield f"unneeded   {control:<17} {resource}: it holds to the control, or is not there. Remove the exception."
    for item in found:
        if item["status"] == "exception":
            yield (
                f"exception  {item['control']:<17} {item['resource']}: {item['problem']}. {item['reason']} "
                f"Until {item['expires']}."
            )
    for control in dict.fromkeys(item["control"] for item in found):
        of_it = [item for item in found if item["control"] == control]
        if all(item["status"] == "pass" for item in of_it):
            yield f"pass       {control:<17} {of_it[0]['title']} ({len(of_it)})"
        elif of_it[0]["status"] == "not applicable":
            yield f"-          {control:<17} {of_it[0]['title']}: {of_it[0]['problem']}"
    yield ", ".join(f"{count} {status}" for status, count in summary(found).items())
