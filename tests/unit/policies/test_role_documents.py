"""Every document of the roles ``identity`` and ``secrets``, rendered for dev and prod: what it allows and what not."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible.vars.manager import VariableManager

from ansible_collections.airas.platform.plugins.module_utils._policy import checked
from emulator.iam import lint
from emulator.iam.evaluation import Request, allowed, many

ROOT = Path(__file__).parents[3]
ACCOUNT, REGION = "427979936961", "ap-northeast-1"
SCOPE = f"{REGION}:{ACCOUNT}"
KEYS = {name: f"arn:aws:kms:{SCOPE}:key/{name}" for name in ("dev", "prod")}
IN_CONTEXT_OF_SECRETS = {"kms:ViaService": f"secretsmanager.{REGION}.amazonaws.com"}
ENVIRONMENTS = ("dev", "prod")


@cache
def variables(environment: str) -> dict[str, Any]:
    loader = DataLoader()
    loader.set_basedir(str(ROOT / "playbooks"))
    inventory = InventoryManager(loader, sources=[str(ROOT / "inventories" / environment)])
    manager = VariableManager(loader, inventory)
    found: dict[str, Any] = dict(manager.get_vars(host=inventory.get_host(f"airas-{environment}")))
    for role in ("secrets", "identity"):
        defaults = loader.load_from_file(str(ROOT / "roles" / role / "defaults" / "main.yml"), trusted_as_template=True)
        found = {**defaults, **found}
    return {
        **found,
        "identity_kms_key_arn": KEYS[environment],
        "identity_container_secrets": [
            secret["name"] for secret in found["secrets_secrets_manager"] if secret.get("container", True)
        ],
    }


@cache
def roles(environment: str, **options: Any) -> dict[str, dict[str, Any]]:
    """The roles by name without the stack's; ``options`` are set on top of the inventory."""
    template = (ROOT / "roles/identity/templates/roles.yml.j2").read_text(encoding="utf-8")
    templar = Templar(DataLoader(), variables={**variables(environment), **options})
    rendered = yaml.safe_load(templar.template(trust_as_template(template)))
    return {role["name"].removeprefix(f"airas-{environment}-"): role for role in rendered}


def key_policy(environment: str) -> dict[str, Any]:
    held = variables(environment)
    policy: dict[str, Any] = Templar(DataLoader(), variables=held).template(held["__secrets_key_policy"])
    return policy


def documents() -> list[Any]:
    """(name, document) of each permission, trust and key policy of both environments, options on and off."""
    rows = []
    for environment in ENVIRONMENTS:
        rows.append((f"{environment} key", key_policy(environment)))
        for label, options in (
            ("", {}),
            (
                " with options",
                {
                    "identity_exec_enabled": True,
                    "identity_ses_identity": "a.example",
                    "workflow_tracing_enabled": True,
                    "database_backup_plan_enabled": True,
                    "database_backup_plan_copy_vault_arns": ("arn:aws:backup:us-west-2:1:backup-vault:a",),
                    "database_kms_key_arn": "arn:aws:kms:ap-northeast-1:1:key/a",
                    "database_monitoring_interval_s": 60,
                },
            ),
        ):
            for name, role in roles(environment, **options).items():
                rows.append((f"{environment} {name}{label} trust", role["assume_role_policy"]))
                rows += [(f"{environment} {name}{label} {key}", item) for key, item in role["inline_policies"].items()]
    return [pytest.param(document, id=name) for name, document in rows]


# -- all of them -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", documents())
def test_a_document_is_one_that_a_module_takes(document: dict[str, Any]) -> None:
    checked(document, "policy")


@pytest.mark.parametrize("document", documents())
def test_nothing_is_wrong_with_a_document(document: dict[str, Any]) -> None:
    assert lint.findings(document) == []


def test_every_statement_says_why_it_is_there() -> None:
    lines = (ROOT / "roles/identity/templates/roles.yml.j2").read_text(encoding="utf-8").splitlines()
    statements = [number for number, line in enumerate(lines) if "- Sid: " in line]
    assert len(statements) > 25
    silent = [lines[number].strip() for number in statements if not lines[number - 1].strip().startswith("# ")]
    assert silent == ["- Sid: TrustService"]  # the macro says it for all


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nothing_that_can_name_a_stack_leaves_it_open(environment: str) -> None:
    """No resource of one environment's roles fits a resource that carries the other one's name."""
    other = "prod" if environment == "dev" else "dev"
    for role in roles(environment).values():
        assert f"airas-{other}" not in str(role)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_a_boundary_is_put_on_every_role(environment: str) -> None:
    boundary = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
    bounded = roles(environment, identity_permissions_boundary=boundary)
    assert {role["permissions_boundary"] for role in bounded.values()} == {boundary}
    assert {role["permissions_boundary"] for role in roles(environment).values()} == {None}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_role_is_what_it_is_within_the_boundary(environment: str) -> None:
    """The boundary of docs/policies takes nothing away; the roles of account and network write logs alone."""
    bounds = json.loads((ROOT / "docs/policies/boundary.json").read_text(encoding="utf-8"))
    needed = {"logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogGroups", "logs:DescribeLogStreams"}
    options = {"identity_exec_enabled": True, "identity_ses_identity": "a", "workflow_tracing_enabled": True}
    for role in roles(environment, **options, identity_worker_enabled=True).values():
        for document in role["inline_policies"].values():
            needed |= {action for statement in document["Statement"] for action in many(statement["Action"])}
    to_containers = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    resources = {"iam:PassRole": f"arn:aws:iam::{ACCOUNT}:role/airas-{environment}-task"}
    asked = [Request(action, resources.get(action, "*"), to_containers) for action in sorted(needed)]
    assert [request.action for request in asked if not allowed(bounds, request)] == []
    assert not allowed(bounds, Request("iam:PutRolePolicy"))


