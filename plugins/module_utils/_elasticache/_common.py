# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the families of ElastiCache share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._aws import Aws, AwsError, tag_list, tags_of
from .._reconcile import Operation

# The first cache of an account brings the role by which ElastiCache acts in it; what is made before has to ask for it.
# https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/using-service-linked-roles.html
SERVICE = "elasticache.amazonaws.com"
NO_ROLE = "ServiceLinkedRoleNotFoundFault"


def arn(aws: Aws, kind: str, name: str) -> str:
    return aws.arn("elasticache", f"{kind}:{name}")


def read_tags(aws: Aws, resource: str) -> dict[str, str]:
    return tags_of(aws.call("elasticache", "list_tags_for_resource", ResourceName=resource), "TagList")


def tagging(aws: Aws, resource: str, tags: Mapping[str, str]) -> Operation:
    def run(_known: dict[str, Any]) -> None:
        aws.call("elasticache", "add_tags_to_resource", ResourceName=resource, Tags=tag_list(tags))

    # Nothing takes tags while it is changing.
    return Operation("elasticache:AddTagsToResource", run, covers=("tags",), settled_only=True)


def find(aws: Aws, operation: str, key: str, missing: str, **params: Any) -> dict[str, Any] | None:
    """The one item that a describe call finds, None when its error is ``missing``."""
    answer = aws.call_or_none("elasticache", operation, (missing,), **params)
    found: dict[str, Any] | None = answer[key][0] if answer and answer[key] else None
    return found


def unless_made(aws: Aws, exists: str, operation: str, /, **params: Any) -> None:
    """Makes something under a name of its own; that it exists by now means that an earlier answer was lost."""
    try:
        aws.call("elasticache", operation, **params)
    except AwsError as error:
        if error.code == NO_ROLE:
            aws.call_or_none("iam", "create_service_linked_role", ("InvalidInput",), AWSServiceName=SERVICE)
            aws.once_consistent(
                lambda: aws.call("elasticache", operation, **params), lambda later: later.code == NO_ROLE
            )
        elif error.code != exists:
            raise
