"""Every policy that the roles' variables hold, found by its form: bucket, key, queue, topic, trust and permissions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible.vars.manager import VariableManager

from emulator.iam import lint
from emulator.iam.evaluation import Request, allowed

ROOT = Path(__file__).parents[3]
ACCOUNT = "427979936961"
TRAIL = f"arn:aws:cloudtrail:ap-northeast-1:{ACCOUNT}:trail/airas-trail"


@cache
def rendered(environment: str) -> dict[str, Any]:
    """The roles' default variables, as far as they can be worked out without what a run learns from AWS."""
    loader = DataLoader()
    loader.set_basedir(str(ROOT / "playbooks"))
    inventory = InventoryManager(loader, sources=[str(ROOT / "inventories" / environment)])
    roles = {
        file.parents[1]: loader.load_from_file(str(file), trusted_as_template=True) or {}
        for file in sorted(ROOT.glob("roles/*/defaults/main.yml"))
    }
    host = VariableManager(loader, inventory).get_vars(host=inventory.get_host(f"airas-{environment}"))
    found = {name: value for defaults in roles.values() for name, value in defaults.items()} | host
    values = {}
    for role, defaults in roles.items():
        # Where the role's templates and its own files are looked for.
        place = {"role_path": str(role), "ansible_search_path": [str(role)]}
        templar = Templar(loader, variables={**found, **place})
        for name in defaults:
            try:
                values[name] = templar.template(found[name])
            except AnsibleError:  # needs what only a run knows
                continue
    return values


