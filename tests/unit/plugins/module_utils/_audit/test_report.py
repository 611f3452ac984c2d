from __future__ import annotations

import dataclasses
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
BY_ID = {control.id: control for control in CONTROLS}
KINDS = {"bucket": {"airas-dev-files": {"problem": ""}, "airas-dev-logs": {"problem": "it logs nothing"}}}
EXCEPTION: dict[str, Any] = {
    "control": "S3.9",
    "resource": "bucket/*-logs",
    "reason": "It is the log.",
    "expires": "2026-12-31",
    "when": True,
}


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
    assert report.summary(found) == {"fail": 1, "exception": 1, "pass": 2, "not applicable": 1}
    assert found[1]["reason"] == "It is the log."
    late = judged(EXCEPTION, today="2027-01-01")
    assert late[1]["status"] == "fail"
    assert late[1]["problem"] == "it logs nothing, and the exception ended on 2026-12-31"


def test_an_exception_that_nothing_needs_is_named() -> None:
    spare, mended = {**EXCEPTION, "resource": "bucket/other"}, {**EXCEPTION, "resource": "bucket/*-files"}
    found = judged(EXCEPTION, spare, mended)
    unused = report.unused([EXCEPTION, spare, mended], found, BY_ID)
    assert unused == ["S3.9 bucket/other", "S3.9 bucket/*-files"]
    assert "unneeded   S3.9              bucket/other" in report.table(found, unused)[1]


def test_an_exception_from_what_only_time_breaks_is_not_called_unneeded_before() -> None:
    early = {**EXCEPTION, "resource": "bucket/*-files"}
    ageing = {**BY_ID, "S3.9": dataclasses.replace(BY_ID["S3.9"], ages=True)}
    assert report.unused([early, {**early, "resource": "bucket/other"}], judged(), ageing) == ["S3.9 bucket/other"]


def test_an_exception_holds_only_while_what_made_it_necessary_does() -> None:
    over = {**EXCEPTION, "when": False}
    assert report.checked([EXCEPTION, over], ["S3.9"]) == [EXCEPTION]


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
    assert [line.split()[0] for line in lines] == ["FAIL", "exception", "-", "1"]
    assert lines[0].endswith(
        "bucket/airas-dev-logs: it logs nothing. Wanted: Tenth. "
        "https://docs.aws.amazon.com/securityhub/latest/userguide/s3-controls.html#s3-10"
    )
    assert "bucket/airas-dev-logs: it logs nothing. It is the log. Until 2026-12-31." in lines[1]
    assert lines[-1] == "1 fail, 1 exception, 2 pass, 1 not applicable"
