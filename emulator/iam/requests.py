"""From a recorded API call to what IAM is asked: the action, the resources by their ARNs, and the context.

Which resources an action has stands in service_authorization.json, taken from AWS's Service Authorization Reference:
`actions` names the types of resources (`*`: the action always needs one), `resources` the form of their ARNs.
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.iam.evaluation import Request

PREFIXES = {
    "accessanalyzer": "access-analyzer",
    "elbv2": "elasticloadbalancing",
    "resourcegroupstaggingapi": "tag",
    "s3control": "s3",
    "service-quotas": "servicequotas",
    "stepfunctions": "states",
}
# Operations that IAM knows by another name.
ACTIONS = {
    "budgets:CreateBudget": "ModifyBudget",
    "budgets:CreateNotification": "ModifyBudget",
    "budgets:CreateSubscriber": "ModifyBudget",
    "budgets:DeleteBudget": "ModifyBudget",
    "budgets:DeleteNotification": "ModifyBudget",
    "budgets:DeleteSubscriber": "ModifyBudget",
    "budgets:DescribeBudget": "ViewBudget",
    "budgets:DescribeBudgets": "ViewBudget",
    "budgets:DescribeNotificationsForBudget": "ViewBudget",
    "budgets:DescribeSubscribersForNotification": "ViewBudget",
    "budgets:UpdateBudget": "ModifyBudget",
    "budgets:UpdateNotification": "ModifyBudget",
    "budgets:UpdateSubscriber": "ModifyBudget",
    "lambda:Invoke": "InvokeFunction",
    "s3:DeleteBucketEncryption": "PutEncryptionConfiguration",
    "s3:DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "s3:DeleteBucketTagging": "PutBucketTagging",
    "s3:DeleteObjects": "DeleteObject",
    "s3:DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "s3:GetBucketEncryption": "GetEncryptionConfiguration",
    "s3:GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "s3:GetBucketNotificationConfiguration": "GetBucketNotification",
    "s3:GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "s3:HeadBucket": "ListBucket",
    "s3:HeadObject": "GetObject",
    "s3:ListBuckets": "ListAllMyBuckets",
    "s3:ListObjectsV2": "ListBucket",
    "s3:ListObjectVersions": "ListBucketVersions",
    "s3:PutBucketEncryption": "PutEncryptionConfiguration",
    "s3:PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "s3:PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "s3control:DeletePublicAccessBlock": "PutAccountPublicAccessBlock",
    "s3control:GetPublicAccessBlock": "GetAccountPublicAccessBlock",
    "s3control:PutPublicAccessBlock": "PutAccountPublicAccessBlock",
}
# Parameters that hold what an ARN's variable stands for.
VARIABLES: Mapping[str, tuple[str, ...]] = {
    "AlarmName": ("AlarmName",),
    "Alias": ("AliasName",),
    "AnalyzerName": ("analyzerName",),
    "BucketName": ("Bucket",),
    "ClusterName": ("cluster", "clusterName", "clusters"),
    "BudgetName": ("BudgetName", "Budget"),
    "DashboardName": ("DashboardName",),
    "DbInstanceName": ("DBInstanceIdentifier",),
    "FunctionName": ("FunctionName",),
    "GroupName": ("GroupName", "Name"),
    "InstanceProfileNameWithPath": ("InstanceProfileName",),
    "LoadBalancerName": ("Name",),
    "LogGroupName": ("logGroupName",),
    "Name": ("Name",),
    "ObjectName": ("Key",),
    "ParameterGroupName": ("DBParameterGroupName",),
    "ParameterNameWithoutLeadingSlash": ("Name",),
    "QueueName": ("QueueName", "QueueUrl"),
    "ReplicationGroupId": ("ReplicationGroupId",),
    "RepositoryName": ("repositoryName", "repositoryNames"),
    "RoleNameWithPath": ("RoleName",),
    "RuleName": ("Rule", "Name"),
    "ScheduleName": ("Name",),
    "SecretId": ("SecretId", "Name"),
    "ServiceName": ("service", "serviceName"),
    "StateMachineName": ("name",),
    "SubnetGroupName": ("DBSubnetGroupName",),
    "TableName": ("TableName",),
    "TargetGroupName": ("Name",),
    "TaskDefinitionFamilyName": ("family",),
    "TopicName": ("Name",),
    "TrailName": ("Name",),
}
# Which service takes on the role that a call hands over.
TAKES_ROLE = {
    "cloudtrail": "cloudtrail.amazonaws.com",
    "ec2": "vpc-flow-logs.amazonaws.com",
    "ecs": "ecs-tasks.amazonaws.com",
    "events": "events.amazonaws.com",
    "lambda": "lambda.amazonaws.com",
    "rds": "monitoring.rds.amazonaws.com",
    "scheduler": "scheduler.amazonaws.com",
    "stepfunctions": "states.amazonaws.com",
}
_ROLE_KEYS = re.compile(
    r"(execution|task|monitoring|cloudwatchlogs)?_?role(arn)?|deliverlogspermissionarn", re.IGNORECASE
)
UNKNOWN = "(unknown)"
MANY = 8
"""Types of resources beyond which an action, such as one that tags, is about anything of its service."""
GITHUB = "token.actions.githubusercontent.com"


@dataclass(frozen=True)
class Target:
    """A resource of a call: its type, its ARN as far as the call tells it, and the ARNs that are like it."""

    kind: str
    arn: str
    pattern: str


@functools.cache
def reference() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(__file__).with_name("service_authorization.json").read_text("utf-8"))
    return found


def action_of(service: str, operation: str) -> str:
    """``("elbv2", "CreateListener")`` -> ``elasticloadbalancing:CreateListener``"""
    return f"{PREFIXES.get(service, service)}:{ACTIONS.get(f'{service}:{operation}', operation)}"


def kinds_of(action: str) -> list[str] | None:
    """The types of resources that the action has; None where the reference does not know the action."""
    prefix, _colon, name = action.partition(":")
    held = reference().get(prefix, {}).get("actions", {})
    kinds = next((kinds for known, kinds in held.items() if known.lower() == name.lower()), None)
    return None if kinds is None else kinds.split()


def arn_form(prefix: str, kind: str, region: str, account: str) -> str:
    form = str(reference()[prefix]["resources"][kind.rstrip("*")])
    return form.replace("${Region}", region).replace("${Account}", account)


def targets(action: str, params: Mapping[str, Any], region: str, account: str, project: str) -> list[Target]:
    """The resources of a call: all that the action always needs, and the others that the parameters name; if it names
    none, any of each type."""
    prefix, kinds = action.partition(":")[0], kinds_of(action) or []
    found, unnamed = [], []
    for kind in kinds:
        form = arn_form(prefix, kind, region, account)
        values = _values(form, params)
        target = _target(kind.rstrip("*"), form, values, project)
        unnamed.append(_target(kind.rstrip("*"), form, [None] * len(values), project))
        # A load balancer that is being made has no id yet.
        named = values[:1] != [None] if prefix == "elasticloadbalancing" else None not in values
        if kind.endswith("*") or (values and named):
            found.append(target)
    if len(unnamed) > MANY:
        unnamed = [Target("", f"arn:aws:{prefix}:{region}:{account}:{UNKNOWN}", "*")]
    return found or unnamed or [Target("", "*", "*")]


def requests(call: Mapping[str, Any], account: str, project: str) -> Iterator[Request]:
    """What IAM is asked about a recorded call."""
    action, region = action_of(call["service"], call["operation"]), call["region"]
    context = {"aws:RequestedRegion": region}
    for target in targets(action, call["params"] or {}, region, account, project):
        yield Request(action, target.arn, context)
    for role in passed_roles(call["params"] or {}):
        yield Request(
            "iam:PassRole", role, {**context, "iam:PassedToService": TAKES_ROLE.get(call["service"], UNKNOWN)}
        )


def passed_roles(value: Any, key: str = "") -> Iterator[str]:
    """ARNs of roles that are handed over to a service."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from passed_roles(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from passed_roles(item, key)
    elif isinstance(value, str) and re.fullmatch(r"arn:aws:iam::\d{12}:role/.+", value) and _ROLE_KEYS.fullmatch(key):
        yield value


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _values(form: str, params: Mapping[str, Any]) -> list[str | None]:
    """A value for each variable of the ARN's form; None for what the call does not tell."""
    names = re.findall(r"\$\{(\w+)\}", form)
    pattern = re.compile(re.sub(r"\\\$\\\{\w+\\\}", "(.+?)", re.escape(form)) + r"(:\*)?")
    for text in _strings(params):
        if text.startswith("arn:") and (match := pattern.fullmatch(text)):
            return list(match.groups()[: len(names)])
    return [_named(params, VARIABLES.get(name, (name,))) for name in names]


