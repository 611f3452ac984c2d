# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the families of Elastic Load Balancing share: looking things up, their tags and their attributes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from .._aws import Aws, tag_list, tags_of
from .._reconcile import Operation

Item = Mapping[str, Any]

# DescribeTags takes no more at once.
_TAGGED = 20


def described_load_balancer(aws: Aws, name: str) -> Item | None:
    """The load balancer of this name as DescribeLoadBalancers returns it."""
    answer = aws.call_or_none("elbv2", "describe_load_balancers", ("LoadBalancerNotFound",), Names=[name])
    return next(iter((answer or {}).get("LoadBalancers") or ()), None)


def described_target_group(aws: Aws, name: str) -> Item | None:
    """The target group of this name as DescribeTargetGroups returns it."""
    answer = aws.call_or_none("elbv2", "describe_target_groups", ("TargetGroupNotFound",), Names=[name])
    return next(iter((answer or {}).get("TargetGroups") or ()), None)


def all_tags(aws: Aws, arns: Iterable[str]) -> dict[str, dict[str, str]]:
    """The tags of load balancers, listeners, rules and target groups by ARN."""
    listed = list(arns)
    parts = [listed[start : start + _TAGGED] for start in range(0, len(listed), _TAGGED)]
    answers = aws.gather(partial(aws.call, "elbv2", "describe_tags", ResourceArns=part) for part in parts)
    return {item["ResourceArn"]: tags_of(item) for answer in answers for item in answer["TagDescriptions"]}


def by_key(attributes: Iterable[Item]) -> dict[str, str]:
    """``{"idle_timeout.timeout_seconds": "60"}``"""
    return {item["Key"]: item.get("Value") or "" for item in attributes}


def attribute_list(attributes: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in sorted(attributes.items())]


def text(value: Any) -> str:
    """An attribute's value as AWS spells it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def retag(aws: Aws, tags: Mapping[str, str]) -> Operation:
    """Tags that others put on the resource stay."""

    def run(known: dict[str, Any]) -> None:
        aws.call("elbv2", "add_tags", ResourceArns=[known["arn"]], Tags=tag_list(tags))

    return Operation("elasticloadbalancing:AddTags", run, covers=("tags",))
