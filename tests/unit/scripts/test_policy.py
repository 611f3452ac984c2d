"""The policies in docs/policies: they are what the code needs, all of it, and no more."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest

from emulator.iam import lint, requests
from emulator.iam.evaluation import Request, allowed, many
from scripts import policy

ACCOUNT = policy.account()
REGION = policy.REGION
SCOPE = f"{REGION}:{ACCOUNT}"
ANYTHING = [{"Effect": "Allow", "Action": "iam:*", "Resource": "*"}]
HERE = {"aws:RequestedRegion": "ap-northeast-1"}
# What another action depends on for something that this project does not have.
NOT_OURS = (
    "apigateway:|apprunner:|appsync:|autoscaling:|cloudformation:|cognito-idp:|kinesis:|organizations:|s3:GetObject$|"
    "ec2:.*VerifiedAccess|ecs:ListContainerInstances|rds:.*TenantDatabase|states:PublishStateMachineVersion|"
    # Quotas of other services than EC2's.
    "dynamodb:DescribeLimits|elasticloadbalancing:DescribeAccountLimits|iam:GetAccountSummary|"
    "rds:DescribeAccountAttributes|route53:GetAccountLimit|"
    # How EC2 finds an image by a parameter's name.
    "ssm:GetParameters$"
)
PUT_TOGETHER = (
    "ec2:(AuthorizeSecurityGroup(In|E)gress|(En|Dis)ableEbsEncryptionByDefault|RevokeSecurityGroup(In|E)gress)|"
    "lambda:GetFunctionConfiguration"
)
# Resources with ids that AWS makes up, each of any id: the type and the region limit them.
UNNAMEABLE = (
    rf"arn:aws:(ec2:{REGION}:(\d+)?:.+|kms:{REGION}:\d+:key/\*|acm:{REGION}:\d+:certificate/\*|"
    rf"lambda:{REGION}:\d+:event-source-mapping:\*|application-autoscaling:{REGION}:\d+:scalable-target/\*|"
    rf"route53:::(healthcheck|hostedzone)/\*|backup:{REGION}:\d+:backup-plan:\*|"
    # AWS's own: the groups of options and parameters of an instance, and the secret of a database's administrator.
    rf"rds:{REGION}:\d+:([op]g:default|snapshot:awsbackup:)\*|secretsmanager:{REGION}:\d+:secret:rds!db-\*|"
    # One of each in an account and a region.
    rf"guardduty:{REGION}:\d+:detector/\*|securityhub:{REGION}:\d+:hub/default|"
    rf"iam::\d+:oidc-provider/{re.escape(requests.GITHUB)})"
)
BOUNDARY, GUARD = (
    json.loads((policy.POLICIES / f"{name}.json").read_text(encoding="utf-8")) for name in ("boundary", "guard")
)
FILES = {path.stem.removeprefix("deployer-"): path for path in policy.POLICIES.glob("deployer-*.json")}


@cache
def whole() -> dict[str, Any]:
    """All policies at once, as they are attached."""
    held = [json.loads(path.read_text(encoding="utf-8")) for path in FILES.values()]
    return {"Statement": [statement for document in held for statement in document["Statement"]]}


def granted() -> set[str]:
    return {action for statement in whole()["Statement"] for action in many(statement["Action"])}


def test_they_are_what_make_policy_writes() -> None:
    files = {
        path: path.read_text(encoding="utf-8") for path in policy.POLICIES.glob("*.json") if path != policy.RECORDED
    }
    assert files == policy.written(), "run make policy"


@pytest.mark.parametrize("group", sorted(FILES))
def test_each_fits_into_a_managed_policy(group: str) -> None:
    assert policy.size(json.loads(FILES[group].read_text(encoding="utf-8"))) <= policy.LIMIT


def test_a_role_can_have_them_all() -> None:
    """With the guard beside them, ten is what an account allows."""
    assert len(FILES) + 1 <= 10


def test_every_service_that_is_called_has_a_place() -> None:
    assert policy.without_group() == []


@pytest.mark.parametrize("group", sorted(FILES))
def test_nothing_is_wrong_with_a_policy(group: str) -> None:
    """Actions that exist, resources and condition keys that they know, and ``*`` only where AWS takes nothing else."""
    assert lint.findings(json.loads(FILES[group].read_text(encoding="utf-8"))) == []


def test_every_action_in_the_code_exists() -> None:
    assert [action for action in policy.actions_in_code() if requests.kinds_of(action) is None] == []


@pytest.mark.parametrize("document", [BOUNDARY, GUARD])
def test_the_boundary_and_its_guard_are_policies(document: dict[str, Any]) -> None:
    assert policy.size(document) <= policy.LIMIT
    # A boundary allows nothing by itself; what its resources are, the roles' own policies say.
    assert [line for line in lint.findings(document) if not line.endswith("instead of *")] == []


@pytest.mark.parametrize(
    ("action", "bounded", "decision"),
    [
        ("iam:CreateRole", "airas-boundary", True),
        ("iam:CreateRole", "AdministratorAccess", False),
        ("iam:CreateRole", "", False),
        ("iam:PutRolePolicy", "airas-boundary", True),
        ("iam:PutRolePolicy", "", False),
        ("iam:AttachRolePolicy", "", False),
        ("iam:PutRolePermissionsBoundary", "AdministratorAccess", False),
        ("iam:DeleteRolePermissionsBoundary", "airas-boundary", False),
        ("iam:DeleteRole", "airas-boundary", True),
    ],
)
def test_the_guard_lets_no_role_out_of_the_boundary(action: str, bounded: str, decision: bool) -> None:
    context = {**HERE, **({"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/{bounded}"} if bounded else {})}
    guarded = {"Statement": [*whole()["Statement"], *GUARD["Statement"]]}
    assert allowed(guarded, Request(action, f"arn:aws:iam::{ACCOUNT}:role/airas-dev-task", context)) is decision
    for change in ("CreatePolicyVersion", "SetDefaultPolicyVersion", "DeletePolicy"):
        for name in ("boundary", "guard", "deployer-identity"):
            request = Request(f"iam:{change}", f"arn:aws:iam::{ACCOUNT}:policy/airas-{name}", context)
            assert not allowed({"Statement": [*ANYTHING, *GUARD["Statement"]]}, request)


# -- neither more nor less than what is called -----------------------------------------------------------------------


def test_each_action_is_called_or_has_a_reason() -> None:
    called = policy.actions_in_code() | set(policy.recorded()["actions"])
    assert granted() - called == {*policy.EXTRA, *policy.APART} - called
    assert all(reason for reason in policy.EXTRA.values())


def test_what_is_recorded_is_in_the_code_or_made_by_it() -> None:
    """What is left over no module calls any more, or it puts the operation's name together, or waits by it."""
    made = {requests.tagging(action) for action in policy.actions_in_code()}
    found = set(policy.recorded()["actions"]) - policy.actions_in_code() - made
    assert {action for action in found if not re.fullmatch(PUT_TOGETHER, action)} == set()


