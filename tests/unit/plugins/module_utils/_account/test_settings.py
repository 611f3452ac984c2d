from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._account import settings
from ansible_collections.airas.platform.plugins.module_utils._reconcile import apply, plan_resource

NOTHING: dict[str, Any] = {
    "state": "present",
    "ebs_encryption": None,
    "ebs_kms_key_arn": None,
    "snapshot_public_access": None,
    "image_public_access": None,
    "instance_metadata": None,
    "serial_console": None,
    "s3_block_public_access": None,
    "password_policy": None,
}

Fake = Callable[..., Any]


def run(aws: Any, **given: Any) -> list[tuple[str, dict[str, Any]]]:
    """The writes of a run with these options."""
    apply([plan_resource(resource) for resource in settings.resources(aws, {**NOTHING, **given})], [])
    return [(call, params) for call, params in aws.calls if not call.split(":")[1].startswith("get_")]


def test_what_is_not_given_is_not_even_read(fake_aws: Fake) -> None:
    aws = fake_aws()
    assert run(aws) == []
    assert aws.calls == []


@pytest.mark.parametrize("wanted", [True, False])
def test_a_switch_is_turned_only_if_it_stands_otherwise(wanted: bool, fake_aws: Fake) -> None:
    as_wanted = fake_aws(get_ebs_encryption_by_default={"EbsEncryptionByDefault": wanted})
    otherwise = fake_aws(get_ebs_encryption_by_default={"EbsEncryptionByDefault": not wanted})
    assert run(as_wanted, ebs_encryption=wanted) == []
    verb = "enable" if wanted else "disable"
    assert run(otherwise, ebs_encryption=wanted) == [(f"ec2:{verb}_ebs_encryption_by_default", {})]


def test_false_is_a_position_and_not_left_out(fake_aws: Fake) -> None:
    aws = fake_aws(get_serial_console_access_status={"SerialConsoleAccessEnabled": True})
    assert run(aws, serial_console=False) == [("ec2:disable_serial_console_access", {})]


@pytest.mark.parametrize("spelling", ["alias/aws/ebs", "arn:aws:kms:ap-northeast-1:427979936961:alias/aws/ebs"])
def test_aws_own_key_has_two_spellings(spelling: str, fake_aws: Fake) -> None:
    aws = fake_aws(get_ebs_default_kms_key_id={"KmsKeyId": spelling})
    assert run(aws, ebs_kms_key_arn="arn:aws:kms:x:y:key/z", state="absent") == []


def test_what_an_instance_default_leaves_out_is_no_preference(fake_aws: Fake) -> None:
    aws = fake_aws(
        get_instance_metadata_defaults={"AccountLevel": {"HttpTokens": "optional", "HttpEndpoint": "enabled"}}
    )
    wanted = {"http_tokens": "required", "http_put_response_hop_limit": None}
    assert run(aws, instance_metadata=wanted) == [
        (
            "ec2:modify_instance_metadata_defaults",
            {
                "HttpTokens": "required",
                "HttpPutResponseHopLimit": -1,
                "HttpEndpoint": "no-preference",
                "InstanceMetadataTags": "no-preference",
            },
        )
    ]


def test_the_first_block_of_an_account(fake_aws: Fake, refusal: Fake) -> None:
    aws = fake_aws(get_public_access_block=refusal("NoSuchPublicAccessBlockConfiguration"))
    [(call, params)] = run(aws, s3_block_public_access=True)
    assert call == "s3control:put_public_access_block"
    assert params["AccountId"] == "427979936961"
    assert set(params["PublicAccessBlockConfiguration"].values()) == {True}


def test_the_whole_password_policy_is_sent(fake_aws: Fake) -> None:
    found = {"MinimumPasswordLength": 8, "RequireSymbols": True, "MaxPasswordAge": 0, "ExpirePasswords": False}
    aws = fake_aws(get_account_password_policy={"PasswordPolicy": found})
    wanted = {
        **dict.fromkeys(settings.PASSWORD_POLICY, None),
        "minimum_length": 14,
        "require_symbols": True,
        "require_numbers": False,
        "require_uppercase": False,
        "require_lowercase": False,
        "allow_users_to_change": False,
        "hard_expiry": False,
    }
    [resource] = settings.resources(aws, {**NOTHING, "password_policy": wanted})
    assert [change.path for change in plan_resource(resource).changes] == ["minimum_length"]
    [(call, params)] = run(aws, password_policy=wanted)
    assert call == "iam:update_account_password_policy"
    assert params["MinimumPasswordLength"] == 14
    assert params["RequireSymbols"] is True
    assert "MaxPasswordAge" not in params


def test_absent_is_what_aws_has(fake_aws: Fake) -> None:
    aws = fake_aws(
        get_image_block_public_access_state={"ImageBlockPublicAccessState": "unblocked"},
        get_snapshot_block_public_access_state={"State": "block-new-sharing"},
        get_account_password_policy={"PasswordPolicy": {}},
    )
    given = {"image_public_access": "unblocked", "snapshot_public_access": "unblocked", "password_policy": {}}
    assert sorted(run(aws, state="absent", **given), key=lambda write: write[0]) == [
        ("ec2:disable_snapshot_block_public_access", {}),
        ("ec2:enable_image_block_public_access", {"ImageBlockPublicAccessState": "block-new-sharing"}),
        ("iam:delete_account_password_policy", {}),
    ]
