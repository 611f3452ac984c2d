# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""CloudWatch Logs Insights queries that are saved under a name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._aws import Aws
from .._reconcile import Operation, PlatformError, Resource

KIND = "log_query"
# AWS makes its id; a UUID, which no placeholder id resembles.
_PLACEHOLDER = f"00000000-0000-0000-{'0' * 4}-{'0' * 12}"
_PAGE = 1000


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The queries of the options."""
    present = params["state"] == "present"
    found = _find(aws, [query["name"] for query in params["queries"]])
    return [
        _resource(aws, query["name"], found.get(query["name"]), _desired(query) if present else None)
        for query in params["queries"]
    ]


def _desired(query: Mapping[str, Any]) -> dict[str, Any]:
    if not (query["query"] or "").strip():
        raise PlatformError("its query is empty.", mend="Write one.", resource=f"{KIND}/{query['name']}")
    return {"query": _trimmed(query["query"]), "log_groups": sorted(query["log_groups"])}


def _find(aws: Aws, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The saved queries of these names. Nothing keeps AWS from saving two of one name."""
    wanted = set(names)
    found: dict[str, dict[str, Any]] = {}
    for item in _all(aws):
        name = item["name"]
        if name in found:
            raise PlatformError(
                f"two queries carry this name: {found[name]['id']} and {item['queryDefinitionId']}.",
                mend="Delete the one that is not in use (aws logs delete-query-definition), and run again.",
                resource=f"{KIND}/{name}",
            )
        if name in wanted:
            found[name] = {
                "id": item["queryDefinitionId"],
                "query": _trimmed(item["queryString"]),
                "log_groups": sorted(item.get("logGroupNames") or ()),
            }
    return found


def _all(aws: Aws) -> list[Mapping[str, Any]]:
    """botocore knows no pages of this call."""
    items: list[Mapping[str, Any]] = []
    token: dict[str, str] = {}
    while True:
        answer = aws.call("logs", "describe_query_definitions", maxResults=_PAGE, **token)
        items += answer.get("queryDefinitions") or ()
        if not answer.get("nextToken"):
            return items
        token = {"nextToken": answer["nextToken"]}


def _trimmed(query: str) -> str:
    return "\n".join(line.rstrip() for line in query.strip().splitlines())


def _resource(aws: Aws, name: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> Resource:
    wanted = after or {}

    def put(known: dict[str, Any]) -> dict[str, Any]:
        same = {"queryDefinitionId": known["id"]} if known.get("id") else {}
        sent = {"name": name, "queryString": wanted["query"], "logGroupNames": wanted["log_groups"], **same}
        # A second request of the same kind would save a second query.
        call = aws.call if same else aws.create
        return {"id": call("logs", "put_query_definition", **sent)["queryDefinitionId"]}

    def delete(known: dict[str, Any]) -> None:
        aws.call_or_none(
            "logs", "delete_query_definition", ["ResourceNotFoundException"], queryDefinitionId=known["id"]
        )

    return Resource(
        KIND,
        name,
        before=before,
        after=after,
        placeholders={"id": _PLACEHOLDER},
        create=Operation("logs:PutQueryDefinition", put),
        updates=(Operation("logs:PutQueryDefinition", put, covers=("query", "log_groups")),),
        delete=Operation("logs:DeleteQueryDefinition", delete),
    )
