from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.action.settle import _merged
from emulator.testing import EmulatorServer

NAME = "airas-terraform-lock"
ADDRESS = f"dynamodb_table/{NAME}"
ARGS = {
    "name": NAME,
    "hash_key": "LockID",
    "point_in_time_recovery": True,
    "deletion_protection": True,
    "ttl_attribute": "expires_at",
    "tags": {"Environment": "global"},
}
GONE = {"name": NAME, "state": "absent", "deletion_protection": False}

Run = Callable[..., dict[str, Any]]


@pytest.fixture(name="run_module")
def settled_run(run_module: Run) -> Run:
    """Calls the module until nothing is pending, as the action plugin does, which also sleeps in between."""

    def run(name: str, args: dict[str, Any], check: bool = False) -> dict[str, Any]:
        total = latest = run_module(name, args, check)
        for _call in range(10):
            if check or not latest.get("pending") or not latest["wait"]:
                return total
            latest = run_module(name, args)
            total = _merged(total, latest)
        raise AssertionError(f"still pending after ten calls: {latest['pending']}")

    return run


@pytest.fixture
def run_once(run_module: Run) -> Run:
    """One call of the module."""
    return lambda name, args: run_module(name, {**args, "wait": False})


def census(boto: Callable[[str], Any]) -> dict[str, Any]:
    client = boto("dynamodb")
    table = client.describe_table(TableName=NAME)["Table"]
    backups = client.describe_continuous_backups(TableName=NAME)["ContinuousBackupsDescription"]
    return {
        "tables": client.list_tables()["TableNames"],
        "table": {key: table[key] for key in ("TableStatus", "KeySchema", "DeletionProtectionEnabled")},
        "mode": table["BillingModeSummary"]["BillingMode"],
        "encryption": table.get("SSEDescription"),
        "backups": backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"],
        "ttl": client.describe_time_to_live(TableName=NAME)["TimeToLiveDescription"],
        "tags": client.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"],
    }


def changed_paths(result: dict[str, Any]) -> set[str]:
    return {change["path"] for item in result["plan"] for change in item["changes"]}


def test_plan_on_an_empty_account_names_every_attribute(apply: Run, writes: Callable[[], list[str]]) -> None:
    result = apply("dynamodb_table", ARGS, check=True)
    assert writes() == []
    shown = {change["path"]: change["after"] for change in result["plan"][0]["changes"]}
    assert shown == {
        "arn": f"arn:aws:dynamodb:ap-northeast-1:427979936961:table/{NAME}",
        "billing_mode": "PAY_PER_REQUEST",
        "deletion_protection": True,
        "hash_key.name": "LockID",
        "hash_key.type": "S",
        "point_in_time_recovery.days": 35,
        "point_in_time_recovery.enabled": True,
        "table_class": "STANDARD",
        "tags.Environment": "global",
        "ttl_attribute": "expires_at",
    }


def test_created_step_by_step_then_unchanged(apply: Run, run_once: Run, writes: Callable[[], list[str]]) -> None:
    first = run_once("dynamodb_table", ARGS)
    assert first["pending"] == [{"resource": ADDRESS, "state": "CREATING"}]
    assert writes() == ["dynamodb:CreateTable"]
    apply("dynamodb_table", ARGS)
    calls = ["dynamodb:CreateTable", "dynamodb:UpdateContinuousBackups", "dynamodb:UpdateTimeToLive"]
    assert writes() == calls
    again = run_once("dynamodb_table", ARGS)
    assert not again["changed"]
    assert again["pending"] == []
    assert writes() == calls


def test_a_settled_run_reports_each_change_once(apply: Run) -> None:
    planned = apply("dynamodb_table", ARGS, check=True)
    assert apply("dynamodb_table", ARGS)["plan"] == planned["plan"]


def test_backups_that_are_not_ready_are_waited_for(emulator: EmulatorServer, run_once: Run, apply: Run) -> None:
    emulator.set_delays({"dynamodb_table.backups": 3600})
    run_once("dynamodb_table", ARGS)
    second = run_once("dynamodb_table", ARGS)
    assert second["pending"] == [{"resource": ADDRESS, "state": "PREPARING BACKUPS"}]
    emulator.set_delays({})
    apply("dynamodb_table", ARGS)
    assert not apply("dynamodb_table", ARGS)["changed"]