# -- permissions -----------------------------------------------------------------------------------------------------


def table(environment: str) -> list[tuple[str, str, str, dict[str, str], bool]]:
    """role, action, resource, context, decision."""
    ours, theirs = f"airas-{environment}", "airas-prod" if environment == "dev" else "airas-dev"
    secret = f"arn:aws:secretsmanager:{SCOPE}:secret"
    ecs, iam, ecr = f"arn:aws:ecs:{SCOPE}", f"arn:aws:iam::{ACCOUNT}:role", f"arn:aws:ecr:{SCOPE}:repository"
    log_group, to_ec2 = f"arn:aws:logs:{SCOPE}:log-group", {"iam:PassedToService": "ec2.amazonaws.com"}
    key, their_key = KEYS[environment], KEYS["prod" if environment == "dev" else "dev"]
    secrets, parameters = ({"kms:ViaService": f"{name}.{REGION}.amazonaws.com"} for name in ("secretsmanager", "ssm"))
    cluster, their_cluster = ({"ecs:cluster": f"{ecs}:cluster/{name}-cluster"} for name in (ours, theirs))
    to_ecs = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    profile = f"arn:aws:bedrock:{SCOPE}:inference-profile/jp.anthropic.claude-sonnet-4-5-20250929-v1:0"
    model = "arn:aws:bedrock:ap-northeast-3::foundation-model/anthropic.claude-sonnet-4-5-20250929-v1:0"
    by_profile = {"bedrock:InferenceProfileArn": profile}
    their_service = f"{ecs}:service/{theirs}-cluster/{theirs}-backend"
    files = f"arn:aws:s3:::{ours}-files-{ACCOUNT}"
    topic = f"arn:aws:sns:{SCOPE}"
    revision, lock_table = f"{ecs}:service-revision", f"arn:aws:dynamodb:{SCOPE}:table/airas-terraform-lock"
    our_lease = {"dynamodb:LeadingKeys": f"airas.platform/{environment}"}
    scalable = f"arn:aws:application-autoscaling:{SCOPE}:scalable-target/0123"
    our_tags = {"aws:ResourceTag/Project": "airas", "aws:ResourceTag/Environment": environment}
    by_topic = {"kms:ViaService": f"sns.{REGION}.amazonaws.com", "kms:ResourceAliases": f"alias/{ours}-alarms"}
    administrator = f"{secret}:rds!db-1b2c3d4e-a1B2c3"
    our_database, their_database = (
        {"aws:ResourceTag/aws:rds:primaryDBInstanceArn": f"arn:aws:rds:{SCOPE}:db:{name}-db"} for name in (ours, theirs)
    )
    get, random = "secretsmanager:GetSecretValue", "secretsmanager:GetRandomPassword"
    queue, function, machine = (
        f"arn:aws:{kind}:{SCOPE}:{name}"
        for kind, name in (("sqs", ""), ("lambda", "function:"), ("states", "stateMachine:"))
    )
    stream = "log-stream:2026/11/01/[$LATEST]0123"
    deploys = {"ecs:CreateAction": "RegisterTaskDefinition"}
    stage, managed_rule = "secretsmanager:UpdateSecretVersionStage", "rule/StepFunctionsGetEventsForECSTaskRule"
    # In prod alone.
    measured = (
        ("database-monitoring", "logs:PutLogEvents", f"{log_group}:RDSOSMetrics:log-stream:db-A", {}, True),
        ("database-monitoring", "logs:PutLogEvents", f"{log_group}:/ecs/{ours}-backend:log-stream:a", {}, False),
    )
    return [
        ("execution", get, f"{secret}:{ours}/openai-api-key-a1B2c3", {}, True),
        ("execution", get, f"{secret}:{ours}/database-url-a1B2c3", {}, True),
        ("execution", get, f"{secret}:{theirs}/openai-api-key-a1B2c3", {}, False),
        ("execution", get, f"{secret}:{ours}/openai-api-key-of-somebody-a1B2c3", {}, False),
        ("execution", get, f"{secret}:{ours}/discord-webhook-url-a1B2c3", {}, False),
        ("execution", "secretsmanager:PutSecretValue", f"{secret}:{ours}/openai-api-key-a1B2c3", {}, False),
        ("execution", "ssm:GetParameters", f"arn:aws:ssm:{SCOPE}:parameter/{ours}/wandb-api-key", {}, True),
        ("execution", "ssm:GetParameters", f"arn:aws:ssm:{SCOPE}:parameter/{theirs}/wandb-api-key", {}, False),
        ("execution", "kms:Decrypt", key, secrets, True),
        ("execution", "kms:Decrypt", key, parameters, True),
        ("execution", "kms:Decrypt", key, {}, False),
        ("execution", "kms:Decrypt", their_key, secrets, False),
        ("execution", "ecr:GetAuthorizationToken", "*", {}, True),
        ("execution", "ecr:BatchGetImage", f"{ecr}/airas-backend", {}, True),
        ("execution", "ecr:BatchGetImage", f"{ecr}/other", {}, False),
        ("execution", "ecr:PutImage", f"{ecr}/airas-backend", {}, False),
        ("execution", "logs:PutLogEvents", f"{log_group}:/ecs/{ours}-backend:log-stream:x", {}, True),
        ("execution", "logs:PutLogEvents", f"{log_group}:/ecs/{theirs}-backend:log-stream:x", {}, False),
        ("execution", "logs:CreateLogGroup", f"{log_group}:/ecs/{ours}-backend", {}, False),
        ("task", get, f"{secret}:{ours}/openai-api-key-a1B2c3", {}, False),
        ("task", get, f"{secret}:{theirs}/openai-api-key-a1B2c3", {}, False),
        ("task", "s3:PutObject", f"{files}/files/paper.pdf", {}, True),
        ("task", "s3:PutObject", f"{files}/logs/x", {}, False),
        ("task", "s3:GetObject", f"arn:aws:s3:::{theirs}-files-{ACCOUNT}/files/paper.pdf", {}, False),
        ("task", "s3:ListBucket", files, {"s3:prefix": "files/2026/"}, True),
        ("task", "s3:ListBucket", files, {"s3:prefix": ""}, False),
        ("task", "s3:ListBucket", files, {}, False),
        ("task", "s3:DeleteBucket", files, {}, False),
        ("task", "bedrock:InvokeModel", profile, {}, True),
        ("task", "bedrock:InvokeModel", model, by_profile, True),
        ("task", "bedrock:InvokeModel", model, {}, False),
        ("task", "bedrock:InvokeModel", model.replace("sonnet", "opus"), by_profile, False),
        ("task", "ses:SendEmail", f"arn:aws:ses:{SCOPE}:identity/a.example", {}, False),
        ("task", "ssmmessages:OpenDataChannel", "*", {}, False),
        ("task", "ecs:UpdateTaskProtection", f"{ecs}:task/{ours}-cluster/abc", {}, True),
        ("task", "ecs:UpdateTaskProtection", f"{ecs}:task/{theirs}-cluster/abc", {}, False),
        ("task", "iam:PassRole", f"{iam}/{ours}-task", to_ecs, False),
        ("task", "sts:AssumeRole", f"{iam}/{ours}-github-deploy", {}, False),
        ("discord-relay", get, f"{secret}:{ours}/discord-webhook-url-a1B2c3", {}, True),
        ("discord-relay", get, f"{secret}:{ours}/database-url-a1B2c3", {}, False),
        ("discord-relay", "kms:Decrypt", key, parameters, False),
        ("discord-relay", "sqs:ReceiveMessage", f"arn:aws:sqs:{SCOPE}:{ours}-discord-relay", {}, True),
        ("discord-relay", "sqs:DeleteMessage", f"arn:aws:sqs:{SCOPE}:{ours}-discord-relay-dlq", {}, False),
        ("discord-relay", "sqs:SendMessage", f"arn:aws:sqs:{SCOPE}:{ours}-discord-relay-dlq", {}, False),
        ("database-url-rotation", "secretsmanager:PutSecretValue", f"{secret}:{ours}/database-url-a1B2c3", {}, True),
        ("database-url-rotation", "secretsmanager:PutSecretValue", f"{secret}:{ours}/openai-api-key-a1B2c3", {}, False),
        ("database-url-rotation", "secretsmanager:PutSecretValue", f"{secret}:{theirs}/database-url-a1B2c3", {}, False),
        ("database-url-rotation", "kms:GenerateDataKey", key, secrets, True),
        ("database-url-rotation", "ecs:UpdateService", f"{ecs}:service/{ours}-cluster/{ours}-backend", cluster, True),
        ("database-url-rotation", "ecs:DeleteService", f"{ecs}:service/{ours}-cluster/{ours}-backend", cluster, False),
        ("database-url-rotation", "ecs:UpdateService", f"{ecs}:service/{ours}-cluster/{ours}-worker", cluster, True),
        ("database-url-rotation", "ecs:UpdateService", their_service, their_cluster, False),
        ("database-url-rotation", get, f"{secret}:{ours}/database-url-a1B2c3", {}, True),
        ("database-url-rotation", get, administrator, our_database, True),
        ("database-url-rotation", get, administrator, their_database, False),
        ("database-url-rotation", get, administrator, {}, False),
        ("database-url-rotation", "secretsmanager:PutSecretValue", administrator, our_database, False),
        ("database-url-rotation", "secretsmanager:RotateSecret", f"{secret}:{ours}/database-url-a1B2c3", {}, False),
        ("database-bootstrap", get, administrator, our_database, True),
        ("database-bootstrap", get, administrator, their_database, False),
        ("database-bootstrap", get, f"{secret}:{ours}/database-url-a1B2c3", {}, False),
        ("database-bootstrap", "secretsmanager:PutSecretValue", f"{secret}:{ours}/database-url-a1B2c3", {}, True),
        ("database-bootstrap", "secretsmanager:PutSecretValue", f"{secret}:{theirs}/database-url-a1B2c3", {}, False),
        ("database-bootstrap", "ecs:UpdateService", f"{ecs}:service/{ours}-cluster/{ours}-backend", cluster, False),
        ("execution", get, administrator, our_database, False),
        ("scheduler", "states:StartExecution", f"arn:aws:states:{SCOPE}:stateMachine:{ours}-nightly", {}, True),
        ("scheduler", "states:StartExecution", f"arn:aws:states:{SCOPE}:stateMachine:{theirs}-nightly", {}, False),
        ("workflow", "ecs:RunTask", f"{ecs}:task-definition/{ours}-backend:7", cluster, True),
        ("workflow", "ecs:RunTask", f"{ecs}:task-definition/{ours}-backend:7", their_cluster, False),
        ("workflow", "ecs:RunTask", f"{ecs}:task-definition/{theirs}-backend:7", cluster, False),
        ("workflow", "iam:PassRole", f"{iam}/{ours}-task", to_ecs, True),
        ("workflow", "iam:PassRole", f"{iam}/{ours}-workflow", to_ecs, False),
        ("workflow", "ecs:DescribeServices", f"{ecs}:service/{ours}-cluster/{ours}-backend", cluster, True),
        ("workflow", "ecs:DescribeServices", their_service, their_cluster, False),
        ("workflow", "ecs:UpdateService", f"{ecs}:service/{ours}-cluster/{ours}-backend", cluster, False),
        ("workflow", "sns:Publish", f"{topic}:{ours}-alarms", {}, True),
        ("workflow", "sns:Publish", f"{topic}:{theirs}-alarms", {}, False),
        ("workflow", "kms:GenerateDataKey", key, by_topic, True),
        ("workflow", "kms:GenerateDataKey", key, {**by_topic, "kms:ResourceAliases": f"alias/{theirs}-alarms"}, False),
        ("workflow", "kms:GenerateDataKey", key, {}, False),
        ("workflow", "logs:CreateLogDelivery", "*", {}, True),
        ("workflow", "xray:PutTraceSegments", "*", {}, False),
        ("github-deploy", "iam:PassRole", f"{iam}/{ours}-task", to_ecs, True),
        ("github-deploy", "iam:PassRole", f"{iam}/{ours}-execution", to_ecs, True),
        ("github-deploy", "iam:PassRole", f"{iam}/{ours}-execution", to_ec2, False),
        ("github-deploy", "iam:PassRole", f"{iam}/{ours}-execution", {}, False),
        ("github-deploy", "iam:PassRole", f"{iam}/{ours}-github-deploy", to_ecs, False),
        ("github-deploy", "iam:PassRole", f"{iam}/{theirs}-task", to_ecs, False),
        ("github-deploy", "iam:PassRole", f"{iam}/Administrator", to_ecs, False),
        ("github-deploy", "ecr:PutImage", f"{ecr}/airas-backend", {}, True),
        ("github-deploy", "ecr:PutImage", f"{ecr}/other", {}, False),
        ("github-deploy", "ecr:BatchDeleteImage", f"{ecr}/airas-backend", {}, False),
        ("github-deploy", "ecs:UpdateService", f"{ecs}:service/{ours}-cluster/{ours}-backend", cluster, True),
        ("github-deploy", "ecs:UpdateService", their_service, their_cluster, False),
        ("github-deploy", "ecs:RegisterTaskDefinition", f"{ecs}:task-definition/{ours}-backend:8", {}, True),
        ("github-deploy", "ecs:RegisterTaskDefinition", f"{ecs}:task-definition/{theirs}-backend:8", {}, False),
        ("github-deploy", "ecs:RunTask", f"{ecs}:task-definition/{ours}-backend:8", cluster, True),
        ("github-deploy", "ecs:TagResource", f"{ecs}:task/{ours}-cluster/abc", {"ecs:CreateAction": "RunTask"}, True),
        ("github-deploy", "ecs:TagResource", f"{ecs}:task/{ours}-cluster/abc", {}, False),
        ("github-deploy", "ecs:ListTasks", "*", cluster, True),
        ("github-deploy", "ecs:ListTasks", "*", their_cluster, False),
        ("github-deploy", "ecs:ListServiceDeployments", f"{ecs}:service/{ours}-cluster/{ours}-backend", {}, True),
        ("github-deploy", "ecs:ListServiceDeployments", their_service, {}, False),
        ("github-deploy", "ecs:DescribeServiceRevisions", f"{revision}/{ours}-cluster/{ours}-backend/1", {}, True),
        ("github-deploy", "ecs:DescribeServiceRevisions", f"{revision}/{theirs}-cluster/{theirs}-backend/1", {}, False),
        ("github-deploy", "logs:GetLogEvents", f"{log_group}:/ecs/{ours}-backend:log-stream:x", {}, True),
        ("github-deploy", "logs:GetLogEvents", f"{log_group}:/ecs/{theirs}-backend:log-stream:x", {}, False),
        ("github-deploy", "logs:GetLogEvents", f"{log_group}:/aws/lambda/{ours}-discord-relay:log-stream:x", {}, False),
        ("github-deploy", "dynamodb:PutItem", lock_table, our_lease, True),
        ("github-deploy", "dynamodb:PutItem", lock_table, {"dynamodb:LeadingKeys": "airas-terraform-state/x"}, False),
        ("github-deploy", "application-autoscaling:RegisterScalableTarget", scalable, our_tags, True),
        ("github-deploy", "application-autoscaling:RegisterScalableTarget", scalable, {}, False),
        ("workflow", "ecs:TagResource", f"{ecs}:task/{theirs}-cluster/abc", {"ecs:CreateAction": "RunTask"}, False),
        ("github-deploy", get, f"{secret}:{ours}/openai-api-key-a1B2c3", {}, False),
        ("github-deploy", "iam:PutRolePolicy", f"{iam}/{ours}-github-deploy", {}, False),
        ("execution", "secretsmanager:DescribeSecret", f"{secret}:{ours}/openai-api-key-a1B2c3", {}, False),
        ("execution", "s3:GetObject", f"{files}/files/paper.pdf", {}, False),
        ("execution", "kms:Decrypt", key, {"kms:ViaService": f"s3.{REGION}.amazonaws.com"}, False),
        ("execution", "ssm:PutParameter", f"arn:aws:ssm:{SCOPE}:parameter/{ours}/wandb-api-key", {}, False),
        ("execution", "logs:PutLogEvents", f"{log_group}:/aws/lambda/{ours}-discord-relay:{stream}", {}, False),
        ("task", get, administrator, our_database, False),
        ("task", "ssm:GetParameters", f"arn:aws:ssm:{SCOPE}:parameter/{ours}/wandb-api-key", {}, False),
        ("task", "ssm:GetParameters", f"arn:aws:ssm:{SCOPE}:parameter/{theirs}/wandb-api-key", {}, False),
        ("task", "kms:Decrypt", key, secrets, False),
        ("task", "kms:Decrypt", their_key, secrets, False),
        ("task", "s3:GetObject", f"arn:aws:s3:::{ours}-logs-{ACCOUNT}/alb/x", {}, False),
        ("task", "s3:GetObject", f"arn:aws:s3:::airas-terraform-state-{ACCOUNT}/x", {}, False),
        ("task", "s3:PutBucketPolicy", files, {}, False),
        ("task", "ecs:StopTask", f"{ecs}:task/{ours}-cluster/abc", cluster, False),
        ("task", "ecs:ExecuteCommand", f"{ecs}:task/{ours}-cluster/abc", cluster, False),
        ("task", "states:StartExecution", f"{machine}{ours}-task", {}, False),
        ("task", "dynamodb:PutItem", lock_table, our_lease, False),
        ("discord-relay", get, f"{secret}:{theirs}/discord-webhook-url-a1B2c3", {}, False),
        ("discord-relay", get, f"{secret}:{ours}/openai-api-key-a1B2c3", {}, False),
        ("discord-relay", get, administrator, our_database, False),
        ("discord-relay", "kms:Decrypt", key, secrets, True),
        ("discord-relay", "kms:Decrypt", their_key, secrets, False),
        ("discord-relay", "sqs:ReceiveMessage", f"{queue}{theirs}-discord-relay", {}, False),
        ("discord-relay", "sqs:SendMessage", f"{queue}{ours}-discord-relay", {}, False),
        ("discord-relay", "sns:Publish", f"{topic}:{ours}-alarms", {}, False),
        ("discord-relay", "logs:PutLogEvents", f"{log_group}:/aws/lambda/{ours}-discord-relay:{stream}", {}, True),
        ("discord-relay", "logs:PutLogEvents", f"{log_group}:/aws/lambda/{theirs}-discord-relay:{stream}", {}, False),
        ("discord-relay", "logs:PutLogEvents", f"{log_group}:/ecs/{ours}-backend:{stream}", {}, False),
        ("discord-relay", "ec2:CreateNetworkInterface", f"arn:aws:ec2:{SCOPE}:subnet/subnet-1", {}, False),
        ("database-url-rotation", get, f"{secret}:{theirs}/database-url-a1B2c3", {}, False),
        ("database-url-rotation", get, f"{secret}:{ours}/openai-api-key-a1B2c3", {}, False),
        ("database-url-rotation", get, f"{secret}:{ours}/redis-url-a1B2c3", {}, False),
        ("database-url-rotation", stage, f"{secret}:{ours}/redis-url-a1B2c3", {}, False),
        ("database-url-rotation", "secretsmanager:DeleteSecret", f"{secret}:{ours}/database-url-a1B2c3", {}, False),
        ("database-url-rotation", random, "*", {}, True),
        ("database-url-rotation", "kms:GenerateDataKey", key, parameters, False),
        ("database-url-rotation", "kms:GenerateDataKey", their_key, secrets, False),
        ("database-url-rotation", "ecs:RunTask", f"{ecs}:task-definition/{ours}-backend:7", cluster, False),
        ("database-url-rotation", "iam:PassRole", f"{iam}/{ours}-task", to_ecs, False),
        ("database-url-rotation", "rds:ModifyDBInstance", f"arn:aws:rds:{SCOPE}:db:{ours}-db", {}, False),
        ("database-url-rotation", "ec2:CreateNetworkInterface", f"arn:aws:ec2:{SCOPE}:subnet/subnet-1", {}, True),
        ("database-url-rotation", "ec2:DescribeNetworkInterfaces", "*", {}, True),
        ("database-url-rotation", "ec2:DeleteSecurityGroup", f"arn:aws:ec2:{SCOPE}:security-group/sg-1", {}, False),
        ("database-url-rotation", "logs:PutLogEvents", f"{log_group}:/aws/lambda/{ours}-database-url-rotation:{stream}",
         {}, True),
        ("database-url-rotation", "logs:PutLogEvents", f"{log_group}:/aws/lambda/{ours}-database-bootstrap:{stream}",
         {}, False),
        ("database-bootstrap", get, f"{secret}:{ours}/openai-api-key-a1B2c3", {}, False),
        ("database-bootstrap", "secretsmanager:PutSecretValue", f"{secret}:{ours}/openai-api-key-a1B2c3", {}, False),
        ("database-bootstrap", "secretsmanager:PutSecretValue", administrator, our_database, False),
        ("database-bootstrap", stage, f"{secret}:{ours}/database-url-a1B2c3", {}, False),
        ("database-bootstrap", random, "*", {}, True),
        ("database-bootstrap", "kms:Decrypt", key, secrets, True),
        ("database-bootstrap", "kms:Decrypt", key, {}, False),
        ("database-bootstrap", "ec2:CreateNetworkInterface", f"arn:aws:ec2:{SCOPE}:subnet/subnet-1", {}, True),
        ("database-bootstrap", "logs:PutLogEvents", f"{log_group}:/aws/lambda/{ours}-database-bootstrap:{stream}",
         {}, True),
        ("scheduler", "sqs:SendMessage", f"{queue}{ours}-scheduler-dlq", {}, True),
        ("scheduler", "sqs:SendMessage", f"{queue}{theirs}-scheduler-dlq", {}, False),
        ("scheduler", "sqs:ReceiveMessage", f"{queue}{ours}-scheduler-dlq", {}, False),
        ("scheduler", "states:StopExecution", f"arn:aws:states:{SCOPE}:execution:{ours}-task:a", {}, False),
        ("scheduler", "ecs:RunTask", f"{ecs}:task-definition/{ours}-backend:7", cluster, False),
        ("scheduler", "iam:PassRole", f"{iam}/{ours}-task", to_ecs, False),
        ("scheduler", "lambda:InvokeFunction", f"{function}{ours}-discord-relay", {}, False),
        ("scheduler", get, f"{secret}:{ours}/openai-api-key-a1B2c3", {}, False),
        ("workflow", "ecs:RunTask", f"{ecs}:task-definition/{ours}-backend:7", {}, False),
        ("workflow", "ecs:StopTask", f"{ecs}:task/{ours}-cluster/abc", cluster, True),
        ("workflow", "ecs:StopTask", f"{ecs}:task/{theirs}-cluster/abc", their_cluster, False),
        ("workflow", "events:PutRule", f"arn:aws:events:{SCOPE}:{managed_rule}", {}, True),
        ("workflow", "events:PutRule", f"arn:aws:events:{SCOPE}:rule/{ours}-health", {}, False),
        ("workflow", "events:DeleteRule", f"arn:aws:events:{SCOPE}:{managed_rule}", {}, False),
        ("workflow", "iam:PassRole", f"{iam}/{ours}-task", to_ec2, False),
        ("workflow", "iam:PassRole", f"{iam}/{ours}-github-deploy", to_ecs, False),
        ("workflow", "iam:PassRole", f"{iam}/{theirs}-task", to_ecs, False),
        ("workflow", "states:StartExecution", f"{machine}{ours}-task", {}, False),
        ("workflow", "sqs:SendMessage", f"{queue}{ours}-scheduler-dlq", {}, False),
        ("workflow", "kms:Decrypt", key, secrets, False),
        ("workflow", get, f"{secret}:{ours}/openai-api-key-a1B2c3", {}, False),
        ("github-deploy", "iam:PassRole", f"{iam}/{ours}-workflow", to_ecs, False),
        ("github-deploy", "iam:PassRole", f"{iam}/{ours}-database-url-rotation",
         {"iam:PassedToService": "lambda.amazonaws.com"}, False),
        ("github-deploy", "iam:PassRole", f"{iam}/{ours}-task-2", to_ecs, False),
        ("github-deploy", "sts:AssumeRole", f"{iam}/{ours}-task", {}, False),
        ("github-deploy", "iam:UpdateAssumeRolePolicy", f"{iam}/{ours}-github-deploy", {}, False),
        ("github-deploy", "ecr:UploadLayerPart", f"{ecr}/airas-backend", {}, True),
        ("github-deploy", "ecr:UploadLayerPart", f"{ecr}/airas-backend-2", {}, False),
        ("github-deploy", "ecr:SetRepositoryPolicy", f"{ecr}/airas-backend", {}, False),
        ("github-deploy", "ecs:RunTask", f"{ecs}:task-definition/{ours}-backend:8", their_cluster, False),
        ("github-deploy", "ecs:RunTask", f"{ecs}:task-definition/{ours}-backend:8", {}, False),
        ("github-deploy", "ecs:RunTask", f"{ecs}:task-definition/other:1", cluster, False),
        ("github-deploy", "ecs:UpdateService", f"{ecs}:service/{theirs}-cluster/{ours}-backend", their_cluster, False),
        ("github-deploy", "ecs:UpdateService", f"{ecs}:service/{ours}-cluster/other", cluster, False),
        ("github-deploy", "ecs:UpdateService", f"{ecs}:service/{ours}-cluster/{ours}-backend", their_cluster, False),
        ("github-deploy", "ecs:CreateService", f"{ecs}:service/{ours}-cluster/{ours}-backend", cluster, False),
        ("github-deploy", "ecs:DeleteService", f"{ecs}:service/{ours}-cluster/{ours}-backend", cluster, False),
        ("github-deploy", "ecs:RegisterTaskDefinition", f"{ecs}:task-definition/{ours}-backend-2:1", {}, False),
        ("github-deploy", "ecs:DeregisterTaskDefinition", "*", {}, False),
        ("github-deploy", "ecs:TagResource", f"{ecs}:task-definition/{ours}-backend:8", deploys, True),
        ("github-deploy", "ecs:TagResource", f"{ecs}:task-definition/{theirs}-backend:8", deploys, False),
        ("github-deploy", "ecs:ExecuteCommand", f"{ecs}:task/{ours}-cluster/abc", cluster, False),
        ("github-deploy", "ecs:StopTask", f"{ecs}:task/{ours}-cluster/abc", cluster, False),
        ("github-deploy", "ecs:DescribeTasks", f"{ecs}:task/{theirs}-cluster/abc", their_cluster, False),
        ("github-deploy", "ecs:DescribeServiceRevisions", f"{ecs}:service/{ours}-cluster/{ours}-backend", {}, True),
        ("github-deploy", "application-autoscaling:RegisterScalableTarget", scalable,
         {**our_tags, "aws:ResourceTag/Environment": "other"}, False),
        ("github-deploy", "dynamodb:PutItem", f"{lock_table}-2", our_lease, False),
        ("github-deploy", "dynamodb:Scan", lock_table, our_lease, False),
        ("github-deploy", "ssm:GetParameters", f"arn:aws:ssm:{SCOPE}:parameter/{ours}/wandb-api-key", {}, False),
        ("github-deploy", "kms:Decrypt", key, secrets, False),
        ("github-deploy", "lambda:UpdateFunctionCode", f"{function}{ours}-discord-relay", {}, False),
        ("github-deploy", "lambda:InvokeFunction", f"{function}{ours}-database-bootstrap", {}, False),
        ("github-deploy", "s3:GetObject", f"{files}/files/paper.pdf", {}, False),
        ("github-deploy", "rds:DeleteDBInstance", f"arn:aws:rds:{SCOPE}:db:{ours}-db", {}, False),
        *(measured if environment == "prod" else ()),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("environment", "role", "action", "resource", "context", "decision"),
    [(environment, *row) for environment in ENVIRONMENTS for row in table(environment)],
)
def test_what_a_role_may_do(
    environment: str, role: str, action: str, resource: str, context: dict[str, str], decision: bool
) -> None:
    documents = roles(environment)[role]["inline_policies"].values()
    request = Request(action, resource, context)
    assert any(allowed(document, request) for document in documents) is decision


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_roles_of_backups_and_of_monitoring_reach_one_database(environment: str) -> None:
    options = {"database_backup_plan_enabled": True, "database_monitoring_interval_s": 60}
    held = roles(environment, **options)
    ours, theirs = f"airas-{environment}", "airas-prod" if environment == "dev" else "airas-dev"
    rds = f"arn:aws:rds:{SCOPE}"
    [document] = held["backup"]["inline_policies"].values()
    for action, resource, decision in (
        ("rds:CreateDBSnapshot", f"{rds}:db:{ours}-db", True),
        ("rds:CreateDBSnapshot", f"{rds}:db:{theirs}-db", False),
        ("rds:CopyDBSnapshot", f"{rds}:snapshot:rds:{ours}-db-2026-01-01", True),
        ("rds:CopyDBSnapshot", f"{rds}:snapshot:rds:{theirs}-db-2026-01-01", False),
        ("rds:DeleteDBSnapshot", f"{rds}:snapshot:awsbackup:job-1", True),
        ("rds:DeleteDBSnapshot", f"{rds}:snapshot:{ours}-db-final-1", False),
        ("rds:ModifyDBInstance", f"{rds}:db:{theirs}-db", False),
        ("rds:DeleteDBInstance", f"{rds}:db:{ours}-db", False),
        ("backup:CopyIntoBackupVault", f"arn:aws:backup:{SCOPE}:backup-vault:{ours}-db", True),
        ("backup:DeleteRecoveryPoint", f"{rds}:snapshot:awsbackup:job-1", False),
    ):
        assert allowed(document, Request(action, resource)) is decision, (action, resource)
    trust = held["database-monitoring"]["assume_role_policy"]
    for database, decision in ((ours, True), (theirs, False)):
        context = {"aws:SourceAccount": ACCOUNT, "aws:SourceArn": f"{rds}:db:{database}-db"}
        request = Request("sts:AssumeRole", "", context, {"Service": "monitoring.rds.amazonaws.com"})
        assert allowed(trust, request) is decision
    assert "backup" not in roles(environment)
    assert ("database-monitoring" in roles(environment)) is (environment == "prod")


