from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.airas.platform.plugins.module_utils._elasticache import parameter_group
from ansible_collections.airas.platform.plugins.module_utils._reconcile import apply, plan_resource

Fake = Callable[..., Any]


def params(**parameters: Any) -> dict[str, Any]:
    return {
        "name": "queue",
        "family": "redis7",
        "description": "",
        "parameters": parameters,
        "tags": {},
        "state": "present",
    }


def account(fake_aws: Fake, *changed: tuple[str, str]) -> Any:
    group = {"ARN": "arn:group", "CacheParameterGroupFamily": "redis7", "Description": ""}
    return fake_aws(
        describe_cache_parameter_groups={"CacheParameterGroups": [group]},
        describe_cache_parameters={
            "Parameters": [
                {"ParameterName": key, "ParameterValue": value, "Source": "user", "ChangeType": "immediate"}
                for key, value in changed
            ]
        },
        list_tags_for_resource={"TagList": [{"Key": "Name", "Value": "queue"}]},
    )


def test_a_value_is_what_aws_writes_whatever_yaml_made_of_it(fake_aws: Fake) -> None:
    aws = account(fake_aws, ("activedefrag", "yes"), ("timeout", "300"))
    [group] = parameter_group.resources(aws, params(activedefrag=True, timeout=300))
    assert plan_resource(group).action == "none"


def test_no_more_than_twenty_go_in_a_call(fake_aws: Fake) -> None:
    aws = account(fake_aws)
    [group] = parameter_group.resources(aws, params(**{f"p{number}": number for number in range(21)}))
    apply([plan_resource(group)], [])
    calls = [sent for call, sent in aws.calls if call == "elasticache:modify_cache_parameter_group"]
    assert [len(sent["ParameterNameValues"]) for sent in calls] == [20, 1]
