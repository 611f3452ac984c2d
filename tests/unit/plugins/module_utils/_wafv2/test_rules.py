from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError
from ansible_collections.airas.platform.plugins.module_utils._wafv2 import _rules

MATCH = {"GeoMatchStatement": {"CountryCodes": ["JP"]}}
GROUP = {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesLinuxRuleSet"}}
RULE: dict[str, Any] = {"Name": "a", "Priority": 0, "Action": {"Block": {}}, "Statement": MATCH}
COUNTS = {"ActionToUse": {"Count": {}}}


def form(statement: dict[str, Any]) -> Any:
    return _rules.normalised([{**RULE, "Statement": statement}])["a"]["Statement"]


def managed(**statement: Any) -> dict[str, Any]:
    return {"ManagedRuleGroupStatement": {**GROUP["ManagedRuleGroupStatement"], **statement}}


def test_a_rule_is_seen_by_its_own_name_unless_it_says_otherwise() -> None:
    own = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "other"}
    first, second = _rules.completed([RULE, {**RULE, "VisibilityConfig": own}], sampled_requests=True, metrics=True)
    assert first["VisibilityConfig"] == {
        "SampledRequestsEnabled": True,
        "CloudWatchMetricsEnabled": True,
        "MetricName": "a",
    }
    assert second["VisibilityConfig"] == own


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ([{"Priority": 0}], "rule 1 has no Name"),
        ([RULE, {**RULE, "Priority": 1}], "two rules have the Name 'a'"),
        ([RULE, {**RULE, "Name": "b"}], "two rules have the Priority 0"),
        ([{**RULE, "Statement": GROUP}], "uses a group, whose rules have actions of their own. Give it OverrideAction"),
        ([{**RULE, "OverrideAction": {"None": {}}}], "uses no group. Give it Action and not OverrideAction"),
    ],
)
def test_what_aws_would_refuse_without_naming_the_rule_is_named(rules: list[Any], message: str) -> None:
    with pytest.raises(PlatformError, match=message) as caught:
        _rules.check(rules, "wafv2_web_acl/airas-dev-backend")
    assert caught.value.resource == "wafv2_web_acl/airas-dev-backend"


def test_rules_that_aws_takes_pass() -> None:
    _rules.check([RULE, {"Name": "b", "Priority": 1, "OverrideAction": {"None": {}}, "Statement": GROUP}], "")


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (
            {"RateBasedStatement": {"Limit": 2000, "AggregateKeyType": "IP"}},
            {"RateBasedStatement": {"Limit": 2000, "AggregateKeyType": "IP", "EvaluationWindowSec": 300}},
        ),
        (
            {"SqliMatchStatement": {"FieldToMatch": {"Body": {}}, "TextTransformations": []}},
            {
                "SqliMatchStatement": {
                    "FieldToMatch": {"Body": {"OversizeHandling": "CONTINUE"}},
                    "SensitivityLevel": "LOW",
                }
            },
        ),
        ({"ByteMatchStatement": {"SearchString": "/é"}}, {"ByteMatchStatement": {"SearchString": "/é".encode()}}),
        ({"GeoMatchStatement": {"CountryCodes": ["US", "JP"]}}, {"GeoMatchStatement": {"CountryCodes": ["JP", "US"]}}),
        (managed(ExcludedRules=[]), managed(RuleActionOverrides=[])),
        # The older way to say that a rule counts.
        (managed(ExcludedRules=[{"Name": "x"}]), managed(RuleActionOverrides=[{"Name": "x", **COUNTS}])),
        (
            managed(RuleActionOverrides=[{"Name": "x", **COUNTS}, {"Name": "y", **COUNTS}]),
            managed(RuleActionOverrides=[{"Name": "y", **COUNTS}, {"Name": "x", **COUNTS}]),
        ),
    ],
)
def test_what_says_the_same_has_one_form(sent: dict[str, Any], read: dict[str, Any]) -> None:
    assert form(sent) == form(read)


def test_bytes_that_are_no_text_differ_from_each_other() -> None:
    one, other = ({"ByteMatchStatement": {"SearchString": value}} for value in (b"\xff", b"\xfe"))
    assert form(one) != form(other)


def test_rules_stand_in_the_order_in_which_they_run() -> None:
    assert list(_rules.normalised([{**RULE, "Priority": 2}, {**RULE, "Name": "b", "Priority": 1}])) == ["b", "a"]


def test_overridden_rules_of_a_managed_group() -> None:
    rules = [RULE, {**RULE, "Name": "b", "Statement": managed(RuleActionOverrides=[{"Name": "x", **COUNTS}])}]
    [(name, statement)] = _rules.managed_groups(rules)
    assert (name, _rules.overridden(statement)) == ("b", ["x"])
