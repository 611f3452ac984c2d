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
def test_nothing_is_wrong_with_a_statement(statement: Mapping[str, Any]) -> None:
    assert lint.statement_findings(statement) == []


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
