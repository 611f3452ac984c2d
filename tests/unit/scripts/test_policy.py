"""The policies in docs/policies: they are what the code needs, all of it, and no more."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest

from emulator.iam import requests
from emulator.iam.evaluation import Request, allowed, many
from scripts import policy

ACCOUNT = policy.account()
SCOPE = f"ap-northeast-1:{ACCOUNT}"
HERE = {"aws:RequestedRegion": "ap-northeast-1"}
FILES = {path.stem.removeprefix("deployer-"): path for path in policy.POLICIES.glob("deployer-*.json")}


@cache
def whole() -> dict[str, Any]:
    """All policies at once, as they are attached."""
    held = [json.loads(path.read_text(encoding="utf-8")) for path in FILES.values()]
    return {"Statement": [statement for document in held for statement in document["Statement"]]}


def granted() -> set[str]:
    return {action for statement in whole()["Statement"] for action in many(statement["Action"])}


def test_they_are_what_make_policy_writes() -> None:
    written = {group: json.loads(path.read_text(encoding="utf-8")) for group, path in FILES.items()}
    assert written == policy.policies(), "run make policy"


@pytest.mark.parametrize("group", sorted(FILES))
def test_each_fits_into_a_managed_policy(group: str) -> None:
    assert policy.size(json.loads(FILES[group].read_text(encoding="utf-8"))) <= policy.LIMIT


def test_a_role_can_have_them_all() -> None:
    assert len(FILES) <= 10


def test_every_service_that_is_called_has_a_place() -> None:
    assert policy.without_group() == []


def test_every_action_exists() -> None:
    unknown = [action for action in granted() | policy.actions_in_code() if requests.kinds_of(action) is None]
    assert unknown == []


def test_each_action_is_called_or_has_a_reason() -> None:
    called = policy.actions_in_code() | set(policy.recorded()["actions"])
    assert granted() - called == {*policy.EXTRA, "iam:PassRole", "iam:CreateServiceLinkedRole"} - called
    assert all(reason for reason in policy.EXTRA.values())


def test_everything_that_is_called_is_allowed() -> None:
    called = (policy.actions_in_code() | set(policy.recorded()["actions"])) - {"sts:GetCallerIdentity"}
    assert called - granted() == set()


def test_no_action_has_a_wildcard_and_a_resource_only_where_aws_takes_none() -> None:
    for statement in whole()["Statement"]:
        actions = many(statement["Action"])
        assert not [action for action in actions if "*" in action]
        if "*" in many(statement["Resource"]):
            assert not [action for action in actions if requests.kinds_of(action)]


@pytest.mark.parametrize(
    ("action", "resource", "context", "decision"),
    [
        ("s3:PutBucketPolicy", "arn:aws:s3:::airas-prod-files-1", {}, True),
        ("s3:PutBucketPolicy", "arn:aws:s3:::others", {}, False),
        ("secretsmanager:PutSecretValue", f"arn:aws:secretsmanager:{SCOPE}:secret:airas-dev/a-AbCdEf", {}, True),
        ("secretsmanager:PutSecretValue", f"arn:aws:secretsmanager:{SCOPE}:secret:others/a-AbCdEf", {}, False),
        ("secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{SCOPE}:secret:others/a-AbCdEf", {}, False),
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
        ("ec2:DescribeVpcs", "*", {}, True),
        ("ec2:DescribeVpcs", "*", {"aws:RequestedRegion": "us-east-1"}, False),
        ("organizations:LeaveOrganization", "*", {}, False),
    ],
)  # fmt: skip
def test_table(action: str, resource: str, context: dict[str, str], decision: bool) -> None:
    assert allowed(whole(), Request(action, resource, {**HERE, **context})) is decision
