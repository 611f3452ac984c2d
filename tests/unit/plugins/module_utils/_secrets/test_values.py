from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError, apply, plan_resource
from ansible_collections.airas.platform.plugins.module_utils._secrets import values

NOW = datetime.datetime(2026, 7, 1, tzinfo=datetime.UTC)
NAME = "airas-dev/openai-api-key"
ROW = {"name": NAME, "store": "secrets_manager", "value": None, "overwrite": False, "max_age_days": 0}
VERSIONS = {"VersionIdsToStages": {"v1": ["AWSPREVIOUS"], "v2": ["AWSCURRENT"]}}
LISTED = {"Versions": [{"VersionId": "v1", "CreatedDate": NOW}, {"VersionId": "v2", "CreatedDate": NOW}]}


def params(**row: Any) -> dict[str, Any]:
    return {"values": [{**ROW, **row}], "kms_key_id": None, "tags": {}}


@pytest.mark.parametrize(
    ("days", "limit", "expected"),
    [(None, 10, "unset"), (3, 10, "set"), (10, 10, "set"), (11, 10, "too old"), (9999, 0, "set")],
)
def test_status(days: int | None, limit: int, expected: str) -> None:
    written = None if days is None else NOW - datetime.timedelta(days=days)
    assert values.status(written, NOW, limit) == {"status": expected, "age_days": days}


def test_a_value_of_a_clock_that_is_ahead_is_new() -> None:
    written = NOW + datetime.timedelta(seconds=1)
    assert values.status(written, NOW, 10) == {"status": "set", "age_days": 0}


@pytest.mark.parametrize(
    ("answers", "row", "calls"),
    [
        ({}, {"value": "x"}, ["secretsmanager:put_secret_value"]),
        ({"describe_secret": VERSIONS, "list_secret_version_ids": LISTED}, {"value": "x"}, []),
        (
            {"describe_secret": VERSIONS, "list_secret_version_ids": LISTED},
            {"value": "x", "overwrite": True},
            ["secretsmanager:put_secret_value"],
        ),
        ({}, {}, []),
        ({}, {"store": "parameter_store", "value": "x"}, ["ssm:put_parameter"]),
    ],
)
def test_what_is_written(
    fake_aws: Callable[..., Any], answers: dict[str, Any], row: dict[str, Any], calls: list[str]
) -> None:
    aws = fake_aws(**answers)
    read = values.resources(aws, params(**row))
    before = len(aws.calls)
    apply([plan_resource(value) for value in read], [])
    assert [call for call, _sent in aws.calls[before:]] == calls


def test_a_version_that_waits_for_its_rotation_is_no_value(fake_aws: Callable[..., Any]) -> None:
    aws = fake_aws(describe_secret={"VersionIdsToStages": {"v1": ["AWSPENDING"]}})
    [value] = values.resources(aws, params())
    assert value.report()["status"] == "unset"


def test_neither_plan_nor_report_holds_the_value(fake_aws: Callable[..., Any]) -> None:
    [value] = values.resources(fake_aws(), params(value="canary"))
    assert "canary" not in str(plan_resource(value).as_dict()) + str(value.report())


@pytest.mark.parametrize("value", ["", " \n", "x\n", " x", "x\udcff", "x" * 65_537])
def test_a_value_that_no_store_should_take_is_refused(fake_aws: Callable[..., Any], value: str) -> None:
    with pytest.raises(
        PlatformError, match=r"its value (is (empty|longer|not in UTF-8)|begins or ends with white space)"
    ):
        values.resources(fake_aws(), params(value=value))
