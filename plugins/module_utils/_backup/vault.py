# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One backup vault of AWS Backup: its key, and who may do what with its recovery points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import _policy
from .._aws import Aws
from .._reconcile import Operation, PlatformError, Refused, Resource, State, managed_tags
from ._common import MISSING, read_tags, retag

KIND = "backup_vault"


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The vault named by the options."""
    name, present = params["name"], params["state"] == "present"
    if present:
        _check(params)
    before = _find(aws, name, params)
    after = _desired(params) if present else None
    if before and not present and before["recovery_points"]:
        if not params["keep_filled"]:
            raise Refused(
                f"it holds {before['recovery_points']} recovery points, and AWS deletes no vault that holds any.",
                mend="Let their retention end, or delete them one by one in AWS Backup if they are to go.",
                resource=f"{KIND}/{name}",
            )
        after = {}  # it stays as it is
    return [_resource(aws, params, before, after)]


def vault_arn(aws: Aws, name: str) -> str:
    return aws.arn("backup", f"backup-vault:{name}")


def _check(params: Mapping[str, Any]) -> None:
    resource, key = f"{KIND}/{params['name']}", params["kms_key_arn"]
    if key and not key.startswith("arn:"):
        raise PlatformError(f"kms_key_arn is {key!r}.", mend="Give a key's ARN, or leave it out.", resource=resource)
    if params["policy"]:
        _policy.checked(params["policy"], "policy", resource)


# -- what there should be, and what there is -------------------------------------------------------------------------


def _desired(params: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **({"kms_key_arn": params["kms_key_arn"]} if params["kms_key_arn"] else {}),
        "policy": _policy.normalised(params["policy"]),
        "tags": {**params["tags"], "Name": params["name"]},
    }


def _find(aws: Aws, name: str, params: Mapping[str, Any]) -> dict[str, Any] | None:
    """By way of the list: DescribeBackupVault answers alike for a vault that is not there and for want of permission.

    https://docs.aws.amazon.com/aws-backup/latest/devguide/API_DescribeBackupVault.html
    """
    listed = aws.pages("backup", "list_backup_vaults", "BackupVaultList")
    item = next((vault for vault in listed if vault["BackupVaultName"] == name), None)
    if not item:
        return None
    tags, policy = aws.gather(
        (
            lambda: read_tags(aws, item["BackupVaultArn"]),
            lambda: aws.call_or_none("backup", "get_backup_vault_access_policy", MISSING, BackupVaultName=name) or {},
        )
    )
    return {
        "arn": item["BackupVaultArn"],
        "kms_key_arn": item.get("EncryptionKeyArn"),
        "recovery_points": item.get("NumberOfRecoveryPoints") or 0,
        "policy": _policy.normalised(policy.get("Policy")),
        "tags": managed_tags(tags, {**params["tags"], "Name": ""}),
    }


# -- what leads there ------------------------------------------------------------------------------------------------


def _resource(
    aws: Aws, params: Mapping[str, Any], before: dict[str, Any] | None, after: dict[str, Any] | None
) -> Resource:
    name, wanted = params["name"], after or {}

    def create(_known: dict[str, Any]) -> dict[str, Any]:
        key = {"EncryptionKeyArn": params["kms_key_arn"]} if params["kms_key_arn"] else {}
        made = aws.create("backup", "create_backup_vault", BackupVaultName=name, BackupVaultTags=wanted["tags"], **key)
        return {"arn": made["BackupVaultArn"], "recovery_points": 0}

    def put_policy(_known: dict[str, Any]) -> None:
        text = _policy.to_json(params["policy"])
        aws.call("backup", "put_backup_vault_access_policy", BackupVaultName=name, Policy=text)

    def delete_policy(_known: dict[str, Any]) -> None:
        aws.call_or_none("backup", "delete_backup_vault_access_policy", MISSING, BackupVaultName=name)

    def delete(_known: dict[str, Any]) -> None:
        aws.call_or_none("backup", "delete_backup_vault", MISSING, BackupVaultName=name)

    # A new vault has no policy that would have to be taken away.
    created = ("kms_key_arn", "tags", *(() if wanted.get("policy") else ("policy",)))
    policy = (
        Operation("backup:PutBackupVaultAccessPolicy", put_policy, covers=("policy",))
        if params["policy"]
        else Operation("backup:DeleteBackupVaultAccessPolicy", delete_policy, covers=("policy",))
    )
    return Resource(
        KIND,
        name,
        before=before,
        after=after,
        placeholders={"arn": vault_arn(aws, name)},
        create=Operation("backup:CreateBackupVault", create, covers=created),
        updates=(policy, retag(aws, vault_arn(aws, name), wanted["tags"])) if wanted else (),
        delete=Operation("backup:DeleteBackupVault", delete),
        refuse_on={"kms_key_arn": "Put the old key back, or make a vault of another name."},
        warns=_kept if params["state"] == "absent" else lambda _known: None,
    )


def _kept(known: State) -> str | None:
    held = known["recovery_points"]
    return f"it holds {held} recovery points, and stays until the last of them has expired." if held else None
