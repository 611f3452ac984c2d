from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.airas.platform.plugins.module_utils._reconcile import (
    PlatformError,
    Refused,
    ResourcePlan,
    apply,
    plan_resource,
)
from ansible_collections.airas.platform.plugins.module_utils._wafv2 import web_acl

from ..conftest import FakeAws

NAME = "airas-dev-backend"
ARN = f"arn:aws:wafv2:ap-northeast-1:427979936961:regional/webacl/{NAME}/1"
PATH = {
    "ByteMatchStatement": {
        "SearchString": "/webhooks/",
        "FieldToMatch": {"UriPath": {}},
        "PositionalConstraint": "STARTS_WITH",
        "TextTransformations": [{"Priority": 0, "Type": "URL_DECODE"}, {"Priority": 1, "Type": "NORMALIZE_PATH"}],
    }
}
OTHERS: list[dict[str, Any]] = [
    {"GeoMatchStatement": {"CountryCodes": ["JP", "US"]}},
    {"LabelMatchStatement": {"Scope": "LABEL", "Key": "awswaf:managed:aws:core-rule-set:SizeRestrictions_Body"}},
    {
        "SizeConstraintStatement": {
            "FieldToMatch": {"SingleHeader": {"Name": "cookie"}},
            "ComparisonOperator": "GT",
            "Size": 8192,
            "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
        }
    },
    {
        "SqliMatchStatement": {
            "FieldToMatch": {"Body": {"OversizeHandling": "MATCH"}},
            "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
            "SensitivityLevel": "HIGH",
        }
    },
    {"IPSetReferenceStatement": {"ARN": "arn:aws:wafv2:ap-northeast-1:427979936961:regional/ipset/office/1"}},
]
SEEN = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True}
RULES: list[dict[str, Any]] = [
    {
        "Name": "rate-limit",
        "Priority": 0,
        "Action": {"Block": {"CustomResponse": {"ResponseCode": 429, "CustomResponseBodyKey": "sorry"}}},
        "Statement": {
            "RateBasedStatement": {
                "Limit": 2000,
                "EvaluationWindowSec": 300,
                "AggregateKeyType": "FORWARDED_IP",
                "ForwardedIPConfig": {"HeaderName": "X-Forwarded-For", "FallbackBehavior": "MATCH"},
                "ScopeDownStatement": {"NotStatement": {"Statement": PATH}},
            }
        },
        "RuleLabels": [{"Name": "limited"}],
        "VisibilityConfig": {**SEEN, "MetricName": "rate-limit"},
    },
    {
        "Name": "common",
        "Priority": 10,
        "OverrideAction": {"None": {}},
        "Statement": {
            "ManagedRuleGroupStatement": {
                "VendorName": "AWS",
                "Name": "AWSManagedRulesCommonRuleSet",
                "Version": "Version_1.0",
                "RuleActionOverrides": [{"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}}],
            }
        },
        "VisibilityConfig": {**SEEN, "MetricName": "common"},
    },
    {
        "Name": "others",
        "Priority": 20,
        "Action": {"Captcha": {}},
        "CaptchaConfig": {"ImmunityTimeProperty": {"ImmunityTime": 60}},
        "Statement": {"OrStatement": {"Statements": OTHERS}},
        "VisibilityConfig": {**SEEN, "MetricName": "others"},
    },
]
PROTECTED = {
    "Field": {"FieldType": "SINGLE_HEADER", "FieldKeys": ["authorization", "cookie"]},
    "Action": "SUBSTITUTION",
}
PARAMS: dict[str, Any] = {
    "name": NAME,
    "description": "Requests to airas-dev",
    "default_action": {"Allow": {"CustomRequestHandling": {"InsertHeaders": [{"Name": "seen", "Value": "yes"}]}}},
    "rules": RULES,
    "metric_name": None,
    "sampled_requests": True,
    "metrics": True,
    "custom_response_bodies": {"sorry": {"ContentType": "TEXT_PLAIN", "Content": "Later."}},
    "captcha_immunity_s": 600,
    "challenge_immunity_s": 300,
    "token_domains": ["airas.io"],
    "body_inspection_limits": {"API_GATEWAY": "KB_32"},
    "data_protection": [PROTECTED],
    "low_reputation_mode": "ALWAYS_ON",
    "max_capacity": 1500,
    "tags": {"Environment": "dev"},
    "state": "present",
}
# The web ACL as AWS tells it.
READ: dict[str, Any] = {
    "Name": NAME,
    "Id": "1",
    "ARN": ARN,
    "Capacity": 704,
    "LabelNamespace": f"awswaf:427979936961:webacl:{NAME}:",
    "DefaultAction": PARAMS["default_action"],
    "Description": PARAMS["description"],
    "Rules": RULES,
    "VisibilityConfig": {**SEEN, "MetricName": NAME},
    "CustomResponseBodies": PARAMS["custom_response_bodies"],
    "CaptchaConfig": {"ImmunityTimeProperty": {"ImmunityTime": 600}},
    "ChallengeConfig": {"ImmunityTimeProperty": {"ImmunityTime": 300}},
    "TokenDomains": ["airas.io"],
    "AssociationConfig": {"RequestBody": {"API_GATEWAY": {"DefaultSizeInspectionLimit": "KB_32"}}},
    "DataProtectionConfig": {
        "DataProtections": [{**PROTECTED, "ExcludeRuleMatchDetails": False, "ExcludeRateBasedDetails": False}]
    },
    "OnSourceDDoSProtectionConfig": {"ALBLowReputationMode": "ALWAYS_ON"},
}
# What AWS says of it by itself.
THEIRS = {"Name", "Id", "ARN", "Capacity", "LabelNamespace"}
TAGS = [{"Key": "Environment", "Value": "dev"}, {"Key": "Name", "Value": NAME}]
Path = tuple[Any, ...]


def answers(read: dict[str, Any] | None) -> dict[str, Any]:
    if read is None:
        return {"check_capacity": {"Capacity": 704}, "describe_managed_rule_group": {"Rules": []}}
    summary = {"Name": NAME, "Id": "1", "ARN": ARN, "LockToken": "before"}
    return {
        "list_web_acls": {"WebACLs": [summary]},
        "get_web_acl": {"WebACL": read, "LockToken": "token"},
        "list_tags_for_resource": {"TagInfoForResource": {"ResourceARN": ARN, "TagList": TAGS}},
        "check_capacity": {"Capacity": 704},
        "describe_managed_rule_group": {"Rules": [{"Name": "SizeRestrictions_BODY"}]},
    }


def planned(aws: FakeAws, **options: Any) -> ResourcePlan:
    [resource] = web_acl.resources(aws, {**PARAMS, **options})
    return plan_resource(resource)


def leaves(value: Any, path: Path = ()) -> Iterator[Path]:
    """The paths of all values that hold no other, empty maps such as ``{"Block": {}}`` by their key."""
    items = list(value.items()) if isinstance(value, dict) else list(enumerate(value))
    for key, item in items:
        if isinstance(item, (dict, list)) and item:
            yield from leaves(item, (*path, key))
        else:
            yield (*path, key)


def another(value: Any) -> st.SearchStrategy[Any]:
    """A value of the same type that differs."""
    if isinstance(value, bool):
        return st.just(not value)
    if isinstance(value, int):
        return st.integers(0, 10**9).filter(lambda new: new != value)
    return st.text(min_size=1, max_size=8).filter(lambda new: new != value)


LEAVES = [path for path in leaves(READ) if path[0] not in THEIRS]


def test_what_aws_tells_of_what_was_sent_is_no_drift(fake_aws: Callable[..., FakeAws]) -> None:
    assert planned(fake_aws(**answers(READ))).action == "none"


def test_what_aws_assumes_is_no_drift(fake_aws: Callable[..., FakeAws]) -> None:
    """The same web ACL, of which AWS tells nothing that is its default."""
    read = {key: value for key, value in READ.items() if key not in ("ChallengeConfig", "TokenDomains")}
    plain = planned(fake_aws(**answers({**read, "CaptchaConfig": None})), captcha_immunity_s=300, token_domains=[])
    assert plain.action == "none"


@settings(max_examples=300, deadline=None, database=None)
@given(data=st.data(), path=st.sampled_from(LEAVES))
def test_drift_of_any_leaf_is_seen(data: st.DataObject, path: Path) -> None:
    read = copy.deepcopy(READ)
    parent: Any = read
    for key in path[:-1]:
        parent = parent[key]
    if parent[path[-1]] == {}:
        parent[data.draw(another(str(path[-1])))] = parent.pop(path[-1])
    else:
        parent[path[-1]] = data.draw(another(parent[path[-1]]))
    plan = planned(FakeAws(answers(read)))
    assert plan.action == "update", path
    assert {change.call for change in plan.changes} == {"wafv2:UpdateWebACL"}


@pytest.mark.parametrize("path", [path for path in LEAVES if isinstance(path[-1], int) or len(path) == 1])
def test_what_is_taken_away_is_seen(path: Path) -> None:
    read = copy.deepcopy(READ)
    parent: Any = read
    for key in path[:-1]:
        parent = parent[key]
    del parent[path[-1]]
    assert planned(FakeAws(answers(read))).action == "update"


def test_what_no_option_speaks_of_is_taken_away(fake_aws: Callable[..., FakeAws]) -> None:
    read = {**READ, "MonetizationConfig": {"CurrencyMode": "TEST"}, "ApplicationConfig": {"Attributes": []}}
    aws = fake_aws(**answers(read))
    plan = planned(aws)
    assert [change.path for change in plan.changes] == ["monetization.CurrencyMode"]
    apply([plan], [])
    [(_call, sent)] = [call for call in aws.calls if call[0] == "wafv2:update_web_acl"]
    assert {"MonetizationConfig", "ApplicationConfig"} & set(sent) == set()
    assert (sent["Id"], sent["LockToken"], sent["Rules"]) == ("1", "token", RULES)


def test_capacity_is_asked_for_only_where_rules_change(fake_aws: Callable[..., FakeAws]) -> None:
    aws = fake_aws(**answers(READ))
    planned(aws, description="other")
    assert "wafv2:check_capacity" not in {call for call, _sent in aws.calls}
    planned(aws, rules=RULES[:1])
    assert "wafv2:check_capacity" in {call for call, _sent in aws.calls}


def test_more_capacity_than_allowed_is_refused_before_a_write(fake_aws: Callable[..., FakeAws]) -> None:
    aws = fake_aws(**answers(None))
    with pytest.raises(Refused, match="its rules need 704 capacity units, and max_capacity allows 700"):
        planned(aws, rules=RULES[:1], max_capacity=700)


def test_an_override_of_a_rule_that_is_not_there_is_an_error(fake_aws: Callable[..., FakeAws]) -> None:
    with pytest.raises(PlatformError, match="rule common overrides SizeRestrictions_BODY"):
        planned(fake_aws(**answers(None)))


def test_a_web_acl_that_protects_something_is_not_removed(fake_aws: Callable[..., FakeAws]) -> None:
    aws = fake_aws(**answers(READ), list_resources_for_web_acl={"ResourceArns": ["arn:aws:x"]})
    # A plan may be one that ends the association before.
    plan = planned(aws, state="absent")
    assert plan.action == "delete"
    with pytest.raises(Refused, match="it protects arn:aws:x"):
        apply([plan], [])
    assert "wafv2:delete_web_acl" not in {call for call, _sent in aws.calls}
    assert planned(fake_aws(), state="absent").action == "none"


def test_a_lost_race_says_so(fake_aws: Callable[..., FakeAws], refusal: Callable[..., Any]) -> None:
    aws = fake_aws(**answers(READ), update_web_acl=refusal("WAFOptimisticLockException"))
    with pytest.raises(PlatformError, match="somebody else has changed it since it was read"):
        apply([planned(aws, description="other")], [])
