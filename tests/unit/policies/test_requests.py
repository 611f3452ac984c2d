"""What IAM is asked about a call: its action, the one that tags, a role handed over, with resources and conditions."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.iam import lint, requests

ACCOUNT, REGION = "427979936961", "ap-northeast-1"
SCOPE = f"{REGION}:{ACCOUNT}"
TAGS = [{"Key": "Project", "Value": "airas"}]
BALANCER = f"arn:aws:elasticloadbalancing:{SCOPE}:loadbalancer/app/airas-dev-alb/0a1b"
LISTENER = BALANCER.replace(":loadbalancer/", ":listener/")
ROLE = f"arn:aws:iam::{ACCOUNT}:role/airas-dev-task"


def asked(service: str, operation: str, **params: Any) -> dict[str, set[str]]:
    """The resources of each action, without what the call does not tell of them."""
    call = {"service": service, "operation": operation, "region": REGION, "params": params}
    found: dict[str, set[str]] = {}
    for request in requests.requests(call, ACCOUNT, "airas"):
        found.setdefault(request.action, set()).add(request.resource.removeprefix(f"arn:aws:{service}:{SCOPE}:"))
    return found


@pytest.mark.parametrize(
    ("call", "found"),
    [
        (("ecs", "ListTasks", {"cluster": "airas-dev-cluster"}), {"ecs:ListTasks": {"*"}}),
        (
            ("ecs", "RegisterTaskDefinition", {"family": "airas-dev-backend", "tags": TAGS}),
            {
                action: {"task-definition/airas-dev-backend:(unknown)"}
                for action in ("ecs:RegisterTaskDefinition", "ecs:TagResource")
            },
        ),
        (
            ("ec2", "CreateVpc", {"CidrBlock": "10.0.0.0/16", "TagSpecifications": [{"ResourceType": "vpc"}]}),
            {action: {"vpc/(unknown)"} for action in ("ec2:CreateVpc", "ec2:CreateTags")},
        ),
        (("sqs", "CreateQueue", {"QueueName": "airas-a", "tags": {}}), {"sqs:CreateQueue": {"airas-a"}}),
        (
            ("application-autoscaling", "RegisterScalableTarget", {"ResourceId": "service/airas-dev-cluster/a"}),
            {"application-autoscaling:RegisterScalableTarget": {"scalable-target/(unknown)"}},
        ),
        (
            ("iam", "CreateServiceLinkedRole", {"AWSServiceName": "ecs.amazonaws.com"}),
            {
                "iam:CreateServiceLinkedRole": {
                    f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/(unknown)"
                }
            },
        ),
        (
            ("iam", "AddRoleToInstanceProfile", {"InstanceProfileName": "airas-dev-nat", "RoleName": "airas-dev-nat"}),
            {
                "iam:AddRoleToInstanceProfile": {f"arn:aws:iam::{ACCOUNT}:instance-profile/airas-dev-nat"},
                "iam:PassRole": {f"arn:aws:iam::{ACCOUNT}:role/airas-dev-nat"},
            },
        ),
    ],
    ids=lambda item: item[1] if isinstance(item, tuple) else "",
)
def test_actions_and_resources(call: tuple[str, str, dict[str, Any]], found: dict[str, set[str]]) -> None:
    service, operation, params = call
    assert asked(service, operation, **params) == found


def test_what_is_made_below_something_is_tagged_by_its_own_arn() -> None:
    tagged = asked("elbv2", "CreateListener", LoadBalancerArn=BALANCER, Tags=TAGS)
    assert tagged["elasticloadbalancing:CreateListener"] == {BALANCER}
    assert tagged["elasticloadbalancing:AddTags"] == {f"{LISTENER}/(unknown)"}
    tagged = asked("elbv2", "CreateRule", ListenerArn=f"{LISTENER}/2c", Tags=TAGS)
    rule = LISTENER.replace(":listener/", ":listener-rule/")
    assert tagged["elasticloadbalancing:AddTags"] == {f"{rule}/2c/(unknown)"}


def test_conditions() -> None:
    def context(service: str, operation: str, **params: Any) -> dict[str, Any]:
        call = {"service": service, "operation": operation, "region": REGION, "params": params}
        found = {request.action: dict(request.context) for request in requests.requests(call, ACCOUNT, "airas")}
        return {key: value for item in found.values() for key, value in item.items() if key != "aws:RequestedRegion"}

    cluster = f"arn:aws:ecs:{SCOPE}:cluster/airas-dev-cluster"
    assert context("ecs", "ListTasks", cluster="airas-dev-cluster") == {"ecs:cluster": cluster}
    assert context("ecs", "ListTasks", cluster=cluster) == {"ecs:cluster": cluster}
    assert context("lambda", "CreateEventSourceMapping", FunctionName="airas-a") == {
        "lambda:FunctionArn": f"arn:aws:lambda:{SCOPE}:function:airas-a"
    }
    assert context("ecs", "RegisterTaskDefinition", family="a", tags=TAGS) == {
        "ecs:CreateAction": "RegisterTaskDefinition"
    }
    assert context("dynamodb", "GetItem", TableName="a", Key={"LockID": {"S": "airas.platform/dev"}}) == {
        "dynamodb:LeadingKeys": "airas.platform/dev"
    }
    assert context("ecs", "RegisterTaskDefinition", family="a", taskRoleArn=ROLE) == {
        "iam:PassedToService": "ecs-tasks.amazonaws.com"
    }


def test_the_policies_that_a_call_writes() -> None:
    document = '{"Version": "2012-10-17", "Statement": []}'
    queue = {"QueueName": "a", "Attributes": {"Policy": document, "VisibilityTimeout": "30"}}
    [found] = requests.documents({"service": "sqs", "operation": "CreateQueue", "params": queue})
    assert found == {"Version": "2012-10-17", "Statement": []}
    permission = {"FunctionName": "a", "StatementId": "b", "Action": "lambda:InvokeFunction"}
    permission["Principal"] = "secretsmanager.amazonaws.com"
    [open_to_all] = requests.documents({"service": "lambda", "operation": "AddPermission", "params": permission})
    assert lint.findings(open_to_all) == ["b: the service comes on anybody's behalf"]
    permission |= {"SourceAccount": ACCOUNT}
    [closed] = requests.documents({"service": "lambda", "operation": "AddPermission", "params": permission})
    assert lint.findings(closed) == []
