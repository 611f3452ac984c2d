# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Switches of an account, or of an account in one region, that cost nothing and close what AWS leaves open.

Each function returns one switch as a resource. A switch always has a position, so "absent" is AWS's own position and
not a deletion; only the password policy is a thing that can be missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .._aws import Aws
from .._reconcile import Operation, PlatformError, Resource, check_numbers
from .._s3.bucket import BLOCKS

# The key of AWS's own with which EBS encrypts unless another is chosen.
AWS_EBS_KEY = "alias/aws/ebs"
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/block-public-access-to-amis.html (new accounts since October 2023)
AWS_IMAGE_SHARING = "block-new-sharing"
AWS_SNAPSHOT_SHARING = "unblocked"
NO_PREFERENCE = "no-preference"
# Attribute of ours -> name in the API. https://docs.aws.amazon.com/IAM/latest/APIReference/API_PasswordPolicy.html
PASSWORD_POLICY = {
    "minimum_length": "MinimumPasswordLength",
    "require_symbols": "RequireSymbols",
    "require_numbers": "RequireNumbers",
    "require_uppercase": "RequireUppercaseCharacters",
    "require_lowercase": "RequireLowercaseCharacters",
    "allow_users_to_change": "AllowUsersToChangePassword",
    "max_age_days": "MaxPasswordAge",
    "reuse_prevention": "PasswordReusePrevention",
    "hard_expiry": "HardExpiry",
}
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccountPasswordPolicy.html
PASSWORD_LIMITS = {"minimum_length": (6, 128), "max_age_days": (1, 1095), "reuse_prevention": (1, 24)}
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceMetadataDefaults.html
HOP_LIMITS = {"http_put_response_hop_limit": (1, 64)}
INSTANCE_METADATA = {
    "http_tokens": "HttpTokens",
    "http_put_response_hop_limit": "HttpPutResponseHopLimit",
    "http_endpoint": "HttpEndpoint",
    "instance_metadata_tags": "InstanceMetadataTags",
}


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The switches that the options name, read at the same time."""
    _check(aws, params)
    return aws.gather(_readers(aws, params))


def _check(aws: Aws, params: Mapping[str, Any]) -> None:
    if passwords := params["password_policy"]:
        check_numbers(passwords, PASSWORD_LIMITS, f"account_password_policy/{aws.account_id}")
    if metadata := params["instance_metadata"]:
        check_numbers(metadata, HOP_LIMITS, f"instance_metadata_defaults/{aws.region}")
    key = params["ebs_kms_key_arn"]
    if key and not key.startswith("arn:"):
        raise PlatformError(
            f"ebs_kms_key_arn is {key!r}.",
            mend="Give the key's ARN, which is what AWS shows, so that a second run finds it the same.",
            resource=f"ebs_default_kms_key/{aws.region}",
        )


def _readers(aws: Aws, params: Mapping[str, Any]) -> Iterator[Callable[[], Resource]]:
    families: dict[str, Callable[[Aws, Any], Resource]] = {
        "ebs_encryption": ebs_encryption,
        "ebs_kms_key_arn": ebs_default_key,
        "snapshot_public_access": snapshot_public_access,
        "image_public_access": image_public_access,
        "instance_metadata": instance_metadata_defaults,
        "serial_console": serial_console,
        "s3_block_public_access": s3_block_public_access,
        "password_policy": password_policy,
    }
    present = params["state"] == "present"
    for option, family in families.items():
        value = params[option]
        if value is not None:
            yield lambda family=family, value=value: family(aws, value if present else None)  # type: ignore[misc]


def _switch(aws: Aws, kind: str, before: Mapping[str, Any], after: Mapping[str, Any], *updates: Operation) -> Resource:
    scope = aws.account_id if kind.startswith("account_") else aws.region
    return Resource(kind, scope, before=before, after=after, updates=updates)


# -- EC2, one region -------------------------------------------------------------------------------------------------
# Each takes the wanted value, or None for AWS's own.


def ebs_encryption(aws: Aws, wanted: bool | None) -> Resource:
    """Whether new volumes and snapshots are encrypted."""

    def set_it(_known: dict[str, Any]) -> None:
        aws.call("ec2", f"{'enable' if wanted else 'disable'}_ebs_encryption_by_default")

    found = aws.call("ec2", "get_ebs_encryption_by_default")["EbsEncryptionByDefault"]
    call = f"ec2:{'Enable' if wanted else 'Disable'}EbsEncryptionByDefault"
    operation = Operation(call, set_it, covers=("enabled",))
    return _switch(aws, "ebs_encryption_by_default", {"enabled": found}, {"enabled": bool(wanted)}, operation)


def ebs_default_key(aws: Aws, wanted: str | None) -> Resource:
    """The KMS key that encrypts new volumes when no other is named."""

    def set_it(_known: dict[str, Any]) -> None:
        if wanted is None:
            aws.call("ec2", "reset_ebs_default_kms_key_id")
        else:
            aws.call("ec2", "modify_ebs_default_kms_key_id", KmsKeyId=wanted)

    found = aws.call("ec2", "get_ebs_default_kms_key_id")["KmsKeyId"]
    call = "ec2:ModifyEbsDefaultKmsKeyId" if wanted else "ec2:ResetEbsDefaultKmsKeyId"
    operation = Operation(call, set_it, covers=("kms_key_arn",))
    # AWS's own key is given as its alias until another has been chosen and reset, and as its ARN from then on.
    before = {"kms_key_arn": AWS_EBS_KEY if found.endswith(AWS_EBS_KEY) else found}
    return _switch(aws, "ebs_default_kms_key", before, {"kms_key_arn": wanted or AWS_EBS_KEY}, operation)


def snapshot_public_access(aws: Aws, wanted: str | None) -> Resource:
    """Whether snapshots of volumes can be shared with everyone."""
    state = wanted or AWS_SNAPSHOT_SHARING

    def set_it(_known: dict[str, Any]) -> None:
        if state == "unblocked":
            aws.call("ec2", "disable_snapshot_block_public_access")
        else:
            aws.call("ec2", "enable_snapshot_block_public_access", State=state)

    found = aws.call("ec2", "get_snapshot_block_public_access_state")["State"]
    operation = Operation(f"ec2:{_verb(state)}SnapshotBlockPublicAccess", set_it, covers=("state",))
    return _switch(aws, "snapshot_block_public_access", {"state": found}, {"state": state}, operation)


def image_public_access(aws: Aws, wanted: str | None) -> Resource:
    """Whether AMIs can be shared with everyone; AWS says that a change may take ten minutes to show."""
    state = wanted or AWS_IMAGE_SHARING

    def set_it(_known: dict[str, Any]) -> None:
        if state == "unblocked":
            aws.call("ec2", "disable_image_block_public_access")
        else:
            aws.call("ec2", "enable_image_block_public_access", ImageBlockPublicAccessState=state)

    found = aws.call("ec2", "get_image_block_public_access_state")["ImageBlockPublicAccessState"]
    operation = Operation(f"ec2:{_verb(state)}ImageBlockPublicAccess", set_it, covers=("state",))
    return _switch(aws, "image_block_public_access", {"state": found}, {"state": state}, operation)


def _verb(state: str) -> str:
    return "Disable" if state == "unblocked" else "Enable"


def instance_metadata_defaults(aws: Aws, wanted: Mapping[str, Any] | None) -> Resource:
    """What an instance's metadata service is like when neither its launch nor its AMI says."""
    after = {attribute: (wanted or {}).get(attribute) or NO_PREFERENCE for attribute in INSTANCE_METADATA}

    def set_it(_known: dict[str, Any]) -> None:
        # -1 takes the preference for a hop limit back.
        # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceMetadataDefaults.html
        hops = after["http_put_response_hop_limit"]
        values = {**after, "http_put_response_hop_limit": -1 if hops == NO_PREFERENCE else hops}
        named = {INSTANCE_METADATA[key]: value for key, value in values.items()}
        aws.call("ec2", "modify_instance_metadata_defaults", **named)

    found = aws.call("ec2", "get_instance_metadata_defaults").get("AccountLevel", {})
    before = {ours: found.get(theirs, NO_PREFERENCE) for ours, theirs in INSTANCE_METADATA.items()}
    operation = Operation("ec2:ModifyInstanceMetadataDefaults", set_it, covers=tuple(INSTANCE_METADATA))
    return _switch(aws, "instance_metadata_defaults", before, after, operation)


