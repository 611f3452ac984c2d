# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Customer managed KMS keys for encryption, known by their aliases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from .._aws import Aws, AwsError
from .._policy import Document, checked, normalised, to_json
from .._reconcile import Operation, PlatformError, Resource, managed_tags

# https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKeyRotation.html
ROTATION_DAYS = range(90, 2560 + 1)
# https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html
DELETION_DAYS = range(7, 30 + 1)
# The ids of multi-region keys have room for a placeholder; a UUID's longest group has not.
# https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
_PLACEHOLDER = f"mrk-{'0' * 32}"


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The keys of the options."""
    present = params["state"] == "present"
    desired = [_desired(aws, key, params["tags"]) if present else None for key in params["keys"]]
    found = aws.gather(partial(_find, aws, key["alias"], params["tags"]) for key in params["keys"])
    return [
        _key(aws, key, before, after)
        for key, before, after in zip(params["keys"], found, desired, strict=True)
        # A key whose deletion is scheduled is as good as gone, until it is wanted again.
        if present or not before or before["key_state"] != "PendingDeletion"
    ]


def arn_of(aws: Aws, alias: str) -> str:
    """The ARN of the key that the alias (without ``alias/``) leads to, a placeholder while there is none."""
    answer = aws.call_or_none("kms", "describe_key", ["NotFoundException"], KeyId=f"alias/{alias}")
    arn: str = answer["KeyMetadata"]["Arn"] if answer else aws.arn("kms", f"key/{_PLACEHOLDER}")
    return arn


def default_policy(aws: Aws) -> Document:
    """The policy that AWS gives a key made without one: IAM decides who in the account may use it.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Enable IAM User Permissions",
                "Effect": "Allow",
                "Principal": {"AWS": aws.arn("iam", "root", region=False)},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }


# -- desired ---------------------------------------------------------------------------------------------------------


