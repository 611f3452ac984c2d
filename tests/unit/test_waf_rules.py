"""What the variables of the role waf make of the web ACL's rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from ansible_collections.airas.platform.plugins.module_utils._wafv2 import _rules

ROLE = Path(__file__).parents[2] / "roles" / "waf"
GROUPS = yaml.safe_load((ROLE / "defaults/main.yml").read_text(encoding="utf-8"))["waf_managed_rule_groups"]
COMMON, SQL = "AWSManagedRulesCommonRuleSet", "AWSManagedRulesSQLiRuleSet"


def rules(**variables: Any) -> dict[str, Any]:
    """The rules by name, as AWS takes them."""
    loader = DataLoader()
    defaults = loader.load_from_file(str(ROLE / "defaults/main.yml"), trusted_as_template=True)
    text = trust_as_template((ROLE / "templates/rules.yml.j2").read_text(encoding="utf-8"))
    made = yaml.safe_load(Templar(loader, variables={**defaults, **variables}).template(text))
    _rules.check(made, "wafv2_web_acl/airas-dev-backend")
    return {rule["Name"]: rule for rule in made}


def limit(**variables: Any) -> dict[str, Any]:
    found: dict[str, Any] = rules(**variables)["rate-limit"]["Statement"]["RateBasedStatement"]
    return found


def group(name: str, **variables: Any) -> dict[str, Any]:
    found: dict[str, Any] = rules(**variables)[name]["Statement"]["ManagedRuleGroupStatement"]
    return found


def paths(scope: dict[str, Any]) -> list[tuple[str, str]]:
    """(where, path) of each path that a rule does not look at."""
    spared = scope["NotStatement"]["Statement"]
    matches = spared["OrStatement"]["Statements"] if "OrStatement" in spared else [spared]
    return [(match["ByteMatchStatement"]["PositionalConstraint"], match["ByteMatchStatement"]["SearchString"])
            for match in matches]  # fmt: skip


def test_by_default_addresses_are_limited_first_and_every_group_blocks() -> None:
    made = rules()
    assert list(made) == ["rate-limit", *GROUPS]
    assert made["rate-limit"]["Action"] == {"Block": {}}
    assert limit() == {"Limit": 2000, "EvaluationWindowSec": 300, "AggregateKeyType": "IP"}
    assert [made[name]["OverrideAction"] for name in GROUPS] == [{"None": {}}] * len(GROUPS)


def test_bodies_of_any_size_pass_by_default() -> None:
    assert group(COMMON)["RuleActionOverrides"] == [{"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}}]
    assert group(SQL)["RuleActionOverrides"] == []


@pytest.mark.parametrize("name", ["rate-limit", *GROUPS, "large-bodies"])
def test_each_rule_can_be_made_to_count(name: str) -> None:
    made = rules(waf_count_rules=[name], waf_large_body_paths=["/upload/*"])
    counting = {rule["Name"] for rule in made.values() if "Count" in {**rule.get("Action", rule.get("OverrideAction"))}}
    assert counting == {name}


def test_exceptions_are_of_a_path_and_of_the_rules_that_they_name() -> None:
    spared = [{"path": "/webhooks/*", "rules": [SQL, "rate-limit"]}, {"path": "/feedback", "rules": [SQL]}]
    assert paths(group(SQL, waf_exceptions=spared)["ScopeDownStatement"]) == [
        ("STARTS_WITH", "/webhooks/"),
        ("EXACTLY", "/feedback"),
    ]
    assert paths(limit(waf_exceptions=spared)["ScopeDownStatement"]) == [("STARTS_WITH", "/webhooks/")]
    assert "ScopeDownStatement" not in group(COMMON, waf_exceptions=spared)


def test_a_path_is_compared_as_the_application_reads_it() -> None:
    """Else ``/webhooks/%2e%2e/admin`` would be excepted along with ``/webhooks/*``."""
    [spared] = [{"path": "/webhooks/*", "rules": [SQL]}]
    match = group(SQL, waf_exceptions=[spared])["ScopeDownStatement"]["NotStatement"]["Statement"]["ByteMatchStatement"]
    assert match["TextTransformations"] == [
        {"Priority": 0, "Type": "URL_DECODE"},
        {"Priority": 1, "Type": "NORMALIZE_PATH"},
    ]


def test_large_bodies_are_turned_away_where_they_may_not_go_after_the_group_has_marked_them() -> None:
    made = rules(waf_large_body_paths=["/upload/*"])
    marked, elsewhere = made["large-bodies"]["Statement"]["AndStatement"]["Statements"]
    # AWS's label of SizeRestrictions_BODY.
    assert marked["LabelMatchStatement"]["Key"] == "awswaf:managed:aws:core-rule-set:SizeRestrictions_Body"
    assert paths(elsewhere) == [("STARTS_WITH", "/upload/")]
    assert made["large-bodies"]["Priority"] > made[COMMON]["Priority"]
    assert made["large-bodies"]["Action"] == {"Block": {}}


def test_behind_a_proxy_the_forwarded_address_is_limited() -> None:
    limited = limit(waf_rate_limit_reads_forwarded_header=True, waf_rate_limit_requests_per_5_minutes=100)
    assert (limited["Limit"], limited["AggregateKeyType"]) == (100, "FORWARDED_IP")
    assert limited["ForwardedIPConfig"] == {"HeaderName": "X-Forwarded-For", "FallbackBehavior": "MATCH"}


def test_rules_inside_a_group_can_have_another_action() -> None:
    actions = {SQL: {"SQLi_BODY": "count", "SQLi_COOKIE": "captcha"}}
    assert group(SQL, waf_rule_actions=actions)["RuleActionOverrides"] == [
        {"Name": "SQLi_BODY", "ActionToUse": {"Count": {}}},
        {"Name": "SQLi_COOKIE", "ActionToUse": {"Captcha": {}}},
    ]
