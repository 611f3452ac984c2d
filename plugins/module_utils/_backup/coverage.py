# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Whether a backup plan of the account is for a resource.

https://docs.aws.amazon.com/aws-backup/latest/devguide/API_BackupSelection.html
"""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping
from typing import Any

from .._aws import Aws
from . import _common

_TESTS: Mapping[str, Callable[[str | None, str], bool]] = {
    "StringEquals": lambda found, wanted: found == wanted,
    "StringLike": lambda found, wanted: found is not None and fnmatch.fnmatchcase(found, wanted),
    "StringNotEquals": lambda found, wanted: found != wanted,
    "StringNotLike": lambda found, wanted: found is None or not fnmatch.fnmatchcase(found, wanted),
}


def selections(aws: Aws) -> list[Mapping[str, Any]]:
    """What the account's backup plans are for, each as GetBackupSelection tells it."""
    plans = [item["BackupPlanId"] for item in aws.pages("backup", "list_backup_plans", "BackupPlansList")]
    return list(_common.selections(aws, plans).values())


def covers(selection: Mapping[str, Any], arn: str, tags: Mapping[str, str]) -> bool:
    """Named by its ARN, with all tags that are asked for, or by one tag of a list of tags; and not left out."""

    def named(key: str) -> bool:
        return any(fnmatch.fnmatchcase(arn, pattern) for pattern in selection.get(key) or ())

    if named("NotResources"):
        return False
    if any(tags.get(item["ConditionKey"]) == item["ConditionValue"] for item in selection.get("ListOfTags") or ()):
        return True
    conditions = selection.get("Conditions") or {}
    # Tags alone are about resources of every kind; with a list of tags nothing else is meant.
    meant = named("Resources") if selection.get("Resources") or selection.get("ListOfTags") else True
    return meant and all(
        _TESTS[test](tags.get(item["ConditionKey"].removeprefix(_common.TAG)), item["ConditionValue"])
        for test, items in conditions.items()
        for item in items
    )
