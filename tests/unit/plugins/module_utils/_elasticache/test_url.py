from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._elasticache import url
from ansible_collections.airas.platform.plugins.module_utils._reconcile import apply, plan_resource

Fake = Callable[..., Any]

PARAMS = {
    "secret_name": "airas-dev/redis-url",
    "user_id": "app",
    "user_name": "airas",
    "endpoint": "master.local",
    "port": 6379,
    "database": 0,
    "query": "ssl_cert_reqs=required",
}
USER = {"ARN": "arn:user", "Status": "active"}


def account(fake_aws: Fake, tags: dict[str, str], version: str | None, status: str = "active") -> Any:
    return fake_aws(
        describe_users={"Users": [{**USER, "Status": status}]},
        list_tags_for_resource={"TagList": [{"Key": key, "Value": value} for key, value in tags.items()]},
        describe_secret={"VersionIdsToStages": {version: ["AWSCURRENT"]} if version else {}},
    )


def test_both_get_the_same_password_and_the_tags_tell_the_version(fake_aws: Fake) -> None:
    aws = account(fake_aws, {}, None)
    [resource] = url.resources(aws, PARAMS)
    plan = plan_resource(resource)
    apply([plan], [])
    sent = dict(aws.calls)
    [password] = sent["elasticache:modify_user"]["AuthenticationMode"]["Passwords"]
    value = sent["secretsmanager:put_secret_value"]
    assert value["SecretString"] == f"rediss://airas:{password}@master.local:6379/0?ssl_cert_reqs=required"
    told = {tag["Key"]: tag["Value"] for tag in sent["elasticache:add_tags_to_resource"]["Tags"]}
    assert told == {"SecretVersion": value["ClientRequestToken"], "Endpoint": "master.local:6379"}
    assert password not in str([plan.as_dict(), resource.report()])


@pytest.mark.parametrize(
    ("tags", "version", "expected"),
    [
        ({"SecretVersion": "1", "Endpoint": "master.local:6379"}, "1", []),
        ({"SecretVersion": "1", "Endpoint": "master.local:6379"}, "2", ["password"]),
        ({"SecretVersion": "1", "Endpoint": "other:6379"}, "1", ["endpoint"]),
        ({}, "1", ["endpoint", "password"]),
    ],
)
def test_tags_that_fit_are_all_it_takes(
    fake_aws: Fake, tags: dict[str, str], version: str, expected: list[str]
) -> None:
    [resource] = url.resources(account(fake_aws, tags, version), PARAMS)
    assert [change.path for change in plan_resource(resource).changes] == expected


def test_a_user_that_is_changing_is_waited_for_first(fake_aws: Fake) -> None:
    aws = account(fake_aws, {}, None, status="modifying")
    [resource] = url.resources(aws, PARAMS)
    before = len(aws.calls)
    apply([plan_resource(resource)], [])
    assert aws.calls[before:] == []
    assert resource.pending == "waiting for user app, modifying"
