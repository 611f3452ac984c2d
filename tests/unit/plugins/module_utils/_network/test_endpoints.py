"""Names of services, states in every spelling, and changes that send only what differs."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._network import endpoints
from ansible_collections.airas.platform.plugins.module_utils._reconcile import (
    PlatformError,
    apply,
    plan_resource,
    report,
)

FULL = '{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}]}'


def wanted(**others: Any) -> dict[str, Any]:
    return {
        "name": "ecr",
        "service": "ecr.api",
        "type": "interface",
        "route_table_ids": [],
        "subnet_ids": ["subnet-1"],
        "security_group_ids": ["sg-1"],
        "private_dns_enabled": True,
        "policy": None,
        **others,
    }


def params(**others: Any) -> dict[str, Any]:
    return {"vpc_id": "vpc-1", "endpoints": [wanted()], "tags": {}, "state": "present", "purge": False, **others}


def described(**others: Any) -> dict[str, Any]:
    return {
        "VpcEndpointId": "vpce-1",
        "VpcEndpointType": "Interface",
        "ServiceName": "com.amazonaws.ap-northeast-1.ecr.api",
        "State": "available",
        "SubnetIds": ["subnet-1"],
        "Groups": [{"GroupId": "sg-1"}],
        "PrivateDnsEnabled": True,
        "PolicyDocument": FULL,
        "Tags": [{"Key": "Name", "Value": "ecr"}],
        **others,
    }


def planned(aws: Any, **others: Any) -> list[Any]:
    return [plan_resource(resource) for resource in endpoints.resources(aws, params(**others))]


@pytest.mark.parametrize(
    ("service", "name"),
    [
        ("s3", "com.amazonaws.ap-northeast-1.s3"),
        ("ecr.api", "com.amazonaws.ap-northeast-1.ecr.api"),
        ("com.amazonaws.vpce.ap-northeast-1.vpce-svc-1", "com.amazonaws.vpce.ap-northeast-1.vpce-svc-1"),
        ("aws.sagemaker.ap-northeast-1.notebook", "aws.sagemaker.ap-northeast-1.notebook"),
    ],
)
def test_a_service_is_named_in_short_or_in_full(service: str, name: str) -> None:
    assert endpoints.service_name("ap-northeast-1", service) == name


@pytest.mark.parametrize("state", ["available", "Available"])
def test_an_endpoint_that_is_as_it_should_be_changes_nothing(fake_aws: Any, state: str) -> None:
    (plan,) = planned(fake_aws(describe_vpc_endpoints={"VpcEndpoints": [described(State=state)]}))
    assert plan.action == "none"
    assert report([], [plan.resource])["pending"] == []


def test_a_changed_endpoint_is_sent_only_what_differs(fake_aws: Any) -> None:
    other = described(SubnetIds=["subnet-1", "subnet-2"], Groups=[], PolicyDocument='{"Statement":[]}')
    aws = fake_aws(describe_vpc_endpoints={"VpcEndpoints": [other]})
    apply(planned(aws), [])
    assert aws.calls[1:] == [
        (
            "ec2:modify_vpc_endpoint",
            {
                "VpcEndpointId": "vpce-1",
                "RemoveSubnetIds": ["subnet-2"],
                "AddSecurityGroupIds": ["sg-1"],
                "ResetPolicy": True,
            },
        )
    ]


@pytest.mark.parametrize("state", ["pending", "Pending", "pendingAcceptance", "partial"])
def test_an_endpoint_that_is_settling_is_left_for_the_next_call(fake_aws: Any, state: str) -> None:
    aws = fake_aws(describe_vpc_endpoints={"VpcEndpoints": [described(State=state, Groups=[])]})
    plans = planned(aws)
    apply(plans, [])
    assert [call for call, _params in aws.calls] == ["ec2:describe_vpc_endpoints"]
    assert report(plans, [plan.resource for plan in plans])["pending"] == [
        {"resource": "vpc_endpoint/ecr", "state": state.lower()}
    ]


@pytest.mark.parametrize("reason", [{"LastError": {"Message": "No capacity."}}, {"FailureReason": "No capacity."}])
def test_an_endpoint_that_failed_says_why(fake_aws: Any, reason: Any) -> None:
    (plan,) = planned(fake_aws(describe_vpc_endpoints={"VpcEndpoints": [described(State="failed", **reason)]}))
    with pytest.raises(PlatformError, match=r"failed: No capacity\. Delete it .* vpce-1"):
        report([], [plan.resource])


def test_one_that_is_on_its_way_out_does_not_stand_in_for_a_new_one(fake_aws: Any) -> None:
    aws = fake_aws(
        describe_vpc_endpoints={"VpcEndpoints": [described(State="deleting"), described(State="deleted")]},
        create_vpc_endpoint={"VpcEndpoint": {"VpcEndpointId": "vpce-2", "State": "Pending"}},
    )
    plans = planned(aws)
    apply(plans, [])
    assert plans[0].resource.known["id"] == "vpce-2"


def test_a_lost_answer_is_asked_for_again_with_the_same_token(fake_aws: Any) -> None:
    aws = fake_aws(
        describe_vpc_endpoints={"VpcEndpoints": []},
        create_vpc_endpoint={"VpcEndpoint": {"VpcEndpointId": "vpce-2", "State": "pending"}},
    )
    apply(planned(aws), [])
    _call, sent = aws.calls[1]
    assert len(sent.pop("ClientToken")) == len("01234567-89ab-cdef-0123-456789abcdef")
    assert sent == {
        "VpcId": "vpc-1",
        "VpcEndpointType": "Interface",
        "ServiceName": "com.amazonaws.ap-northeast-1.ecr.api",
        "SubnetIds": ["subnet-1"],
        "SecurityGroupIds": ["sg-1"],
        "PrivateDnsEnabled": True,
        "TagSpecifications": [{"ResourceType": "vpc-endpoint", "Tags": [{"Key": "Name", "Value": "ecr"}]}],
    }


def test_a_deletion_that_aws_declines_is_an_error(fake_aws: Any) -> None:
    declined = {"ResourceId": "vpce-1", "Error": {"Code": "InvalidParameter", "Message": "It is managed by a service"}}
    aws = fake_aws(
        describe_vpc_endpoints={"VpcEndpoints": [described()]}, delete_vpc_endpoints={"Unsuccessful": [declined]}
    )
    with pytest.raises(PlatformError, match=r"vpc_endpoint/ecr: .*It is managed by a service"):
        apply(planned(aws, state="absent"), [])


def test_a_failed_endpoint_can_be_removed(fake_aws: Any) -> None:
    aws = fake_aws(describe_vpc_endpoints={"VpcEndpoints": [described(State="failed")]})
    (plan,) = planned(aws, state="absent")
    assert plan.action == "delete"
    assert report([plan], [plan.resource])["pending"] == []


def test_purge_takes_only_what_this_collection_made(fake_aws: Any) -> None:
    ours = {"Key": "ManagedBy", "Value": "airas.platform"}
    found = [
        described(VpcEndpointId="vpce-2", Tags=[{"Key": "Name", "Value": "old"}, ours]),
        described(VpcEndpointId="vpce-3", Tags=[{"Key": "Name", "Value": "other"}]),
    ]
    plans = planned(fake_aws(describe_vpc_endpoints={"VpcEndpoints": found}), endpoints=[], purge=True)
    assert [(plan.resource.address, plan.action, plan.impact) for plan in plans] == [
        ("vpc_endpoint/old", "delete", "outage")
    ]
