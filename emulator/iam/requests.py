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
    "AlarmName": ("AlarmName", "AlarmNames"),
    "Alias": ("AliasName",),
    "AnalyzerName": ("analyzerName",),
    "BackupPlanId": ("BackupPlanId",),
    "BackupVaultName": ("BackupVaultName",),
    "BucketName": ("Bucket",),
    "ClusterName": ("cluster", "clusterName", "clusters"),
    "BudgetName": ("BudgetName", "Budget"),
    "DashboardName": ("DashboardName", "DashboardNames"),
    "DbInstanceName": ("DBInstanceIdentifier", "TargetDBInstanceIdentifier"),
    "FunctionName": ("FunctionName",),
    "GroupName": ("GroupName", "Name"),
    "InstanceProfileNameWithPath": ("InstanceProfileName",),
    "LoadBalancerName": ("Name",),
    "LogGroupName": ("logGroupName",),
    "LogStreamName": ("logStreamName",),
    "Name": ("Name",),
    "ObjectName": ("Key",),
    "ParameterGroupName": ("DBParameterGroupName",),
    "OidcProviderName": ("Url",),
    "ParameterNameWithoutLeadingSlash": ("Name", "ResourceId"),
    "QueueName": ("QueueName", "QueueUrl"),
    "ReplicationGroupId": ("ReplicationGroupId",),
    "RepositoryName": ("repositoryName", "repositoryNames"),
    "RoleNameWithPath": ("RoleName",),
    "RuleName": ("Rule", "Name"),
    "ScheduleName": ("Name",),
    "SecretId": ("SecretId", "Name"),
    "ServiceName": ("service", "serviceName", "services"),
    "SnapshotName": ("DBSnapshotIdentifier",),
    "StateMachineName": ("name",),
    "SubnetGroupName": ("DBSubnetGroupName",),
    "TableName": ("TableName",),
    "TargetGroupName": ("Name",),
    "TaskDefinitionFamilyName": ("family",),
    "TopicName": ("Name",),
    "TrailName": ("Name",),
    "UserId": ("UserId", "UserIds"),
}
# Actions that AWS decides about without a resource, although the reference names one: the resource of ecs:ListTasks is
# the container instance that the request names, and on Fargate there is none.
# https://github.com/widdix/complete-aws-iam-reference/issues/74
WITHOUT_RESOURCE = ("ecs:ListTasks",)
# Types that this project has none of, whose ARNs look like those of others.
NEVER = re.compile(
    r"elasticloadbalancing:(.+/net/?|truststore)|backup:(framework|legalHold|reportPlan|restoreTestingPlan)"
)
# Types of resources whose ARN has an id that nothing else tells, though the reference calls it by a name.
# https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_service-with-iam.html
OPAQUE = ("application-autoscaling:ScalableTarget",)
# Condition keys whose values are parameters; those with a form are ARNs.
CONTEXT: Mapping[str, tuple[str, str]] = {
    "application-autoscaling:service-namespace": ("ServiceNamespace", ""),
    "ecs:cluster": ("cluster", "arn:aws:ecs:{region}:{account}:cluster/{value}"),
    "iam:AWSServiceName": ("AWSServiceName", ""),
    "lambda:FunctionArn": ("FunctionName", "arn:aws:lambda:{region}:{account}:function:{value}"),
}
# Of the one table that there is, which Terraform prescribes.
PARTITION_KEY = "LockID"
# What a service calls the action that tags. Whoever makes something with tags needs it too.
TAGGING: Mapping[str, str] = {
    "access-analyzer": "TagResource",
    "acm": "AddTagsToCertificate",
    "application-autoscaling": "TagResource",
    "backup": "TagResource",
    "budgets": "TagResource",
    "cloudtrail": "AddTags",
    "cloudwatch": "TagResource",
    "dynamodb": "TagResource",
    "ec2": "CreateTags",
    "ecr": "TagResource",
    "ecs": "TagResource",
    "elasticache": "AddTagsToResource",
    "elasticloadbalancing": "AddTags",
    "events": "TagResource",
    "guardduty": "TagResource",
    "iam:CreateInstanceProfile": "TagInstanceProfile",
    "iam:CreateOpenIDConnectProvider": "TagOpenIDConnectProvider",
    "iam:CreateRole": "TagRole",
    "kms": "TagResource",
    "lambda": "TagResource",
    "logs": "TagResource",
    "rds": "AddTagsToResource",
    "scheduler": "TagResource",
    "secretsmanager": "TagResource",
    "securityhub": "TagResource",
    "sns": "TagResource",
    "sqs": "TagQueue",
    "ssm": "AddTagsToResource",
    "states": "TagResource",
    "wafv2": "TagResource",
}
# What is tagged, where the reference does not tell it from what else the action needs.
TAGGED: Mapping[str, str] = {
    "ecs:RunTask": "task",
    "elasticache:CreateReplicationGroup": "replicationgroup",
    "elasticache:CreateUserGroup": "usergroup",
    "guardduty:CreateDetector": "detector",
    "rds:RestoreDBInstanceFromDBSnapshot": "db",
    "rds:RestoreDBInstanceToPointInTime": "db",
    "securityhub:EnableSecurityHub": "hub",
}
# Groups of options and of parameters that an instance gets if the call names none.
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/security_iam_id-based-policy-examples.html
DEFAULTS: Mapping[str, str] = {"og": "default:postgres-16", "pg": "default.postgres16"}
DEFAULTED = ("rds:CreateDBInstance", "rds:RestoreDBInstanceFromDBSnapshot", "rds:RestoreDBInstanceToPointInTime")
_TAGS = re.compile(r"tags|taglist|tagslist|tagspecifications|backup(vault|plan)tags", re.IGNORECASE)
# Which service takes on the role that a call hands over.
TAKES_ROLE = {
    "backup": "backup.amazonaws.com",
    "cloudtrail": "cloudtrail.amazonaws.com",
    "ec2": "vpc-flow-logs.amazonaws.com",
    "ecs": "ecs-tasks.amazonaws.com",
    "events": "events.amazonaws.com",
    "iam": "ec2.amazonaws.com",
    "lambda": "lambda.amazonaws.com",
    "rds": "monitoring.rds.amazonaws.com",
    "scheduler": "scheduler.amazonaws.com",
    "stepfunctions": "states.amazonaws.com",
}
_ROLE_KEYS = re.compile(
    r"(execution|task|monitoring|cloudwatchlogs|iam)?_?role(arn)?|deliverlogspermissionarn", re.IGNORECASE
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


@functools.cache
def kinds_of(action: str) -> list[str] | None:
    """The types of resources that the action has; None where the reference does not know the action."""
    if action in WITHOUT_RESOURCE:
        return []
    prefix, _colon, name = action.partition(":")
    held = reference().get(prefix, {}).get("actions", {})
    kinds = next((kinds for known, kinds in held.items() if known.lower() == name.lower()), None)
    return (
        None
        if kinds is None
        else [kind for kind in kinds.split() if not NEVER.fullmatch(f"{prefix}:{kind.rstrip('*')}")]
    )


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
        values = _values(form, {} if f"{prefix}:{kind.rstrip('*')}" in OPAQUE else params)
        if action in DEFAULTED and values == [None]:
            values = [DEFAULTS.get(kind.rstrip("*"))]
        target = _target(kind.rstrip("*"), form, values, project)
        unnamed.append(target)
        # A load balancer that is being made has no id yet.
        named = values[:1] != [None] if prefix == "elasticloadbalancing" else None not in values
        if kind.endswith("*") or (values and named):
            found.append(target)
    if len(unnamed) > MANY:
        unnamed = [Target("", f"arn:aws:{prefix}:{region}:{account}:{UNKNOWN}", "*")]
    return found or unnamed or [Target("", "*", "*")]


def requests(call: Mapping[str, Any], account: str, project: str) -> Iterator[Request]:
    """What IAM is asked about a recorded call."""
    region, params = call["region"], call["params"] or {}
    context = _context(call, account)
    own = action_of(call["service"], call["operation"])
    for action, target in asked(call, account, project):
        made = {"ecs:CreateAction": call["operation"]} if action == "ecs:TagResource" != own else {}
        yield Request(action, target.arn, {**context, **made})
    for role in passed_roles(call, account):
        yield Request("iam:PassRole", role, {"aws:RequestedRegion": region, "iam:PassedToService": taken_by(call)})
    if service := params.get("AWSServiceName"):
        role = f"arn:aws:iam::{account}:role/aws-service-role/{service}/{UNKNOWN}"
        yield Request("iam:CreateServiceLinkedRole", role, context)


def asked(call: Mapping[str, Any], account: str, project: str) -> Iterator[tuple[str, Target]]:
    """The actions of a call with their resources: its own, and the one that tags what it makes."""
    action, region, params = action_of(call["service"], call["operation"]), call["region"], call["params"] or {}
    if action != "iam:CreateServiceLinkedRole":
        yield from ((action, target) for target in targets(action, params, region, account, project))
    tags = tagging(action) if any(_TAGS.fullmatch(key) and value for key, value in params.items()) else None
    if tags is None or tags == action:
        return
    below = _made(call["operation"], params)
    always = {kind.rstrip("*") for kind in kinds_of(action) or [] if kind.endswith("*") and not below}
    if tags == "ec2:CreateTags":
        always = {item["ResourceType"] for item in params.get("TagSpecifications") or []}
    always = {TAGGED[action]} if action in TAGGED else always
    taggable = {kind.rstrip("*") for kind in kinds_of(tags) or []} & always
    made = targets(tags, {**params, **below}, region, account, project)
    own = [target for target in targets(action, params, region, account, project) if target.kind in taggable]
    named = own or [target for target in made if target.kind in taggable]
    yield from ((tags, target) for target in named or made)


def tagging(action: str) -> str | None:
    """The action that tags what the action makes."""
    prefix = action.partition(":")[0]
    name = TAGGING.get(action, TAGGING.get(prefix))
    return f"{prefix}:{name}" if name else None


def _made(operation: str, params: Mapping[str, Any]) -> dict[str, str]:
    """A listener's ARN begins as its load balancer's does, and a rule's as its listener's."""
    if operation == "CreateListener":
        return {"LoadBalancerArn": f"{params['LoadBalancerArn'].replace(':loadbalancer/', ':listener/')}/{UNKNOWN}"}
    if operation == "CreateRule":
        return {"ListenerArn": f"{params['ListenerArn'].replace(':listener/', ':listener-rule/')}/{UNKNOWN}"}
    return {}


def _context(call: Mapping[str, Any], account: str) -> dict[str, str]:
    found, region = {"aws:RequestedRegion": call["region"]}, call["region"]
    prefix = action_of(call["service"], call["operation"]).partition(":")[0]
    for key, (name, form) in CONTEXT.items():
        value = (call["params"] or {}).get(name)
        if key.startswith(f"{prefix}:") and isinstance(value, str):
            bare = value.startswith("arn:") or not form
            found[key] = value if bare else form.format(region=region, account=account, value=value)
    if prefix == "dynamodb":
        row = (call["params"] or {}).get("Key") or (call["params"] or {}).get("Item") or {}
        found |= {"dynamodb:LeadingKeys": row[PARTITION_KEY]["S"]} if PARTITION_KEY in row else {}
    return found


def taken_by(call: Mapping[str, Any]) -> str:
    return TAKES_ROLE.get(call["service"], UNKNOWN)


def passed_roles(call: Mapping[str, Any], account: str) -> Iterator[str]:
    """ARNs of roles that are handed over to a service."""
    params = call["params"] or {}
    if call["operation"] == "AddRoleToInstanceProfile":
        yield f"arn:aws:iam::{account}:role/{params['RoleName']}"
    yield from _role_arns(params)


def _role_arns(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _role_arns(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _role_arns(item, key)
    elif isinstance(value, str) and re.fullmatch(r"arn:aws:iam::\d{12}:role/.+", value) and _ROLE_KEYS.fullmatch(key):
        yield value


def documents(call: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The policies that a call writes, a function's permission as the statement that it becomes."""
    params = call["params"] or {}
    if call["operation"] == "AddPermission" and call["service"] == "lambda":
        tests = {"aws:SourceAccount": params.get("SourceAccount"), "aws:SourceArn": params.get("SourceArn")}
        statement = {
            "Sid": params["StatementId"],
            "Effect": "Allow",
            "Principal": {"Service": params["Principal"]},
            "Action": params["Action"],
            "Resource": f"arn:aws:lambda:*:*:function:{params['FunctionName']}",
            "Condition": {"StringLike": {key: value for key, value in tests.items() if value}},
        }
        yield {"Version": "2012-10-17", "Statement": [statement]}
    for text in _strings(params):
        if text.lstrip().startswith("{") and '"Statement"' in text:
            yield json.loads(text)


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
    return value.rpartition("/")[2] if key in ("QueueUrl", "Url") else value.removeprefix("alias/")


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
    if value in DEFAULTS.values():
        return "default*"
    start = (value or "").find(f"{project}-")
    return f"{(value or '')[:start]}{project}-*" if start >= 0 else "*"
