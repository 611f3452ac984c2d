"""IAM's decision about one request, offline: as much of its logic as this project's policies use.

An explicit deny wins, else any allow, else no. An element or operator that is not known here is an error, so that no
policy is judged by half of what it says.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Request:
    """``principal`` is what a trust policy is asked about: ``{"Service": "ecs-tasks.amazonaws.com"}``."""

    action: str
    resource: str = "*"
    context: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    principal: Mapping[str, str] = field(default_factory=dict)


def allowed(document: Document, request: Request) -> bool:
    effects = {statement["Effect"] for statement in many(document["Statement"]) if _applies(statement, request)}
    return "Allow" in effects and "Deny" not in effects


def many(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _applies(statement: Document, request: Request) -> bool:
    unknown = set(statement) - {*_ELEMENTS, "Sid", "Effect", "Condition"}
    if unknown:
        raise NotImplementedError(f"element {sorted(unknown)}")
    return all(
        test(statement[element], request) for element, test in _ELEMENTS.items() if element in statement
    ) and _conditions_hold(statement.get("Condition", {}), request.context)


def _action(patterns: Any, request: Request) -> bool:
    return any(_like(pattern.lower(), request.action.lower()) for pattern in many(patterns))


def _resource(patterns: Any, request: Request) -> bool:
    return any(_like(pattern, request.resource) for pattern in many(patterns))


def _principal(wanted: Any, request: Request) -> bool:
    if wanted == "*":
        return True
    return any(name in ("*", request.principal.get(kind)) for kind, names in wanted.items() for name in many(names))


_ELEMENTS: dict[str, Callable[[Any, Request], bool]] = {
    "Action": _action,
    "NotAction": lambda patterns, request: not _action(patterns, request),
    "Resource": _resource,
    "NotResource": lambda patterns, request: not _resource(patterns, request),
    "Principal": _principal,
}


# -- conditions ------------------------------------------------------------------------------------------------------


def _conditions_hold(conditions: Document, context: Mapping[str, Any]) -> bool:
    lowered = {key.lower(): value for key, value in context.items()}
    return all(
        _holds(operator, many(wanted), lowered.get(key.lower()))
        for operator, tests in conditions.items()
        for key, wanted in tests.items()
    )


def _holds(operator: str, wanted: list[Any], actual: str | Sequence[str] | None) -> bool:
    """One key of one operator: its values are alternatives, and a negated operator means none of them.

    A key that the request lacks fails, except under a negated operator or IfExists.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """
    name, if_exists = operator.removesuffix("IfExists"), operator.endswith("IfExists")
    quantifier, _colon, name = name.rpartition(":")
    negated = "Not" in name
    match = _OPERATORS.get(name.replace("Not", "", 1))
    if match is None or quantifier not in ("", "ForAnyValue"):
        raise NotImplementedError(f"condition operator {operator}")
    if actual is None:
        return negated or if_exists
    values: list[Any] = many(actual) if quantifier else [actual]
    return any(negated != any(match(_text(want), value) for want in wanted) for value in values)


def operator_of(operator: str) -> str | None:
    """The operator's name without its quantifier and IfExists; None if IAM knows no such operator."""
    quantifier, _colon, name = operator.removesuffix("IfExists").rpartition(":")
    return name if name in _ALL_OPERATORS and quantifier in ("", "ForAllValues", "ForAnyValue") else None


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _like(pattern: str, value: str) -> bool:
    """``*`` and ``?``; in an ARN they may stretch over colons."""
    return (
        re.fullmatch("".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern), value) is not None
    )


def _arn_like(pattern: str, value: str) -> bool:
    """Each of the six parts of an ARN by itself."""
    parts = pattern.split(":", 5), value.split(":", 5)
    return len(parts[0]) == len(parts[1]) and all(map(_like, *parts))


_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda want, value: want == value,
    "StringLike": _like,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "Bool": lambda want, value: want.lower() == value.lower(),
}
_NUMBERS = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
_TEXTS = ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike")
_ALL_OPERATORS = {
    *(f"{kind}{test}" for kind in ("Date", "Numeric") for test in _NUMBERS),
    *(f"String{test}" for test in _TEXTS),
    *(f"Arn{test}" for test in ("Equals", "Like", "NotEquals", "NotLike")),
    *("BinaryEquals", "Bool", "IpAddress", "NotIpAddress", "Null"),
}