def test_every_playbook_is_recorded_with_everything_switched_on() -> None:
    playbooks = {path.name for path in (policy.ROOT / "playbooks").glob("*.yml")} - {"inventory.yml"}
    assert playbooks - {run[0].rpartition("/")[2] for run in policy.RUNS} == set()
    defaults = "\n".join(path.read_text(encoding="utf-8") for path in policy.ROOT.glob("roles/*/defaults/main.yml"))
    assert set(re.findall(r"(?m)^(\w+_enabled): false$", defaults)) - set(policy.OPTIONS) == set()


def test_no_reason_outlives_its_need() -> None:
    """What is recorded needs no reason, and a resource or a condition belongs to an action that is granted."""
    assert set(policy.EXTRA) & set(policy.recorded()["actions"]) <= {"ecs:TagResource"}
    named = {action for _resource, actions in policy.BESIDES.values() for action in actions} | set(policy.CONDITIONS)
    assert named - granted() == set()


def test_everything_that_is_called_is_allowed() -> None:
    called = (policy.actions_in_code() | set(policy.recorded()["actions"])) - {"sts:GetCallerIdentity"}
    assert called - granted() == set()


def test_what_goes_with_an_action_is_allowed_too() -> None:
    """The reference names actions that another one depends on."""
    for action in sorted(granted()):
        prefix, _colon, name = action.partition(":")
        also = set(requests.reference()[prefix]["dependent"].get(name, "").split())
        assert {other for other in also - granted() if not re.match(NOT_OURS, other)} == set(), action


def test_whatever_can_be_named_is() -> None:
    """A resource of any name that can be changed is one whose name says nothing, or the call was not recorded.

    Record it then: make policy ARGS=record
    """
    open_ones = {
        resource
        for statement in whole()["Statement"]
        for resource in many(statement["Resource"])
        if resource != "*" and not re.search("airas-|aws-service-role", resource)
        if not all(re.match(r"[\w-]+:(Describe|Get|List)", action) for action in many(statement["Action"]))
    }
    assert [resource for resource in sorted(open_ones) if not re.fullmatch(UNNAMEABLE, resource)] == []


SECRETS, KEY, TARGET = (
    f"arn:aws:{name}:{SCOPE}:{rest}"
    for name, rest in (
        ("secretsmanager", "secret:"),
        ("kms", "key/1"),
        ("application-autoscaling", "scalable-target/0a1b"),
    )
)
FUNCTION, LISTENER = f"arn:aws:lambda:{SCOPE}:function", f"arn:aws:elasticloadbalancing:{SCOPE}:listener/app"
TRACKING = f"arn:aws:cloudwatch:{SCOPE}:alarm:TargetTracking-service/airas-dev-cluster/a"
NAMESPACE, TO_FUNCTION = "application-autoscaling:service-namespace", "lambda:FunctionArn"


