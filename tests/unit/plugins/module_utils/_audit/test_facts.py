from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._audit import facts

ARN = "arn:aws:cloudtrail:ap-northeast-1:427979936961:trail/airas-trail"
TRAIL = {"Name": "airas-trail", "TrailARN": ARN, "S3BucketName": "airas-trail-427979936961"}
OBJECTS = {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}
BASIC = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}


def basic(**changes: Any) -> dict[str, Any]:
    return {"EventSelectors": [{**BASIC, **changes}]}


def advanced(category: str, **fields: list[str]) -> dict[str, Any]:
    """``advanced("Data", resources_type=[...])``"""
    held = [{"Field": key.replace("_", "."), "Equals": value} for key, value in fields.items()]
    return {"AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": [category]}, *held]}]}


@pytest.mark.parametrize(
    ("selectors", "management", "objects"),
    [
        (basic(), True, []),
        (basic(ReadWriteType="WriteOnly"), False, []),
        (basic(IncludeManagementEvents=False), False, []),
        (basic(ExcludeManagementEventSources=["kms.amazonaws.com"]), False, []),
        (basic(ReadWriteType="ReadOnly", DataResources=[OBJECTS]), False, ["ReadOnly"]),
        (basic(DataResources=[{**OBJECTS, "Values": ["arn:aws:s3:::one-bucket/"]}]), True, []),
        (advanced("Management"), True, []),
        (advanced("Management", readOnly=["false"]), False, []),
        (advanced("Management", eventSource=["kms.amazonaws.com"]), False, []),
        (advanced("Data", resources_type=["AWS::S3::Object"]), False, ["All"]),
        (advanced("Data", resources_type=["AWS::S3::Object"], readOnly=["false"]), False, ["WriteOnly"]),
        (advanced("Data", resources_type=["AWS::S3::Object"], resources_ARN=["arn:aws:s3:::b/"]), False, []),
        (advanced("Data", resources_type=["AWS::Lambda::Function"]), False, []),
    ],
)
def test_what_a_trail_records(
    fake_aws: Callable[..., Any], selectors: dict[str, Any], management: bool, objects: list[str]
) -> None:
    aws = fake_aws(
        get_trail_status={"IsLogging": True},
        get_event_selectors=selectors,
        get_ebs_encryption_by_default={"EbsEncryptionByDefault": True},
        describe_trails={"trailList": [TRAIL]},
    )
    found = facts.account(aws, facts.Scope("airas-dev", [], [], [], None))  # type: ignore[arg-type]
    trail = found["trail"]["airas-trail"]
    assert trail["logging"]
    assert trail["management_events"] == management
    assert trail["object_events"] == objects
    assert trail["bucket_logging"] is None


def test_the_newest_revision_is_judged_beside_the_one_that_runs(fake_aws: Callable[..., Any]) -> None:
    arn = "arn:aws:ecs:ap-northeast-1:427979936961:task-definition/airas-dev-backend"

    def described(taskDefinition: str) -> dict[str, Any]:  # noqa: N803
        revision = 1 if taskDefinition.endswith(":1") else 2
        family = "airas-dev-worker" if taskDefinition == "airas-dev-worker" else "airas-dev-backend"
        told = {"family": family, "revision": revision, "taskDefinitionArn": f"{arn}:{revision}"}
        return {"taskDefinition": told}

    aws = fake_aws(
        list_clusters={"clusterArns": ["arn:aws:ecs:ap-northeast-1:427979936961:cluster/airas-dev-cluster"]},
        describe_clusters={"clusters": []},
        list_services={"serviceArns": ["service"]},
        describe_services={
            "services": [{"serviceName": "airas-dev-backend", "status": "ACTIVE", "taskDefinition": f"{arn}:1"}]
        },
        list_task_definition_families={"families": ["airas-dev-backend", "airas-dev-worker"]},
        describe_task_definition=described,
    )
    found = facts.containers(aws, facts.Scope("airas-dev", [], [], [], None))["task_definition"]  # type: ignore[arg-type]
    assert list(found) == ["airas-dev-backend", "airas-dev-backend:2", "airas-dev-worker:2"]


def test_an_organisations_trail_counts_and_is_not_the_accounts_to_mend(fake_aws: Callable[..., Any]) -> None:
    aws = fake_aws(
        get_trail_status={"IsLogging": True},
        get_event_selectors=basic(),
        get_ebs_encryption_by_default={"EbsEncryptionByDefault": True},
        describe_trails={"trailList": [{**TRAIL, "TrailARN": ARN.replace("427979936961", "111111111111")}]},
    )
    found = facts.account(aws, facts.Scope("airas-dev", [], [], [], None))  # type: ignore[arg-type]
    assert found["trail"] == {}
    assert [trail["Name"] for trail in found["account"][aws.account_id]["trails"]] == ["airas-trail"]
