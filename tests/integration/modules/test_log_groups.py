"""Log groups against the embedded AWS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer

BACKEND, VPC = "/ecs/airas-dev-backend", "/vpc/airas-dev"
KEY = "arn:aws:kms:ap-northeast-1:427979936961:key/11111111-2222-3333-4444-555555555555"
TAGS = {"Environment": "dev"}
ARGS = {
    "region": "ap-northeast-1",
    "groups": [{"name": BACKEND, "retention_days": 7}, {"name": VPC, "retention_days": 30, "kms_key_id": KEY}],
    "tags": TAGS,
}

Apply = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]
Changes = Callable[[dict[str, Any]], dict[str, tuple[Any, Any]]]
Writes = Callable[[], list[str]]


def groups(boto: Boto) -> dict[str, dict[str, Any]]:
    logs = boto("logs")
    found = {item["logGroupName"]: item for item in logs.describe_log_groups()["logGroups"]}
    return {
        name: {
            "retention": item.get("retentionInDays"),
            "key": item.get("kmsKeyId"),
            "tags": logs.list_tags_for_resource(resourceArn=item["arn"].removesuffix(":*"))["tags"],
        }
        for name, item in found.items()
    }


def test_makes_them_and_then_changes_nothing(apply: Apply, boto: Boto, writes: Writes) -> None:
    planned = apply("log_groups", ARGS, check=True)
    assert groups(boto) == {}
    made = apply("log_groups", ARGS)
    assert made["plan"] == planned["plan"]
    assert groups(boto) == {
        BACKEND: {"retention": 7, "key": None, "tags": {**TAGS, "Name": BACKEND}},
        VPC: {"retention": 30, "key": KEY, "tags": {**TAGS, "Name": VPC}},
    }
    arn = f"arn:aws:logs:ap-northeast-1:427979936961:log-group:{BACKEND}"
    assert made["resources"][f"log_group/{BACKEND}"]["arn"] == arn
    assert planned["resources"][f"log_group/{BACKEND}"]["arn"] == arn
    before = writes()
    assert apply("log_groups", ARGS)["changed"] is False
    assert writes() == before


def test_names_and_mends_each_attribute_that_drifted(apply: Apply, boto: Boto, value_changes: Changes) -> None:
    apply("log_groups", ARGS)
    logs = boto("logs")
    logs.put_retention_policy(logGroupName=BACKEND, retentionInDays=3)
    logs.delete_retention_policy(logGroupName=VPC)
    logs.disassociate_kms_key(logGroupName=VPC)
    arn = f"arn:aws:logs:ap-northeast-1:427979936961:log-group:{BACKEND}"
    logs.tag_resource(resourceArn=arn, tags={"Environment": "prod", "cost": "theirs"})
    drift = {
        f"log_group/{BACKEND} retention_days": (3, 7),
        f"log_group/{BACKEND} tags.Environment": ("prod", "dev"),
        f"log_group/{VPC} kms_key_id": (None, KEY),
        f"log_group/{VPC} retention_days": (0, 30),
    }
    assert value_changes(apply("log_groups", ARGS, check=True)) == drift
    assert value_changes(apply("log_groups", ARGS)) == drift
    assert apply("log_groups", ARGS)["changed"] is False
    assert groups(boto)[BACKEND]["tags"] == {**TAGS, "Name": BACKEND, "cost": "theirs"}


def test_keeps_for_ever_and_without_a_key_of_ours(apply: Apply, boto: Boto) -> None:
    apply("log_groups", ARGS)
    forever = {**ARGS, "groups": [{"name": VPC, "retention_days": 0}]}
    apply("log_groups", forever)
    assert groups(boto)[VPC] | {"tags": {}} == {"retention": None, "key": None, "tags": {}}
    assert apply("log_groups", forever)["changed"] is False


def test_a_group_whose_name_begins_alike_is_another(apply: Apply, boto: Boto) -> None:
    boto("logs").create_log_group(logGroupName=f"{BACKEND}-worker")
    apply("log_groups", ARGS)
    assert groups(boto)[f"{BACKEND}-worker"] == {"retention": None, "key": None, "tags": {}}


def test_the_class_cannot_be_changed(apply: Apply, run_module: Apply) -> None:
    apply("log_groups", ARGS)
    other = {**ARGS, "groups": [{"name": BACKEND, "retention_days": 7, "log_group_class": "INFREQUENT_ACCESS"}]}
    assert "cannot change it in place. Put the old class back" in run_module("log_groups", other)["msg"]


def test_absent_twice(apply: Apply, boto: Boto) -> None:
    apply("log_groups", ARGS)
    absent = {**ARGS, "groups": [{"name": BACKEND}, {"name": VPC}], "state": "absent"}
    assert [plan["impact"] for plan in apply("log_groups", absent)["plan"]] == ["data loss", "data loss"]
    assert groups(boto) == {}
    assert apply("log_groups", absent)["changed"] is False


def test_a_protected_environment_keeps_its_events(apply: Apply, run_module: Apply, boto: Boto) -> None:
    guarded = {**ARGS, "protected": True, "environment": "prod"}
    apply("log_groups", guarded)
    shorter = {**guarded, "groups": [{"name": BACKEND, "retention_days": 3}]}
    refused = run_module("log_groups", shorter)
    assert refused["msg"].startswith(f"log_group/{BACKEND}: to update it would lose data (retention_days)")
    assert f"confirm=prod:log_group/{BACKEND}" in refused["msg"]
    assert "would be refused" in str(run_module("log_groups", shorter, check=True)["warnings"])
    assert run_module("log_groups", {**guarded, "state": "absent"})["failed"]
    assert groups(boto)[BACKEND]["retention"] == 7
    longer = {**guarded, "groups": [{"name": BACKEND, "retention_days": 90}]}
    assert apply("log_groups", longer)["changed"]
    assert apply("log_groups", {**shorter, "confirm": [f"prod:log_group/{BACKEND}"]})["changed"]


def test_interrupted_anywhere_it_ends_the_same(interrupt_each_write: Callable[..., None], boto: Boto) -> None:
    interrupt_each_write("log_groups", lambda: ARGS, lambda: groups(boto))


def test_one_throttled_call_in_five_is_survived(apply: Apply, emulator: EmulatorServer) -> None:
    emulator.set_faults([{"error": "throttle", "every": 5}])
    apply("log_groups", ARGS)
    emulator.set_faults([])
    assert apply("log_groups", ARGS)["changed"] is False


@pytest.mark.parametrize(
    ("group", "message"),
    [
        ({"name": BACKEND}, "it has no retention_days. Say how many days"),
        ({"name": BACKEND, "retention_days": 45}, "value of retention_days must be one of: 0, 1, 3, 5, 7"),
        ({"name": BACKEND, "retention_days": 7, "kms_key_id": "alias/logs"}, "takes a key's ARN only"),
        ({"name": BACKEND, "retention_days": 7, "retention": 7}, "Unsupported parameters"),
    ],
)
def test_wrong_input_is_refused_before_any_write(
    run_module: Apply, writes: Writes, group: dict[str, Any], message: str
) -> None:
    result = run_module("log_groups", {**ARGS, "groups": [{"name": VPC, "retention_days": 7}, group]})
    assert result["failed"]
    assert message in result["msg"]
    assert writes() == []


def test_a_group_listed_twice_is_refused(run_module: Apply, writes: Writes) -> None:
    group = {"name": BACKEND, "retention_days": 7}
    assert "listed twice" in run_module("log_groups", {**ARGS, "groups": [group, group]})["msg"]
    assert writes() == []