def _desired(aws: Aws, key: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    _check_days(key)
    policy = checked(key["policy"] or default_policy(aws), "policy", f"kms_key/{key['alias']}")
    return {
        "alias": key["alias"],
        "key_state": "Enabled",
        "description": key["description"],
        "policy": normalised(policy),
        "rotation_period_days": key["rotation_period_days"],
        "multi_region": key["multi_region"],
        "tags": {**tags, "Name": key["alias"]},
    }


def _check_days(key: Mapping[str, Any]) -> None:
    for option, allowed, off in (
        ("rotation_period_days", ROTATION_DAYS, " (0: no rotation)"),
        ("deletion_window_days", DELETION_DAYS, ""),
    ):
        if key[option] not in allowed and not (off and key[option] == 0):
            raise PlatformError(
                f"{option} is {key[option]}.",
                mend=f"AWS takes {allowed.start} to {allowed.stop - 1}{off}.",
                resource=f"kms_key/{key['alias']}",
            )


# -- found -----------------------------------------------------------------------------------------------------------


def _find(aws: Aws, alias: str, tags: Mapping[str, str]) -> dict[str, Any] | None:
    """The key of that alias; or the one with our tags, where a run was interrupted before the alias or it was moved."""
    answer = aws.call_or_none("kms", "describe_key", ["NotFoundException"], KeyId=f"alias/{alias}")
    wanted = {**tags, "Name": alias}
    aliased = _normalised(aws, answer["KeyMetadata"], wanted, alias) if answer else None
    if aliased and aliased["tags"] == wanted:
        return aliased
    if ours := _find_by_tags(aws, wanted):
        return {**_normalised(aws, ours, wanted, None), "alias_leads_to": aliased["arn"] if aliased else None}
    return aliased


def _find_by_tags(aws: Aws, wanted: Mapping[str, str]) -> Mapping[str, Any] | None:
    def read(key_id: str) -> Mapping[str, Any] | None:
        if not wanted.items() <= _tags(aws, key_id).items():
            return None
        key: Mapping[str, Any] = aws.call("kms", "describe_key", KeyId=key_id)["KeyMetadata"]
        return None if key["KeyState"] == "PendingDeletion" else key

    ids = [key["KeyId"] for key in aws.pages("kms", "list_keys", "Keys")]
    ours = [key for key in aws.gather(partial(read, key_id) for key_id in ids) if key]
    if len(ours) > 1:
        raise PlatformError(
            f"two keys carry its tags, and its alias leads to neither: {ours[0]['KeyId']} and {ours[1]['KeyId']}.",
            mend="Give the one in use the alias, or remove the Name tag of the other, and run again.",
            resource=f"kms_key/{wanted['Name']}",
        )
    return ours[0] if ours else None


def _tags(aws: Aws, key_id: str) -> dict[str, str]:
    """The tags of a key; none where the key's policy keeps them from us, or AWS owns it."""
    try:
        found = aws.pages("kms", "list_resource_tags", "Tags", KeyId=key_id)
    except AwsError as error:
        if error.code in ("AccessDeniedException", "NotFoundException"):
            return {}
        raise
    return {tag["TagKey"]: tag["TagValue"] for tag in found}


def _normalised(aws: Aws, item: Mapping[str, Any], wanted_tags: Mapping[str, str], alias: str | None) -> dict[str, Any]:
    key_id = item["KeyId"]
    policy, rotation, tags = aws.gather(
        (
            lambda: aws.call("kms", "get_key_policy", KeyId=key_id, PolicyName="default")["Policy"],
            lambda: _rotation(aws, key_id),
            lambda: _tags(aws, key_id),
        )
    )
    return {
        "id": key_id,
        "arn": item["Arn"],
        "alias": alias,
        "key_state": item["KeyState"],
        "description": item.get("Description", ""),
        "policy": normalised(policy),
        "rotation_period_days": rotation,
        "multi_region": item.get("MultiRegion", False),
        "tags": managed_tags(tags, wanted_tags),
    }


def _rotation(aws: Aws, key_id: str) -> int:
    status = aws.call_or_none("kms", "get_key_rotation_status", ["UnsupportedOperationException"], KeyId=key_id) or {}
    return int(status["RotationPeriodInDays"]) if status.get("KeyRotationEnabled") else 0


# -- changed ---------------------------------------------------------------------------------------------------------


def _key(aws: Aws, options: Mapping[str, Any], before: dict[str, Any] | None, after: dict[str, Any] | None) -> Resource:
    calls = _Calls(aws, options, after or {})
    return Resource(
        "kms_key",
        options["alias"],
        before=before,
        after=after,
        placeholders={"id": _PLACEHOLDER, "arn": aws.arn("kms", f"key/{_PLACEHOLDER}")},
        create=Operation(
            "kms:CreateKey", calls.create, covers=("key_state", "description", "policy", "multi_region", "tags")
        ),
        updates=(
            # First of all, because AWS changes nothing else of a key whose deletion is scheduled.
            Operation("kms:CancelKeyDeletion", calls.revive, covers=("key_state",)),
            Operation("kms:CreateAlias", calls.name, covers=("alias",)),
            Operation("kms:PutKeyPolicy", calls.permit, covers=("policy",)),
            Operation("kms:EnableKeyRotation", calls.rotate, covers=("rotation_period_days",)),
            Operation("kms:UpdateKeyDescription", calls.describe, covers=("description",)),
            Operation("kms:TagResource", calls.tag, covers=("tags",)),
        ),
        delete=Operation("kms:ScheduleKeyDeletion", calls.delete),
        refuse_on={"multi_region": "Put the old value back, or make another key and encrypt anew with it."},
        impacts={"delete": "data loss"},
    )


@dataclass(frozen=True)
class _Calls:
    """The writes of one key; ``wanted`` is the normalised form of its ``options``."""

    aws: Aws
    options: Mapping[str, Any]
    wanted: Mapping[str, Any]

    def create(self, _known: dict[str, Any]) -> dict[str, Any]:
        made = self.aws.once_consistent(
            lambda: self.aws.create(
                "kms",
                "create_key",
                Description=self.wanted["description"],
                Policy=self._policy(),
                MultiRegion=self.wanted["multi_region"],
                Tags=self._tags(),
            ),
            _unknown_principal,
        )
        return {"id": made["KeyMetadata"]["KeyId"], "arn": made["KeyMetadata"]["Arn"]}

    def revive(self, known: dict[str, Any]) -> None:
        if known["key_state"] == "PendingDeletion":
            self.aws.call("kms", "cancel_key_deletion", KeyId=known["id"])  # it is disabled then
        self.aws.call("kms", "enable_key", KeyId=known["id"])

    def name(self, known: dict[str, Any]) -> None:
        operation = "update_alias" if known.get("alias_leads_to") else "create_alias"
        self.aws.call("kms", operation, AliasName=f"alias/{self.wanted['alias']}", TargetKeyId=known["id"])

    def permit(self, known: dict[str, Any]) -> None:
        sent = {"KeyId": known["id"], "PolicyName": "default", "Policy": self._policy()}
        self.aws.once_consistent(lambda: self.aws.call("kms", "put_key_policy", **sent), _unknown_principal)

    def rotate(self, known: dict[str, Any]) -> None:
        if days := self.wanted["rotation_period_days"]:
            self.aws.call("kms", "enable_key_rotation", KeyId=known["id"], RotationPeriodInDays=days)
        elif known.get("rotation_period_days"):
            self.aws.call("kms", "disable_key_rotation", KeyId=known["id"])

    def describe(self, known: dict[str, Any]) -> None:
        self.aws.call("kms", "update_key_description", KeyId=known["id"], Description=self.wanted["description"])

    def tag(self, known: dict[str, Any]) -> None:
        self.aws.call("kms", "tag_resource", KeyId=known["id"], Tags=self._tags())

    def delete(self, known: dict[str, Any]) -> None:
        days = self.options["deletion_window_days"]
        self.aws.call("kms", "schedule_key_deletion", KeyId=known["id"], PendingWindowInDays=days)

    def _policy(self) -> str:
        return to_json(self.options["policy"] or default_policy(self.aws))

    def _tags(self) -> list[dict[str, str]]:
        return [{"TagKey": key, "TagValue": value} for key, value in sorted(self.wanted["tags"].items())]


def _unknown_principal(error: AwsError) -> bool:
    """A key policy may name a role that was made a moment ago."""
    return error.code == "MalformedPolicyDocumentException" and "invalid principals" in str(error)
