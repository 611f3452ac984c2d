# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Secrets Manager's secrets as containers: everything about them but their values, which are never asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from .._aws import Aws, tag_list, tags_of
from .._policy import checked, normalised, to_json
from .._reconcile import Operation, PlatformError, Resource, managed_tags

# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html
RECOVERY_DAYS = range(7, 30 + 1)
# What AWS encrypts with when no key is named; DescribeSecret leaves it out.
# https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html
DEFAULT_KEY = "alias/aws/secretsmanager"
MISSING = ["ResourceNotFoundException"]


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The secrets of the options."""
    present = params["state"] == "present"
    desired = [_desired(secret, params) if present else None for secret in params["secrets"]]
    found = aws.gather(partial(_find, aws, secret["name"], params) for secret in params["secrets"])
    return [
        _secret(aws, secret, before, after)
        for secret, before, after in zip(params["secrets"], found, desired, strict=True)
        # A secret whose deletion is scheduled is as good as gone, until it is wanted again.
        if present or not before or before["deletion"] == "none"
    ]


def arn(aws: Aws, name: str) -> str:
    """The ARN that a secret will have but for the six random characters at its end, which are zeros here.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html
    """
    return aws.arn("secretsmanager", f"secret:{name}-{'0' * 16}")


def variable(name: str) -> str:
    """``airas-dev/openai-api-key`` -> ``OPENAI_API_KEY``"""
    return name.rpartition("/")[2].replace("-", "_").upper()


def current_version(item: Mapping[str, Any]) -> str | None:
    """The id of the version in use, from DescribeSecret or ListSecrets; None for a secret without a value."""
    versions = item.get("VersionIdsToStages") or item.get("SecretVersionsToStages") or {}
    return next((version for version, stages in versions.items() if "AWSCURRENT" in stages), None)


# -- desired ---------------------------------------------------------------------------------------------------------


def _desired(secret: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    address = f"secret/{secret['name']}"
    if secret["recovery_window_days"] not in RECOVERY_DAYS:
        raise PlatformError(
            f"recovery_window_days is {secret['recovery_window_days']}.",
            mend=f"AWS takes {RECOVERY_DAYS.start} to {RECOVERY_DAYS.stop - 1}.",
            resource=address,
        )
    policy = checked(secret["policy"], "policy", address) if secret["policy"] else None
    return {
        "deletion": "none",
        "description": secret["description"],
        "kms_key_id": params["kms_key_id"] or DEFAULT_KEY,
        "policy": normalised(policy),
        "tags": {**params["tags"], "Name": secret["name"]},
    }


# -- found -----------------------------------------------------------------------------------------------------------


def _find(aws: Aws, name: str, params: Mapping[str, Any]) -> dict[str, Any] | None:
    item = aws.call_or_none("secretsmanager", "describe_secret", MISSING, SecretId=name)
    if item is None:
        return None
    # AWS does not show the policy of a secret whose deletion is scheduled; it comes back with the secret.
    policy = None if item.get("DeletedDate") else _policy(aws, name)
    return _normalised(item, policy, params)


def _policy(aws: Aws, name: str) -> str | None:
    policy: str | None = aws.call("secretsmanager", "get_resource_policy", SecretId=name).get("ResourcePolicy")
    return policy


def _normalised(item: Mapping[str, Any], policy: str | None, params: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "arn": item["ARN"],
        "has_value": current_version(item) is not None,
        "rotation_enabled": item.get("RotationEnabled", False),
        "deletion": "scheduled" if item.get("DeletedDate") else "none",
        "description": item.get("Description", ""),
        "kms_key_id": _key(item.get("KmsKeyId") or DEFAULT_KEY, params["kms_key_id"] or DEFAULT_KEY),
        "policy": normalised(policy),
        "tags": managed_tags(tags_of(item), {**params["tags"], "Name": item["Name"]}),
    }


def _key(actual: str, wanted: str) -> str:
    """The key as it is wanted, if it is that: AWS tells it the way it was given, by id or by ARN."""
    return wanted if actual.rpartition("/")[2] == wanted.rpartition("/")[2] else actual


# -- changed ---------------------------------------------------------------------------------------------------------


def _secret(
    aws: Aws, options: Mapping[str, Any], before: dict[str, Any] | None, after: dict[str, Any] | None
) -> Resource:
    calls = _Calls(aws, options, after or {})
    return Resource(
        "secret",
        options["name"],
        before=before,
        after=after,
        placeholders={"arn": arn(aws, options["name"])},
        create=Operation(
            "secretsmanager:CreateSecret", calls.create, covers=("deletion", "description", "kms_key_id", "tags")
        ),
        updates=(
            # First of all, because AWS changes nothing else of a secret whose deletion is scheduled.
            Operation("secretsmanager:RestoreSecret", calls.restore, covers=("deletion",)),
            Operation("secretsmanager:UpdateSecret", calls.update, covers=("description", "kms_key_id")),
            Operation("secretsmanager:PutResourcePolicy", calls.permit, covers=("policy",)),
            Operation("secretsmanager:TagResource", calls.tag, covers=("tags",)),
        ),
        delete=Operation("secretsmanager:DeleteSecret", calls.delete),
        impacts={"delete": "data loss"},
    )


@dataclass(frozen=True)
class _Calls:
    """The writes of one secret; ``wanted`` is the normalised form of its ``options``."""

    aws: Aws
    options: Mapping[str, Any]
    wanted: Mapping[str, Any]

    def create(self, _known: dict[str, Any]) -> dict[str, Any]:
        made = self.aws.create(
            "secretsmanager",
            "create_secret",
            Name=self.options["name"],
            Description=self.wanted["description"],
            KmsKeyId=self.wanted["kms_key_id"],
            Tags=tag_list(self.wanted["tags"]),
        )
        return {"arn": made["ARN"], "has_value": False}

    def restore(self, _known: dict[str, Any]) -> dict[str, Any]:
        self._call("restore_secret")
        return {"policy": normalised(_policy(self.aws, self.options["name"]))}

    def update(self, _known: dict[str, Any]) -> None:
        """Without a value among its parameters, UpdateSecret makes no new version.

        https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_UpdateSecret.html
        """
        self._call("update_secret", Description=self.wanted["description"], KmsKeyId=self.wanted["kms_key_id"])

    def permit(self, known: dict[str, Any]) -> None:
        if self.options["policy"]:
            document = to_json(self.options["policy"])
            self._call("put_resource_policy", ResourcePolicy=document, BlockPublicPolicy=True)
        elif known.get("policy"):
            self._call("delete_resource_policy")

    def tag(self, _known: dict[str, Any]) -> None:
        self._call("tag_resource", Tags=tag_list(self.wanted["tags"]))

    def delete(self, _known: dict[str, Any]) -> None:
        self._call("delete_secret", RecoveryWindowInDays=self.options["recovery_window_days"])

    def _call(self, operation: str, **params: Any) -> None:
        self.aws.call("secretsmanager", operation, SecretId=self.options["name"], **params)
