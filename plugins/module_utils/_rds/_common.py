# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the families of RDS share: ARNs and tags."""

from __future__ import annotations

from collections.abc import Mapping

from .._aws import Aws, tag_list, tags_of
from .._reconcile import Operation


def arn(aws: Aws, kind: str, name: str) -> str:
    """``kind`` as AWS abbreviates it: ``db``, ``pg``, ``subgrp``, ``snapshot``, ``es``."""
    return aws.arn("rds", f"{kind}:{name}")


def read_tags(aws: Aws, resource_arn: str) -> dict[str, str]:
    return tags_of(aws.call("rds", "list_tags_for_resource", ResourceName=resource_arn), "TagList")


def retag(aws: Aws, resource_arn: str, tags: Mapping[str, str]) -> Operation:
    """Puts the tags on; those of others stay."""

    def run(_known: dict[str, object]) -> None:
        aws.call("rds", "add_tags_to_resource", ResourceName=resource_arn, Tags=tag_list(tags))

    return Operation("rds:AddTagsToResource", run, covers=("tags",))
