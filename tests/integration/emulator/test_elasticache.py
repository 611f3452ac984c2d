from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def cache(emulator: Any) -> Any:
    return emulator.client("elasticache")


def refused(call: Callable[..., Any], code: str, **params: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**params)
    assert caught.value.response["Error"]["Code"] == code
    return str(caught.value.response["Error"]["Message"])


def _group(cache: Any, **options: Any) -> dict[str, Any]:
    made: dict[str, Any] = cache.create_replication_group(
        ReplicationGroupId="queue", ReplicationGroupDescription="Queue", **options
    )["ReplicationGroup"]
    return made


def _held(cache: Any) -> dict[str, Any]:
    held: dict[str, Any] = cache.describe_replication_groups(ReplicationGroupId="queue")["ReplicationGroups"][0]
    return held


def _user(cache: Any, user_id: str, **options: Any) -> dict[str, Any]:
    request = {"UserName": user_id, "Engine": "redis", "AccessString": "on ~* +@all", "Passwords": ["x" * 16]}
    made: dict[str, Any] = cache.create_user(**{"UserId": user_id, **request, **options})
    return made


def test_a_group_settles_between_its_states(emulator: Any, cache: Any) -> None:
    emulator.set_delays({"replication_group": {"creating": 3600, "modifying": 3600, "deleting": 3600}})
    _group(cache, NumCacheClusters=2, AutomaticFailoverEnabled=True, MultiAZEnabled=True)
    assert (_held(cache)["Status"], _held(cache)["NodeGroups"]) == ("creating", [])
    change = {"ReplicationGroupId": "queue", "SnapshotRetentionLimit": 3, "ApplyImmediately": True}
    refused(cache.modify_replication_group, "InvalidReplicationGroupState", **change)
    emulator.set_delays({})
    assert _held(cache)["NodeGroups"][0]["PrimaryEndpoint"]["Address"] == "localhost"
    roles = [member["CurrentRole"] for member in _held(cache)["NodeGroups"][0]["NodeGroupMembers"]]
    assert roles == ["primary", "replica"]
    cache.test_failover(ReplicationGroupId="queue", NodeGroupId="0001")
    roles = [member["CurrentRole"] for member in _held(cache)["NodeGroups"][0]["NodeGroupMembers"]]
    assert roles == ["replica", "primary"]
    cache.delete_replication_group(ReplicationGroupId="queue", FinalSnapshotIdentifier="last")
    refused(cache.describe_replication_groups, "ReplicationGroupNotFoundFault", ReplicationGroupId="queue")
    assert [one["SnapshotName"] for one in cache.describe_snapshots()["Snapshots"]] == ["last"]


def test_members_are_cache_clusters_with_nodes(cache: Any) -> None:
    _group(cache, NumCacheClusters=2, PreferredCacheClusterAZs=["ap-northeast-1c", "ap-northeast-1a"])
    _held(cache)
    found = cache.describe_cache_clusters(ShowCacheNodeInfo=True)["CacheClusters"]
    zones = [cluster["CacheNodes"][0]["CustomerAvailabilityZone"] for cluster in found]
    assert zones == ["ap-northeast-1c", "ap-northeast-1a"]
    assert "CacheNodes" not in cache.describe_cache_clusters(CacheClusterId="queue-001")["CacheClusters"][0]


def test_failover_keeps_the_last_replica(cache: Any) -> None:
    _group(cache, NumCacheClusters=2, AutomaticFailoverEnabled=True)
    fewer = {"ReplicationGroupId": "queue", "NewReplicaCount": 0, "ApplyImmediately": True}
    refused(cache.decrease_replica_count, "InvalidParameterValue", **fewer)
    cache.increase_replica_count(ReplicationGroupId="queue", NewReplicaCount=3, ApplyImmediately=True)
    assert _held(cache)["MemberClusters"] == ["queue-001", "queue-002", "queue-003", "queue-004"]
    refused(cache.increase_replica_count, "NoOperationFault", **{**fewer, "NewReplicaCount": 3})


@pytest.mark.parametrize(
    "options",
    [
        {"AutomaticFailoverEnabled": True},
        {"NumCacheClusters": 2, "MultiAZEnabled": True},
        {"UserGroupIds": ["users"]},
        {"CacheParameterGroupName": "default.valkey8"},
        {"Engine": "redis", "EngineVersion": "9.9"},
    ],
)
def test_what_does_not_go_together_is_refused(cache: Any, options: dict[str, Any]) -> None:
    refused(lambda: _group(cache, **options), "InvalidParameterCombination")


