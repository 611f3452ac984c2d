from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._audit import report
from ansible_collections.airas.platform.plugins.module_utils._audit._control import Control
from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError

CONTROLS = [
    Control("S3.10", "Tenth", "bucket", lambda facts: facts["problem"]),
    Control("S3.9", "Logged", "bucket", lambda facts: facts["problem"]),
    Control("SNS.1", "Encrypted", "topic", lambda _facts: "never asked"),
]
KINDS = {"bucket": {"airas-dev-files": {"problem": ""}, "airas-dev-logs": {"problem": "it logs nothing"}}}
EXCEPTION = {"control": "S3.9", "resource": "bucket/*-logs", "reason": "It is the log.", "expires": "2026-12-31"}


def judged(*exceptions: Any, today: str = "2026-12-31") -> list[dict[str, str]]:
    return report.findings(CONTROLS, KINDS, exceptions, dt.date.fromisoformat(today))


def statuses(found: list[dict[str, str]]) -> list[tuple[str, str, str]]:
    return [(item["control"], item["resource"], item["status"]) for item in found]


def test_each_control_is_judged_for_each_resource_in_order() -> None:
    assert statuses(judged()) == [
        ("S3.9", "bucket/airas-dev-files", "pass"),
        ("S3.9", "bucket/airas-dev-logs", "fail"),
        ("S3.10", "bucket/airas-dev-files", "pass"),
        ("S3.10", "bucket/airas-dev-logs", "fail"),
        ("SNS.1", "", "not applicable"),
    ]


def test_an_exception_holds_until_its_last_day_for_its_control_and_resource() -> None:
    found = judged(EXCEPTION)
    assert report.summary(found) == {"pass": 2, "fail": 1, "exception": 1, "not applicable": 1}
    assert found[1]["reason"] == "It is the log."
    late = judged(EXCEPTION, today="2027-01-01")
    assert late[1]["status"] == "fail"
    assert late[1]["problem"] == "it logs nothing, and the exception ended on 2026-12-31"


def test_an_exception_that_nothing_needs_is_named() -> None:
    spare = {**EXCEPTION, "resource": "bucket/other"}
    assert report.unused([EXCEPTION, spare], judged(EXCEPTION, spare)) == ["S3.9 bucket/other"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"control": "S3.99"}, "names the control S3.99, which is not one of the audit's"),
        ({"expires": "soon"}, "expires on 'soon'. Write a date"),
        ({"expires": "2027-02-30"}, "expires on '2027-02-30'"),
    ],
)
def test_an_exception_that_can_never_hold_is_an_error(change: dict[str, str], message: str) -> None:
    with pytest.raises(PlatformError, match=message):
        report.checked([{**EXCEPTION, **change}], ["S3.9"])


def test_the_table_begins_with_what_fails() -> None:
    lines = report.table(judged(EXCEPTION))
    assert [line.split()[0] for line in lines] == ["FAIL", "exception", "-"]
    assert "bucket/airas-dev-logs: it logs nothing. It is the log. Until 2026-12-31." in lines[1]
