from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._backup import coverage

ARN = "arn:aws:rds:ap-northeast-1:427979936961:db:airas-prod-db"
TAGS = {"Environment": "prod"}


def tagged(**tests: str) -> dict[str, Any]:
    key = "aws:ResourceTag/Environment"
    return {"Conditions": {test: [{"ConditionKey": key, "ConditionValue": value}] for test, value in tests.items()}}


def listed(key: str, value: str) -> dict[str, Any]:
    return {"ListOfTags": [{"ConditionType": "STRINGEQUALS", "ConditionKey": key, "ConditionValue": value}]}


@pytest.mark.parametrize(
    ("selection", "covered"),
    [
        ({"Resources": [ARN]}, True),
        ({"Resources": ["arn:aws:rds:*:*:db:*"]}, True),
        ({"Resources": ["*"], "NotResources": [ARN]}, False),
        ({"Resources": [f"{ARN}-drill"]}, False),
        ({"Resources": ["*"], **tagged(StringEquals="prod")}, True),
        ({"Resources": ["*"], **tagged(StringEquals="dev")}, False),
        ({"Resources": ["*"], **tagged(StringLike="p*", StringNotEquals="dev")}, True),
        ({"Resources": ["*"], **tagged(StringNotLike="p*")}, False),
        ({"Resources": [], **tagged(StringEquals="prod")}, True),
        ({"Resources": [], **listed("Environment", "prod")}, True),
        ({"Resources": [], **listed("Environment", "dev")}, False),
        ({"Resources": [ARN], **listed("Environment", "dev")}, True),
    ],
)
def test_what_a_selection_is_for(selection: dict[str, Any], covered: bool) -> None:
    assert coverage.covers(selection, ARN, TAGS) is covered


def test_all_selections_of_all_plans_are_read(fake_aws: Callable[..., Any]) -> None:
    def listed(**params: str) -> dict[str, Any]:
        return {"BackupSelectionsList": [{**params, "SelectionId": f"{params['BackupPlanId']}1"}]}

    aws = fake_aws(
        list_backup_plans={"BackupPlansList": [{"BackupPlanId": "a"}, {"BackupPlanId": "b"}]},
        list_backup_selections=listed,
        get_backup_selection=lambda **params: {"BackupSelection": {"Resources": [params["SelectionId"]]}},
    )
    assert coverage.selections(aws) == [{"Resources": ["a1"]}, {"Resources": ["b1"]}]
