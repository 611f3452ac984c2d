"""Whether a resource's own policy lets a service of AWS act on it, for the sources that the service names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

Statement = Mapping[str, Any]


def allows(statements: Any, service: str, action: str, source_arn: str, source_account: str) -> bool:
    """IAM's decision for a call that `service` makes on behalf of `source_arn`, where it names one.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
    """
    context = {"aws:principalisawsservice": "true", "aws:securetransport": "true"}
    if source_arn:
        context["aws:sourcearn"] = source_arn
        context["aws:sourceaccount"] = context["aws:sourceowner"] = source_account
    effects = {
        statement.get("Effect")
        for statement in _many(statements)
        if _names(statement, service, action) and _holds(statement.get("Condition") or {}, context)
    }
    return "Allow" in effects and "Deny" not in effects


def _names(statement: Statement, service: str, action: str) -> bool:
    principal = statement.get("Principal")
    services = principal if principal == "*" else (principal or {}).get("Service") if _is_mapping(principal) else None
    anyone = principal == "*" or (_is_mapping(principal) and "*" in _many((principal or {}).get("AWS")))
    if not anyone and service not in _many(services):
        return False
    return any(_like(str(pattern).lower(), action.lower()) for pattern in _many(statement.get("Action")))


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


def _holds(conditions: Statement, context: Mapping[str, str]) -> bool:
    for operator, tests in conditions.items():
        name, if_exists = operator.removesuffix("IfExists"), operator.endswith("IfExists")
        for key, wanted in tests.items():
            value = context.get(key.lower())
            if value is None and if_exists:
                continue
            if name == "Bool":
                met = value is not None and str(wanted).lower() == value
            else:
                test = _CONDITIONS.get(name)
                met = test is not None and value is not None and any(test(str(each), value) for each in _many(wanted))
            if not met:
                return False
    return True


def _many(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _like(pattern: str, value: str) -> bool:
    expression = "".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern)
    return re.fullmatch(expression, value) is not None


_CONDITIONS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda want, value: want == value,
    "StringLike": _like,
    "ArnEquals": _like,
    "ArnLike": _like,
}
