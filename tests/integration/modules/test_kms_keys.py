"""KMS keys against the embedded AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer

SECRETS, DATA = "airas-dev-secrets", "airas-dev-data"
ROOT = "arn:aws:iam::427979936961:root"
TAGS = {"Environment": "dev"}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Sid": "Administer", "Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"},
        {
            "Sid": "Logs",
            "Effect": "Allow",
            "Principal": {"Service": "logs.ap-northeast-1.amazonaws.com"},
            "Action": ["kms:Encrypt*", "kms:Decrypt*"],
            "Resource": "*",
        },
    ],
}
ARGS = {
    "region": "ap-northeast-1",
    "keys": [
        {"alias": SECRETS, "description": "Secrets", "policy": POLICY, "rotation_period_days": 180},
        {"alias": DATA},
    ],
    "tags": TAGS,
}
ONE = {**ARGS, "keys": ARGS["keys"][:1]}
ABSENT = {**ARGS, "keys": [{"alias": SECRETS}, {"alias": DATA}], "state": "absent"}

Apply = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]
Changes = Callable[[dict[str, Any]], dict[str, tuple[Any, Any]]]
Writes = Callable[[], list[str]]


def census(boto: Boto) -> dict[str, Any]:
    """Every customer managed key by its Name tag and aliases, and what it is like."""
    kms = boto("kms")
    aliases = [alias for alias in kms.list_aliases()["Aliases"] if "TargetKeyId" in alias]
    found: dict[str, Any] = {}
    for key_id in (key["KeyId"] for key in kms.list_keys()["Keys"]):
        key = kms.describe_key(KeyId=key_id)["KeyMetadata"]
        tags = {tag["TagKey"]: tag["TagValue"] for tag in kms.list_resource_tags(KeyId=key_id)["Tags"]}
        names = [alias["AliasName"] for alias in aliases if alias["TargetKeyId"] == key_id]
        found[f"{tags.get('Name')} {' '.join(names)}"] = {
            "state": key["KeyState"],
            "description": key["Description"],
            "rotation": kms.get_key_rotation_status(KeyId=key_id).get("RotationPeriodInDays"),
            "policy": json.loads(kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]),
            "tags": tags,
        }
    return found


def key_id(boto: Boto, alias: str = SECRETS) -> str:
    return boto("kms").describe_key(KeyId=f"alias/{alias}")["KeyMetadata"]["KeyId"]


def test_makes_them_and_then_changes_nothing(apply: Apply, boto: Boto, writes: Writes) -> None:
    planned = apply("kms_keys", ARGS, check=True)
    assert census(boto) == {}
    assert (
        planned["resources"][f"kms_key/{DATA}"]["arn"] == f"arn:aws:kms:ap-northeast-1:427979936961:key/mrk-{'0' * 32}"
    )
    made = apply("kms_keys", ARGS)
    assert made["plan"] == planned["plan"]
    assert made["resources"][f"kms_key/{SECRETS}"]["id"] == key_id(boto)
    found = census(boto)
    assert found[f"{SECRETS} alias/{SECRETS}"] == {
        "state": "Enabled",
        "description": "Secrets",
        "rotation": 180,
        "policy": POLICY,
        "tags": {**TAGS, "Name": SECRETS},
    }
    assert found[f"{DATA} alias/{DATA}"]["rotation"] == 365
    assert found[f"{DATA} alias/{DATA}"]["policy"]["Statement"][0]["Principal"] == {"AWS": ROOT}
    before = writes()
    assert apply("kms_keys", ARGS)["changed"] is False
    assert writes() == before


def test_names_and_mends_each_attribute_that_drifted(apply: Apply, boto: Boto, value_changes: Changes) -> None:
    apply("kms_keys", ONE)
    kms, found = boto("kms"), key_id(boto)
    anyone = {**POLICY["Statement"][1], "Principal": {"AWS": "*"}}
    opened = json.dumps({**POLICY, "Statement": [POLICY["Statement"][0], anyone]})
    kms.put_key_policy(KeyId=found, PolicyName="default", Policy=opened)
    kms.update_key_description(KeyId=found, Description="Changed")
    kms.enable_key_rotation(KeyId=found, RotationPeriodInDays=2560)
    kms.disable_key(KeyId=found)
    kms.tag_resource(
        KeyId=found,
        Tags=[{"TagKey": "Environment", "TagValue": "prod"}, {"TagKey": "cost", "TagValue": "theirs"}],
    )
    key = f"kms_key/{SECRETS}"
    drift = {
        f"{key} description": ("Changed", "Secrets"),
        f"{key} key_state": ("Disabled", "Enabled"),
        f"{key} policy.Statement.Logs.Principal.AWS": (["*"], None),
        f"{key} policy.Statement.Logs.Principal.Service": (None, ["logs.ap-northeast-1.amazonaws.com"]),
        f"{key} rotation_period_days": (2560, 180),
        f"{key} tags.Environment": ("prod", "dev"),
    }
    assert value_changes(apply("kms_keys", ONE, check=True)) == drift
    assert value_changes(apply("kms_keys", ONE)) == drift
    assert apply("kms_keys", ONE)["changed"] is False
    assert key_id(boto) == found


def test_rotation_can_be_turned_off(apply: Apply, boto: Boto) -> None:
    apply("kms_keys", ONE)
    still = {**ARGS, "keys": [{**ARGS["keys"][0], "rotation_period_days": 0}]}
    apply("kms_keys", still)
    assert census(boto)[f"{SECRETS} alias/{SECRETS}"]["rotation"] is None
    assert apply("kms_keys", still)["changed"] is False


def test_a_moved_alias_comes_back(apply: Apply, boto: Boto, value_changes: Changes) -> None:
    apply("kms_keys", ONE)
    ours, kms = key_id(boto), boto("kms")
    other = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.update_alias(AliasName=f"alias/{SECRETS}", TargetKeyId=other)
    drift = {f"kms_key/{SECRETS} alias": (None, SECRETS)}
    assert value_changes(apply("kms_keys", ONE)) == drift
    assert key_id(boto) == ours
    kms.delete_alias(AliasName=f"alias/{SECRETS}")
    assert value_changes(apply("kms_keys", ONE)) == drift
    assert key_id(boto) == ours


def test_a_key_that_was_there_is_adopted(apply: Apply, boto: Boto) -> None:
    kms = boto("kms")
    old = kms.create_key(Description="Older than this")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=f"alias/{SECRETS}", TargetKeyId=old)
    assert apply("kms_keys", ONE)["resources"][f"kms_key/{SECRETS}"]["id"] == old
    assert len(census(boto)) == 1
    assert apply("kms_keys", ONE)["changed"] is False


def test_two_keys_with_its_tags_and_no_alias_are_named(run_module: Apply, boto: Boto) -> None:
    tags = [{"TagKey": key, "TagValue": value} for key, value in {**TAGS, "Name": SECRETS}.items()]
    for _number in range(2):
        boto("kms").create_key(Tags=tags)
    assert "two keys carry its tags, and its alias leads to neither" in run_module("kms_keys", ONE)["msg"]


def test_absent_twice_and_wanted_again(apply: Apply, boto: Boto, value_changes: Changes) -> None:
    apply("kms_keys", ARGS)
    kept = key_id(boto)
    gone = apply("kms_keys", ABSENT)
    assert {plan["impact"] for plan in gone["plan"]} == {"data loss"}
    assert {key["state"] for key in census(boto).values()} == {"PendingDeletion"}
    assert apply("kms_keys", ABSENT)["changed"] is False
    planned = value_changes(apply("kms_keys", ONE, check=True))
    assert planned[f"kms_key/{SECRETS} key_state"] == ("PendingDeletion", "Enabled")
    assert value_changes(apply("kms_keys", ONE)) == planned
    assert census(boto)[f"{SECRETS} alias/{SECRETS}"]["state"] == "Enabled"
    assert key_id(boto) == kept
    assert apply("kms_keys", ONE)["changed"] is False


def test_a_protected_environment_keeps_its_keys(apply: Apply, run_module: Apply, boto: Boto) -> None:
    guarded = {**ARGS, "protected": True, "environment": "prod"}
    apply("kms_keys", guarded)
    refused = run_module("kms_keys", {**guarded, "state": "absent"})
    assert f"confirm=prod:kms_key/{SECRETS}" in refused["msg"]
    assert {key["state"] for key in census(boto).values()} == {"Enabled"}


def test_what_aws_cannot_change_is_refused(apply: Apply, run_module: Apply) -> None:
    apply("kms_keys", ONE)
    refused = run_module("kms_keys", {**ARGS, "keys": [{**ARGS["keys"][0], "multi_region": True}]})
    assert "make another key and encrypt anew" in refused["msg"]


def test_interrupted_anywhere_it_ends_the_same(interrupt_each_write: Callable[..., None], boto: Boto) -> None:
    interrupt_each_write("kms_keys", lambda: ONE, lambda: census(boto))


def test_an_interrupted_revival_is_finished(
    apply: Apply, interrupt_each_write: Callable[..., None], boto: Boto
) -> None:
    def prepare() -> dict[str, Any]:
        apply("kms_keys", ONE)
        apply("kms_keys", {**ONE, "state": "absent"})
        return ONE

    interrupt_each_write("kms_keys", prepare, lambda: census(boto))


def test_one_throttled_call_in_five_is_survived(apply: Apply, emulator: EmulatorServer) -> None:
    emulator.set_faults([{"error": "throttle", "every": 5}])
    apply("kms_keys", ARGS)
    emulator.set_faults([])
    assert apply("kms_keys", ARGS)["changed"] is False


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rotation_period_days": 30}, "rotation_period_days is 30. AWS takes 90 to 2560 (0: no rotation)."),
        ({"deletion_window_days": 0}, "deletion_window_days is 0. AWS takes 7 to 30."),
        ({"policy": {"Version": "2012-10-17", "Statement": []}}, "policy: it has no Statement."),
    ],
)
def test_wrong_input_is_refused_before_any_write(
    run_module: Apply, writes: Writes, options: dict[str, Any], message: str
) -> None:
    result = run_module("kms_keys", {**ARGS, "keys": [{"alias": SECRETS, **options}]})
    assert result["msg"].startswith(f"kms_key/{SECRETS}: {message}")
    assert writes() == []
