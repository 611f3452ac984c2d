"""Blocks that AWS would refuse, or would rewrite so that every later run differs."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._network import subnets
from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError, plan_resource

PARAMS = {"vpc_id": "vpc-1", "tags": {"Environment": "dev"}, "state": "present"}


def subnet(name: str = "a", **others: Any) -> dict[str, Any]:
    return {
        "name": name,
        "cidr_block": "10.0.0.0/24",
        "availability_zone": "ap-northeast-1a",
        "map_public_ip_on_launch": False,
        "tags": {},
        **others,
    }


@pytest.mark.parametrize("block", ["10.0.0.0/16", "10.0.0.16/28"])
def test_blocks_from_16_to_28_bits_pass(block: str) -> None:
    subnets.check_blocks([subnet(cidr_block=block)])


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ("10.0.0.0/15", "has a length of /15"),
        ("10.0.0.0/29", "has a length of /29"),
        ("10.0.0.9/24", "host bits set"),
        ("2001:db8::/64", "is not an IPv4 block"),
        ("", "is not an IPv4 block"),
    ],
)
def test_other_blocks_are_refused(block: str, words: str) -> None:
    with pytest.raises(PlatformError, match=words):
        subnets.check_blocks([subnet(cidr_block=block)])


def test_blocks_that_overlap_are_refused_and_both_are_named() -> None:
    with pytest.raises(PlatformError, match=r"subnet/a: its cidr_block 10.0.0.0/23 overlaps 10.0.1.0/24 of c\."):
        subnets.check_blocks([subnet(cidr_block="10.0.0.0/23"), subnet("c", cidr_block="10.0.1.0/24")])


def test_a_subnets_own_tags_win(fake_aws: Any) -> None:
    aws = fake_aws(describe_subnets={"Subnets": []})
    wanted = subnet(tags={"Environment": "shared", "Tier": "public"})
    (resource,) = subnets.resources(aws, {**PARAMS, "subnets": [wanted]})
    assert resource.after is not None
    assert resource.after["tags"] == {"Environment": "shared", "Tier": "public", "Name": "a"}


@pytest.mark.parametrize(("maps", "calls"), [(False, []), (True, ["ec2:ModifySubnetAttribute"])])
def test_what_a_new_subnet_has_anyway_is_not_set(fake_aws: Any, maps: bool, calls: list[str]) -> None:
    aws = fake_aws(describe_subnets={"Subnets": []})
    (resource,) = subnets.resources(aws, {**PARAMS, "subnets": [subnet(map_public_ip_on_launch=maps)]})
    assert [operation.call for operation in plan_resource(resource).updates] == calls
