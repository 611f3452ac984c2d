from __future__ import annotations

import pytest

from ansible_collections.airas.platform.plugins.module_utils._guard.addresses import check_blocks


def check(vpc: str, *subnets: str) -> list[str]:
    return [str(finding) for finding in check_blocks(vpc, {"subnets": subnets}, "vpc")]


def test_a_network_that_fits() -> None:
    assert check("10.0.0.0/16", "10.0.0.0/24", "10.0.1.0/24", "10.0.128.0/28") == []


@pytest.mark.parametrize(
    ("vpc", "expected"),
    [
        ("10.0.0.0/33", "vpc: '10.0.0.0/33' is not an IPv4 block. Write one such as 10.0.0.0/16."),
        ("ten", "vpc: 'ten' is not an IPv4 block. Write one such as 10.0.0.0/16."),
        ("", "vpc: '' is not an IPv4 block. Write one such as 10.0.0.0/16."),
        ("2001:db8::/56", "vpc: '2001:db8::/56' is not an IPv4 block. Write one such as 10.0.0.0/16."),
        ("10.0.0.0", "vpc: 10.0.0.0 has a size that AWS does not take. Choose one from /16 to /28."),
        ("10.0.0.0/15", "vpc: 10.0.0.0/15 has a size that AWS does not take. Choose one from /16 to /28."),
        ("10.0.0.0/29", "vpc: 10.0.0.0/29 has a size that AWS does not take. Choose one from /16 to /28."),
        ("10.0.5.0/16", "vpc: 10.0.5.0/16 does not begin its block. Write 10.0.0.0/16."),
    ],
)
def test_a_block_that_is_none(vpc: str, expected: str) -> None:
    assert check(vpc) == [expected]


def test_a_subnet_outside_its_vpc() -> None:
    assert check("10.0.0.0/16", "10.0.0.0/24", "10.1.0.0/24") == [
        "subnets[1]: 10.1.0.0/24 is outside the VPC's 10.0.0.0/16 (vpc). Choose a block inside it."
    ]


def test_subnets_that_overlap() -> None:
    assert check("10.0.0.0/16", "10.0.0.0/23", "10.0.4.0/24", "10.0.1.0/24") == [
        "subnets[0]: 10.0.0.0/23 overlaps 10.0.1.0/24 (subnets[2]). Give one of them another block."
    ]


def test_subnets_are_compared_even_if_the_vpc_is_wrong() -> None:
    assert len(check("wrong", "10.0.0.0/24", "10.0.0.0/24")) == 2
