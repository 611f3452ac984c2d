# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A DB parameter group, of which only the parameters that are asked for are compared.

A parameter that RDS calls static takes effect with the next restart of each instance, and its change is classed so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .._aws import Aws, tag_list
from .._reconcile import Impact, Operation, PlatformError, Resource, managed_tags, path_to
from ._common import arn, read_tags, retag

KIND = "db_parameter_group"

_MISSING = ("DBParameterGroupNotFound", "DBParameterGroupNotFoundFault")
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBParameterGroup.html
_MOST_AT_ONCE = 20


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The parameter group named by the options."""
    name, present = params["name"], params["state"] == "present"
    own_arn = arn(aws, "pg", name)
    wanted = {key: as_text(value) for key, value in params["parameters"].items()}
    after = (
        {"family": params["family"], "parameters": wanted, "tags": {**params["tags"], "Name": name}}
        if present
        else None
    )
    before, listed = _find(aws, name, params["tags"], wanted)

    def create(_known: dict[str, Any]) -> dict[str, Any]:
        aws.create(
            "rds",
            "create_db_parameter_group",
            DBParameterGroupName=name,
            DBParameterGroupFamily=params["family"],
            Description=params["description"] or f"Parameters of {name}",
            Tags=tag_list({**params["tags"], "Name": name}),
        )
        return {"arn": own_arn, "parameters": {}}

    def delete(_known: dict[str, Any]) -> None:
        aws.call_or_none("rds", "delete_db_parameter_group", _MISSING, DBParameterGroupName=name)

    return [
        Resource(
            KIND,
            name,
            before=before,
            after=after,
            placeholders={"arn": own_arn},
            create=Operation("rds:CreateDBParameterGroup", create, covers=("family", "tags")),
            updates=(
                Operation("rds:ModifyDBParameterGroup", _modify(aws, name, wanted, listed), covers=("parameters",)),
                retag(aws, own_arn, {**params["tags"], "Name": name}),
            ),
            delete=Operation("rds:DeleteDBParameterGroup", delete),
            refuse_on={"family": "Make a group of another name, and give that one to the instance."},
            impacts=_impacts(wanted, listed),
        )
    ]


def as_text(value: Any) -> str:
    """RDS writes every value as a text, and yes and no as 1 and 0."""
    return str(int(value)) if isinstance(value, bool) else str(value)


def _find(
    aws: Aws, name: str, tags: Mapping[str, str], wanted: Mapping[str, str]
) -> tuple[dict[str, Any] | None, dict[str, Mapping[str, Any]]]:
    answer = aws.call_or_none("rds", "describe_db_parameter_groups", _MISSING, DBParameterGroupName=name)
    if not answer or not answer["DBParameterGroups"]:
        return None, {}
    item = answer["DBParameterGroups"][0]
    found_tags, listed = aws.gather(
        (lambda: read_tags(aws, item["DBParameterGroupArn"]), lambda: _parameters(aws, name))
    )
    for key in wanted:
        _check(name, item["DBParameterGroupFamily"], key, listed)
    return {
        "arn": item["DBParameterGroupArn"],
        "family": item["DBParameterGroupFamily"],
        "parameters": {key: listed[key].get("ParameterValue") for key in wanted},
        "tags": managed_tags(found_tags, {**tags, "Name": ""}),
    }, listed


def _parameters(aws: Aws, name: str) -> dict[str, Any]:
    found = aws.pages("rds", "describe_db_parameters", "Parameters", DBParameterGroupName=name)
    return {item["ParameterName"]: item for item in found}


def _check(name: str, family: str, key: str, listed: Mapping[str, Mapping[str, Any]]) -> None:
    resource = f"{KIND}/{name}"
    if key not in listed:
        raise PlatformError(
            f"the family {family} has no parameter {key}.",
            mend="Correct its name, or leave it out.",
            resource=resource,
        )
    if not listed[key]["IsModifiable"]:
        raise PlatformError(f"AWS lets nobody change {key}.", mend="Leave it out.", resource=resource)


def _impacts(wanted: Mapping[str, str], listed: Mapping[str, Mapping[str, Any]]) -> dict[str, Impact]:
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_WorkingWithParamGroups.html"""
    return {path_to("parameters", key): "restart" for key in wanted if listed and not _is_dynamic(listed[key])}


def _is_dynamic(parameter: Mapping[str, Any]) -> bool:
    return bool(parameter["ApplyType"] == "dynamic")


def _modify(
    aws: Aws, name: str, wanted: Mapping[str, str], listed: Mapping[str, Mapping[str, Any]]
) -> Callable[[dict[str, Any]], None]:
    def run(known: dict[str, Any]) -> None:
        kinds = listed or _parameters(aws, name)
        changed = []
        for key, value in wanted.items():
            if known["parameters"].get(key) != value:
                _check(name, "of the group", key, kinds)
                # A static parameter is applied by the next restart of each instance.
                method = "immediate" if _is_dynamic(kinds[key]) else "pending-reboot"
                changed.append({"ParameterName": key, "ParameterValue": value, "ApplyMethod": method})
        for part in _parts(changed):
            aws.call("rds", "modify_db_parameter_group", DBParameterGroupName=name, Parameters=part)

    return run


def _parts(changes: list[dict[str, str]]) -> Iterator[list[dict[str, str]]]:
    for start in range(0, len(changes), _MOST_AT_ONCE):
        yield changes[start : start + _MOST_AT_ONCE]
