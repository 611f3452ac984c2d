"""No service can be sent by another account: every statement that lets one in, asked with the wrong source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from emulator.iam import lint
from emulator.iam.evaluation import Document, Request, allowed, many
from tests.unit.policies import test_rendered_documents, test_role_documents

ACCOUNT, FOREIGN = "427979936961", "111122223333"
# Where AWS says that the service names its source.
DOCUMENTED: Mapping[str, str] = {
    "backup": "it does not say so: lint.MAY_BE_NAMELESS",
    "budgets": "https://docs.aws.amazon.com/cost-management/latest/userguide/cross-service-confused-deputy-prevention.html",
    "cloudtrail": "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cross-service-confused-deputy-prevention.html",
    "cloudwatch": "https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html",
    "ecs-tasks": "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html",
    "events": "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sqs-permissions",
    "events.rds": "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.GrantingPermissions.html",
    "lambda": "it does not say so: lint.MAY_BE_NAMELESS",
    "logdelivery.elasticloadbalancing": (
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html"
    ),
    "logging.s3": "https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html",
    "monitoring.rds": "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Monitoring.OS.Enabling.html",
    "scheduler": "https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html",
    "sns": "https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html",
    "states": "https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html",
    "vpc-flow-logs": "https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html",
}


def service_statements() -> Iterator[tuple[str, Document]]:
    held = [
        (str(case.id), statement)
        for case in test_role_documents.documents()
        for statement in case.values[0]["Statement"]
    ]
    held += [(str(case.id), case.values[0]) for case in test_rendered_documents.cases()]
    for name, statement in held:
        principal = statement.get("Principal")
        if statement["Effect"] == "Allow" and isinstance(principal, Mapping) and "Service" in principal:
            yield f"{name} {statement['Sid']}", statement


CASES = [pytest.param(statement, id=name) for name, statement in service_statements()]


def rightful(statement: Document) -> dict[str, Any]:
    """What the request says when the service comes for what the statement is about."""
    found = {}
    for tests in statement.get("Condition", {}).values():
        found |= {key: str(many(wanted)[0]).replace("*", "x") for key, wanted in tests.items()}
    return found


def comes(statement: Document, context: Mapping[str, Any], service: str = "") -> bool:
    principal = {"Service": service or str(many(statement["Principal"]["Service"])[0])}
    action, resource = (many(statement.get(key, "x"))[0] for key in ("Action", "Resource"))
    return allowed({"Statement": [statement]}, Request(action, resource.replace("*", "x"), context, principal))


@pytest.mark.parametrize("statement", CASES)
def test_it_is_documented_that_the_service_names_its_source(statement: Document) -> None:
    for service in many(statement["Principal"]["Service"]):
        assert DOCUMENTED[service.removesuffix(".amazonaws.com")]


@pytest.mark.parametrize("statement", CASES)
def test_the_service_comes_on_this_accounts_behalf_alone(statement: Document) -> None:
    right = rightful(statement)
    assert comes(statement, right)
    assert not comes(statement, right, "ec2.amazonaws.com")
    sources = {key: value for key, value in right.items() if key.lower() in ("aws:sourceaccount", "aws:sourcearn")}
    if not sources:  # the lint knows which, and why
        assert set(many(statement["Principal"]["Service"])) <= set(lint.NAMELESS)
    for key, value in sources.items():
        wrong = value.replace(ACCOUNT, FOREIGN) if ACCOUNT in value else f"{value}-of-somebody"
        assert not comes(statement, {**right, key: wrong})
    without = {key: value for key, value in right.items() if key not in sources}
    trusted = set(many(statement["Principal"]["Service"])) <= {*lint.NAMELESS, *lint.MAY_BE_NAMELESS}
    assert comes(statement, without) is (trusted and not _strict(statement))


def _strict(statement: Document) -> bool:
    return any("IfExists" not in operator for operator in statement.get("Condition", {}))
