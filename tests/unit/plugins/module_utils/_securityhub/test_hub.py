from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._reconcile import apply, plan_resource
from ansible_collections.airas.platform.plugins.module_utils._securityhub import hub

FSBP = "aws-foundational-security-best-practices/v/1.0.0"
CIS_1_2 = "ruleset/cis-aws-foundations-benchmark/v/1.2.0"
PARAMS: dict[str, Any] = {
    "auto_enable_controls": True,
    "control_finding_generator": "SECURITY_CONTROL",
    "standards": {},
    "state": "present",
    "tags": {"ManagedBy": "airas.platform"},
}
FOUND = {"HubArn": "arn", "AutoEnableControls": True, "ControlFindingGenerator": "SECURITY_CONTROL"}
OURS = {"Tags": {"ManagedBy": "airas.platform", "Name": "ap-northeast-1"}}

Fake = Callable[..., Any]


def enabled(standard: str, status: str) -> dict[str, Any]:
    item = {
        "StandardsArn": standard,
        "StandardsSubscriptionArn": f"subscription of {standard}",
        "StandardsStatus": status,
    }
    return {"StandardsSubscriptions": [item]}


def run(aws: Any, **given: Any) -> list[tuple[str, dict[str, Any]]]:
    apply([plan_resource(resource) for resource in hub.resources(aws, {**PARAMS, **given})], [])
    reads = ("describe", "list", "get")
    return [(call, params) for call, params in aws.calls if not call.split(":")[1].startswith(reads)]


@pytest.mark.parametrize(
    ("name", "arn"),
    [
        (FSBP, f"arn:aws:securityhub:ap-northeast-1::standards/{FSBP}"),
        (CIS_1_2, f"arn:aws:securityhub:::{CIS_1_2}"),
    ],
)
def test_a_standard_is_told_by_the_end_of_its_arn(name: str, arn: str, fake_aws: Fake) -> None:
    aws = fake_aws(describe_hub=FOUND, list_tags_for_resource=OURS)
    requests = {"StandardsSubscriptionRequests": [{"StandardsArn": arn}]}
    assert run(aws, standards={name: True}) == [("securityhub:batch_enable_standards", requests)]
    there = fake_aws(describe_hub=FOUND, list_tags_for_resource=OURS, get_enabled_standards=enabled(arn, "PENDING"))
    assert run(there, standards={name: True}) == []
    less = {"StandardsSubscriptionArns": [f"subscription of {arn}"]}
    assert run(there, standards={name: False}) == [("securityhub:batch_disable_standards", less)]


def test_a_standard_that_is_going_is_not_there(fake_aws: Fake) -> None:
    arn = f"arn:aws:securityhub:ap-northeast-1::standards/{FSBP}"
    aws = fake_aws(describe_hub=FOUND, list_tags_for_resource=OURS, get_enabled_standards=enabled(arn, "DELETING"))
    assert [call for call, _params in run(aws, standards={FSBP: True})] == ["securityhub:batch_enable_standards"]


@pytest.mark.parametrize("code", ["InvalidAccessException", "ResourceNotFoundException"])
def test_it_is_enabled_without_the_standards_that_are_aws_default(code: str, fake_aws: Fake, refusal: Fake) -> None:
    [(call, params)] = run(fake_aws(describe_hub=refusal(code)))
    assert call == "securityhub:enable_security_hub"
    assert params["EnableDefaultStandards"] is False
