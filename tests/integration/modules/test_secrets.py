"""Containers of secrets, and their values, against the embedded AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from emulator.testing import EmulatorServer

OPENAI, WANDB = "airas-dev/openai-api-key", "/airas-dev/wandb-api-key"
SECRET, PARAMETER = f"secret/{OPENAI}", f"parameter/{WANDB}"
CANARY = "canary-7f3a1b"
KEY = "arn:aws:kms:ap-northeast-1:427979936961:key/1234abcd-12ab-34cd-56ef-1234567890ab"
TAGS = {"Environment": "dev"}
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "OurAccountOnly",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "secretsmanager:GetSecretValue",
            "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:PrincipalAccount": "427979936961"}},
        }
    ],
}
COMMON = {"region": "ap-northeast-1", "tags": TAGS, "kms_key_id": KEY}
ARGS = {**COMMON, "secrets": [{"name": OPENAI, "description": "OPENAI_API_KEY", "policy": POLICY}]}
PARAMETERS = {**COMMON, "parameters": [{"name": WANDB}]}
ABSENT = {**ARGS, "state": "absent"}

Apply = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]
Changes = Callable[[dict[str, Any]], dict[str, tuple[Any, Any]]]
Writes = Callable[[], list[str]]


def census(boto: Boto) -> dict[str, Any]:
    found = boto("secretsmanager").list_secrets(IncludePlannedDeletion=True)["SecretList"]
    return {
        item["Name"]: {
            "key": item.get("KmsKeyId"),
            "description": item.get("Description"),
            "tags": {tag["Key"]: tag["Value"] for tag in item["Tags"]},
            "deleted": bool(item.get("DeletedDate")),
        }
        for item in found
    }


def values(*rows: dict[str, Any]) -> dict[str, Any]:
    return {**COMMON, "values": list(rows)}


def openai(**options: Any) -> dict[str, Any]:
    return {"name": OPENAI, "store": "secrets_manager", **options}


def wandb(**options: Any) -> dict[str, Any]:
    return {"name": WANDB, "store": "parameter_store", **options}


def test_makes_them_without_a_value_and_then_changes_nothing(apply: Apply, boto: Boto, writes: Writes) -> None:
    planned = apply("secrets", ARGS, check=True)
    assert census(boto) == {}
    made = apply("secrets", ARGS)
    assert made["plan"] == planned["plan"]
    assert writes() == ["secretsmanager:CreateSecret", "secretsmanager:PutResourcePolicy"]
    assert census(boto) == {
        OPENAI: {"key": KEY, "description": "OPENAI_API_KEY", "tags": {**TAGS, "Name": OPENAI}, "deleted": False}
    }
    assert made["resources"][SECRET]["has_value"] is False
    before = writes()
    assert apply("secrets", ARGS)["changed"] is False
    assert writes() == before


def test_names_and_mends_each_attribute_that_drifted_and_keeps_the_value(
    apply: Apply, boto: Boto, value_changes: Changes
) -> None:
    apply("secrets", ARGS)
    manager = boto("secretsmanager")
    manager.put_secret_value(SecretId=OPENAI, SecretString=CANARY)
    manager.update_secret(SecretId=OPENAI, Description="Changed", KmsKeyId="alias/other")
    manager.tag_resource(SecretId=OPENAI, Tags=[{"Key": "Environment", "Value": "prod"}])
    opened = {**POLICY, "Statement": [{**POLICY["Statement"][0], "Effect": "Allow"}]}
    manager.put_resource_policy(SecretId=OPENAI, ResourcePolicy=json.dumps(opened))
    drift = {
        f"{SECRET} description": ("Changed", "OPENAI_API_KEY"),
        f"{SECRET} kms_key_id": ("alias/other", KEY),
        f"{SECRET} policy.Statement.OurAccountOnly.Effect": ("Allow", "Deny"),
        f"{SECRET} tags.Environment": ("prod", "dev"),
    }
    assert value_changes(apply("secrets", ARGS, check=True)) == drift
    assert value_changes(apply("secrets", ARGS)) == drift
    again = apply("secrets", ARGS)
    assert again["changed"] is False
    assert again["resources"][SECRET]["has_value"] is True
    assert manager.get_secret_value(SecretId=OPENAI)["SecretString"] == CANARY
    bare = {**ARGS, "secrets": [{**ARGS["secrets"][0], "policy": None}]}
    apply("secrets", bare)
    assert "ResourcePolicy" not in manager.get_resource_policy(SecretId=OPENAI)
    assert apply("secrets", bare)["changed"] is False


def test_absent_twice_and_restored_with_its_value(apply: Apply, boto: Boto, value_changes: Changes) -> None:
    apply("secrets", ARGS)
    boto("secretsmanager").put_secret_value(SecretId=OPENAI, SecretString=CANARY)
    gone = apply("secrets", ABSENT)
    assert [plan["impact"] for plan in gone["plan"]] == ["data loss"]
    assert census(boto)[OPENAI]["deleted"] is True
    assert apply("secrets", ABSENT)["changed"] is False
    assert value_changes(apply("secrets", ARGS, check=True))[f"{SECRET} deletion"] == ("scheduled", "none")
    apply("secrets", ARGS)
    assert boto("secretsmanager").get_secret_value(SecretId=OPENAI)["SecretString"] == CANARY
    assert apply("secrets", ARGS)["changed"] is False


def test_a_protected_environment_keeps_its_secrets(apply: Apply, run_module: Apply, boto: Boto) -> None:
    guarded = {**ABSENT, "protected": True, "environment": "prod"}
    apply("secrets", ARGS)
    assert f"confirm=prod:{SECRET}" in run_module("secrets", guarded)["msg"]
    assert census(boto)[OPENAI]["deleted"] is False


def test_interrupted_anywhere_it_ends_the_same(interrupt_each_write: Callable[..., None], boto: Boto) -> None:
    interrupt_each_write("secrets", lambda: ARGS, lambda: census(boto))


def test_one_throttled_call_in_five_is_survived(apply: Apply, emulator: EmulatorServer) -> None:
    emulator.set_faults([{"error": "throttle", "every": 5}])
    apply("secrets", ARGS)
    emulator.set_faults([])
    assert apply("secrets", ARGS)["changed"] is False


def test_wrong_input_is_refused_before_any_write(run_module: Apply, writes: Writes) -> None:
    brief = {**ARGS, "secrets": [{"name": OPENAI, "recovery_window_days": 1}]}
    assert f"{SECRET}: recovery_window_days is 1. AWS takes 7 to 30." in run_module("secrets", brief)["msg"]
    assert writes() == []


# -- values ----------------------------------------------------------------------------------------------------------


def test_values_are_written_once_and_never_shown(
    apply: Apply, boto: Boto, value_changes: Changes, emulator: EmulatorServer
) -> None:
    apply("secrets", ARGS)
    given = values(openai(value=CANARY), wandb(value=CANARY))
    planned = apply("secret_values", given, check=True)
    written = apply("secret_values", given)
    assert written["plan"] == planned["plan"]
    assert value_changes(written) == {
        f"secret_value/{OPENAI} value": (None, "(sensitive)"),
        f"secret_value/{WANDB} value": (None, "(sensitive)"),
    }
    assert written["resources"][f"secret_value/{WANDB}"]["status"] == "set"
    stored = boto("ssm").get_parameter(Name=WANDB, WithDecryption=True)["Parameter"]
    assert (stored["Value"], stored["Type"]) == (CANARY, "SecureString")
    again = apply("secret_values", values(openai(value="other"), wandb(value="other")))
    assert again["changed"] is False
    assert again["resources"][f"secret_value/{OPENAI}"]["kept"] is True
    assert CANARY not in json.dumps([planned, written, again])
    read = {"GetSecretValue", "BatchGetSecretValue", "GetParameters", "GetParametersByPath"}
    assert not read & {call["operation"] for call in emulator.calls()}


def test_a_value_is_overwritten_only_when_that_is_asked_for(apply: Apply, boto: Boto) -> None:
    apply("secrets", ARGS)
    apply("secret_values", values(openai(value="old"), wandb(value="old")))
    apply("secret_values", values(openai(value="new", overwrite=True), wandb(value="new", overwrite=True)))
    assert boto("secretsmanager").get_secret_value(SecretId=OPENAI)["SecretString"] == "new"
    assert boto("ssm").get_parameter(Name=WANDB, WithDecryption=True)["Parameter"]["Value"] == "new"
    assert apply("ssm_parameters", PARAMETERS)["changed"] is False


def test_without_a_value_the_status_is_told(apply: Apply) -> None:
    found = apply("secret_values", values(openai(), wandb()))
    assert found["changed"] is False
    assert {item["status"] for item in found["resources"].values()} == {"unset"}


def test_a_value_needs_its_container(run_module: Apply) -> None:
    refused = run_module("secret_values", values(openai(value=CANARY)))
    assert "there is no such secret, or its deletion is scheduled. Make or restore it first" in refused["msg"]
    assert CANARY not in json.dumps(refused)


def test_a_secret_that_is_being_deleted_has_no_value_and_takes_none(
    apply: Apply, run_module: Apply, boto: Boto
) -> None:
    apply("secrets", ARGS)
    apply("secret_values", values(openai(value="old")))
    apply("secrets", ABSENT)
    assert apply("secret_values", values(openai()))["resources"][f"secret_value/{OPENAI}"]["status"] == "unset"
    refused = run_module("secret_values", values(openai(value=CANARY)))
    assert "Make or restore it first: ansible-playbook site.yml --tags secrets" in refused["msg"]
    assert CANARY not in json.dumps(refused)
    apply("secrets", ARGS)
    assert apply("secret_values", values(openai(value=CANARY)))["changed"] is False
    assert boto("secretsmanager").get_secret_value(SecretId=OPENAI)["SecretString"] == "old"


def test_an_object_is_written_with_a_warning(apply: Apply, run_module: Apply, boto: Boto) -> None:
    apply("secrets", ARGS)
    [warning] = run_module("secret_values", values(openai(value='{"OPENAI_API_KEY": "x"}')))["warnings"]
    assert "its value is a JSON object, and the container gets it as it stands" in str(warning)
    assert apply("secret_values", values(openai(value="[1", overwrite=True)))["changed"] is True


# A value with what JSON, YAML and URLs escape; AWS may quote it in any of these forms, or the beginning of it.
REFUSED = f'{CANARY} "quoted" \\ {{{{ x }}}} é'
QUOTES = [REFUSED, json.dumps(REFUSED), repr(REFUSED), quote(REFUSED), f"{REFUSED[:14]}..."]
REFUSALS = [
    *({"error": "ValidationException", "message": f"Value '{text}' at 'secretString' is wrong."} for text in QUOTES),
    {"error": "access_denied"},
    {"error": "throttle", "times": 10},
    {"effect": "drop_after"},
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=[str(number) for number in range(len(REFUSALS))])
@pytest.mark.parametrize(
    ("service", "operation", "value"),
    [("secretsmanager", "PutSecretValue", openai(value=REFUSED)), ("ssm", "PutParameter", wandb(value=REFUSED))],
)
def test_a_refusal_of_the_call_that_carries_a_value_does_not_show_it(
    run_module: Apply,
    apply: Apply,
    emulator: EmulatorServer,
    monkeypatch: pytest.MonkeyPatch,
    service: str,
    operation: str,
    value: dict[str, Any],
    refusal: dict[str, Any],
) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    apply("secrets", ARGS)
    emulator.set_faults([{"service": service, "operation": operation, **refusal}])
    refused = run_module("secret_values", values(value))
    assert refused["failed"], refused
    assert f"{service}:{operation}" in refused["msg"]
    assert CANARY[:8] not in json.dumps(refused)
    assert CANARY[:8] not in json.dumps(emulator.calls()) + emulator.log()


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("  ", "is empty"),
        (f"{CANARY}\n", "ends with white space"),
        (CANARY * 400, "longer than the 4096 bytes that its store takes. Secrets Manager (secrets_secrets_manager)"),
    ],
)
def test_a_value_that_no_store_should_take_is_refused_unseen(
    run_module: Apply, writes: Writes, value: str, problem: str
) -> None:
    refused = run_module("secret_values", values(wandb(value=value)))
    assert problem in refused["msg"]
    assert CANARY not in json.dumps(refused)
    assert writes() == []


# -- parameters ------------------------------------------------------------------------------------------------------


def test_parameters_are_tagged_and_removed_but_not_made(apply: Apply, boto: Boto, value_changes: Changes) -> None:
    assert apply("ssm_parameters", PARAMETERS)["changed"] is False
    apply("secret_values", values(wandb(value=CANARY)))
    assert apply("ssm_parameters", PARAMETERS)["changed"] is False
    boto("ssm").remove_tags_from_resource(ResourceType="Parameter", ResourceId=WANDB, TagKeys=["Environment"])
    assert value_changes(apply("ssm_parameters", PARAMETERS)) == {f"{PARAMETER} tags.Environment": (None, "dev")}
    gone = apply("ssm_parameters", {**PARAMETERS, "state": "absent"})
    assert [plan["action"] for plan in gone["plan"]] == ["delete"]
    assert boto("ssm").describe_parameters()["Parameters"] == []
    assert apply("ssm_parameters", {**PARAMETERS, "state": "absent"})["changed"] is False


def test_a_parameter_in_clear_text_is_warned_of(run_module: Apply, boto: Boto) -> None:
    boto("ssm").put_parameter(Name=WANDB, Value="plain", Type="String")
    [warning] = run_module("ssm_parameters", PARAMETERS)["warnings"]
    assert "it is a String, which is not encrypted" in str(warning)