DRIFTS: dict[str, tuple[Callable[[Any], Any], set[str]]] = {
    "point-in-time recovery off": (
        lambda client: client.update_continuous_backups(
            TableName=NAME, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": False}
        ),
        {"point_in_time_recovery.enabled", "point_in_time_recovery.days"},
    ),
    "recovery shortened": (
        lambda client: client.update_continuous_backups(
            TableName=NAME,
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 1},
        ),
        {"point_in_time_recovery.days"},
    ),
    "deletion protection off": (
        lambda client: client.update_table(TableName=NAME, DeletionProtectionEnabled=False),
        {"deletion_protection"},
    ),
    "expiry off": (
        lambda client: client.update_time_to_live(
            TableName=NAME, TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires_at"}
        ),
        {"ttl_attribute"},
    ),
    "capacity set aside": (
        lambda client: client.update_table(
            TableName=NAME,
            BillingMode="PROVISIONED",
            ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 2},
        ),
        {"billing_mode", "read_capacity", "write_capacity"},
    ),
    "table class": (
        lambda client: client.update_table(TableName=NAME, TableClass="STANDARD_INFREQUENT_ACCESS"),
        {"table_class"},
    ),
    "encryption": (
        lambda client: client.update_table(TableName=NAME, SSESpecification={"Enabled": True, "SSEType": "KMS"}),
        {"kms_key_arn"},
    ),
    "tag changed": (
        lambda client: client.tag_resource(
            ResourceArn=f"arn:aws:dynamodb:ap-northeast-1:427979936961:table/{NAME}",
            Tags=[{"Key": "Environment", "Value": "dev"}],
        ),
        {"tags.Environment"},
    ),
}


@pytest.mark.parametrize("drift", DRIFTS)
def test_drift_is_named_and_repaired(drift: str, apply: Run, boto: Callable[[str], Any]) -> None:
    change, paths = DRIFTS[drift]
    apply("dynamodb_table", ARGS)
    expected = census(boto)
    change(boto("dynamodb"))
    plan = apply("dynamodb_table", ARGS, check=True)
    assert changed_paths(plan) == paths
    assert apply("dynamodb_table", ARGS)["plan"] == plan["plan"]
    assert not apply("dynamodb_table", ARGS)["changed"]
    assert census(boto) == expected


def test_several_changes_go_one_after_the_other(apply: Run, run_once: Run, writes: Callable[[], list[str]]) -> None:
    apply("dynamodb_table", ARGS)
    before = len(writes())
    args = {
        **ARGS,
        "billing_mode": "PROVISIONED",
        "read_capacity": 1,
        "write_capacity": 1,
        "table_class": "STANDARD_INFREQUENT_ACCESS",
    }
    first = run_once("dynamodb_table", args)
    assert first["pending"] == [{"resource": ADDRESS, "state": "UPDATING"}]
    assert writes()[before:] == ["dynamodb:UpdateTable"]
    apply("dynamodb_table", args)
    assert writes()[before:] == ["dynamodb:UpdateTable"] * 2
    assert not apply("dynamodb_table", args)["changed"]


def test_tags_of_others_stay(apply: Run, boto: Callable[[str], Any]) -> None:
    made = apply("dynamodb_table", ARGS)
    arn = made["resources"][ADDRESS]["arn"]
    boto("dynamodb").tag_resource(ResourceArn=arn, Tags=[{"Key": "theirs", "Value": "1"}])
    assert not apply("dynamodb_table", ARGS)["changed"]
    apply("dynamodb_table", {**ARGS, "tags": {"Environment": "other"}})
    assert sorted(tag["Value"] for tag in census(boto)["tags"]) == ["1", "other"]


def test_interrupted_at_each_write(interrupt_each_write: Callable[..., None], boto: Callable[[str], Any]) -> None:
    interrupt_each_write("dynamodb_table", lambda: ARGS, lambda: census(boto))


def test_throttled_one_call_in_five(emulator: EmulatorServer, apply: Run) -> None:
    emulator.set_faults([{"service": "dynamodb", "error": "throttle", "every": 5}])
    apply("dynamodb_table", ARGS)
    assert not apply("dynamodb_table", ARGS)["changed"]


