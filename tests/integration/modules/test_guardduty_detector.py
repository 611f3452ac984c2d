"""GuardDuty against the embedded AWS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Apply = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]
Values = Callable[[dict[str, Any]], dict[str, tuple[Any, Any]]]

TAGS = {"Environment": "global", "ManagedBy": "airas.platform"}
ARGS: dict[str, Any] = {
    "region": "ap-northeast-1",
    "features": {"s3_data_events": True, "runtime_monitoring": True},
    "agents": {"ecs_fargate": True},
    "tags": TAGS,
}
DETECTOR = "guardduty_detector/ap-northeast-1"
PROTECTED = {"protected": True, "environment": "global"}


def detector(boto: Boto) -> dict[str, Any]:
    client = boto("guardduty")
    [found] = client.list_detectors()["DetectorIds"]
    return {**client.get_detector(DetectorId=found), "DetectorId": found}


def census(boto: Boto) -> list[Any]:
    if not boto("guardduty").list_detectors()["DetectorIds"]:
        return []
    found = detector(boto)
    on = sorted(item["Name"] for item in found["Features"] if item["Status"] == "ENABLED")
    agents = sorted(
        agent["Name"]
        for item in found["Features"]
        for agent in item.get("AdditionalConfiguration", ())
        if agent["Status"] == "ENABLED"
    )
    return [found["Status"], found["FindingPublishingFrequency"], on, agents, found["Tags"]]


FOUNDATIONAL = ["CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS"]


def test_makes_it_and_then_changes_nothing(apply: Apply, boto: Boto) -> None:
    planned = apply("guardduty_detector", ARGS, check=True)
    assert census(boto) == []
    assert planned["resources"][DETECTOR]["features"]["eks_audit_logs"] is False
    made = apply("guardduty_detector", ARGS)
    assert made["plan"] == planned["plan"]
    assert made["resources"][DETECTOR]["arn"].endswith(f"detector/{detector(boto)['DetectorId']}")
    on = [*FOUNDATIONAL, "RUNTIME_MONITORING", "S3_DATA_EVENTS"]
    tags = {**TAGS, "Name": "ap-northeast-1"}
    assert census(boto) == ["ENABLED", "SIX_HOURS", on, ["ECS_FARGATE_AGENT_MANAGEMENT"], tags]
    assert apply("guardduty_detector", ARGS)["changed"] is False


def test_what_somebody_changes_is_named(apply: Apply, boto: Boto, value_changes: Values) -> None:
    apply("guardduty_detector", ARGS)
    before, client, found = census(boto), boto("guardduty"), detector(boto)
    arn = f"arn:aws:guardduty:ap-northeast-1:427979936961:detector/{found['DetectorId']}"
    client.update_detector(
        DetectorId=found["DetectorId"],
        Enable=False,
        FindingPublishingFrequency="ONE_HOUR",
        Features=[
            {"Name": "S3_DATA_EVENTS", "Status": "DISABLED"},
            {"Name": "LAMBDA_NETWORK_LOGS", "Status": "ENABLED"},
            {
                "Name": "RUNTIME_MONITORING",
                "Status": "ENABLED",
                "AdditionalConfiguration": [{"Name": "ECS_FARGATE_AGENT_MANAGEMENT", "Status": "DISABLED"}],
            },
        ],
    )
    client.tag_resource(ResourceArn=arn, Tags={"Environment": "other"})
    drift = {
        f"{DETECTOR} agents.ecs_fargate": (False, True),
        f"{DETECTOR} enabled": (False, True),
        f"{DETECTOR} features.lambda_network_logs": (True, False),
        f"{DETECTOR} features.s3_data_events": (False, True),
        f"{DETECTOR} finding_publishing_frequency": ("ONE_HOUR", "SIX_HOURS"),
        f"{DETECTOR} tags.Environment": ("other", "global"),
    }
    assert value_changes(apply("guardduty_detector", ARGS, check=True)) == drift
    assert value_changes(apply("guardduty_detector", ARGS)) == drift
    assert census(boto) == before


def test_one_that_is_there_keeps_what_nobody_asked_to_change(apply: Apply, boto: Boto, value_changes: Values) -> None:
    boto("guardduty").create_detector(Enable=True, Tags={"ManagedBy": "them"})
    wanted = {**ARGS, "features": {"eks_audit_logs": False}, "agents": {}}
    drift = {f"{DETECTOR} features.eks_audit_logs": (True, False)}
    assert value_changes(apply("guardduty_detector", wanted, check=True)) == drift
    assert value_changes(apply("guardduty_detector", wanted)) == drift
    [_status, _frequency, on, _agents, tags] = census(boto)
    assert "LAMBDA_NETWORK_LOGS" in on
    assert tags == {"ManagedBy": "them"}
    assert apply("guardduty_detector", wanted)["changed"] is False
    assert apply("guardduty_detector", {**wanted, "state": "absent"})["changed"] is False
    assert len(census(boto)) == 5


def test_suspended_it_keeps_its_findings(apply: Apply, boto: Boto) -> None:
    apply("guardduty_detector", ARGS)
    [plan] = apply("guardduty_detector", {**ARGS, **PROTECTED, "enabled": False})["plan"]
    assert [change["path"] for change in plan["changes"]] == ["enabled"]
    assert census(boto)[0] == "DISABLED"


def test_absent_loses_findings_and_has_to_be_confirmed(run_module: Apply, apply: Apply, boto: Boto) -> None:
    apply("guardduty_detector", ARGS)
    gone = {"region": "ap-northeast-1", "tags": TAGS, "state": "absent", **PROTECTED}
    refused = run_module("guardduty_detector", gone)
    assert f"run again with -e confirm=global:{DETECTOR}" in refused["msg"]
    planned = run_module("guardduty_detector", gone, check=True)
    assert "This would be refused" in str(planned["warnings"])
    confirmed = {**gone, "confirm": [f"global:{DETECTOR}"]}
    assert [plan["impact"] for plan in apply("guardduty_detector", confirmed)["plan"]] == ["data loss"]
    assert census(boto) == []
    assert apply("guardduty_detector", confirmed)["changed"] is False


def test_interrupted_anywhere_it_ends_the_same(interrupt_each_write: Callable[..., None], boto: Boto) -> None:
    def prepare() -> dict[str, Any]:
        # As an earlier run would have left it that stopped after the first call.
        boto("guardduty").create_detector(Enable=False, Tags={"ManagedBy": "airas.platform"})
        return ARGS

    interrupt_each_write("guardduty_detector", lambda: ARGS, lambda: census(boto))
    interrupt_each_write("guardduty_detector", prepare, lambda: census(boto))


def test_agents_without_anything_to_do_are_refused(run_module: Apply) -> None:
    args = {**ARGS, "features": {}}
    message = run_module("guardduty_detector", args)["msg"]
    assert "agents without features.runtime_monitoring have nothing to do: ecs_fargate" in message


@pytest.mark.parametrize("option", ["features", "agents"])
def test_a_name_that_there_is_not_is_refused(option: str, run_module: Apply) -> None:
    assert "s3_logs" in run_module("guardduty_detector", {**ARGS, option: {"s3_logs": True}})["msg"]
