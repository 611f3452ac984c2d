from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._aws import AwsError
from ansible_collections.airas.platform.plugins.module_utils._network import flow_log
from ansible_collections.airas.platform.plugins.module_utils._reconcile import apply, plan_resource

NAME, GROUP = "airas-dev", "/vpc/airas-dev"
PARAMS = {
    "name": NAME,
    "resource_id": "vpc-1",
    "destination_type": "cloud-watch-logs",
    "log_group_name": GROUP,
    "role_arn": "arn:role",
    "destination_arn": None,
    "traffic_type": "ALL",
    "max_aggregation_interval": 600,
    "log_format": flow_log.DEFAULT_FORMAT,
    "tags": {},
    "state": "present",
}


def described(**item: Any) -> dict[str, Any]:
    return {
        "FlowLogId": "fl-1",
        "ResourceId": "vpc-1",
        "LogDestinationType": "cloud-watch-logs",
        "LogGroupName": GROUP,
        "DeliverLogsPermissionArn": "arn:role",
        "TrafficType": "ALL",
        "MaxAggregationInterval": 600,
        "LogFormat": flow_log.DEFAULT_FORMAT,
        "DeliverLogsStatus": "SUCCESS",
        "FlowLogStatus": "ACTIVE",
        "Tags": [{"Key": "Name", "Value": NAME}],
        **item,
    }


@pytest.mark.parametrize(
    "spelling",
    [
        {},
        {"LogDestination": f"arn:aws:logs:ap-northeast-1:427979936961:log-group:{GROUP}"},
        {"LogDestination": f"arn:aws:logs:ap-northeast-1:427979936961:log-group:{GROUP}:*", "LogGroupName": ""},
    ],
)
def test_the_log_group_may_be_named_in_either_way(fake_aws: Callable[..., Any], spelling: dict[str, str]) -> None:
    aws = fake_aws(describe_flow_logs={"FlowLogs": [described(**spelling)]})
    [found] = flow_log.resources(aws, PARAMS)
    assert plan_resource(found).action == "none"


def test_the_one_that_is_as_wanted_stays_and_the_one_it_replaces_goes(fake_aws: Callable[..., Any]) -> None:
    old = described(FlowLogId="fl-old", TrafficType="REJECT")
    aws = fake_aws(describe_flow_logs={"FlowLogs": [old, described(FlowLogId="fl-new")]})
    plans = [plan_resource(resource) for resource in flow_log.resources(aws, PARAMS)]
    assert [(plan.resource.address, plan.action) for plan in plans] == [
        (f"vpc_flow_log/{NAME}", "none"),
        (f"vpc_flow_log/{NAME}/fl-old", "delete"),
    ]
    apply(plans, [])
    assert aws.calls[1:] == [("ec2:delete_flow_logs", {"FlowLogIds": ["fl-old"]})]


def test_where_aws_calls_the_two_the_same_the_old_one_goes_first(fake_aws: Callable[..., Any], refusal: Any) -> None:
    there = ["fl-1"]

    def create(**_params: Any) -> Any:
        return refusal("FlowLogAlreadyExists")() if there else {"FlowLogIds": ["fl-2"], "Unsuccessful": []}

    def delete(FlowLogIds: list[str]) -> Any:  # noqa: N803 - the parameter of DeleteFlowLogs
        return there.remove(FlowLogIds[0]) or {} if FlowLogIds[0] in there else refusal("InvalidFlowLogId.NotFound")()

    found = {"FlowLogs": [described(TrafficType="REJECT")]}
    aws = fake_aws(describe_flow_logs=found, create_flow_logs=create, delete_flow_logs=delete)
    [resource] = flow_log.resources(aws, PARAMS)
    apply([plan_resource(resource)], [])
    assert resource.known["id"] == "fl-2"
    assert there == []


def test_a_failure_in_a_successful_answer_carries_its_code(fake_aws: Callable[..., Any]) -> None:
    failed = {"ResourceId": "vpc-1", "Error": {"Code": "LogDestinationPermissionIssue", "Message": "Not allowed"}}
    aws = fake_aws(create_flow_logs={"FlowLogIds": [], "Unsuccessful": [failed]}, describe_flow_logs={"FlowLogs": []})
    [resource] = flow_log.resources(aws, PARAMS)
    with pytest.raises(AwsError, match=r"Failed to call ec2:CreateFlowLogs: Not allowed") as caught:
        apply([plan_resource(resource)], [])
    assert (caught.value.code, caught.value.call) == ("LogDestinationPermissionIssue", "ec2:CreateFlowLogs")
    assert caught.value.resource == f"vpc_flow_log/{NAME}"


def test_each_attempt_has_a_token_of_its_own(fake_aws: Callable[..., Any]) -> None:
    aws = fake_aws(create_flow_logs={"FlowLogIds": ["fl-1"]}, describe_flow_logs={"FlowLogs": []})
    tokens = set()
    for _run in range(2):
        apply([plan_resource(resource) for resource in flow_log.resources(aws, PARAMS)], [])
        tokens.add(aws.calls[-1][1]["ClientToken"])
    assert len(tokens) == 2
