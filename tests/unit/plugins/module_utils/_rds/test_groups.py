"""Subnet groups, parameter groups, event subscriptions, snapshots and restores."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._rds import (
    event_subscription,
    parameter_group,
    restore,
    snapshot,
    subnet_group,
)
from ansible_collections.airas.platform.plugins.module_utils._reconcile import (
    PlatformError,
    Refused,
    apply,
    plan_resource,
)

Fake = Callable[..., Any]

NAME = "airas-dev-db"
NOW = dt.datetime(2026, 3, 1, 3, 0, 5, tzinfo=dt.UTC)


def paths(resource: Any) -> list[str]:
    return [change.path for change in plan_resource(resource).changes]


# -- subnet group ----------------------------------------------------------------------------------------------------


def test_subnets_are_a_set(fake_aws: Fake) -> None:
    group = {
        "DBSubnetGroupArn": "arn",
        "VpcId": "vpc-1",
        "DBSubnetGroupDescription": f"Subnets of {NAME}",
        "Subnets": [{"SubnetIdentifier": "subnet-b"}, {"SubnetIdentifier": "subnet-a"}],
    }
    tags = {"TagList": [{"Key": "Name", "Value": NAME}, {"Key": "Others", "Value": "theirs"}]}
    aws = fake_aws(describe_db_subnet_groups={"DBSubnetGroups": [group]}, list_tags_for_resource=tags)
    options = {
        "name": NAME,
        "state": "present",
        "description": None,
        "tags": {},
        "subnet_ids": ["subnet-a", "subnet-b"],
    }
    [found] = subnet_group.resources(aws, options)
    assert paths(found) == []
    [found] = subnet_group.resources(aws, {**options, "subnet_ids": ["subnet-a", "subnet-c"]})
    apply([plan_resource(found)], [])
    assert aws.calls[-1][1]["SubnetIds"] == ["subnet-a", "subnet-c"]


# -- parameter group -------------------------------------------------------------------------------------------------

GROUP = {"name": "g", "state": "present", "family": "postgres16", "description": None, "tags": {}}


def parameter(name: str, value: str | None, kind: str = "dynamic", modifiable: bool = True) -> dict[str, Any]:
    given = {} if value is None else {"ParameterValue": value}
    return {"ParameterName": name, "ApplyType": kind, "IsModifiable": modifiable, **given}


def parameter_groups(fake_aws: Fake, *parameters: dict[str, Any]) -> Any:
    group = {"DBParameterGroupArn": "arn", "DBParameterGroupFamily": "postgres16"}
    return fake_aws(
        describe_db_parameter_groups={"DBParameterGroups": [group]},
        describe_db_parameters={"Parameters": list(parameters)},
        list_tags_for_resource={"TagList": [{"Key": "Name", "Value": "g"}]},
    )


@pytest.mark.parametrize(("given", "text"), [(True, "1"), (False, "0"), (1000, "1000"), ("on", "on")])
def test_values_are_texts(given: Any, text: str) -> None:
    assert parameter_group.as_text(given) == text


def test_only_what_differs_is_set_each_in_the_way_that_it_takes(fake_aws: Fake) -> None:
    aws = parameter_groups(
        fake_aws, parameter("a", "1"), parameter("b", None), parameter("c", "1", "static"), parameter("d", "9")
    )
    [found] = parameter_group.resources(aws, {**GROUP, "parameters": {"a": True, "b": 2, "c": 3}})
    assert [(change.path, change.impact) for change in plan_resource(found).changes] == [
        ("parameters.b", "none"),
        ("parameters.c", "restart"),
    ]
    apply([plan_resource(found)], [])
    assert aws.calls[-1][1]["Parameters"] == [
        {"ParameterName": "b", "ParameterValue": "2", "ApplyMethod": "immediate"},
        {"ParameterName": "c", "ParameterValue": "3", "ApplyMethod": "pending-reboot"},
    ]


@pytest.mark.parametrize(("name", "reason"), [("none", "no parameter none"), ("fixed", "nobody change fixed")])
def test_a_parameter_that_cannot_be_set(fake_aws: Fake, name: str, reason: str) -> None:
    aws = parameter_groups(fake_aws, parameter("fixed", "1", modifiable=False))
    with pytest.raises(PlatformError, match=reason):
        parameter_group.resources(aws, {**GROUP, "parameters": {name: 1}})


def test_another_family_is_another_group(fake_aws: Fake) -> None:
    [found] = parameter_group.resources(parameter_groups(fake_aws), {**GROUP, "family": "postgres17", "parameters": {}})
    with pytest.raises(Refused, match="another name"):
        plan_resource(found)


# -- event subscription ----------------------------------------------------------------------------------------------


def test_a_subscription_that_may_not_publish_says_what_is_missing(fake_aws: Fake) -> None:
    item = {"EventSubscriptionArn": "arn", "Status": "no-permission", "SnsTopicArn": "arn:topic"}
    aws = fake_aws(describe_event_subscriptions={"EventSubscriptionsList": [item]})
    options = {
        "name": NAME,
        "state": "present",
        "topic_arn": "arn:topic",
        "source_type": "db-instance",
        "source_ids": [],
        "categories": [],
        "tags": {},
    }
    [found] = event_subscription.resources(aws, options)
    with pytest.raises(PlatformError, match=r"events\.rds\.amazonaws\.com"):
        _ = found.pending


# -- snapshot --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "pending"), [("creating", "creating (40 %)"), ("available", None)])
def test_a_snapshot_tells_how_far_it_is(fake_aws: Fake, status: str, pending: str | None) -> None:
    item = {
        "DBSnapshotArn": "arn",
        "Status": status,
        "PercentProgress": 40,
        "SnapshotCreateTime": NOW,
        "DBInstanceIdentifier": NAME,
        "TagList": [{"Key": "Name", "Value": "s"}],
    }
    aws = fake_aws(describe_db_snapshots={"DBSnapshots": [item]})
    [found] = snapshot.resources(aws, {"name": "s", "state": "present", "instance": NAME, "tags": {}})
    assert (paths(found), found.pending) == ([], pending)
    [other] = snapshot.resources(aws, {"name": "s", "state": "present", "instance": "other", "tags": {}})
    with pytest.raises(Refused):
        plan_resource(other)


# -- restore ---------------------------------------------------------------------------------------------------------

RESTORE: dict[str, Any] = {
    "name": f"{NAME}-drill",
    "source": NAME,
    "state": "present",
    "snapshot": None,
    "restore_time": None,
    "instance_class": None,
    "subnet_group": NAME,
    "security_group_ids": ["sg-1"],
    "parameter_group": None,
    "tags": {},
}
MADE = {"DBInstanceArn": "arn", "DbiResourceId": "db-1", "DBInstanceStatus": "creating"}


def restored(fake_aws: Fake, **options: Any) -> dict[str, Any]:
    """The parameters of the restore."""

    def describe(DBInstanceIdentifier: str) -> dict[str, Any]:  # noqa: N803
        return {"DBInstances": [{"LatestRestorableTime": NOW}] if DBInstanceIdentifier == NAME else []}

    aws = fake_aws(
        describe_db_instances=describe,
        describe_db_snapshots={"DBSnapshots": [{"SnapshotCreateTime": NOW}]},
        restore_db_instance_to_point_in_time={"DBInstance": MADE},
        restore_db_instance_from_db_snapshot={"DBInstance": MADE},
    )
    [found] = restore.resources(aws, {**RESTORE, **options})
    apply([plan_resource(found)], [])
    request: dict[str, Any] = aws.calls[-1][1]
    return request


def test_the_newest_moment_is_restored_unless_another_is_named(fake_aws: Fake) -> None:
    newest = restored(fake_aws)
    assert newest["UseLatestRestorableTime"]
    assert (newest["ManageMasterUserPassword"], newest["DeletionProtection"]) == (True, False)
    tags = {tag["Key"]: tag["Value"] for tag in newest["Tags"]}
    assert (tags["RestoredFrom"], tags["RestoredTo"]) == (NAME, "2026-03-01T03:00:05+00:00")
    moment = restored(fake_aws, restore_time="2026-03-01T12:00:05+09:00")
    assert moment["RestoreTime"] == NOW
    assert "UseLatestRestorableTime" not in moment
    assert restored(fake_aws, snapshot="s")["DBSnapshotIdentifier"] == "s"


def test_an_instance_of_somebody_else_is_left_alone(fake_aws: Fake) -> None:
    aws = fake_aws(describe_db_instances={"DBInstances": [{**MADE, "TagList": []}]})
    with pytest.raises(Refused, match="was not restored from"):
        restore.resources(aws, {**RESTORE, "state": "absent"})