def serial_console(aws: Aws, wanted: bool | None) -> Resource:
    """Whether instances can be reached at their serial console."""

    def set_it(_known: dict[str, Any]) -> None:
        aws.call("ec2", f"{'enable' if wanted else 'disable'}_serial_console_access")

    found = aws.call("ec2", "get_serial_console_access_status")["SerialConsoleAccessEnabled"]
    call = f"ec2:{'Enable' if wanted else 'Disable'}SerialConsoleAccess"
    operation = Operation(call, set_it, covers=("enabled",))
    return _switch(aws, "serial_console_access", {"enabled": found}, {"enabled": bool(wanted)}, operation)


# -- the account -----------------------------------------------------------------------------------------------------


def s3_block_public_access(aws: Aws, wanted: bool | None) -> Resource:
    """All four blocks of public access, for every bucket of the account."""

    def set_it(_known: dict[str, Any]) -> None:
        account = {"AccountId": aws.account_id}
        if wanted:
            blocks = dict.fromkeys(BLOCKS.values(), True)
            aws.call("s3control", "put_public_access_block", **account, PublicAccessBlockConfiguration=blocks)
        else:
            aws.call("s3control", "delete_public_access_block", **account)

    missing = ("NoSuchPublicAccessBlockConfiguration",)
    answer = aws.call_or_none("s3control", "get_public_access_block", missing, AccountId=aws.account_id) or {}
    found = answer.get("PublicAccessBlockConfiguration", {})
    return _switch(
        aws,
        "account_s3_public_access_block",
        {ours: bool(found.get(theirs)) for ours, theirs in BLOCKS.items()},
        dict.fromkeys(BLOCKS, bool(wanted)),
        Operation("s3:PutAccountPublicAccessBlock", set_it, covers=tuple(BLOCKS)),
    )