def test_a_change_that_restarts_waits_for_the_window_unless_it_is_to_be_immediate(cache: Any) -> None:
    _group(cache, CacheNodeType="cache.t4g.micro")
    _held(cache)
    change = {"ReplicationGroupId": "queue", "CacheNodeType": "cache.t4g.small"}
    cache.modify_replication_group(**change)
    assert _held(cache)["CacheNodeType"] == "cache.t4g.micro"
    cache.modify_replication_group(**change, ApplyImmediately=True)
    assert _held(cache)["CacheNodeType"] == "cache.t4g.small"
    back = {"ReplicationGroupId": "queue", "EngineVersion": "6.2", "ApplyImmediately": True}
    assert "Downgrading" in refused(cache.modify_replication_group, "InvalidParameterCombination", **back)


def test_parameter_groups_of_every_family(cache: Any) -> None:
    name = {"CacheParameterGroupName": "queue"}
    cache.create_cache_parameter_group(**name, CacheParameterGroupFamily="valkey8", Description="Queue")
    value = {"ParameterName": "maxmemory-policy", "ParameterValue": "noeviction"}
    cache.modify_cache_parameter_group(**name, ParameterNameValues=[value])
    [changed] = cache.describe_cache_parameters(**name, Source="user")["Parameters"]
    assert (changed["ParameterValue"], changed["ChangeType"]) == ("noeviction", "immediate")
    wrong = [{**value, "ParameterValue": "everything"}]
    refused(cache.modify_cache_parameter_group, "InvalidParameterValue", **name, ParameterNameValues=wrong)
    _group(cache, Engine="valkey", EngineVersion="8.0", CacheParameterGroupName="queue")
    refused(cache.delete_cache_parameter_group, "InvalidCacheParameterGroupState", **name)
    default = {"CacheParameterGroupName": "default.redis7"}
    refused(cache.delete_cache_parameter_group, "InvalidParameterValue", **default)


def test_user_groups_need_a_default_user_and_are_kept_while_in_use(cache: Any) -> None:
    _user(cache, "app")
    group = {"UserGroupId": "users", "Engine": "redis"}
    refused(cache.create_user_group, "DefaultUserRequired", **group, UserIds=["app"])
    _user(cache, "nobody", UserName="default", AccessString="off -@all")
    cache.create_user_group(**group, UserIds=["app", "nobody"])
    cache.describe_user_groups()
    _group(cache, UserGroupIds=["users"], TransitEncryptionEnabled=True)
    change = {"UserGroupId": "users", "Engine": "valkey"}
    refused(cache.modify_user_group, "InvalidParameterCombination", **change)
    [held] = cache.describe_user_groups()["UserGroups"]
    assert (held["Status"], held["ReplicationGroups"]) == ("active", ["queue"])
    refused(cache.delete_user_group, "InvalidUserGroupState", UserGroupId="users")
    refused(cache.delete_user, "DefaultUserAssociatedToUserGroup", UserId="nobody")


def test_a_password_takes_the_place_of_the_old_one_once_the_user_is_active_again(emulator: Any, cache: Any) -> None:
    _user(cache, "app", Passwords=["x" * 16, "y" * 16])
    emulator.set_delays({"cache_user.modifying": 3600})
    cache.modify_user(UserId="app", AuthenticationMode={"Type": "password", "Passwords": ["z" * 16]})
    [user] = cache.describe_users(UserId="app")["Users"]
    assert (user["Status"], user["Authentication"]["PasswordCount"]) == ("modifying", 1)
    refused(cache.modify_user, "InvalidUserState", UserId="app", AccessString="off")
    emulator.set_delays({})
    assert cache.describe_users(UserId="app")["Users"][0]["Status"] == "active"
    refused(cache.create_user, "InvalidParameterValue", **_request(Passwords=["short"]))
    refused(cache.create_user, "InvalidParameterCombination", **_request(Engine="valkey", NoPasswordRequired=True))


def _request(**options: Any) -> dict[str, Any]:
    return {"UserId": "other", "UserName": "other", "Engine": "redis", "AccessString": "on", **options}


def test_everything_has_tags(cache: Any) -> None:
    arn = _user(cache, "app", Tags=[{"Key": "Project", "Value": "airas"}])["ARN"]
    cache.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "Component", "Value": "cache"}])
    cache.remove_tags_from_resource(ResourceName=arn, TagKeys=["Project"])
    assert cache.list_tags_for_resource(ResourceName=arn)["TagList"] == [{"Key": "Component", "Value": "cache"}]
    refused(cache.list_tags_for_resource, "InvalidARN", ResourceName=f"{arn}2")
