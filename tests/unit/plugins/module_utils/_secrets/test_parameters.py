from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._reconcile import plan_resource
from ansible_collections.airas.platform.plugins.module_utils._secrets import parameters

NAME = "/airas-dev/wandb-api-key"
KEY = "arn:aws:kms:ap-northeast-1:427979936961:key/k-1"


def params(*names: str, state: str = "present") -> dict[str, Any]:
    return {"parameters": [{"name": name} for name in names], "kms_key_id": KEY, "tags": {}, "state": state}


def described(**attributes: Any) -> dict[str, Any]:
    return {"Parameters": [{"Name": NAME, "Type": "SecureString", "KeyId": KEY, **attributes}]}


def test_a_parameter_that_does_not_exist_is_no_difference(fake_aws: Callable[..., Any]) -> None:
    assert parameters.resources(fake_aws(), params(NAME)) == []


def test_names_are_asked_for_fifty_at_a_time(fake_aws: Callable[..., Any]) -> None:
    aws = fake_aws()
    parameters.described(aws, [f"/a/{number}" for number in range(51)])
    assert sorted(len(sent["ParameterFilters"][0]["Values"]) for _call, sent in aws.calls) == [1, 50]


@pytest.mark.parametrize(
    ("attributes", "warning"),
    [
        ({}, None),
        ({"Type": "String", "KeyId": None}, "it is a String, which is not encrypted"),
        ({"KeyId": "alias/aws/ssm"}, "it is encrypted with another key"),
    ],
)
def test_what_only_a_new_value_mends_is_warned_of(
    fake_aws: Callable[..., Any], attributes: dict[str, Any], warning: str | None
) -> None:
    tags = {"TagList": [{"Key": "Name", "Value": NAME}]}
    aws = fake_aws(describe_parameters=described(**attributes), list_tags_for_resource=tags)
    [parameter] = parameters.resources(aws, params(NAME))
    assert plan_resource(parameter).action == "none"
    said = parameter.warns(parameter.known)
    assert said is None if warning is None else warning in str(said)
