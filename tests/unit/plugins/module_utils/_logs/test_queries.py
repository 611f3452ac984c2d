from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.airas.platform.plugins.module_utils._logs import queries
from ansible_collections.airas.platform.plugins.module_utils._reconcile import plan_resource


def test_reads_every_page_and_updates_by_id(fake_aws: Callable[..., Any]) -> None:
    pages = {
        None: {"queryDefinitions": [{"name": "other", "queryDefinitionId": "1", "queryString": "x"}], "nextToken": "2"},
        "2": {"queryDefinitions": [{"name": "mine", "queryDefinitionId": "2", "queryString": "old"}]},
    }
    aws = fake_aws(
        describe_query_definitions=lambda **sent: pages[sent.get("nextToken")],
        put_query_definition={"queryDefinitionId": "2"},
    )
    params = {"queries": [{"name": "mine", "query": "new", "log_groups": []}], "state": "present"}
    (resource,) = queries.resources(aws, params)
    plan = plan_resource(resource)
    plan.updates[0].run(dict(resource.known))
    sent = {"name": "mine", "queryString": "new", "logGroupNames": [], "queryDefinitionId": "2"}
    assert (plan.action, aws.calls[-1]) == ("update", ("logs:put_query_definition", sent))
