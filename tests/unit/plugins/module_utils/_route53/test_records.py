from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError, plan_resource
from ansible_collections.airas.platform.plugins.module_utils._route53 import records

Fake = Callable[..., Any]


def params(name: str, state: str = "present", **record: Any) -> dict[str, Any]:
    entry = {"name": name, "type": "A", "values": [], "ttl": 300, "alias": None, **record}
    return {"zone_id": "Z1", "records": [entry], "state": state}


def found(**item: Any) -> dict[str, Any]:
    return {"ResourceRecordSets": [{"Name": "example.com.", "Type": "A", **item}]}


def alias(name: str) -> dict[str, Any]:
    return {"dns_name": name, "zone_id": "Z2", "evaluate_target_health": False}


@pytest.mark.parametrize("told", ["\\052.example.com.", "*.example.com."])
def test_an_asterisk_is_the_same_however_aws_tells_it(fake_aws: Fake, told: str) -> None:
    aws = fake_aws(list_resource_record_sets=found(Name=told, TTL=300, ResourceRecords=[{"Value": "192.0.2.1"}]))
    [record] = records.resources(aws, params("*.Example.com", values=["192.0.2.1"]))
    assert plan_resource(record).action == "none"


def test_a_load_balancer_is_the_same_with_and_without_dualstack(fake_aws: Fake) -> None:
    target = {"DNSName": "dualstack.lb.elb.amazonaws.com.", "HostedZoneId": "Z2", "EvaluateTargetHealth": False}
    aws = fake_aws(list_resource_record_sets=found(AliasTarget=target))
    [record] = records.resources(aws, params("example.com", alias=alias("LB.elb.amazonaws.com")))
    assert plan_resource(record).action == "none"


def test_the_record_that_follows_is_another(fake_aws: Fake) -> None:
    aws = fake_aws(list_resource_record_sets=found(Name="next.example.com."))
    [record] = records.resources(aws, params("example.com", values=["192.0.2.1"]))
    assert plan_resource(record).action == "create"
    assert records.resources(aws, params("example.com", "absent", values=["192.0.2.1"])) == []


@pytest.mark.parametrize("record", [{}, {"values": ["192.0.2.1"], "alias": alias("lb.elb.amazonaws.com")}])
def test_a_record_says_one_thing(fake_aws: Fake, record: dict[str, Any]) -> None:
    with pytest.raises(PlatformError, match="either values or an alias"):
        records.resources(fake_aws(), params("example.com", **record))