def _named(params: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    for key in keys:
        value = params.get(key)
        value = value.get("BudgetName") if key == "Budget" and isinstance(value, Mapping) else value
        value = value[0] if isinstance(value, list) and value else value
        if key == "KeyId" and str(value).startswith("alias/"):
            continue  # names the key, but not by its id
        if isinstance(value, str) and value:
            return value.rpartition(":")[2].lstrip("/") if value.startswith("arn:") else _tail(key, value)
    return None


def _tail(key: str, value: str) -> str:
    return value.rpartition("/")[2] if key == "QueueUrl" else value.removeprefix("alias/")


def _target(kind: str, form: str, values: list[str | None], project: str) -> Target:
    arn = pattern = form
    for name, value in zip(re.findall(r"\$\{\w+\}", form), values, strict=True):
        text = value.lstrip("/") if value and "${ParameterName" in name else value
        arn = arn.replace(name, text or UNKNOWN, 1)
        pattern = pattern.replace(name, generalised(text, project), 1)
    return Target(kind, arn, re.sub(r"\*(/\*|:\*)*$", "*", pattern))


def generalised(value: str | None, project: str) -> str:
    """``/ecs/airas-dev-backend`` -> ``/ecs/airas-*``; ``*`` for what does not carry the project's name."""
    if value == GITHUB:
        return value
    start = (value or "").find(f"{project}-")
    return f"{(value or '')[:start]}{project}-*" if start >= 0 else "*"
