"""CloudWatch Logs: saved queries of Logs Insights."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

from moto.logs.responses import LogsResponse

from emulator.extensions import patch
from emulator.protocol import AwsError
from emulator.services._common import state_of

API = "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference"


def _definitions(response: Any) -> dict[str, dict[str, Any]]:
    definitions: dict[str, dict[str, Any]] = state_of(response.logs_backend, "query_definitions", dict)
    return definitions


def _missing() -> AwsError:
    return AwsError("ResourceNotFoundException", "The specified query definition does not exist.")


@patch(LogsResponse, "put_query_definition", added=True, aws=f"{API}/API_PutQueryDefinition.html")
def put_query_definition(self: Any) -> str:
    """A query is saved under a name that others may have too, or, by its id, replaced as a whole."""
    params, definitions = json.loads(self.body), _definitions(self)
    key = params.get("queryDefinitionId") or str(uuid.uuid4())
    if params.get("queryDefinitionId") and key not in definitions:
        raise _missing()
    definitions[key] = {
        "queryLanguage": params.get("queryLanguage") or "CWLI",
        "queryDefinitionId": key,
        "name": params["name"],
        "queryString": params["queryString"],
        "lastModified": int(time.time() * 1000),
        "logGroupNames": params.get("logGroupNames") or [],
    }
    return json.dumps({"queryDefinitionId": key})


@patch(LogsResponse, "describe_query_definitions", added=True, aws=f"{API}/API_DescribeQueryDefinitions.html")
def describe_query_definitions(self: Any) -> str:
    """Saved queries are told by the beginning of their names, in pages."""
    params = json.loads(self.body)
    prefix = params.get("queryDefinitionNamePrefix") or ""
    found = [item for item in _definitions(self).values() if item["name"].startswith(prefix)]
    found.sort(key=lambda item: (item["name"], item["queryDefinitionId"]))
    start, size = int(params.get("nextToken") or 0), int(params.get("maxResults") or 1000)
    more = {"nextToken": str(start + size)} if len(found) > start + size else {}
    return json.dumps({"queryDefinitions": found[start : start + size], **more})


@patch(LogsResponse, "delete_query_definition", added=True, aws=f"{API}/API_DeleteQueryDefinition.html")
def delete_query_definition(self: Any) -> str:
    """A saved query is deleted by its id."""
    if _definitions(self).pop(self._get_param("queryDefinitionId"), None) is None:
        raise _missing()
    return json.dumps({"success": True})
