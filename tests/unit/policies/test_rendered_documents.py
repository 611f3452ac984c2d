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

from emulator.iam import requests
from emulator.iam.evaluation import Request, allowed, many

ROOT = Path(__file__).parents[3]
ACCOUNT = "427979936961"
# Services that do not promise to say on whose behalf they come.
# https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
NAMELESS = {"events.amazonaws.com", "lambda.amazonaws.com"}
TRAIL = f"arn:aws:cloudtrail:ap-northeast-1:{ACCOUNT}:trail/airas-trail"


@cache
def rendered(environment: str) -> dict[str, Any]:
    """The roles' default variables, as far as they can be worked out without what a run learns from AWS."""
    loader = DataLoader()
    loader.set_basedir(str(ROOT / "playbooks"))
    inventory = InventoryManager(loader, sources=[str(ROOT / "inventories" / environment)])
    found: dict[str, Any] = {}
    for file in sorted(ROOT.glob("roles/*/defaults/main.yml")):
        found |= loader.load_from_file(str(file), trusted_as_template=True) or {}
    names = sorted(found)
    host = inventory.get_host(f"airas-{environment}")
    templar = Templar(loader, variables={**found, **VariableManager(loader, inventory).get_vars(host=host)})
    values = {}
    for name in names:
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
def test_a_statement_has_a_name_and_actions_that_exist(statement: Mapping[str, Any]) -> None:
    assert statement["Sid"].isalnum()
    assert "NotAction" not in statement
    assert "NotPrincipal" not in statement
    for action in many(statement["Action"]):
        if statement["Effect"] == "Allow":
            assert "*" not in action
            assert action.startswith("sts:") or requests.kinds_of(action) is not None, action


@pytest.mark.parametrize("statement", cases())
def test_a_service_comes_only_on_our_behalf(statement: Mapping[str, Any]) -> None:
    """Nobody can use the service to reach this account's resources from another account (confused deputy)."""
    principal = statement.get("Principal")
    if statement["Effect"] != "Allow" or not isinstance(principal, Mapping) or "Service" not in principal:
        return
    keys = {key.lower() for tests in statement.get("Condition", {}).values() for key in tests}
    assert keys & {"aws:sourcearn", "aws:sourceaccount"} or set(many(principal["Service"])) <= NAMELESS


@pytest.mark.parametrize("statement", cases())
def test_everyone_is_only_denied(statement: Mapping[str, Any]) -> None:
    if statement["Effect"] == "Allow":
        assert statement.get("Principal") not in ("*", {"AWS": "*"})


@pytest.mark.parametrize(
    ("variable", "action", "resource", "context", "decision"),
    [
        ("__account_trail_bucket_statements", "s3:PutObject", f"AWSLogs/{ACCOUNT}/a", {"aws:SourceArn": TRAIL}, True),
        ("__account_trail_bucket_statements", "s3:PutObject", "AWSLogs/1/a", {"aws:SourceArn": TRAIL}, False),
        ("__account_trail_bucket_statements", "s3:PutObject", f"AWSLogs/{ACCOUNT}/a",
         {"aws:SourceArn": TRAIL.replace(ACCOUNT, "111111111111")}, False),
        ("__account_trail_bucket_statements", "s3:GetObject", f"AWSLogs/{ACCOUNT}/a", {"aws:SourceArn": TRAIL}, False),
    ],
)  # fmt: skip
def test_the_trails_bucket(variable: str, action: str, resource: str, context: dict[str, str], decision: bool) -> None:
    request = Request(
        action,
        f"arn:aws:s3:::airas-trail-{ACCOUNT}/{resource}",
        {"s3:x-amz-acl": "bucket-owner-full-control", **context},
        {"Service": "cloudtrail.amazonaws.com"},
    )
    assert allowed({"Statement": rendered("prod")[variable]}, request) is decision
