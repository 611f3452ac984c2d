"""What is said of a check run, and when it is told: in-memory table and topic, no AWS."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._aws import AwsError
from ansible_collections.airas.platform.plugins.module_utils._guard import drift

CHANGE = {"path": "multi_az", "before": False, "after": True, "call": "rds:ModifyDBInstance", "impact": "none"}
UPDATE = {
    "resource": "rds_instance/airas-dev-db",
    "component": "database",
    "action": "update",
    "impact": "none",
    "changes": [CHANGE],
}
CREATE = {**UPDATE, "resource": "vpc/airas-dev", "component": "network", "action": "create"}
DELETE = {**UPDATE, "resource": "security_group/old", "component": "network", "action": "delete"}


def report(*resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    found = {"stack": "airas-dev", "mode": "plan", "playbook": "drift.yml", "unplanned": [], "unchanged": {}}
    return {**found, "resources": list(resources), **more}


def test_each_attribute_is_named_with_both_values() -> None:
    long = {**UPDATE, "changes": [{**CHANGE, "path": "policy", "before": None, "after": "x" * 500}]}
    assert drift.summary(report(UPDATE, DELETE, long, unchanged={"network": ["vpc/a"]}, unplanned=["A task"])) == [
        "airas-dev has drifted: 4 resources differ. site.yml puts back what the inventory says, after a look at it:",
        "~ rds_instance/airas-dev-db",
        "    multi_az: is false, should be true",
        "- security_group/old should not be there",
        "~ rds_instance/airas-dev-db",
        f"    policy: is absent, should be {'x' * 200}...",
        "? A task: differs, without naming what",
    ]


def test_no_drift_is_said_too() -> None:
    assert drift.summary(report(unchanged={"network": ["vpc/a"]})) == ["airas-dev is as the inventory says."]


@pytest.mark.parametrize(
    ("found", "absent"),
    [
        (report(CREATE), True),
        (report(CREATE, {**UPDATE, "component": "account"}, unchanged={"account": ["trail/a"]}), True),
        (report(CREATE, unchanged={"network": ["vpc/a"]}), False),
        (report(CREATE, {**UPDATE, "resource": "secret/a"}, unchanged={"storage": ["s3_bucket/a"]}), True),
        (report(CREATE, UPDATE), False),
        (report({**CREATE, "component": "account"}), False),
    ],
)
def test_a_stack_that_does_not_exist_is_no_list_of_two_hundred_lines(found: dict[str, Any], absent: bool) -> None:
    assert drift.is_absent(found) is absent
    assert (drift.summary(found)[0].startswith("Nothing of airas-dev exists")) is absent


def test_the_digest_is_of_what_differs_in_whatever_order() -> None:
    assert drift.digest(report()) == ""
    assert drift.digest(report(UPDATE, CREATE)) == drift.digest(report(CREATE, UPDATE, playbook="site.yml"))
    other = {**UPDATE, "changes": [{**CHANGE, "before": None}]}
    assert drift.digest(report(UPDATE)) != drift.digest(report(other))


def test_a_message_has_details_of_as_many_resources_as_discord_shows() -> None:
    body = json.loads(drift.message(report(*[UPDATE] * 20), "https://awx.example.com/1"))
    assert (body["source"], body["type"], body["url"]) == ("airas.platform", "drift", "https://awx.example.com/1")
    told = body["report"]["resources"]
    assert [len(resource["changes"]) for resource in told] == [1] * 15 + [0] * 5
    assert told[0]["changes"] == [{"path": "multi_az", "before": "false", "after": "true"}]


class Account:
    """One item and one topic; ``sent`` holds what was published."""

    def __init__(self) -> None:
        self.item: dict[str, Any] | None = None
        self.sent: list[dict[str, Any]] = []
        self.topic = True

    def call(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        if operation == "get_item":
            return {"Item": self.item} if self.item else {}
        if operation == "publish":
            if not self.topic:
                error = AwsError("Failed to call sns:Publish", None)
                error.code = "NotFound"
                raise error
            self.sent.append(json.loads(params["Message"]))
        elif operation == "put_item":
            self.item = params["Item"]
        else:
            self.item = None
        return {}

    def call_or_none(self, service: str, operation: str, _missing: Any, **params: Any) -> dict[str, Any] | None:
        return self.call(service, operation, **params)


@pytest.fixture
def account() -> Account:
    return Account()


def told(account: Account, found: dict[str, Any], notify: str = "changed", write: bool = True) -> dict[str, Any]:
    params = {"environment": "dev", "table": "lock", "topic_arn": "arn", "notify": notify, "url": "", "report": found}
    return drift.settle(account, params, write)  # type: ignore[arg-type]


def test_drift_is_told_when_it_is_new_when_it_is_another_and_when_it_is_gone(account: Account) -> None:
    nights = [report(), report(UPDATE), report(UPDATE), report(UPDATE, DELETE), report(), report()]
    assert [told(account, found)["told"] for found in nights] == [False, True, False, True, True, False]
    assert [len(body["report"]["resources"]) for body in account.sent] == [1, 2, 0]
    assert account.item is None


def test_what_is_told_again_is_dated(account: Account) -> None:
    first = told(account, report(UPDATE))["since"]
    assert account.item
    account.item["since"]["N"] = str(first - 7200)
    again = told(account, report(UPDATE))
    assert again["since"] == first - 7200
    assert "nothing is new; it was found at" in again["notice"]
    assert told(account, report(DELETE))["since"] >= first


def test_always_and_never(account: Account) -> None:
    assert told(account, report(), "always")["told"]
    assert not told(account, report(UPDATE), "never")["told"]
    assert account.item is None


def test_a_check_run_tells_nobody(account: Account) -> None:
    assert told(account, report(UPDATE), write=False)["notice"] == "Discord would be told."
    assert (account.item, account.sent) == (None, [])


def test_what_could_not_be_told_is_told_by_the_next_run(account: Account) -> None:
    account.topic = False
    assert "does not exist" in told(account, report(UPDATE))["notice"]
    account.topic = True
    assert told(account, report(UPDATE))["told"]
