# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the families of AWS Backup share: tags."""

from __future__ import annotations

from collections.abc import Mapping

from .._aws import Aws
from .._reconcile import Operation

MISSING = ("ResourceNotFoundException",)


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
