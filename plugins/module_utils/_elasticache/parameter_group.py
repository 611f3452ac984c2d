# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A cache parameter group: the parameters that differ from the family's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._aws import Aws, tag_list
from .._reconcile import Impact, Operation, PlatformError, Resource, managed_tags
from ._common import arn, find, read_tags, tagging, unless_made

MISSING = "CacheParameterGroupNotFound"
# https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ModifyCacheParameterGroup.html
_AT_A_TIME = 20


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The parameter group named by the options; parameters that they do not name have the family's values."""
    name = params["name"]
    tags = {**params["tags"], "Name": name}
    wanted = {key: _text(value) for key, value in params["parameters"].items()}
    before, immediate = _read(aws, name, tags)

    def create(_known: dict[str, Any]) -> dict[str, Any]:
        unless_made(
            aws,
            "CacheParameterGroupAlreadyExists",
            "create_cache_parameter_group",
            CacheParameterGroupName=name,
            CacheParameterGroupFamily=params["family"],
            Description=params["description"],
            Tags=tag_list(tags),
        )
        return {"parameters": {}}

    def modify(known: dict[str, Any]) -> None:
        held = known["parameters"]
        _change(aws, "modify_cache_parameter_group", name, {k: v for k, v in wanted.items() if held.get(k) != v})
        _change(aws, "reset_cache_parameter_group", name, {k: v for k, v in held.items() if k not in wanted})

    def delete(_known: dict[str, Any]) -> None:
        aws.call_or_none("elasticache", "delete_cache_parameter_group", (MISSING,), CacheParameterGroupName=name)

    present = {"family": params["family"], "description": params["description"], "parameters": wanted, "tags": tags}
    if params["state"] == "present" and not params["family"]:
        raise PlatformError("family is missing.", resource=f"cache_parameter_group/{name}")
    return [
        Resource(
            "cache_parameter_group",
            name,
            before=before,
            after=present if params["state"] == "present" else None,
            placeholders={"arn": arn(aws, "parametergroup", name)},
            create=Operation("elasticache:CreateCacheParameterGroup", create, covers=("family", "description", "tags")),
            updates=(
                Operation("elasticache:ModifyCacheParameterGroup", modify, covers=("parameters",)),
                tagging(aws, arn(aws, "parametergroup", name), tags),
            ),
            delete=Operation("elasticache:DeleteCacheParameterGroup", delete),
            refuse_on={
                "family": "A family goes with a version of the engine: give the group of another one another name.",
                "description": "Give the description that it has, or another name.",
            },
            impacts=_impacts(before, wanted, immediate),
        )
    ]


def _text(value: Any) -> str:
    """A value as AWS writes it, whatever YAML made of it."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _read(aws: Aws, name: str, tags: Mapping[str, str]) -> tuple[dict[str, Any] | None, frozenset[str]]:
    """The group, and the names of the parameters that change without a restart."""
    item = find(aws, "describe_cache_parameter_groups", "CacheParameterGroups", MISSING, CacheParameterGroupName=name)
    if item is None:
        return None, frozenset()
    everything, tagged = aws.gather(
        (
            lambda: aws.pages("elasticache", "describe_cache_parameters", "Parameters", CacheParameterGroupName=name),
            lambda: [read_tags(aws, item["ARN"])],
        )
    )
    held = {
        "arn": item["ARN"],
        "family": item["CacheParameterGroupFamily"],
        "description": item["Description"],
        "parameters": {
            parameter["ParameterName"]: parameter.get("ParameterValue", "")
            for parameter in everything
            if parameter["Source"] == "user"
        },
        "tags": managed_tags(tagged[0], tags),
    }
    return held, frozenset(one["ParameterName"] for one in everything if one.get("ChangeType") == "immediate")


def _impacts(
    before: Mapping[str, Any] | None, wanted: Mapping[str, str], immediate: frozenset[str]
) -> dict[str, Impact]:
    held = before["parameters"] if before else {}
    changed = {key for key in {*held, *wanted} if held.get(key) != wanted.get(key)}
    return {"parameters": "restart"} if before and changed - immediate else {}


def _change(aws: Aws, operation: str, name: str, values: Mapping[str, str]) -> None:
    pairs = [{"ParameterName": key, "ParameterValue": value} for key, value in sorted(values.items())]
    for start in range(0, len(pairs), _AT_A_TIME):
        some = pairs[start : start + _AT_A_TIME]
        aws.call("elasticache", operation, CacheParameterGroupName=name, ParameterNameValues=some)