def test_every_role_has_its_lines() -> None:
    """Something that it may do, and something that it may not."""
    for environment in ENVIRONMENTS:
        decided = {(role, decision) for role, *_what, decision in table(environment)}
        assert decided == {(role, decision) for role in roles(environment) for decision in (True, False)}


def test_options_open_what_they_say_and_no_more() -> None:
    options = {"identity_exec_enabled": True, "identity_ses_identity": "a.example"}
    [document] = roles("dev", **options)["task"]["inline_policies"].values()
    assert allowed(document, Request("ssmmessages:OpenDataChannel"))
    assert allowed(document, Request("ses:SendEmail", f"arn:aws:ses:{SCOPE}:identity/a.example"))
    assert not allowed(document, Request("ses:SendEmail", f"arn:aws:ses:{SCOPE}:identity/b.example"))
    assert "github-deploy" not in roles("dev", identity_github_oidc_enabled=False)
    [document] = roles("dev", identity_worker_enabled=True)["github-deploy"]["inline_policies"].values()
    deployed = {
        name: allowed(document, Request("ecs:RegisterTaskDefinition", f"arn:aws:ecs:{SCOPE}:task-definition/{name}:1"))
        for name in ("airas-dev-backend", "airas-dev-worker", "airas-dev-other", "airas-prod-worker")
    }
    assert [name for name, decision in deployed.items() if decision] == ["airas-dev-backend", "airas-dev-worker"]


