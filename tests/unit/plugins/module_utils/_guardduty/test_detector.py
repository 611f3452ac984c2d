from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.airas.platform.plugins.module_utils._guardduty import detector
from ansible_collections.airas.platform.plugins.module_utils._reconcile import apply, plan_resource

OURS = {"ManagedBy": "airas.platform", "Name": "ap-northeast-1"}
PARAMS: dict[str, Any] = {
    "enabled": True,
    "finding_publishing_frequency": "SIX_HOURS",
    "features": {"s3_data_events": True},
    "agents": None,
    "state": "present",
    "tags": {"ManagedBy": "airas.platform"},
}

Fake = Callable[..., Any]


def described(features: dict[str, str], tags: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    listed = [{"Name": name, "Status": status, **more.get(name, {})} for name, status in features.items()]
    return {"Status": "ENABLED", "FindingPublishingFrequency": "SIX_HOURS", "Features": listed, "Tags": tags or OURS}


def run(aws: Any, **given: Any) -> list[dict[str, Any]]:
    """The parameters of the writes."""
    apply([plan_resource(resource) for resource in detector.resources(aws, {**PARAMS, **given})], [])
    return [params for call, params in aws.calls if call.split(":")[1].startswith(("create_", "update_"))]


def test_a_feature_that_this_module_does_not_know_is_switched_off_in_what_it_made(fake_aws: Fake) -> None:
    found = described({"FLOW_LOGS": "ENABLED", "S3_DATA_EVENTS": "ENABLED", "AI_PROTECTION": "ENABLED"})
    off = [{"Name": "AI_PROTECTION", "Status": "DISABLED"}]
    aws = fake_aws(list_detectors={"DetectorIds": ["1"]}, get_detector=found)
    assert run(aws) == [{"DetectorId": "1", "Features": off}]
    new = fake_aws(create_detector={"DetectorId": "1"}, get_detector=found)
    [created, updated] = run(new)
    assert {item["Name"] for item in created["Features"]} == {name.upper() for name in detector.FEATURES}
    assert updated == {"DetectorId": "1", "Features": off}


def test_only_what_differs_is_sent(fake_aws: Fake) -> None:
    # EKS_RUNTIME_MONITORING and RUNTIME_MONITORING in one request are an error, whatever their status.
    found = described(
        {"S3_DATA_EVENTS": "DISABLED", "EKS_RUNTIME_MONITORING": "DISABLED", "RUNTIME_MONITORING": "DISABLED"}
    )
    aws = fake_aws(list_detectors={"DetectorIds": ["1"]}, get_detector=found)
    assert run(aws) == [{"DetectorId": "1", "Features": [{"Name": "S3_DATA_EVENTS", "Status": "ENABLED"}]}]


def test_what_a_policy_of_the_organisation_sets_is_left_alone(fake_aws: Fake) -> None:
    by_policy = {"S3_DATA_EVENTS": {"ManagedBy": "GUARDDUTY_POLICY"}}
    found = described({"S3_DATA_EVENTS": "DISABLED", "EKS_AUDIT_LOGS": "ENABLED"}, **by_policy)
    aws = fake_aws(list_detectors={"DetectorIds": ["1"]}, get_detector=found)
    assert run(aws) == [{"DetectorId": "1", "Features": [{"Name": "EKS_AUDIT_LOGS", "Status": "DISABLED"}]}]
