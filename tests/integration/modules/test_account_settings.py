from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer

ACCOUNT = "427979936961"
REGION = "ap-northeast-1"
ARGS: dict[str, Any] = {
    "ebs_encryption": True,
    "snapshot_public_access": "block-all-sharing",
    "image_public_access": "block-new-sharing",
    "instance_metadata": {"http_tokens": "required", "http_put_response_hop_limit": 2},
    "serial_console": False,
    "s3_block_public_access": True,
    "password_policy": {"minimum_length": 14},
}
Run = Callable[..., dict[str, Any]]


def census(boto: Callable[[str], Any]) -> dict[str, Any]:
    ec2, iam = boto("ec2"), boto("iam")
    return {
        "encryption": ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"],
        "snapshots": ec2.get_snapshot_block_public_access_state()["State"],
        "images": ec2.get_image_block_public_access_state()["ImageBlockPublicAccessState"],
        "metadata": ec2.get_instance_metadata_defaults()["AccountLevel"],
        "console": ec2.get_serial_console_access_status()["SerialConsoleAccessEnabled"],
        "passwords": iam.get_account_password_policy()["PasswordPolicy"],
    }


def changed_paths(result: dict[str, Any]) -> dict[str, set[str]]:
    return {item["resource"]: {change["path"] for change in item["changes"]} for item in result["plan"]}


def test_plan_on_an_empty_account_names_what_is_not_so_by_default(apply: Run, writes: Callable[[], list[str]]) -> None:
    result = apply("account_settings", ARGS, check=True)
    assert writes() == []
    found = changed_paths(result)
    passwords = found.pop(f"account_password_policy/{ACCOUNT}")
    assert "minimum_length" in passwords
    assert found == {
        f"ebs_encryption_by_default/{REGION}": {"enabled"},
        f"snapshot_block_public_access/{REGION}": {"state"},
        f"instance_metadata_defaults/{REGION}": {"http_tokens", "http_put_response_hop_limit"},
        f"account_s3_public_access_block/{ACCOUNT}": {
            "block_public_acls",
            "ignore_public_acls",
            "block_public_policy",
            "restrict_public_buckets",
        },
    }


def test_set_then_unchanged(apply: Run, writes: Callable[[], list[str]], boto: Callable[[str], Any]) -> None:
    planned = apply("account_settings", ARGS, check=True)
    assert apply("account_settings", ARGS)["plan"] == planned["plan"]
    calls = writes()
    assert sorted(calls) == [
        "ec2:EnableEbsEncryptionByDefault",
        "ec2:EnableSnapshotBlockPublicAccess",
        "ec2:ModifyInstanceMetadataDefaults",
        "iam:UpdateAccountPasswordPolicy",
        "s3control:PutPublicAccessBlock",
    ]
    assert not apply("account_settings", ARGS)["changed"]
    assert writes() == calls
    found = census(boto)
    assert found["encryption"] is True
    assert found["metadata"]["HttpTokens"] == "required"
    assert found["passwords"]["MinimumPasswordLength"] == 14
    assert found["passwords"]["RequireSymbols"] is True


def test_only_what_is_given_is_managed(apply: Run, writes: Callable[[], list[str]]) -> None:
    result = apply("account_settings", {"serial_console": True})
    assert list(result["resources"]) == [f"serial_console_access/{REGION}"]
    assert writes() == ["ec2:EnableSerialConsoleAccess"]
    assert apply("account_settings", {})["resources"] == {}


DRIFTS: dict[str, tuple[str, str, dict[str, Any], dict[str, set[str]]]] = {
    "encryption": (
        "ec2",
        "disable_ebs_encryption_by_default",
        {},
        {f"ebs_encryption_by_default/{REGION}": {"enabled"}},
    ),
    "snapshots": (
        "ec2",
        "disable_snapshot_block_public_access",
        {},
        {f"snapshot_block_public_access/{REGION}": {"state"}},
    ),
    "images": (
        "ec2",
        "disable_image_block_public_access",
        {},
        {f"image_block_public_access/{REGION}": {"state"}},
    ),
    "metadata": (
        "ec2",
        "modify_instance_metadata_defaults",
        {"HttpTokens": "optional", "InstanceMetadataTags": "enabled"},
        {f"instance_metadata_defaults/{REGION}": {"http_tokens", "instance_metadata_tags"}},
    ),
    "console": (
        "ec2",
        "enable_serial_console_access",
        {},
        {f"serial_console_access/{REGION}": {"enabled"}},
    ),
    "passwords": (
        "iam",
        "update_account_password_policy",
        {
            "MinimumPasswordLength": 8,
            "RequireSymbols": True,
            "RequireNumbers": True,
            "RequireUppercaseCharacters": True,
            "RequireLowercaseCharacters": True,
            "AllowUsersToChangePassword": True,
            "MaxPasswordAge": 90,
            "PasswordReusePrevention": 24,
        },
        {f"account_password_policy/{ACCOUNT}": {"minimum_length", "max_age_days"}},
    ),
}