# -- trust -----------------------------------------------------------------------------------------------------------

TOKEN = "token.actions.githubusercontent.com"
FOREIGN = "111122223333"
SCHEDULES = "arn:aws:scheduler:{region}:{account}:schedule-group/airas-{environment}"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize(
    ("audience", "subject", "decision"),
    [
        ("sts.amazonaws.com", "repo:airas-org/airas:environment:{}", True),
        ("sts.amazonaws.com", "repo:airas-org@123/airas@456:environment:{}", True),
        ("sts.amazonaws.com", "repo:airas-org@123/airas@457:environment:{}", False),
        ("other", "repo:airas-org/airas:environment:{}", False),
        # A fork's pull request, a branch, a tag, another repository, another organisation, another environment.
        ("sts.amazonaws.com", "repo:airas-org/airas:pull_request", False),
        ("sts.amazonaws.com", "repo:somebody/airas:environment:{}", False),
        ("sts.amazonaws.com", "repo:airas-org/airas:ref:refs/heads/main", False),
        ("sts.amazonaws.com", "repo:airas-org/airas:ref:refs/tags/v1", False),
        ("sts.amazonaws.com", "repo:airas-org/airas-fork:environment:{}", False),
        ("sts.amazonaws.com", "repo:airas-org-2/airas:environment:{}", False),
        ("sts.amazonaws.com", "repo:airas-org/airas:environment:{}-2", False),
        ("sts.amazonaws.com", "repo:airas-org/airas-backend:environment:{}", False),
        ("sts.amazonaws.com", "repo:airas-org/airas:environment:{}:ref:refs/heads/main", False),
        ("sts.amazonaws.com", "repo:airas-org@124/airas@456:environment:{}", False),
        ("sts.amazonaws.com", "repo:airas-org@123/airas@456:pull_request", False),
        ("sts.amazonaws.com", "repo:*", False),
    ],
)
def test_who_deploys(environment: str, audience: str, subject: str, decision: bool) -> None:
    trust = roles(environment, identity_github_organization_id="123", identity_github_repository_id="456")
    request = Request(
        "sts:AssumeRoleWithWebIdentity",
        context={f"{TOKEN}:aud": audience, f"{TOKEN}:sub": subject.format(environment)},
        principal={"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{TOKEN}"},
    )
    assert allowed(trust["github-deploy"]["assume_role_policy"], request) is decision


