from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._backup import vault
from ansible_collections.airas.platform.plugins.module_utils._reconcile import Refused, apply, plan_resource

Fake = Callable[..., Any]

NAME = "airas-dev-db"
OPTIONS: dict[str, Any] = {
    "name": NAME,
    "state": "present",
    "kms_key_arn": None,
    "policy": {},
    "keep_filled": False,
    "tags": {},
}


def held(fake_aws: Fake, points: int, **answers: Any) -> Any:
    item = {
        "BackupVaultName": NAME,
        "BackupVaultArn": "arn:vault",
        "EncryptionKeyArn": "arn:aws",
        "NumberOfRecoveryPoints": points,
    }
    tags = [{"Tags": {"Name": NAME}, "NextToken": "more"}, {"Tags": {"Others": "theirs"}}]
    return fake_aws(
        list_backup_vaults={"BackupVaultList": [{"BackupVaultName": "other"}, item]},
        list_tags=lambda **params: tags["NextToken" in params],
        **answers,
    )


def test_a_vault_is_found_in_the_list_with_all_pages_of_its_tags(fake_aws: Fake, refusal: Fake) -> None:
    aws = held(fake_aws, 3, get_backup_vault_access_policy=refusal("ResourceNotFoundException"))
    [found] = vault.resources(aws, OPTIONS)
    assert plan_resource(found).action == "none"
    assert found.before["recovery_points"] == 3
    assert [params.get("NextToken") for call, params in aws.calls if call == "backup:list_tags"] == [None, "more"]


def test_a_vault_that_holds_something_is_refused_or_kept(fake_aws: Fake) -> None:
    absent = {**OPTIONS, "state": "absent"}
    with pytest.raises(Refused, match="it holds 3 recovery points"):
        vault.resources(held(fake_aws, 3), absent)
    [kept] = vault.resources(held(fake_aws, 3), {**absent, "keep_filled": True})
    assert plan_resource(kept).action == "none"
    assert "holds 3 recovery points" in (kept.warns(kept.known) or "")
    aws = held(fake_aws, 0)
    [gone] = vault.resources(aws, absent)
    apply([plan_resource(gone)], [])
    assert aws.calls[-1] == ("backup:delete_backup_vault", {"BackupVaultName": NAME})
