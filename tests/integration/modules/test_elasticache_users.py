"""elasticache_users and elasticache_url against the embedded AWS: one user, and a password that nobody sees."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer

Result = dict[str, Any]
Apply = Callable[..., Result]
Boto = Callable[[str], Any]

APP, GROUP = "cache_user/airas-dev-redis-app", "cache_user_group/airas-dev-redis"
SECRET = "airas-dev/redis-url"
FAMILY = "ansible_collections.airas.platform.plugins.module_utils._elasticache"
USERS = {
    "users": [
        {"id": "airas-dev-redis-default", "name": "default"},
        {"id": "airas-dev-redis-app", "name": "airas", "access_string": "on ~* &* +@all -@dangerous +info"},
    ],
    "groups": [{"id": "airas-dev-redis", "user_ids": ["airas-dev-redis-app", "airas-dev-redis-default"]}],
    "tags": {"Environment": "dev"},
}
URL = {
    "secret_name": SECRET,
    "user_id": "airas-dev-redis-app",
    "user_name": "airas",
    "endpoint": "master.airas-dev-redis.abc123.apne1.cache.amazonaws.com",
}


def users(boto: Boto) -> dict[str, dict[str, Any]]:
    found = boto("elasticache").describe_users()["Users"]
    return {user["UserId"]: user for user in found if user["UserId"] != "default"}


def url(boto: Boto) -> str:
    return str(boto("secretsmanager").get_secret_value(SecretId=SECRET)["SecretString"])


# -- users and groups ------------------------------------------------------------------------------------------------


def test_planned_made_and_then_unchanged(
    apply: Apply, boto: Boto, settled: Callable[..., list[Result]], writes: Callable[[], list[str]]
) -> None:
    planned = apply("elasticache_users", USERS, check=True)
    assert writes() == []
    assert planned["plan"] == settled("elasticache_users", USERS)[0]["plan"]
    assert {user["Authentication"]["Type"] for user in users(boto).values()} == {"password"}
    assert users(boto)["airas-dev-redis-default"]["AccessString"] == "off -@all"
    again = apply("elasticache_users", USERS)
    assert (again["changed"], again["pending"]) == (False, [])


def test_the_first_user_of_an_account_brings_the_services_role(
    emulator: EmulatorServer, apply: Apply, writes: Callable[[], list[str]]
) -> None:
    missing = {"service": "elasticache", "operation": "CreateUser", "error": "ServiceLinkedRoleNotFoundFault"}
    emulator.set_faults([{**missing, "times": 1}])
    apply("elasticache_users", {**USERS, "groups": []})
    assert writes() == ["iam:CreateServiceLinkedRole", "elasticache:CreateUser", "elasticache:CreateUser"]


def test_drift_is_named_and_repaired(
    apply: Apply, boto: Boto, settled: Callable[..., list[Result]], changes: Callable[[Result], Any]
) -> None:
    settled("elasticache_users", USERS)
    boto("elasticache").modify_user(UserId="airas-dev-redis-app", AccessString="on ~* +@all")
    boto("elasticache").modify_user_group(UserGroupId="airas-dev-redis", UserIdsToRemove=["airas-dev-redis-app"])
    assert changes(apply("elasticache_users", USERS, check=True)) == {APP: ["access_string"], GROUP: ["user_ids"]}
    settled("elasticache_users", USERS)
    assert not apply("elasticache_users", USERS)["changed"]


def test_those_of_redis_serve_valkey_and_the_other_way_round_they_change(
    apply: Apply, boto: Boto, settled: Callable[..., list[Result]], changes: Callable[[Result], Any]
) -> None:
    settled("elasticache_users", USERS)
    valkey = {**USERS, "engine": "valkey"}
    assert not apply("elasticache_users", valkey)["changed"]
    boto("elasticache").modify_user(UserId="airas-dev-redis-app", Engine="valkey")
    assert not apply("elasticache_users", valkey)["changed"]
    assert changes(apply("elasticache_users", USERS, check=True)) == {APP: ["engine"]}
    settled("elasticache_users", USERS)
    assert not apply("elasticache_users", USERS)["changed"]


def test_absent_waits_for_the_group_and_then_removes_the_users(
    apply: Apply, boto: Boto, settled: Callable[..., list[Result]]
) -> None:
    settled("elasticache_users", USERS)
    gone = {**USERS, "state": "absent"}
    assert len(apply("elasticache_users", gone, check=True)["plan"]) == 3
    results = settled("elasticache_users", gone)
    assert any("in use by airas-dev-redis" in item["state"] for item in results[0]["pending"])
    assert users(boto) == {}
    assert not apply("elasticache_users", gone)["changed"]


def test_users_interrupted_at_each_write(interrupt_each_write: Callable[..., None], boto: Boto) -> None:
    def census() -> Any:
        [group] = boto("elasticache").describe_user_groups()["UserGroups"]
        return sorted(users(boto)), group["UserIds"]

    interrupt_each_write("elasticache_users", lambda: USERS, census)


# -- the URL ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def ground(settled: Callable[..., list[Result]], boto: Boto) -> Callable[[], dict[str, Any]]:
    def prepare() -> dict[str, Any]:
        settled("elasticache_users", USERS)
        boto("secretsmanager").create_secret(Name=SECRET)
        return URL

    return prepare


def test_a_plan_on_an_empty_account_says_what_will_be_written(apply: Apply, writes: Callable[[], list[str]]) -> None:
    planned = apply("elasticache_url", {**URL, "endpoint": f"master.airas-dev-redis.{'0' * 16}.local"}, check=True)
    assert writes() == []
    assert [change["path"] for change in planned["plan"][0]["changes"]] == ["endpoint", "password", "user"]


def test_the_url_is_written_once_and_its_password_is_nowhere_else(
    emulator: EmulatorServer, apply: Apply, boto: Boto, settled: Callable[..., list[Result]], ground: Any
) -> None:
    ground()
    results = settled("elasticache_url", URL)
    assert results[0]["pending"][0]["state"] == "waiting for user airas-dev-redis-app, modifying"
    written = url(boto)
    start, _colon, rest = written.partition("airas:")
    password, _at, end = rest.partition("@")
    assert (start, end) == ("rediss://", f"{URL['endpoint']}:6379/0?ssl_cert_reqs=required")
    assert len(password) == 40
    assert users(boto)["airas-dev-redis-app"]["Authentication"]["PasswordCount"] == 1
    before = len(emulator.calls())
    again = apply("elasticache_url", URL)
    assert not again["changed"]
    assert "GetSecretValue" not in [call["operation"] for call in emulator.calls()[before:]]
    assert url(boto) == written
    told = json.dumps([results, again]) + json.dumps(emulator.calls()) + emulator.log()
    assert password not in told


@pytest.mark.parametrize("change", ["value", "endpoint"])
def test_another_value_or_endpoint_is_a_new_password(
    apply: Apply, boto: Boto, settled: Callable[..., list[Result]], ground: Any, change: str
) -> None:
    ground()
    settled("elasticache_url", URL)
    first, args = url(boto), dict(URL)
    if change == "value":
        boto("secretsmanager").put_secret_value(SecretId=SECRET, SecretString="rediss://elsewhere")
    else:
        args["endpoint"] = "master.other"
    [plan] = apply("elasticache_url", args, check=True)["plan"]
    assert plan["impact"] == "restart"
    assert [one["path"] for one in plan["changes"]] == ["password" if change == "value" else "endpoint"]
    settled("elasticache_url", args)
    assert url(boto).startswith("rediss://airas:")
    assert url(boto) != first
    assert not apply("elasticache_url", args)["changed"]


def test_url_interrupted_at_each_write(interrupt_each_write: Callable[..., None], boto: Boto, ground: Any) -> None:
    def census() -> Any:
        held = boto("secretsmanager").describe_secret(SecretId=SECRET)["VersionIdsToStages"]
        [current] = [version for version, stages in held.items() if "AWSCURRENT" in stages]
        arn = users(boto)["airas-dev-redis-app"]["ARN"]
        tags = boto("elasticache").list_tags_for_resource(ResourceName=arn)["TagList"]
        return {tag["Key"]: tag["Value"] for tag in tags}["SecretVersion"] == current

    interrupt_each_write("elasticache_url", ground, census)


def test_a_user_that_is_missing_is_named(run_module: Apply, boto: Boto) -> None:
    boto("secretsmanager").create_secret(Name=SECRET)
    assert "there is no user airas-dev-redis-app" in run_module("elasticache_url", URL)["msg"]


@pytest.mark.parametrize(
    ("module", "arguments", "service", "operation"),
    [
        ("users", {**USERS, "groups": []}, "elasticache", "CreateUser"),
        ("url", URL, "elasticache", "ModifyUser"),
        ("url", URL, "secretsmanager", "PutSecretValue"),
    ],
)
def test_a_refusal_that_quotes_the_password_is_not_passed_on(
    run_module: Apply,
    settled: Callable[..., list[Result]],
    boto: Boto,
    emulator: EmulatorServer,
    monkeypatch: pytest.MonkeyPatch,
    module: str,
    arguments: dict[str, Any],
    service: str,
    operation: str,
) -> None:
    if module == "url":
        settled("elasticache_users", USERS)
        boto("secretsmanager").create_secret(Name=SECRET)
    password = "canary5d1c9e" * 3
    monkeypatch.setattr(f"{FAMILY}.{module}.new_password", lambda: password)
    wrong = {"error": "InvalidParameterValue", "message": f"Not valid: rediss://airas:{password}@host"}
    emulator.set_faults([{"service": service, "operation": operation, **wrong}])
    refused = run_module(f"elasticache_{module}", arguments)
    assert f"Failed to call {service}:{operation}: InvalidParameterValue" in refused["msg"]
    assert "canary" not in json.dumps([refused, emulator.calls()])