@pytest.mark.parametrize(
    ("subject", "decision"),
    [
        ("repo:airas-org/airas:ref:refs/heads/main", True),
        ("repo:airas-org/airas:ref:refs/heads/main-2", False),
        ("repo:airas-org/airas:ref:refs/heads/feature/main", False),
        ("repo:airas-org/airas:ref:refs/tags/main", False),
        # GitHub says so of a pull request, from a fork or not, whatever it is to be merged into.
        ("repo:airas-org/airas:pull_request", False),
        ("repo:airas-org/airas:environment:dev", False),
        ("repo:somebody/airas:ref:refs/heads/main", False),
        ("repo:airas-org/other:ref:refs/heads/main", False),
    ],
)
def test_who_deploys_where_a_branch_is_the_claim(subject: str, decision: bool) -> None:
    trust = roles("dev", identity_github_claim="ref:refs/heads/main")["github-deploy"]["assume_role_policy"]
    request = Request(
        "sts:AssumeRoleWithWebIdentity",
        context={f"{TOKEN}:aud": "sts.amazonaws.com", f"{TOKEN}:sub": subject},
        principal={"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{TOKEN}"},
    )
    assert allowed(trust, request) is decision


@pytest.mark.parametrize(
    "request_",
    [
        Request("sts:AssumeRole", principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
        Request("sts:AssumeRole", principal={"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{TOKEN}"}),
        Request(
            "sts:AssumeRoleWithWebIdentity", principal={"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{TOKEN}"}
        ),
        Request(
            "sts:AssumeRoleWithWebIdentity",
            context={f"{TOKEN}:aud": "sts.amazonaws.com", f"{TOKEN}:sub": "repo:airas-org/airas:environment:dev"},
            principal={"Federated": f"arn:aws:iam::{FOREIGN}:oidc-provider/{TOKEN}"},
        ),
    ],
    ids=["account", "another action", "no claims", "another account's provider"],
)
def test_nobody_else_becomes_the_deploy_role(request_: Request) -> None:
    assert not allowed(roles("dev")["github-deploy"]["assume_role_policy"], request_)


def test_the_workflow_of_one_environment_does_not_deploy_the_other() -> None:
    request = Request(
        "sts:AssumeRoleWithWebIdentity",
        context={f"{TOKEN}:aud": "sts.amazonaws.com", f"{TOKEN}:sub": "repo:airas-org/airas:environment:dev"},
        principal={"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{TOKEN}"},
    )
    assert allowed(roles("dev")["github-deploy"]["assume_role_policy"], request)
    assert not allowed(roles("prod")["github-deploy"]["assume_role_policy"], request)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize(
    ("role", "service", "source"),
    [
        ("execution", "ecs-tasks.amazonaws.com", "arn:aws:ecs:{region}:{account}:task/airas-{environment}-cluster/abc"),
        ("task", "ecs-tasks.amazonaws.com", "arn:aws:ecs:{region}:{account}:task/airas-{environment}-cluster/abc"),
        ("discord-relay", "lambda.amazonaws.com", None),
        ("database-url-rotation", "lambda.amazonaws.com", None),
        ("database-bootstrap", "lambda.amazonaws.com", None),
        ("scheduler", "scheduler.amazonaws.com", SCHEDULES),
        ("workflow", "states.amazonaws.com", "arn:aws:states:{region}:{account}:stateMachine:airas-{environment}-x"),
    ],
)  # fmt: skip
def test_which_service_a_role_trusts(environment: str, role: str, service: str, source: str | None) -> None:
    trust = roles(environment)[role]["assume_role_policy"]

    def trusts(by: str, account: str) -> bool:
        arn = source.format(region=REGION, account=account, environment=environment) if source else ""
        context = {"aws:SourceAccount": account} | ({"aws:SourceArn": arn} if arn else {})
        return allowed(trust, Request("sts:AssumeRole", context=context, principal={"Service": by}))

    assert trusts(service, ACCOUNT)
    assert not trusts(service, FOREIGN)
    assert not trusts("ec2.amazonaws.com", ACCOUNT)
    assert not allowed(trust, Request("sts:AssumeRole", principal={"AWS": f"arn:aws:iam::{FOREIGN}:root"}))


# -- key -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize(
    ("action", "account", "context", "decision"),
    [
        ("kms:Decrypt", ACCOUNT, {"kms:CallerAccount": ACCOUNT, **IN_CONTEXT_OF_SECRETS}, True),
        ("kms:Decrypt", ACCOUNT, {"kms:CallerAccount": ACCOUNT}, False),
        ("kms:Decrypt", FOREIGN, {"kms:CallerAccount": FOREIGN, **IN_CONTEXT_OF_SECRETS}, False),
        ("kms:PutKeyPolicy", ACCOUNT, {}, True),
        ("kms:PutKeyPolicy", FOREIGN, {}, False),
        ("kms:CreateGrant", ACCOUNT, {}, False),
    ],
)
def test_what_the_key_allows(
    environment: str, action: str, account: str, context: dict[str, str], decision: bool
) -> None:
    principal = {"AWS": f"arn:aws:iam::{account}:root"}
    assert allowed(key_policy(environment), Request(action, "*", context, principal)) is decision
