# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Rules of a web ACL: what is missing is filled in, and both sides of a comparison take one form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .._reconcile import PlatformError

Rule = Mapping[str, Any]

_GROUP_STATEMENTS = ("ManagedRuleGroupStatement", "RuleGroupReferenceStatement")
# What AWS assumes, and answers with, where a rule says nothing.
# https://docs.aws.amazon.com/waf/latest/APIReference/API_RateBasedStatement.html and its neighbours
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "RateBasedStatement": {"EvaluationWindowSec": 300},
    "SqliMatchStatement": {"SensitivityLevel": "LOW"},
    "Body": {"OversizeHandling": "CONTINUE"},
    "JsonBody": {"OversizeHandling": "CONTINUE"},
}
# Lists that are sets to AWS, by what tells their items apart; None for the items themselves.
_SETS: Mapping[str, str | None] = {
    "AsnList": None,
    "CountryCodes": None,
    "PreParseTextTransformations": "Priority",
    "RuleLabels": "Name",
    "TextTransformations": "Priority",
}


def completed(rules: Sequence[Rule], sampled_requests: bool, metrics: bool) -> list[dict[str, Any]]:
    """The rules as they are sent: each with what is seen of it, by its own name unless it says otherwise."""
    return [
        {
            **rule,
            "VisibilityConfig": rule.get("VisibilityConfig")
            or {
                "SampledRequestsEnabled": sampled_requests,
                "CloudWatchMetricsEnabled": metrics,
                "MetricName": rule["Name"],
            },
        }
        for rule in rules
    ]


def check(rules: Sequence[Rule], resource: str) -> None:
    """Raises for what AWS would refuse with a message that names no rule."""
    for key in ("Name", "Priority"):
        seen: set[Any] = set()
        for number, rule in enumerate(rules, start=1):
            if key not in rule:
                raise PlatformError(f"rule {number} has no {key}.", mend="Add it.", resource=resource)
            if rule[key] in seen:
                raise PlatformError(
                    f"two rules have the {key} {rule[key]!r}.",
                    mend="Rules are told apart by their names, and run in the order of their priorities: change one.",
                    resource=resource,
                )
            seen.add(rule[key])
    for rule in rules:
        _check_action(rule, resource)


def _check_action(rule: Rule, resource: str) -> None:
    groups = any(kind in (rule.get("Statement") or {}) for kind in _GROUP_STATEMENTS)
    wanted, other = ("OverrideAction", "Action") if groups else ("Action", "OverrideAction")
    if wanted not in rule or other in rule:
        what = "uses a group, whose rules have actions of their own" if groups else "uses no group"
        raise PlatformError(
            f"rule {rule['Name']} {what}.", mend=f"Give it {wanted} and not {other}.", resource=resource
        )


def managed_groups(rules: Iterable[Rule]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """(rule's name, statement) of each rule that uses a group which somebody else manages."""
    for rule in rules:
        if statement := (rule.get("Statement") or {}).get("ManagedRuleGroupStatement"):
            yield rule["Name"], statement


def overridden(statement: Mapping[str, Any]) -> list[str]:
    """The rules of a managed group that have another action here than their own."""
    return sorted(_actions(statement))


# -- one form --------------------------------------------------------------------------------------------------------


def normalised(rules: Iterable[Rule] | None) -> dict[str, Any]:
    """``{name: rule without its name}``: empty lists left out, defaults filled in, sets in one order, bytes as text."""
    return {
        rule["Name"]: {key: item for key, item in _form(rule).items() if key != "Name"}
        for rule in sorted(rules or (), key=lambda rule: int(rule["Priority"]))
    }


def _form(value: Any, key: str = "") -> Any:
    if isinstance(value, Mapping):
        held = {name: item for name, item in value.items() if item is not None and item != []}
        if key == "ManagedRuleGroupStatement":
            actions = _actions(held)
            held = {name: item for name, item in held.items() if name not in ("ExcludedRules", "RuleActionOverrides")}
            held.update({"RuleActionOverrides": actions} if actions else {})
        return {**_DEFAULTS.get(key, {}), **{name: _form(item, name) for name, item in held.items()}}
    if isinstance(value, (list, tuple)):
        items = [_form(item) for item in value]
        return sorted(items, key=lambda item: _order(item, _SETS[key])) if key in _SETS else items
    if isinstance(value, (bytes, bytearray)):  # what is searched for
        return value.decode("utf-8", "backslashreplace")
    return value


def _order(item: Any, by: str | None) -> Any:
    return item[by] if by else item


def _actions(statement: Mapping[str, Any]) -> dict[str, Any]:
    """``{rule: action}``. An excluded rule, the older way to say it, is one that counts.

    https://docs.aws.amazon.com/waf/latest/APIReference/API_ManagedRuleGroupStatement.html
    """
    excluded: dict[str, Any] = {item["Name"]: {"Count": {}} for item in statement.get("ExcludedRules") or ()}
    return {**excluded, **{item["Name"]: item["ActionToUse"] for item in statement.get("RuleActionOverrides") or ()}}
