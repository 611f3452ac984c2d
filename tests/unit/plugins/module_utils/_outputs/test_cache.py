from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.airas.platform.plugins.module_utils._outputs import cache
from ansible_collections.airas.platform.plugins.module_utils._reconcile import placeholders_in

Fake = Callable[..., Any]


def test_what_is_there(fake_aws: Fake) -> None:
    endpoint = {"Address": "master.airas-dev-redis.abc.apne1.cache.amazonaws.com", "Port": 6379}
    aws = fake_aws(
        describe_replication_groups={
            "ReplicationGroups": [
                {"NodeGroups": [{"PrimaryEndpoint": endpoint}], "MemberClusters": ["airas-dev-redis-001"]}
            ]
        },
        describe_secret={"ARN": "arn:secret"},
    )
    assert cache.read(aws, {"name": "airas-dev"}) == {
        "replication_group_id": "airas-dev-redis",
        "cluster_ids": ["airas-dev-redis-001"],
        "endpoint": endpoint["Address"],
        "port": 6379,
        "url_secret_arn": "arn:secret",
    }


def test_what_is_not_there_yet_has_placeholders(fake_aws: Fake, refusal: Fake) -> None:
    aws = fake_aws(
        describe_replication_groups=refusal("ReplicationGroupNotFoundFault"),
        describe_secret=refusal("ResourceNotFoundException"),
    )
    outputs = cache.read(aws, {"name": "airas-dev"})
    assert list(placeholders_in(outputs)) == ["replication_group_id", "endpoint", "url_secret_arn"]
