from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._reconcile import (
    PlatformError,
    ResourcePlan,
    apply,
    plan_resource,
)
from ansible_collections.airas.platform.plugins.module_utils._wafv2 import logging

NAME = "airas-dev-backend"
ARN = f"arn:aws:wafv2:ap-northeast-1:427979936961:regional/webacl/{NAME}/1"
GROUP = "arn:aws:logs:ap-northeast-1:427979936961:log-group:aws-waf-logs-airas-dev"
LISTED = {"WebACLs": [{"Name": NAME, "Id": "1", "ARN": ARN}]}
FILTER = {
    "DefaultBehavior": "DROP",
    "Filters": [
        {
            "Behavior": "KEEP",
            "Requirement": "MEETS_ANY",
            "Conditions": [{"ActionCondition": {"Action": action}} for action in ("BLOCK", "COUNT")],
        }
    ],
}
PARAMS: dict[str, Any] = {
    "web_acl": NAME,
    "destination_arn": f"{GROUP}:*",
    "redacted_headers": ["Cookie", "authorization"],
    "redacted": ["QueryString"],
    "filter": FILTER,
    "state": "present",
}
READ = {
    "ResourceArn": ARN,
    "LogDestinationConfigs": [GROUP],
    "RedactedFields": [
        {"SingleHeader": {"Name": "authorization"}},
        {"SingleHeader": {"Name": "cookie"}},
        {"QueryString": {}},
    ],
    "LoggingFilter": FILTER,
    "ManagedByFirewallManager": False,
    "LogType": "WAF_LOGS",
    "LogScope": "CUSTOMER",
}


def planned(aws: Any, **options: Any) -> ResourcePlan:
    [resource] = logging.resources(aws, {**PARAMS, **options})
    return plan_resource(resource)


def found(**changes: Any) -> dict[str, Any]:
    return {
        "list_web_acls": LISTED,
        "get_logging_configuration": {"LoggingConfiguration": {**copy.deepcopy(READ), **changes}},
    }


def test_a_first_run_sends_lower_case_names_and_no_trailing_star(fake_aws: Callable[..., Any]) -> None:
    aws = fake_aws(list_web_acls=LISTED)
    apply([planned(aws)], [])
    [(_call, sent)] = [call for call in aws.calls if call[0] == "wafv2:put_logging_configuration"]
    config = sent["LoggingConfiguration"]
    assert config == {key: READ[key] for key in config}
    assert set(config) == {"ResourceArn", "LogDestinationConfigs", "RedactedFields", "LoggingFilter"}


def test_what_was_sent_is_no_drift(fake_aws: Callable[..., Any]) -> None:
    turned = {**FILTER, "Filters": [{**FILTER["Filters"][0], "Conditions": FILTER["Filters"][0]["Conditions"][::-1]}]}  # type: ignore[index]
    assert planned(fake_aws(**found(RedactedFields=READ["RedactedFields"][::-1]))).action == "none"  # type: ignore[index]
    assert planned(fake_aws(**found(LoggingFilter=turned))).action == "none"


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"LogDestinationConfigs": [f"{GROUP}-2"]}, "destination_arn"),
        ({"RedactedFields": [{"SingleHeader": {"Name": "cookie"}}, {"QueryString": {}}]}, "redacted_headers"),
        ({"RedactedFields": [*READ["RedactedFields"], {"Method": {}}]}, "redacted"),  # type: ignore[misc]
        ({"RedactedFields": None}, "redacted_headers"),
        ({"LoggingFilter": None}, "filter.DefaultBehavior"),
        ({"LoggingFilter": {**FILTER, "DefaultBehavior": "KEEP"}}, "filter.DefaultBehavior"),
    ],
)
def test_drift_is_seen(fake_aws: Callable[..., Any], changed: dict[str, Any], path: str) -> None:
    plan = planned(fake_aws(**found(**changed)))
    assert plan.action == "update"
    assert path in [change.path for change in plan.changes]


@pytest.mark.parametrize("destination", ["", GROUP.replace("aws-waf-logs-", ""), "arn:aws:s3:::logs"])
def test_a_destination_that_waf_does_not_write_to_is_an_error(fake_aws: Callable[..., Any], destination: str) -> None:
    with pytest.raises(PlatformError, match=r"destination_arn is missing|begins with aws-waf-logs-"):
        planned(fake_aws(), destination_arn=destination)


def test_absent_with_its_web_acl_or_alone(fake_aws: Callable[..., Any]) -> None:
    assert planned(fake_aws(), state="absent").action == "none"
    aws = fake_aws(**found())
    apply([planned(aws, state="absent")], [])
    assert aws.calls[-1] == ("wafv2:delete_logging_configuration", {"ResourceArn": ARN})