def test_two_runs_that_both_find_no_table_end_with_one(emulator: EmulatorServer, apply: Run) -> None:
    apply("dynamodb_table", ARGS)
    unseen = {"service": "dynamodb", "operation": "DescribeTable", "error": "ResourceNotFoundException", "times": 1}
    emulator.set_faults([unseen])
    assert [item["action"] for item in apply("dynamodb_table", ARGS)["plan"]] == ["create"]
    assert not apply("dynamodb_table", ARGS)["changed"]


def test_the_key_cannot_change(apply: Run, run_module: Run, writes: Callable[[], list[str]]) -> None:
    apply("dynamodb_table", ARGS)
    before = writes()
    refused = run_module("dynamodb_table", {**ARGS, "hash_key": "Id"})
    assert refused["msg"].startswith(f"{ADDRESS}: hash_key is")
    assert "make a table of another name" in refused["msg"]
    assert writes() == before


def test_expiry_moves_to_another_attribute_in_two_steps(apply: Run, run_module: Run) -> None:
    apply("dynamodb_table", ARGS)
    refused = run_module("dynamodb_table", {**ARGS, "ttl_attribute": "other"})
    assert "switched off for an hour in between" in refused["msg"]
    apply("dynamodb_table", {key: value for key, value in ARGS.items() if key != "ttl_attribute"})
    apply("dynamodb_table", {**ARGS, "ttl_attribute": "other"})


@pytest.mark.parametrize("weaker", [{"deletion_protection": False}, {"point_in_time_recovery": False}])
def test_a_weaker_protection_needs_a_confirmation(weaker: dict[str, bool], apply: Run, run_module: Run) -> None:
    apply("dynamodb_table", ARGS)
    args = {**ARGS, **weaker, "protected": True, "environment": "global"}
    assert f"-e confirm=global:{ADDRESS}" in run_module("dynamodb_table", args)["msg"]
    apply("dynamodb_table", {**args, "confirm": [f"global:{ADDRESS}"]})
    stronger = {**ARGS, "protected": True, "environment": "global"}
    assert apply("dynamodb_table", stronger)["plan"][0]["impact"] == "none"


def test_absent_honours_deletion_protection(apply: Run, run_module: Run, boto: Callable[[str], Any]) -> None:
    apply("dynamodb_table", ARGS)
    refused = run_module("dynamodb_table", {"name": NAME, "state": "absent"})
    assert refused["msg"].startswith(f"{ADDRESS}: deletion protection is on.")
    assert boto("dynamodb").list_tables()["TableNames"] == [NAME]


def test_absent_twice(apply: Run, boto: Callable[[str], Any], writes: Callable[[], list[str]]) -> None:
    apply("dynamodb_table", ARGS)
    before = len(writes())
    gone = apply("dynamodb_table", GONE)
    assert [item["action"] for item in gone["plan"]] == ["delete"]
    assert writes()[before:] == ["dynamodb:UpdateTable", "dynamodb:DeleteTable"]
    assert boto("dynamodb").list_tables()["TableNames"] == []
    assert not apply("dynamodb_table", GONE)["changed"]


def test_a_table_on_its_way_out_is_left_to_go(emulator: EmulatorServer, apply: Run, run_once: Run) -> None:
    apply("dynamodb_table", {**ARGS, "deletion_protection": False})
    emulator.set_delays({"dynamodb_table.deleting": 3600})
    assert run_once("dynamodb_table", GONE)["pending"] == [{"resource": ADDRESS, "state": "DELETING"}]
    assert run_once("dynamodb_table", GONE)["pending"] == [{"resource": ADDRESS, "state": "DELETING"}]
    anew = run_once("dynamodb_table", ARGS)
    assert anew["msg"].startswith(f"{ADDRESS}: AWS is still deleting it. Run again in a minute")


def test_provisioned_capacity_has_to_be_given(run_module: Run, writes: Callable[[], list[str]]) -> None:
    result = run_module("dynamodb_table", {**ARGS, "billing_mode": "PROVISIONED"})
    assert "read_capacity, write_capacity" in result["msg"]
    assert writes() == []