def password_policy(aws: Aws, wanted: Mapping[str, Any] | None) -> Resource:
    """What the passwords of IAM users must be like."""

    def put(_known: dict[str, Any]) -> None:
        # What is left out of this call goes back to its default, so all of it is sent.
        values = {PASSWORD_POLICY[key]: value for key, value in (wanted or {}).items() if value is not None}
        aws.call("iam", "update_account_password_policy", **values)

    found = found_passwords(aws)
    operation = Operation("iam:UpdateAccountPasswordPolicy", put, covers=tuple(PASSWORD_POLICY))
    return Resource(
        "account_password_policy",
        aws.account_id,
        before=None if found is None else _normalised_passwords(found),
        after=dict(wanted) if wanted else None,
        create=operation,
        updates=(operation,),
        delete=Operation(
            "iam:DeleteAccountPasswordPolicy", lambda _known: aws.call("iam", "delete_account_password_policy")
        ),
    )


def found_passwords(aws: Aws) -> Mapping[str, Any] | None:
    """The account's password policy as AWS describes it."""
    answer = aws.call_or_none("iam", "get_account_password_policy", ("NoSuchEntity",))
    return answer["PasswordPolicy"] if answer else None


def _normalised_passwords(found: Mapping[str, Any]) -> dict[str, Any]:
    # Passwords that never expire come back as no age, or as an age of 0.
    return {ours: found.get(theirs) or (False if _is_flag(ours) else None) for ours, theirs in PASSWORD_POLICY.items()}


def _is_flag(attribute: str) -> bool:
    return attribute.startswith(("require_", "allow_", "hard_"))
