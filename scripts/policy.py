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
from pathlib import Path
from typing import Any

import yaml
from botocore import xform_name
from botocore.loaders import create_loader

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from emulator.iam import requests  # noqa: E402

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
        "acm",
        "backup",
        "ce",
        "cloudtrail",
        "dynamodb",
        "ecr",
        "guardduty",
        "pricing",
        "route53",
        "securityhub",
        "servicequotas",
        "sts",
        "tag",
    ),
    "network": ("ec2",),
    "storage": ("s3",),
    "secrets": ("kms", "secretsmanager", "ssm"),
    "identity": ("iam", "lambda"),
    "database": ("elasticache", "rds"),
    "platform": ("application-autoscaling", "ecs", "elasticloadbalancing"),
    "observability": ("budgets", "cloudwatch", "events", "logs", "scheduler", "sns", "sqs", "states", "wafv2"),
}
GLOBAL = {"budgets", "iam", "route53", "sts"}
# Words in the code that are the names of services too.
NOT_CALLED = {"notifications"}
# What the recorded stacks have switched off, by the names that the roles give it.
SWITCHED_OFF: Mapping[str, str] = {
    "elasticache:parametergroup": "parametergroup:airas-*",
    "elasticache:replicationgroup": "replicationgroup:airas-*",
    "elasticache:snapshot": "snapshot:airas-*",
    "elasticache:subnetgroup": "subnetgroup:airas-*",
    "elasticache:user": "user:airas-*",
    "elasticache:usergroup": "usergroup:airas-*",
    "guardduty:detector": "detector/*",
    "logs:log-group": "log-group:/aws/vendedlogs/states/airas-*",
    "scheduler:schedule": "schedule/airas-*",
    "scheduler:schedule-group": "schedule-group/airas-*",
    "securityhub:hub": "hub/default",
    "states:execution": "execution:airas-*",
    "states:statemachine": "stateMachine:airas-*",
}
# What no call shows. Each with the reason why AWS asks for it.
EXTRA: Mapping[str, str] = {
    "ec2:AuthorizeSecurityGroupEgress": "the code puts the operation's name together",
    "ec2:AuthorizeSecurityGroupIngress": "the code puts the operation's name together",
    "ec2:CreateTags": "tags are part of the calls that make things in EC2",
    "ec2:DisableEbsEncryptionByDefault": "the code puts the operation's name together",
    "ec2:EnableEbsEncryptionByDefault": "the code puts the operation's name together",
    "ec2:RevokeSecurityGroupEgress": "the code puts the operation's name together",
    "ec2:RevokeSecurityGroupIngress": "the code puts the operation's name together",
    "ecs:TagResource": "tags are part of the calls that make things in ECS",
    "elasticloadbalancing:AddTags": "tags are part of the calls that make load balancers",
    "elasticloadbalancing:SetWebAcl": "the load balancer's side of wafv2:AssociateWebACL",
    "elasticache:AddTagsToResource": "tags are part of the calls that make things in ElastiCache",
    "iam:TagRole": "tags are part of iam:CreateRole",
    "kms:CreateGrant": "RDS and ElastiCache take a grant on the key that encrypts them",
    "kms:Decrypt": "Secrets Manager and Parameter Store encrypt with the caller's permission",
    "kms:Encrypt": "Parameter Store encrypts with the caller's permission",
    "kms:GenerateDataKey": "Secrets Manager encrypts with the caller's permission",
    "lambda:TagResource": "tags are part of lambda:CreateFunction",
    "logs:CreateLogDelivery": "WAF and Step Functions deliver logs with the caller's permission",
    "logs:DeleteLogDelivery": "WAF and Step Functions deliver logs with the caller's permission",
    "logs:DescribeResourcePolicies": "WAF and Step Functions deliver logs with the caller's permission",
    "logs:GetLogDelivery": "WAF and Step Functions deliver logs with the caller's permission",
    "logs:ListLogDeliveries": "WAF and Step Functions deliver logs with the caller's permission",
    "logs:PutResourcePolicy": "WAF and Step Functions deliver logs with the caller's permission",
    "logs:TagResource": "tags are part of logs:CreateLogGroup",
    "logs:UpdateLogDelivery": "WAF and Step Functions deliver logs with the caller's permission",
    "rds:AddTagsToResource": "tags are part of the calls that make things in RDS",
    "route53:AssociateVPCWithHostedZone": "interface endpoints with private DNS names ask for it",
    "states:TagResource": "tags are part of states:CreateStateMachine",
}
SERVICE_LINKED = (
    "access-analyzer.amazonaws.com",
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
# site.yml makes a stack of each kind; the rest reads, or changes what runs.
RUNS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("site.yml", "prod", ()),
    ("playbooks/audit.yml", "prod", ()),
    ("playbooks/outputs.yml", "prod", ()),
    ("playbooks/status.yml", "prod", ()),
    ("playbooks/logs.yml", "prod", ()),
    ("playbooks/deploy.yml", "prod", ("-e", "image_tag=recorded")),
    ("playbooks/rollback.yml", "prod", ()),
    ("playbooks/run_task.yml", "prod", ("-e", '{"command": ["true"]}')),
    ("playbooks/exec.yml", "prod", ()),
    ("playbooks/rotate.yml", "prod", ()),
    ("playbooks/snapshot.yml", "prod", ()),
    ("site.yml", "dev", ()),
    ("playbooks/set_secrets.yml", "dev", ()),
    ("playbooks/sleep.yml", "dev", ()),
    ("playbooks/wake.yml", "dev", ()),
    ("playbooks/unlock.yml", "dev", ()),
    ("playbooks/drift.yml", "dev", ("-e", "drift_notify=always")),
    ("playbooks/destroy.yml", "dev", ()),
)


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
    """``actions`` that the playbooks called (``unnamed``: without saying of which resource, so that they need any),
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
        action = requests.action_of(call["service"], call["operation"])
        actions.add(action)
        for target in requests.targets(action, call["params"] or {}, REGION, account(), PROJECT):
            if requests.UNKNOWN in target.arn and f"{PROJECT}-" not in target.pattern:
                unnamed.add(action)
            elif target.kind:
                resources[f"{action.partition(':')[0]}:{target.kind}"].add(target.pattern)
        if any(True for _role in requests.passed_roles(call["params"] or {})):
            passed.add(requests.TAKES_ROLE[call["service"]])
    for kind, name in SWITCHED_OFF.items():
        resources[kind].add(f"arn:aws:{kind.partition(':')[0]}:{REGION}:{account()}:{name}")
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
    statements: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for action in sorted(actions):
        if action.partition(":")[0] in services and action != "sts:GetCallerIdentity":  # which needs no permission
            named = _resources(action, memory["resources"], unnamed=action in memory["unnamed"])
            statements[tuple(named)].add(action)
    for number, (resources, held) in enumerate(sorted(statements.items()), start=1):
        yield _statement(f"{group.capitalize()}{number}", held, resources)
    if group == "identity":
        yield from _about_roles(memory)


def _statement(sid: str, actions: set[str], resources: tuple[str, ...]) -> dict[str, Any]:
    everywhere = resources == ("*",) and not {action.partition(":")[0] for action in actions} & GLOBAL
    # Where AWS takes no resource, at least no other region.
    region = {"Condition": {"StringEquals": {"aws:RequestedRegion": REGION}}} if everywhere else {}
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": list(resources), **region}


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


def _resources(action: str, known: Mapping[str, list[str]], *, unnamed: bool) -> list[str]:
    prefix, kinds = action.partition(":")[0], requests.kinds_of(action)
    if not kinds:
        return ["*"]
    needed = [kind.rstrip("*") for kind in kinds if kind.endswith("*")]
    met = [kind.rstrip("*") for kind in kinds if f"{prefix}:{kind.rstrip('*')}" in known]
    every = [kind.rstrip("*") for kind in kinds]
    chosen = every if unnamed and not needed else list(dict.fromkeys(needed + met)) or every
    if len(kinds) > requests.MANY and not needed:  # tags, of anything
        return [f"arn:aws:{prefix}:{REGION}:{account()}:*"]
    wide = set(needed or chosen) if unnamed else set()
    met_as = {kind: [] if kind in wide else known.get(f"{prefix}:{kind}", []) for kind in chosen}
    return sorted({pattern for kind, held in met_as.items() for pattern in held or [_any(prefix, kind)]})


def _any(prefix: str, kind: str) -> str:
    target = requests.arn_form(prefix, kind, REGION, account())
    return re.sub(r"\*(/\*|:\*)*$", "*", re.sub(r"\$\{\w+\}", "*", target))


def size(document: Mapping[str, Any]) -> int:
    return len("".join(json.dumps(document).split()))


# -- commands --------------------------------------------------------------------------------------------------------


def record(files: list[str]) -> None:
    texts = [Path(file).read_text(encoding="utf-8") for file in files] or [_run_playbooks()]
    calls = [json.loads(line) for text in texts for line in text.splitlines() if line.strip()]
    RECORDED.write_text(json.dumps(learnt(calls), indent=1) + "\n", encoding="utf-8")


def _run_playbooks() -> str:
    from emulator.testing import EmulatorServer

    with EmulatorServer() as emulator, tempfile.TemporaryDirectory() as directory:
        env = emulator.env | {"ANSIBLE_NOCOLOR": "1", "AIRAS_SECRET_OPENAI_API_KEY": "a", "AIRAS_SECRET_HF_TOKEN": "b"}
        env |= {"AIRAS_REPORT": f"{directory}/report.json", "AIRAS_AUDIT_REPORT": f"{directory}/audit.json"}
        for playbook, stack, arguments in RUNS:
            command = ["ansible-playbook", playbook, "-i", f"inventories/{stack}", *arguments]
            status = subprocess.run(command, cwd=ROOT, env=dict(os.environ) | env, check=False).returncode
            print(f"==> {playbook} {stack}: exit status {status}", file=sys.stderr)
            if playbook == "playbooks/audit.yml":
                emulator.put_image("airas-backend", "recorded")
        return "\n".join(json.dumps(call) for call in emulator.calls())


def written() -> dict[Path, str]:
    """Every policy's file and what it should hold."""
    return {
        POLICIES / f"deployer-{group}.json": json.dumps(held, indent=2) + "\n" for group, held in policies().items()
    }


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