def statements(value: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(where, statement) of every policy statement inside a value."""
    if isinstance(value, Mapping):
        if value.get("Effect") in ("Allow", "Deny"):
            yield f"{path} {value.get('Sid')}", value
            return
        for key, item in value.items():
            yield from statements(item, f"{path}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from statements(item, path)


def cases() -> list[Any]:
    return [
        pytest.param(statement, id=f"{environment} {where}")
        for environment in ("dev", "prod")
        for name, value in rendered(environment).items()
        for where, statement in statements(value, name)
    ]


def test_they_are_found() -> None:
    sids = {statement["Sid"] for case in cases() for statement in case.values}
    assert {"TrailWrites", "TrailEncrypts", "WriteEvents", "LoadBalancerLogs", "UseThroughSecretsOnly"} <= sids


@pytest.mark.parametrize("statement", cases())
def test_nothing_is_wrong_with_a_statement(statement: Mapping[str, Any]) -> None:
    assert lint.statement_findings(statement) == []


# -- what they decide ------------------------------------------------------------------------------------------------

SCOPE, FOREIGN = f"ap-northeast-1:{ACCOUNT}", "111122223333"
TOPIC = f"arn:aws:sns:{SCOPE}:airas-prod-alarms"
QUEUE = f"arn:aws:sqs:{SCOPE}:airas-prod-discord-relay"
EVENTS = f"arn:aws:sqs:{SCOPE}:airas-prod-events-dlq"
TRAILS, LOGS = f"arn:aws:s3:::airas-trail-{ACCOUNT}", f"arn:aws:s3:::airas-prod-logs-{ACCOUNT}"
OWNER, SOMEBODY = ({"AWS": f"arn:aws:iam::{account}:root"} for account in (ACCOUNT, FOREIGN))
DELIVERY = {"s3:x-amz-acl": "bucket-owner-full-control"}
TRAILED = {"kms:EncryptionContext:aws:cloudtrail:arn": TRAIL}


def by(service: str) -> dict[str, str]:
    return {"Service": f"{service}.amazonaws.com"}


def source(arn: str, account: str = ACCOUNT) -> dict[str, str]:
    return {"aws:SourceArn": arn.replace(ACCOUNT, account), "aws:SourceAccount": account}


ALARM = source(f"arn:aws:cloudwatch:{SCOPE}:alarm:airas-prod-ecs-cpu")
BALANCER = f"arn:aws:elasticloadbalancing:{SCOPE}:loadbalancer/app/airas-prod-alb/0123"
SUBSCRIPTION = f"arn:aws:rds:{SCOPE}:es:airas-prod-db"
BY_SNS = {"kms:CallerAccount": ACCOUNT, "kms:ViaService": "sns.ap-northeast-1.amazonaws.com"}

Row = tuple[str, str, dict[str, str], dict[str, str], bool]


def table() -> dict[str, list[Row]]:
    """By what the documents belong to: action, resource, context, principal, decision."""
    put, objects = "s3:PutObject", f"{TRAILS}/AWSLogs/{ACCOUNT}/a"
    decrypt, generate = "kms:Decrypt", "kms:GenerateDataKey"
    publish, send, rule = "sns:Publish", "sqs:SendMessage", f"arn:aws:events:{SCOPE}:rule/airas-prod-health"
    balancer, logs = by("logdelivery.elasticloadbalancing"), f"{LOGS}/alb/AWSLogs/{ACCOUNT}/a"
    log_group, flow_logs = f"arn:aws:logs:{SCOPE}:log-group", "/vpc/airas-prod/flow-logs"
    stream = f"{ACCOUNT}_CloudTrail_ap-northeast-1"
    return {
        "__account_trail_bucket_statements": [
            (put, objects, {**DELIVERY, **source(TRAIL)}, by("cloudtrail"), True),
            (put, objects, source(TRAIL), by("cloudtrail"), False),
            (put, f"{TRAILS}/AWSLogs/1/a", {**DELIVERY, **source(TRAIL)}, by("cloudtrail"), False),
            (put, objects, {**DELIVERY, **source(TRAIL, FOREIGN)}, by("cloudtrail"), False),
            (put, objects, {**DELIVERY, **source(f"{TRAIL}-2")}, by("cloudtrail"), False),
            ("s3:GetObject", objects, source(TRAIL), by("cloudtrail"), False),
            (put, objects, DELIVERY, SOMEBODY, False),
        ],
        "__account_trail_key_policy": [
            (generate, "*", {**TRAILED, **source(TRAIL)}, by("cloudtrail"), True),
            (generate, "*", {**TRAILED, **source(TRAIL, FOREIGN)}, by("cloudtrail"), False),
            (decrypt, "*", {**TRAILED, **source(TRAIL)}, by("cloudtrail"), False),
            (decrypt, "*", {**TRAILED, "kms:CallerAccount": ACCOUNT}, OWNER, True),
            (decrypt, "*", {"kms:CallerAccount": ACCOUNT}, OWNER, False),
            (decrypt, "*", {**TRAILED, "kms:CallerAccount": FOREIGN}, SOMEBODY, False),
            (generate, "*", {**TRAILED, "kms:CallerAccount": ACCOUNT}, OWNER, False),
        ],
        "__account_trail_roles": [
            ("logs:PutLogEvents", f"{log_group}:airas-trail:log-stream:{stream}", {}, {}, True),
            ("logs:PutLogEvents", f"{log_group}:/ecs/airas-prod-backend:log-stream:{stream}", {}, {}, False),
            ("logs:DeleteLogStream", f"{log_group}:airas-trail:log-stream:{stream}", {}, {}, False),
        ],
        # It allows nothing: what it denies, nobody's own permissions open again.
        "database_backup_plan_vault_policy": [
            ("backup:DeleteRecoveryPoint", f"arn:aws:rds:{SCOPE}:snapshot:awsbackup:job-1", {}, OWNER, False),
            ("backup:DescribeRecoveryPoint", f"arn:aws:rds:{SCOPE}:snapshot:awsbackup:job-1", {}, SOMEBODY, False),
        ],
        "__network_flow_log_role": [
            ("logs:PutLogEvents", f"{log_group}:{flow_logs}:log-stream:eni-1", {}, {}, True),
            ("logs:PutLogEvents", f"{log_group}:/vpc/airas-dev/flow-logs:log-stream:eni-1", {}, {}, False),
            ("logs:DescribeLogGroups", "*", {}, {}, True),
            ("logs:GetLogEvents", f"{log_group}:{flow_logs}:log-stream:eni-1", {}, {}, False),
        ],
        "__storage_log_writers": [
            (put, logs, source(BALANCER), balancer, True),
            (put, logs, source(BALANCER, FOREIGN), balancer, False),
            (put, logs, source(BALANCER.replace("prod", "dev")), balancer, False),
            (put, f"{LOGS}/s3/a", source(BALANCER), balancer, False),
            (put, f"{LOGS}/s3/a", source(f"arn:aws:s3:::airas-prod-files-{ACCOUNT}"), by("logging.s3"), True),
            (put, f"{LOGS}/s3/a", source(f"arn:aws:s3:::airas-dev-files-{ACCOUNT}"), by("logging.s3"), False),
            ("s3:DeleteObject", logs, source(BALANCER), balancer, False),
        ],
        "__observability_topic_policy": [
            (publish, TOPIC, ALARM, by("cloudwatch"), True),
            (publish, TOPIC, source(ALARM["aws:SourceArn"], FOREIGN), by("cloudwatch"), False),
            (publish, TOPIC, {}, by("cloudwatch"), False),
            (publish, TOPIC, source(f"arn:aws:budgets::{ACCOUNT}:budget/a"), by("budgets"), True),
            (publish, TOPIC, source(f"arn:aws:budgets::{ACCOUNT}:budget/a", FOREIGN), by("budgets"), False),
            (publish, TOPIC, source(SUBSCRIPTION), by("events.rds"), True),
            (publish, TOPIC, source(SUBSCRIPTION.replace("prod", "dev")), by("events.rds"), False),
            (publish, TOPIC, source(SUBSCRIPTION, FOREIGN), by("events.rds"), False),
            (publish, TOPIC, {}, by("events"), True),
            ("sns:Subscribe", TOPIC, {}, by("events"), False),
            (publish, TOPIC, {}, OWNER, True),
            (publish, TOPIC, {}, SOMEBODY, False),
            ("sns:AddPermission", TOPIC, {}, OWNER, False),
        ],
        "__observability_key_policy": [
            (generate, "*", ALARM, by("cloudwatch"), True),
            (generate, "*", source(ALARM["aws:SourceArn"], FOREIGN), by("cloudwatch"), False),
            (generate, "*", BY_SNS, OWNER, True),
            (generate, "*", {"kms:CallerAccount": ACCOUNT}, OWNER, False),
            (generate, "*", {**BY_SNS, "kms:CallerAccount": FOREIGN}, SOMEBODY, False),
            ("kms:ScheduleKeyDeletion", "*", {}, by("events"), False),
        ],
        "__observability_queues": [
            (send, EVENTS, source(rule), by("events"), True),
            (send, EVENTS, source(rule.replace("prod", "dev")), by("events"), False),
            (send, EVENTS, source(rule, FOREIGN), by("events"), False),
            ("sqs:ReceiveMessage", EVENTS, {}, SOMEBODY, False),
        ],
        # Lambda takes from this queue what it gives to the relay, and from no other: nobody else can call the relay.
        "__observability_relay_queues": [
            (send, QUEUE, source(TOPIC), by("sns"), True),
            (send, QUEUE, source(TOPIC, FOREIGN), by("sns"), False),
            (send, QUEUE, source(TOPIC.replace("prod", "dev")), by("sns"), False),
            (send, QUEUE, source(QUEUE, FOREIGN), by("sqs"), False),
            (send, QUEUE, {}, SOMEBODY, False),
            (send, f"{QUEUE}-dlq", source(TOPIC), by("sns"), True),
            ("sqs:ReceiveMessage", f"{QUEUE}-dlq", source(TOPIC), by("sns"), False),
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("variable", "row"),
    [(name, row) for name, rows in table().items() for row in rows],
    ids=lambda item: str(item)[:90],
)
def test_what_a_document_allows(variable: str, row: Row) -> None:
    action, resource, context, principal, decision = row
    held = [statement for _where, statement in statements(rendered("prod")[variable], variable)]
    # A role's permissions stand beside its trust.
    asked = [statement for statement in held if ("Principal" in statement) is bool(principal)]
    assert allowed({"Statement": asked}, Request(action, resource, context, principal)) is decision


def test_every_document_is_asked() -> None:
    """Those of the roles identity and secrets have tables of their own, and the topic's is one of these."""
    held = {name for name, value in rendered("prod").items() if any(True for _found in statements(value, name))}
    others = {"__identity_roles", "__observability_topics", "__secrets_key_policy"}
    assert held - set(table()) <= others, "say in table() what it allows and what not"


def test_nobody_is_let_in_to_call_the_relay() -> None:
    [relay] = rendered("prod")["__observability_relay_functions"]
    assert "permissions" not in relay
