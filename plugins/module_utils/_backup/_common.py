# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the families of AWS Backup share: tags, and what plans are for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from .._aws import Aws
from .._reconcile import Operation

MISSING = ("ResourceNotFoundException",)
TAG = "aws:ResourceTag/"
"""What the key of a tag begins with in a selection's conditions."""


def selections(aws: Aws, plan_ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """What the plans are for, by the selection's id, each as GetBackupSelection tells it."""
    listed = aws.gather(
        partial(aws.pages, "backup", "list_backup_selections", "BackupSelectionsList", BackupPlanId=plan_id)
        for plan_id in plan_ids
    )
    named = {item["SelectionId"]: plan_id for plan_id, items in zip(plan_ids, listed, strict=True) for item in items}
    answers = aws.gather(
        partial(aws.call, "backup", "get_backup_selection", BackupPlanId=plan_id, SelectionId=selection_id)
        for selection_id, plan_id in named.items()
    )
    return {selection_id: answer["BackupSelection"] for selection_id, answer in zip(named, answers, strict=True)}


def read_tags(aws: Aws, arn: str) -> dict[str, str]:
    """The tags; ListTags has pages, for which botocore has no paginator."""
    found: dict[str, str] = {}
    token: dict[str, str] = {}
    while True:
        page = aws.call("backup", "list_tags", ResourceArn=arn, **token)
        found |= page.get("Tags") or {}
        if not page.get("NextToken"):
            return found
        token = {"NextToken": page["NextToken"]}


def retag(aws: Aws, arn: str, tags: Mapping[str, str]) -> Operation:
    """Puts the tags on; those of others stay."""

    def run(known: dict[str, object]) -> None:
        aws.call("backup", "tag_resource", ResourceArn=known.get("arn") or arn, Tags=dict(sorted(tags.items())))

    return Operation("backup:TagResource", run, covers=("tags",))
