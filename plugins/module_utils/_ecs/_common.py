# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the ECS families share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Item = Mapping[str, Any]


def ecs_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """ECS spells the keys of its tags in lower case."""
    return [{"key": key, "value": value} for key, value in sorted(tags.items())]


def tags_by_key(item: Item) -> dict[str, str]:
    return {tag["key"]: tag.get("value", "") for tag in item.get("tags") or ()}


def strategy_by_provider(strategy: Iterable[Item]) -> dict[str, dict[str, int]]:
    """``{"FARGATE": {"base": 0, "weight": 1}}``; AWS leaves out what is 0."""
    return {
        item["capacityProvider"]: {"base": item.get("base") or 0, "weight": item.get("weight") or 0}
        for item in sorted(strategy, key=lambda item: str(item["capacityProvider"]))
    }


def strategy_for_aws(strategy: Iterable[Item]) -> list[dict[str, Any]]:
    """Options (``capacity_provider``, ``base``, ``weight``) as AWS takes them."""
    return [
        {"capacityProvider": item["capacity_provider"], "base": item["base"], "weight": item["weight"]}
        for item in strategy
    ]


def strategy_option(default: list[dict[str, Any]]) -> dict[str, Any]:
    """The argument spec of a capacity provider strategy."""
    return {
        "type": "list",
        "elements": "dict",
        "default": default,
        "options": {
            "capacity_provider": {"type": "str", "required": True},
            "base": {"type": "int", "default": 0},
            "weight": {"type": "int", "default": 1},
        },
    }
