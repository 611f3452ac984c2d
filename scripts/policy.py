"""The IAM policies of whoever runs the playbooks: docs/policies/*.json, written from what the code calls.

    python scripts/policy.py record [FILE...]   learn from recorded calls (--calls of the emulator) which resources
                                                the playbooks name; without a file, run the playbooks and record
    python scripts/policy.py                    write the policies

Each action comes from a call in plugins/ or from a recorded one, its resources from recorded calls: what carries the
project's name there is limited to it, in whatever action. EXTRA is what AWS asks for besides.
"""

from __future__ import annotations

import ast
import functools
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml
from botocore import xform_name
from botocore.loaders import create_loader

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from emulator.iam import lint, requests  # noqa: E402
from emulator.iam.evaluation import allowed, many  # noqa: E402

POLICIES = ROOT / "docs" / "policies"
RECORDED = POLICIES / "recorded.json"
PROJECT, REGION = "airas", "ap-northeast-1"
LIMIT = 6144
"""Characters, white space apart, that a managed policy may have."""

# A policy for each role or two, by the services that they are about. An account allows a role ten of them, unless its
# quota is raised.
GROUPS: Mapping[str, tuple[str, ...]] = {
    "account": (
        "access-analyzer",
        "ce",
        "cloudtrail",
        "dynamodb",
        "ecr",
        "guardduty",
        "pricing",
        "s3",
        "securityhub",
        "servicequotas",
        "sts",
        "tag",
    ),
    "network": ("ec2",),
    "secrets": ("acm", "kms", "route53", "secretsmanager", "ssm"),
    "identity": ("iam", "lambda"),
    "database": ("backup", "backup-storage", "elasticache", "rds"),
    "platform": ("application-autoscaling", "ecs", "elasticloadbalancing"),
    "observability": ("budgets", "cloudwatch", "events", "logs", "scheduler", "sns", "sqs", "states", "wafv2"),
}
GLOBAL = {"budgets", "ce", "iam", "pricing", "route53", "sts"}
# Words in the code that are the names of services too.
NOT_CALLED = {"notifications"}
# What no call shows. Each with the reason why AWS asks for it.
EXTRA: Mapping[str, str] = {
    "backup-storage:MountCapsule": "backup:CreateBackupVault asks for it",
    "ec2:DescribeAccountAttributes": "RDS, ElastiCache and load balancers look at the VPC with the caller's permission",
    "ecs:TagResource": "tasks carry the tags of their service or task definition (propagateTags)",
    "elasticloadbalancing:SetWebAcl": "the load balancer's side of wafv2:AssociateWebACL",
    "kms:CreateGrant": "RDS, ElastiCache and Backup take a grant on the key that encrypts for them",
    "kms:Decrypt": "Secrets Manager, Parameter Store and SNS decrypt with the caller's permission",
    "kms:Encrypt": "Parameter Store encrypts with the caller's permission",
    "kms:GenerateDataKey": "Secrets Manager and SNS encrypt with the caller's permission",
    "logs:CreateLogDelivery": "flow logs, WAF, ElastiCache and Step Functions deliver logs as the caller may",
    "logs:DeleteLogDelivery": "as logs:CreateLogDelivery",
    "logs:DescribeResourcePolicies": "as logs:CreateLogDelivery",
    "logs:GetLogDelivery": "as logs:CreateLogDelivery",
    "logs:ListLogDeliveries": "as logs:CreateLogDelivery",
    "logs:PutResourcePolicy": "as logs:CreateLogDelivery",
    "logs:UpdateLogDelivery": "as logs:CreateLogDelivery",
    "route53:AssociateVPCWithHostedZone": "interface endpoints with private DNS names ask for it",
}
# Types of resources that no recorded call names, by the names that they have.
UNRECORDED: Mapping[str, str] = {
    "ec2:volume": "arn:aws:ec2:{scope}:volume/*",
    "ecs:service-deployment": "arn:aws:ecs:{scope}:service-deployment/{project}-*",
    "ecs:task": "arn:aws:ecs:{scope}:task/{project}-*",
    "elasticache:snapshot": "arn:aws:elasticache:{scope}:snapshot:{project}-*",
    "rds:snapshot": "arn:aws:rds:{scope}:snapshot:{project}-*",
    "s3:object": "arn:aws:s3:::{project}-*/*",
}
# Resources besides the action's own that AWS asks about. Each with the page that says so.
BESIDES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    # https://docs.aws.amazon.com/autoscaling/application/userguide/security_iam_id-based-policy-examples.html
    "TargetTracking": (
        "arn:aws:cloudwatch:{scope}:alarm:TargetTracking-service/{project}-*",
        ("cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm"),
    ),
    # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/security_iam_id-based-policy-examples.html
    "DefaultOptions": ("arn:aws:rds:{scope}:og:default*", (*requests.DEFAULTED, "rds:ModifyDBInstance")),
    "DefaultParameters": ("arn:aws:rds:{scope}:pg:default*", requests.DEFAULTED),
    # https://docs.aws.amazon.com/aws-backup/latest/devguide/rds-backup.html
    "RecoveryPoints": (
        "arn:aws:rds:{scope}:snapshot:awsbackup:*",
        ("rds:RestoreDBInstanceFromDBSnapshot",),
    ),
    # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html#rds-secrets-manager-permissions
    "AdministratorOfDatabase": (
        "arn:aws:secretsmanager:{scope}:secret:rds!db-*",
        ("secretsmanager:CreateSecret", "secretsmanager:RotateSecret", "secretsmanager:TagResource"),
    ),
}
_CLUSTER = {"ArnLike": {"ecs:cluster": "arn:aws:ecs:{scope}:cluster/{project}-*"}}
_SCALES_SERVICES = {"StringEquals": {"application-autoscaling:service-namespace": "ecs"}}
_THROUGH_SERVICES = {"StringLike": {"kms:ViaService": "*.{region}.amazonaws.com"}}
# What limits an action that its resource does not.
CONDITIONS: Mapping[str, Mapping[str, Any]] = {
    "application-autoscaling:DeleteScalingPolicy": _SCALES_SERVICES,
    "application-autoscaling:DeleteScheduledAction": _SCALES_SERVICES,
    "application-autoscaling:DeregisterScalableTarget": _SCALES_SERVICES,
    "application-autoscaling:PutScalingPolicy": _SCALES_SERVICES,
    "application-autoscaling:PutScheduledAction": _SCALES_SERVICES,
    "application-autoscaling:RegisterScalableTarget": _SCALES_SERVICES,
    "ecs:ListServices": _CLUSTER,
    "ecs:ListTasks": _CLUSTER,
    "kms:CreateGrant": {"Bool": {"kms:GrantIsForAWSResource": True}},
    "kms:Decrypt": _THROUGH_SERVICES,
    "kms:Encrypt": _THROUGH_SERVICES,
    "kms:GenerateDataKey": _THROUGH_SERVICES,
    "lambda:CreateEventSourceMapping": {
        "ArnLike": {"lambda:FunctionArn": "arn:aws:lambda:{scope}:function:{project}-*"}
    },
}
# Services that make a role of their own when they are first used in an account.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html
SERVICE_LINKED = (
    "access-analyzer.amazonaws.com",
    "backup.amazonaws.com",
    "ecs.amazonaws.com",
    "ecs.application-autoscaling.amazonaws.com",
    "elasticache.amazonaws.com",
    "elasticloadbalancing.amazonaws.com",
    "guardduty.amazonaws.com",
    "malware-protection.guardduty.amazonaws.com",
    "rds.amazonaws.com",
    "securityhub.amazonaws.com",
    "wafv2.amazonaws.com",
)
# Statements about roles of their own.
APART = ("iam:CreateServiceLinkedRole", "iam:PassRole")
# Everything that can be switched on, in each of the stacks; templates are of the runs.
OPTIONS: Mapping[str, Any] = {
    "account_guardduty_enabled": True,
    "account_hosted_zone_name": "example.com",
    "account_securityhub_enabled": True,
    "account_unused_access_analyzer_enabled": True,
    "cache_enabled": True,
    "certificate_alternative_names": ["*.{{ stack_environment }}.example.com"],
    "certificate_domain_name": "{{ stack_environment }}.example.com",
    "certificate_health_check_enabled": True,
    "container_platform_autoscaling_enabled": "{{ stack_environment == 'prod' }}",
    "container_platform_exec_enabled": True,
    "container_platform_sleep_enabled": "{{ stack_environment == 'dev' }}",
    "container_platform_worker_command": ["celery", "worker"],
    "container_platform_worker_enabled": True,
    "database_backup_plan_enabled": True,
    "database_monitoring_interval_s": 60,
    "network_interface_endpoints": ["secretsmanager"],
    "network_nat_mode": "{{ 'gateway' if stack_environment == 'prod' else 'instance' }}",
    "waf_enabled": True,
    "workflow_enabled": True,
    "workflow_schedules": [{"name": "nightly", "expression": "cron(0 3 * * ? *)", "command": ["true"]}],
    "workflow_tracing_enabled": True,
}
PROD, DEV = "inventories/prod", "inventories/dev"
SITE, GATEWAY = ("-e", json.dumps(OPTIONS)), ("-e", "network_nat_mode=gateway")
# Every playbook, in an order in which each finds what it is about; prod where scaling or protection makes a difference.
# What begins with + is not Ansible's.
RUNS: tuple[tuple[str, ...], ...] = (
    ("playbooks/preflight.yml", "-i", PROD, *SITE),
    ("site.yml", "-i", PROD, *SITE),
    ("site.yml", "-i", DEV, *SITE),
    ("+image", "1"),
    ("playbooks/set_secrets.yml", "-i", DEV, *SITE),
    ("playbooks/deploy.yml", "-i", PROD, *SITE, "-e", "image_tag=1"),
    ("playbooks/deploy.yml", "-i", DEV, *SITE, "-e", "image_tag=1"),
    ("+image", "2"),
    ("playbooks/deploy.yml", "-i", DEV, *SITE, "-e", "image_tag=2", "-e", '{"migration_command": ["true"]}'),
    ("playbooks/rollback.yml", "-i", DEV, *SITE),
    ("playbooks/run_task.yml", "-i", DEV, *SITE, "-e", '{"command": ["true"]}'),
    ("playbooks/exec.yml", "-i", DEV, *SITE, "-e", "run=true", "-e", "command=true"),
    ("playbooks/status.yml", "-i", DEV, *SITE),
    ("playbooks/logs.yml", "-i", DEV, *SITE),
    ("playbooks/outputs.yml", "-i", DEV, *SITE),
    ("playbooks/notify_test.yml", "-i", DEV, *SITE),
    ("playbooks/rotate.yml", "-i", DEV, *SITE),
    ("playbooks/snapshot.yml", "-i", DEV, *SITE),
    ("playbooks/restore_drill.yml", "-i", DEV, *SITE),
    ("playbooks/audit.yml", "-i", PROD, *SITE),
    ("playbooks/sleep.yml", "-i", DEV, *SITE, "-e", "with_database=true"),
    ("playbooks/wake.yml", "-i", DEV, *SITE, "-e", "with_database=true"),
    # Now with values for secrets and an image; planned first, as a change of what there is.
    ("playbooks/plan.yml", "-i", DEV, *SITE, *GATEWAY),
    ("site.yml", "-i", DEV, *SITE, *GATEWAY),
    ("site.yml", "-i", DEV, *SITE, "--tags", "network", *GATEWAY, "-e", "network_nat_availability_mode=regional"),
    ("playbooks/unlock.yml", "-i", DEV),
    ("playbooks/drift.yml", "-i", DEV, *SITE),
    ("playbooks/destroy.yml", "-i", DEV, *SITE),
)


