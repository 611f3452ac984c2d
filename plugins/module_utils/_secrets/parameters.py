# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Secrets in Parameter Store, as far as they exist: a parameter is made with its value, so values.py makes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from .._aws import Aws, tag_list, tags_of
from .._reconcile import Operation, Resource, State, managed_tags

# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ParameterStringFilter.html
_NAMES_A_CALL = 50


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The parameters of the options that exist."""
    names = [parameter["name"] for parameter in params["parameters"]]
    found = described(aws, names)
    tags = aws.gather(partial(_tags, aws, name) for name in found)
    return [_parameter(aws, item, actual, params) for item, actual in zip(found.values(), tags, strict=True)]


def described(aws: Aws, names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """The parameters of these names that exist, by name: everything about them but their values."""
    batches = [list(names[start : start + _NAMES_A_CALL]) for start in range(0, len(names), _NAMES_A_CALL)]
    found = aws.gather(partial(_batch, aws, batch) for batch in batches)
    return {item["Name"]: item for batch in found for item in batch}


def arn(aws: Aws, name: str) -> str:
    """A parameter's name begins with a slash when it has a path; its ARN has that slash once."""
    return aws.arn("ssm", f"parameter/{name.removeprefix('/')}")


def _batch(aws: Aws, names: list[str]) -> list[Mapping[str, Any]]:
    filters = [{"Key": "Name", "Option": "Equals", "Values": names}]
    return aws.pages("ssm", "describe_parameters", "Parameters", ParameterFilters=filters)


def _tags(aws: Aws, name: str) -> dict[str, str]:
    return tags_of(aws.call("ssm", "list_tags_for_resource", ResourceType="Parameter", ResourceId=name), key="TagList")


def _parameter(aws: Aws, item: Mapping[str, Any], actual: Mapping[str, str], params: Mapping[str, Any]) -> Resource:
    name = item["Name"]
    wanted = {**params["tags"], "Name": name}

    def tag(_known: dict[str, Any]) -> None:
        aws.call("ssm", "add_tags_to_resource", ResourceType="Parameter", ResourceId=name, Tags=tag_list(wanted))

    def delete(_known: dict[str, Any]) -> None:
        aws.call("ssm", "delete_parameter", Name=name)

    return Resource(
        "parameter",
        name,
        before={
            "arn": arn(aws, name),
            "type": item["Type"],
            "kms_key_id": item.get("KeyId"),
            "tags": managed_tags(actual, wanted),
        },
        after={"tags": wanted} if params["state"] == "present" else None,
        updates=(Operation("ssm:AddTagsToResource", tag, covers=("tags",)),),
        delete=Operation("ssm:DeleteParameter", delete),
        impacts={"delete": "data loss"},
        warns=partial(_ill_kept, params["kms_key_id"]),
    )


def _ill_kept(key: str | None, known: State) -> str | None:
    """What only a new value mends; AWS changes no parameter's type, and its key only with its value.

    https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
    """
    if known.get("type") not in (None, "SecureString"):
        return f"it is a {known['type']}, which is not encrypted. Delete it, and set it with playbooks/set_secrets.yml."
    if key and known.get("kms_key_id") not in (None, key):
        return "it is encrypted with another key. Set it again, with -e overwrite=<its variable>, to use the stack's."
    return None
