# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""How a service and a revision are looked up, for all that have to know them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._aws import Aws
from .._reconcile import is_placeholder


def described_service(aws: Aws, cluster: str, name: str) -> Mapping[str, Any] | None:
    """The service as DescribeServices returns it, tags included; one that was deleted is none."""
    if is_placeholder(cluster):
        return None
    answer = aws.call_or_none(
        "ecs", "describe_services", ("ClusterNotFoundException",), cluster=cluster, services=[name], include=["TAGS"]
    )
    services = (answer or {}).get("services") or ()
    return next((service for service in services if service["status"] != "INACTIVE"), None)


def described_task_definition(aws: Aws, revision: str) -> Mapping[str, Any] | None:
    """A revision, or the newest active one of a family, with its tags."""
    if is_placeholder(revision):
        return None
    # AWS has no better code for a family without an active revision.
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTaskDefinition.html
    answer = aws.call_or_none(
        "ecs", "describe_task_definition", ("ClientException",), taskDefinition=revision, include=["TAGS"]
    )
    return {**answer["taskDefinition"], "tags": answer.get("tags") or []} if answer else None
