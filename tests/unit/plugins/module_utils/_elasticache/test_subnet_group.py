from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.airas.platform.plugins.module_utils._elasticache import subnet_group
from ansible_collections.airas.platform.plugins.module_utils._reconcile import apply, plan_resource

Fake = Callable[..., Any]


def test_the_order_of_subnets_does_not_count_and_a_lost_answer_is_no_fault(fake_aws: Fake, refusal: Fake) -> None:
    params = {"name": "queue", "description": "", "subnet_ids": ["b", "a"], "tags": {}, "state": "present"}
    subnets = [{"SubnetIdentifier": name} for name in ("a", "b")]
    found = {"ARN": "arn:group", "VpcId": "vpc-1", "CacheSubnetGroupDescription": "", "Subnets": subnets}
    named = {"TagList": [{"Key": "Name", "Value": "queue"}]}
    aws = fake_aws(describe_cache_subnet_groups={"CacheSubnetGroups": [found]}, list_tags_for_resource=named)
    assert plan_resource(subnet_group.resources(aws, params)[0]).action == "none"
    aws = fake_aws(
        describe_cache_subnet_groups=refusal("CacheSubnetGroupNotFoundFault"),
        create_cache_subnet_group=refusal("CacheSubnetGroupAlreadyExists"),
    )
    done: list[str] = []
    apply([plan_resource(subnet_group.resources(aws, params)[0])], done)
    assert done == ["elasticache:CreateCacheSubnetGroup cache_subnet_group/queue"]
