from __future__ import annotations

from typing import Any

import pytest

from emulator.faults import DELAY, DROP_AFTER, REFUSE, contains, error_of, parse_faults
from emulator.live import ConfigurationError


def acted(rules: list[dict[str, Any]], calls: int, operation: str = "DescribeVpcs") -> list[int]:
    """Numbers of the calls that a fault was put into."""
    faults = parse_faults(rules)
    return [n for n in range(1, calls + 1) if faults.pick("ec2", "ec2", operation, {}) is not None]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({}, [1, 2, 3, 4, 5, 6]),
        ({"every": 3}, [3, 6]),
        ({"times": 2}, [1, 2]),
        ({"after": 4}, [5, 6]),
        ({"after": 1, "every": 2, "times": 2}, [3, 5]),
        ({"probability": 0.0}, []),
        ({"probability": 1.0}, [1, 2, 3, 4, 5, 6]),
        ({"service": "s3"}, []),
        ({"operation": "Describe*"}, [1, 2, 3, 4, 5, 6]),
        ({"operation": "Create*"}, []),
    ],
)
def test_when_a_rule_acts(when: dict[str, Any], expected: list[int]) -> None:
    assert acted([{"error": "throttle", **when}], 6) == expected


def test_chance_is_reproducible() -> None:
    rules = [{"error": "throttle", "probability": 0.2, "seed": 7}]
    first = acted(rules, 1000)
    assert acted(rules, 1000) == first
    assert 150 < len(first) < 250
    assert acted([{**rules[0], "seed": 8}], 1000) != first


def test_the_first_rule_that_is_due_acts() -> None:
    faults = parse_faults([{"error": "A", "times": 1}, {"error": "B"}])
    codes = [fault.code for _ in range(3) if (fault := faults.pick("iam", "query", "GetUser", {}))]
    assert codes == ["A", "B", "B"]


def test_matching_parameters() -> None:
    faults = parse_faults([{"error": "A", "match": {"Tags": [{"Key": "Name"}], "VpcId": "vpc-1"}}])
    matching = {"VpcId": "vpc-1", "Tags": [{"Key": "a"}, {"Key": "Name", "Value": "b"}], "Other": 1}
    assert faults.pick("ec2", "ec2", "X", matching)
    assert faults.pick("ec2", "ec2", "X", {**matching, "VpcId": "vpc-2"}) is None
    assert faults.pick("ec2", "ec2", "X", {"VpcId": "vpc-1"}) is None


@pytest.mark.parametrize(
    ("value", "subset", "expected"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1}}, True),
        ({"a": 1}, {"b": None}, False),
        ([1, 2, 3], [3, 1], True),
        ([1], [1, 2], False),
        ("a", ["a"], False),
    ],
)
def test_contains(value: Any, subset: Any, expected: bool) -> None:
    assert contains(value, subset) is expected


@pytest.mark.parametrize(
    ("service", "protocol", "throttle", "denied"),
    [
        ("ec2", "ec2", ("RequestLimitExceeded", 503), ("UnauthorizedOperation", 403)),
        ("elbv2", "query", ("Throttling", 400), ("AccessDenied", 403)),
        ("route53", "rest-xml", ("Throttling", 400), ("AccessDenied", 403)),
        ("s3", "rest-xml", ("SlowDown", 503), ("AccessDenied", 403)),
        ("ecs", "json", ("ThrottlingException", 400), ("AccessDeniedException", 400)),
        (
            "dynamodb",
            "json",
            ("ProvisionedThroughputExceededException", 400),
            ("AccessDeniedException", 400),
        ),
        ("scheduler", "rest-json", ("ThrottlingException", 429), ("AccessDeniedException", 403)),
        ("lambda", "rest-json", ("TooManyRequestsException", 429), ("AccessDeniedException", 403)),
    ],
)
def test_aliases(service: str, protocol: str, throttle: tuple[str, int], denied: tuple[str, int]) -> None:
    assert error_of("throttle", service, protocol) == throttle
    assert error_of("access_denied", service, protocol) == denied


@pytest.mark.parametrize(
    ("rule", "action"),
    [
        ({"error": "throttle"}, REFUSE),
        ({"effect": "drop_after"}, DROP_AFTER),
        ({"effect": "drop_after", "error": "InternalError"}, DROP_AFTER),
        ({"delay_ms": 1}, DELAY),
    ],
)
def test_effects(rule: dict[str, Any], action: str) -> None:
    fault = parse_faults([rule]).pick("ec2", "ec2", "X", {})
    assert fault is not None
    assert fault.action == action


def test_status_and_message() -> None:
    fault = parse_faults([{"error": "InternalError"}]).pick("ec2", "ec2", "X", {})
    assert fault is not None
    assert fault.status == 500
    fault = parse_faults([{"error": "Mine", "status": 418, "message": "a teapot"}]).pick("ec2", "ec2", "X", {})
    assert fault is not None
    assert (fault.code, fault.status, fault.message, fault.label) == ("Mine", 418, "a teapot", "refuse:Mine")


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"service": "ec2"}, "a list of rules is needed"),
        ([1], "rule 1: a mapping is needed"),
        ([{"error": "x"}, {"evry": 2}], "rule 2: unknown key 'evry'; known: service, operation"),
        ([{"error": "x", "every": "2"}], "rule 1: 'every' must be int, not '2'"),
        ([{"error": "x", "every": True}], "rule 1: 'every' must be int"),
        ([{"error": "x", "every": 0}], "rule 1: 'every' is too small"),
        ([{"error": "x", "probability": -0.1}], "rule 1: 'probability' is too small"),
        ([{"effect": "explode"}], "rule 1: unknown effect 'explode'; known: refuse, drop_after, delay"),
        ([{"effect": "refuse"}], "rule 1: effect 'refuse' needs an 'error'"),
        ([{"service": "ec2"}], "rule 1: give 'error', 'effect: drop_after' or 'delay_ms'"),
    ],
)
def test_bad_files(document: Any, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_faults(document)
    assert message in str(caught.value)