@functools.cache
def account() -> str:
    inventory = ROOT / "inventories/prod/group_vars/stack/stack.yml"
    return str(yaml.safe_load(inventory.read_text(encoding="utf-8"))["aws_account_id"])


# -- what is called --------------------------------------------------------------------------------------------------


@functools.cache
def _operations(service: str) -> dict[str, str]:
    """``{"create_web_acl": "CreateWebACL"}``"""
    names = create_loader().load_service_model(service, "service-2")["operations"]
    return {xform_name(name): name for name in names}


def _texts(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


@functools.cache
def actions_in_code() -> frozenset[str]:
    """The actions of all calls in plugins/: an operation's name in a file, of a service that the file or, failing that,
    its package names."""
    services = set(create_loader().list_available_services("service-2")) - NOT_CALLED
    files = [file for file in (ROOT / "plugins").glob("**/*.py") if file.name != "_aws.py"]  # which only names them
    texts = {file: _texts(file) for file in files}
    found: set[str] = set()
    for file, held in texts.items():
        beside = set().union(*(other for path, other in texts.items() if path.parent == file.parent))
        matches = _matches(held & services, held)
        matches |= _matches(beside & services, held - {name for _service, name in matches})
        found |= {requests.action_of(service, _operations(service)[name]) for service, name in matches}
    return frozenset(found)


def _matches(services: Iterable[str], texts: set[str]) -> set[tuple[str, str]]:
    found = {(service, name) for service in services for name in texts & set(_operations(service))}
    return {(service, name) for service, name in found if _is_meant(service, name)}


def _is_meant(service: str, name: str) -> bool:
    """S3 Control has operations for outposts that are called as S3's are."""
    return service != "s3control" or f"{service}:{_operations(service)[name]}" in requests.ACTIONS


def recorded() -> dict[str, Any]:
    """``actions`` that the playbooks called (``unnamed``: and types of which they said no name, so that they need any),
    ``resources`` by service and type, and the services that roles were ``passed`` to."""
    document: dict[str, Any] = json.loads(RECORDED.read_text(encoding="utf-8"))
    return document


def ours(call: Mapping[str, Any]) -> bool:
    """A call that a playbook made: not one of a function or of AWS itself, and none that AWS refused for its form."""
    return "Ansible" in (call.get("user_agent") or "")


def learnt(calls: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    actions: set[str] = set()
    resources: dict[str, set[str]] = defaultdict(set)
    passed: set[str] = set()
    unnamed: set[str] = set()
    for call in filter(ours, calls):
        for action, target in requests.asked(call, account(), PROJECT):
            actions.add(action)
            if requests.UNKNOWN in target.arn and f"{PROJECT}-" not in target.pattern:
                unnamed.add(f"{action} {target.kind}".strip())
            elif target.kind and not target.pattern.endswith("default*"):  # those stand in BESIDES
                resources[f"{action.partition(':')[0]}:{target.kind}"].add(target.pattern)
        passed |= {requests.taken_by(call) for _role in requests.passed_roles(call, account())}
    return {
        "actions": sorted(actions),
        "passed": sorted(passed),
        "unnamed": sorted(unnamed),
        "resources": {kind: _widest(patterns) for kind, patterns in sorted(resources.items())},
    }


def _widest(patterns: Iterable[str]) -> list[str]:
    """A pattern that says nothing of the name, of an id above all, counts only where no other does."""
    found = sorted(set(patterns))
    telling = [pattern for pattern in found if f"{PROJECT}-" in pattern]
    return telling or found


def denied(
    calls: Iterable[Mapping[str, Any]],
    documents: Iterable[Mapping[str, Any]] = (),
    context: Mapping[str, str] | None = None,
) -> list[str]:
    """What the documents, the deployer's if none are given, do not allow of the calls that playbooks made.

    ``context`` is what else is true of each of them.
    """
    statements: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for statement in (item for document in documents or _deployers() for item in document["Statement"]):
        for action in many(statement["Action"]):
            statements[action].append(statement)
    asked = {
        (request.action, request.resource, tuple(request.context.items())): request
        for call in filter(ours, calls)
        for request in requests.requests(call, account(), PROJECT)
        if request.action != "sts:GetCallerIdentity"  # needs no permission
    }
    known = [replace(item, context={**item.context, **(context or {})}) for item in asked.values()]
    refused = [item for item in known if not allowed({"Statement": statements[item.action]}, item)]
    return sorted({f"{request.action} on {request.resource}" for request in refused})


@functools.cache
def _deployers() -> list[dict[str, Any]]:
    return list(policies().values())


def faults(calls: Iterable[Mapping[str, Any]]) -> list[str]:
    """What the lint says about the policies that the playbooks wrote."""
    written = {
        (f"{call['service']}:{call['operation']}", json.dumps(document, sort_keys=True)): document
        for call in filter(ours, calls)
        for document in requests.documents(call)
    }
    return sorted(
        {f"{where} {line}" for (where, _text), document in written.items() for line in lint.findings(document)}
    )


# -- the policies ----------------------------------------------------------------------------------------------------


def policies() -> dict[str, dict[str, Any]]:
    """Policy documents by group, in as many parts as it takes (``network-1``)."""
    memory = recorded()
    actions = set(actions_in_code()) | set(memory["actions"]) | set(EXTRA)
    found = {}
    for group, services in GROUPS.items():
        parts = _parts(list(_statements(group, services, actions, memory)))
        for number, part in enumerate(parts, start=1):
            found[group if len(parts) == 1 else f"{group}-{number}"] = part
    return found


def _parts(statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    for statement in statements:
        whole = {"Version": "2012-10-17", "Statement": [*(parts[-1]["Statement"] if parts else ()), statement]}
        if parts and size(whole) <= LIMIT:
            parts[-1] = whole
        else:
            parts.append({"Version": "2012-10-17", "Statement": [statement]})
    return parts


def without_group() -> list[str]:
    """Services that the code calls and no policy has a place for."""
    placed = {service for services in GROUPS.values() for service in services}
    return sorted({action.partition(":")[0] for action in actions_in_code()} - placed)


def _statements(
    group: str, services: Iterable[str], actions: set[str], memory: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    statements: dict[tuple[str, str], set[str]] = defaultdict(set)
    for action in sorted(actions - set(APART)):
        if action.partition(":")[0] in services and action != "sts:GetCallerIdentity":  # which needs no permission
            named = _resources(action, memory)
            condition = _filled(CONDITIONS.get(action, {}))
            if named == ["*"] and action.partition(":")[0] not in GLOBAL:  # where AWS takes no resource
                condition = {**condition, "StringEquals": {"aws:RequestedRegion": REGION}}
            statements[json.dumps(named), json.dumps(condition)].add(action)
    for number, ((resources, conditions), held) in enumerate(sorted(statements.items()), start=1):
        statement = {"Sid": f"{group.capitalize()}{number}", "Effect": "Allow", "Action": sorted(held)}
        statement["Resource"] = json.loads(resources)
        yield statement | ({"Condition": json.loads(conditions)} if conditions != "{}" else {})
    if group == "identity":
        yield from _about_roles(memory)


def _filled(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _filled(item) for key, item in value.items()}
    place = {"scope": f"{REGION}:{account()}", "region": REGION, "project": PROJECT}
    return value.format(**place) if isinstance(value, str) else value


def _about_roles(memory: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    iam = f"arn:aws:iam::{account()}:role"
    yield {
        "Sid": "PassRoles",
        "Effect": "Allow",
        "Action": ["iam:PassRole"],
        "Resource": [f"{iam}/{PROJECT}-*"],
        "Condition": {"StringEquals": {"iam:PassedToService": memory["passed"]}},
    }
    yield {
        "Sid": "FirstUseOfServices",
        "Effect": "Allow",
        "Action": ["iam:CreateServiceLinkedRole"],
        "Resource": [f"{iam}/aws-service-role/*"],
        "Condition": {"StringEquals": {"iam:AWSServiceName": list(SERVICE_LINKED)}},
    }


def _resources(action: str, memory: Mapping[str, Any]) -> list[str]:
    prefix, kinds = action.partition(":")[0], requests.kinds_of(action)
    if not kinds:
        return ["*"]
    known = {**{kind: [_filled(name)] for kind, name in UNRECORDED.items()}, **memory["resources"]}
    needed = [kind.rstrip("*") for kind in kinds if kind.endswith("*")]
    met = [kind.rstrip("*") for kind in kinds if f"{prefix}:{kind.rstrip('*')}" in known]
    wide = {kind for kind in (kind.rstrip("*") for kind in kinds) if f"{action} {kind}" in memory["unnamed"]}
    chosen = list(dict.fromkeys(needed + met + sorted(wide))) or [kind.rstrip("*") for kind in kinds]
    if action in memory["unnamed"] or len(chosen) > requests.MANY:  # of anything, such as tags
        return [f"arn:aws:{prefix}:{REGION}:{account()}:*"]
    besides = [_filled(resource) for resource, actions in BESIDES.values() if action in actions]
    found = set(besides)
    for kind in chosen:
        named = [] if kind in wide else known.get(f"{prefix}:{kind}", [])
        anything = _any(prefix, kind)
        if named or not any(lint.meets(resource, anything) for resource in besides):
            found |= set(named or [anything])
    return sorted(found)


def _any(prefix: str, kind: str) -> str:
    target = requests.arn_form(prefix, kind, REGION, account())
    return re.sub(r"\*(/\*|:\*)*$", "*", re.sub(r"\$\{\w+\}", "*", target))


# -- what bounds the roles that the deployer makes -------------------------------------------------------------------


def boundary() -> dict[str, Any]:
    """All that the roles' documents allow, as the most that any of them may: a limit, which allows nothing itself."""
    text = (ROOT / "roles/identity/templates/roles.yml.j2").read_text(encoding="utf-8")
    actions = {action for action in re.findall(r"\b[a-z0-9-]+:[A-Z]\w+", text) if requests.kinds_of(action) is not None}
    # The roles of the audit trail and of the flow logs write logs, too.
    actions |= {"logs:DescribeLogGroups", "logs:DescribeLogStreams"}
    roles = [f"arn:aws:iam::{account()}:role/{PROJECT}-*-{name}" for name in ("execution", "task")]
    to_containers = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    return _document(
        {"Sid": "AtMost", "Effect": "Allow", "Action": sorted(actions - set(APART)), "Resource": "*"},
        {
            "Sid": "HandOverContainerRoles",
            "Effect": "Allow",
            "Action": ["iam:PassRole"],
            "Resource": roles,
            "Condition": to_containers,
        },
    )


def guard() -> dict[str, Any]:
    """No role without the boundary, and no way out of it."""
    policy = f"arn:aws:iam::{account()}:policy"
    writes = ["iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"]
    return _document(
        {
            "Sid": "RolesWithinBoundary",
            "Effect": "Deny",
            "Action": writes,
            "Resource": "*",
            "Condition": {"StringNotEquals": {"iam:PermissionsBoundary": f"{policy}/{PROJECT}-boundary"}},
        },
        {"Sid": "BoundaryStays", "Effect": "Deny", "Action": ["iam:DeleteRolePermissionsBoundary"], "Resource": "*"},
        {
            "Sid": "PoliciesStay",
            "Effect": "Deny",
            "Action": [f"iam:{name}" for name in ("CreatePolicyVersion", "DeletePolicy", "SetDefaultPolicyVersion")],
            "Resource": [f"{policy}/{PROJECT}-boundary", f"{policy}/{PROJECT}-deployer-*", f"{policy}/{PROJECT}-guard"],
        },
    )


def _document(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def size(document: Mapping[str, Any]) -> int:
    return len("".join(json.dumps(document).split()))


# -- commands --------------------------------------------------------------------------------------------------------


def record(files: list[str]) -> None:
    texts = [Path(file).read_text(encoding="utf-8") for file in files] or [_run_playbooks()]
    calls = [json.loads(line) for text in texts for line in text.splitlines() if line.strip()]
    RECORDED.write_text(json.dumps(learnt(calls), indent=1) + "\n", encoding="utf-8")


def _run_playbooks() -> str:
    from emulator.testing import EmulatorServer
    from tests.integration.functions.discord_receiver import Receiver

    with EmulatorServer() as emulator, Receiver() as receiver, tempfile.TemporaryDirectory() as directory:
        emulator.set_delays({"lambda_event_source.window": 0})
        secrets = {"OPENAI_API_KEY": "a", "HF_TOKEN": "b", "DISCORD_WEBHOOK_URL": receiver.url}
        env = {**os.environ, **emulator.env, **{f"AIRAS_SECRET_{name}": value for name, value in secrets.items()}}
        env |= {"ANSIBLE_NOCOLOR": "1", "AIRAS_REPORT": f"{directory}/report.json"}
        env |= {"AIRAS_AUDIT_REPORT": f"{directory}/audit.json", "PATH": f"{directory}:{env['PATH']}"}
        for program in ("aws", "session-manager-plugin"):  # which a session needs
            Path(directory, program).write_text("#!/bin/sh\n", encoding="utf-8")
            Path(directory, program).chmod(0o755)
        for what, *arguments in RUNS:
            if what == "+image":
                emulator.put_image("airas-backend", arguments[0])
                continue
            run = subprocess.run(["ansible-playbook", what, *arguments], cwd=ROOT, env=env, check=False)
            print(f"==> {what} {arguments[1]}: exit status {run.returncode}", file=sys.stderr)
        return "\n".join(json.dumps(call) for call in emulator.calls())


def written() -> dict[Path, str]:
    """Every policy's file and what it should hold."""
    named = {f"deployer-{group}": held for group, held in policies().items()}
    named |= {"boundary": boundary(), "guard": guard()}
    return {POLICIES / f"{name}.json": json.dumps(held, indent=2) + "\n" for name, held in named.items()}


def write() -> None:
    for file in POLICIES.glob("deployer-*.json"):
        file.unlink()
    for file, text in written().items():
        file.write_text(text, encoding="utf-8")
        print(f"{file.stem}: {size(json.loads(text))} of {LIMIT} characters")


if __name__ == "__main__":
    if sys.argv[1:2] == ["record"]:
        record(sys.argv[2:])
    write()