@pytest.mark.parametrize("drift", DRIFTS)
def test_drift_is_named_and_repaired(drift: str, apply: Run, boto: Callable[[str], Any]) -> None:
    service, operation, parameters, paths = DRIFTS[drift]
    apply("account_settings", ARGS)
    expected = census(boto)
    getattr(boto(service), operation)(**parameters)
    plan = apply("account_settings", ARGS, check=True)
    assert changed_paths(plan) == paths
    apply("account_settings", ARGS)
    assert not apply("account_settings", ARGS)["changed"]
    assert census(boto) == expected


def test_the_s3_block_is_repaired(apply: Run) -> None:
    on, off = {"s3_block_public_access": True}, {"s3_block_public_access": False}
    apply("account_settings", on)
    assert not apply("account_settings", on)["changed"]
    assert apply("account_settings", off)["changed"]
    assert not apply("account_settings", off)["changed"]
    address = f"account_s3_public_access_block/{ACCOUNT}"
    assert len(changed_paths(apply("account_settings", on, check=True))[address]) == 4


def test_a_key_for_volumes(apply: Run, boto: Callable[[str], Any]) -> None:
    key = boto("kms").create_key()["KeyMetadata"]["Arn"]
    args = {"ebs_encryption": True, "ebs_kms_key_arn": key}
    apply("account_settings", args)
    assert not apply("account_settings", args)["changed"]
    assert boto("ec2").get_ebs_default_kms_key_id()["KmsKeyId"] == key
    apply("account_settings", {**args, "state": "absent"})
    assert boto("ec2").get_ebs_default_kms_key_id()["KmsKeyId"].endswith("alias/aws/ebs")
    assert not apply("account_settings", {**args, "state": "absent"})["changed"]


def test_absent_puts_aws_own_defaults_back(apply: Run, boto: Callable[[str], Any]) -> None:
    apply("account_settings", {**ARGS, "image_public_access": "unblocked", "serial_console": True})
    apply("account_settings", {**ARGS, "state": "absent"})
    ec2 = boto("ec2")
    assert ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"] is False
    assert ec2.get_snapshot_block_public_access_state()["State"] == "unblocked"
    assert ec2.get_image_block_public_access_state()["ImageBlockPublicAccessState"] == "block-new-sharing"
    assert "HttpTokens" not in ec2.get_instance_metadata_defaults()["AccountLevel"]
    assert ec2.get_serial_console_access_status()["SerialConsoleAccessEnabled"] is False
    with pytest.raises(boto("iam").exceptions.NoSuchEntityException):
        boto("iam").get_account_password_policy()
    assert not apply("account_settings", {**ARGS, "state": "absent"})["changed"]


def test_interrupted_at_each_write(interrupt_each_write: Callable[..., None], boto: Callable[[str], Any]) -> None:
    interrupt_each_write("account_settings", lambda: ARGS, lambda: census(boto))


def test_throttled_one_call_in_five(emulator: EmulatorServer, apply: Run) -> None:
    emulator.set_faults([{"error": "throttle", "every": 5}])
    apply("account_settings", ARGS)
    assert not apply("account_settings", ARGS)["changed"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ({"snapshot_public_access": "open"}, "must be one of: block-all-sharing"),
        ({"password_policy": {"length": 3}}, "Unsupported parameters"),
        ({"instance_metadata": {"http_tokens": "perhaps"}}, "must be one of: required, optional"),
    ],
)
def test_wrong_input_is_one_error_before_any_write(
    args: dict[str, Any], message: str, run_module: Run, writes: Callable[[], list[str]]
) -> None:
    result = run_module("account_settings", args)
    assert result["failed"]
    assert message in result["msg"]
    assert writes() == []


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            {"password_policy": {"minimum_length": 5}},
            f"account_password_policy/{ACCOUNT}: minimum_length is 5. AWS takes 6 to 128",
        ),
        ({"password_policy": {"max_age_days": 0}}, "max_age_days is 0. AWS takes 1 to 1095"),
        ({"password_policy": {"reuse_prevention": 25}}, "reuse_prevention is 25. AWS takes 1 to 24"),
        ({"instance_metadata": {"http_put_response_hop_limit": 65}}, "hop_limit is 65. AWS takes 1 to 64"),
        ({"ebs_kms_key_arn": "alias/mine"}, "ebs_kms_key_arn is 'alias/mine'. Give the key's ARN"),
    ],
)
def test_what_aws_would_not_take_is_found_by_a_plan(
    args: dict[str, Any], message: str, run_module: Run, writes: Callable[[], list[str]]
) -> None:
    assert message in run_module("account_settings", {**ARGS, **args}, check=True)["msg"]
    assert message in run_module("account_settings", {**ARGS, **args})["msg"]
    assert writes() == []