@pytest.mark.parametrize(
    ("action", "resource", "context", "decision"),
    [
        ("s3:PutBucketPolicy", "arn:aws:s3:::airas-prod-files-1", {}, True),
        ("s3:PutBucketPolicy", "arn:aws:s3:::others", {}, False),
        ("secretsmanager:PutSecretValue", f"{SECRETS}airas-dev/a-AbCdEf", {}, True),
        ("secretsmanager:PutSecretValue", f"{SECRETS}others/a-AbCdEf", {}, False),
        ("secretsmanager:GetSecretValue", f"{SECRETS}others/a-AbCdEf", {}, False),
        ("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/airas-dev-task", {}, True),
        ("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/Administrator", {}, False),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/airas-dev-task",
         {"iam:PassedToService": "ecs-tasks.amazonaws.com"}, True),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/airas-dev-task",
         {"iam:PassedToService": "ec2.amazonaws.com"}, False),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/Administrator",
         {"iam:PassedToService": "ecs-tasks.amazonaws.com"}, False),
        ("iam:CreateServiceLinkedRole", f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x/y",
         {"iam:AWSServiceName": "wafv2.amazonaws.com"}, True),
        ("iam:CreateServiceLinkedRole", f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/x/y",
         {"iam:AWSServiceName": "organizations.amazonaws.com"}, False),
        ("iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/airas-a", {}, False),
        ("iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/airas-a", {}, False),
        ("iam:AttachUserPolicy", f"arn:aws:iam::{ACCOUNT}:user/airas-a", {}, False),
        ("cloudtrail:StopLogging", f"arn:aws:cloudtrail:{SCOPE}:trail/others", {}, False),
        ("wafv2:AssociateWebACL", f"arn:aws:wafv2:{SCOPE}:regional/webacl/airas-prod-backend/1", {}, True),
        ("secretsmanager:CreateSecret", f"{SECRETS}rds!db-1-AbCdEf", {}, True),
        ("secretsmanager:PutSecretValue", f"{SECRETS}rds!db-1-AbCdEf", {}, False),
        ("secretsmanager:GetSecretValue", f"{SECRETS}rds!db-1-AbCdEf", {}, False),
        ("cloudwatch:PutMetricAlarm", TRACKING, {},
         True),
        ("cloudwatch:PutMetricAlarm", f"arn:aws:cloudwatch:{SCOPE}:alarm:others", {}, False),
        ("rds:CreateDBInstance", f"arn:aws:rds:{SCOPE}:og:default:postgres-16", {}, True),
        ("rds:DeleteDBInstance", f"arn:aws:rds:{SCOPE}:db:others", {}, False),
        ("kms:Decrypt", KEY, {}, False),
        ("kms:Decrypt", KEY, {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}, True),
        ("kms:CreateGrant", KEY, {}, False),
        ("kms:CreateGrant", KEY, {"kms:GrantIsForAWSResource": "true"}, True),
        ("ecs:ListTasks", "*", {"ecs:cluster": f"arn:aws:ecs:{SCOPE}:cluster/airas-dev-cluster"}, True),
        ("ecs:ListTasks", "*", {"ecs:cluster": f"arn:aws:ecs:{SCOPE}:cluster/others"}, False),
        ("ecs:UpdateService", f"arn:aws:ecs:{SCOPE}:service/others/a", {}, False),
        ("application-autoscaling:RegisterScalableTarget", TARGET,
         {NAMESPACE: "ecs"}, True),
        ("application-autoscaling:RegisterScalableTarget", TARGET,
         {NAMESPACE: "dynamodb"}, False),
        ("lambda:CreateEventSourceMapping", "*", {TO_FUNCTION: f"{FUNCTION}:airas-a"}, True),
        ("lambda:CreateEventSourceMapping", "*", {TO_FUNCTION: f"{FUNCTION}:others"}, False),
        ("elasticloadbalancing:AddTags", f"{LISTENER}/airas-dev-alb/1/2", {}, True),
        ("elasticloadbalancing:AddTags", f"{LISTENER}/others/1/2", {}, False),
        ("logs:DescribeLogGroups", "*", {}, True),
        ("logs:DeleteLogGroup", f"arn:aws:logs:{SCOPE}:log-group:others", {}, False),
        ("ec2:CreateSubnet", f"arn:aws:ec2:{SCOPE}:vpc/vpc-1", {}, True),
        ("ec2:CreateSubnet", f"arn:aws:ec2:us-east-1:{ACCOUNT}:vpc/vpc-1", {}, False),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/airas-dev-scheduler",
         {"iam:PassedToService": "scheduler.amazonaws.com"}, True),
        ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/airas-dev-task", {}, False),
        ("iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/others", {}, False),
        ("iam:CreateServiceLinkedRole", f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/a", {}, False),
        ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/airas-dev-task", {}, False),
        ("ec2:DescribeVpcs", "*", {}, True),
        ("ec2:DescribeVpcs", "*", {"aws:RequestedRegion": "us-east-1"}, False),
        ("organizations:LeaveOrganization", "*", {}, False),
    ],
)  # fmt: skip
def test_table(action: str, resource: str, context: dict[str, str], decision: bool) -> None:
    assert allowed(whole(), Request(action, resource, {**HERE, **context})) is decision
