from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer

NAME = "airas-dev-backend"
ADDRESS = f"wafv2_web_acl/{NAME}"
LOG_GROUP = "aws-waf-logs-airas-dev"
DESTINATION = f"arn:aws:logs:ap-northeast-1:427979936961:log-group:{LOG_GROUP}"


def group(name: str, priority: int, **statement: Any) -> dict[str, Any]:
    managed = {"VendorName": "AWS", "Name": name, **statement}
    return {
        "Name": name,
        "Priority": priority,
        "OverrideAction": {"None": {}},
        "Statement": {"ManagedRuleGroupStatement": managed},
    }


IN_COMMON = "rules.AWSManagedRulesCommonRuleSet.Statement.ManagedRuleGroupStatement"
COUNTED = [{"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}}]
COMMON = group("AWSManagedRulesCommonRuleSet", 10, RuleActionOverrides=COUNTED)
WEBHOOKS = {
    "ByteMatchStatement": {
        "SearchString": "/webhooks/",
        "FieldToMatch": {"UriPath": {}},
        "PositionalConstraint": "STARTS_WITH",
        "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
    }
}
LIMIT: dict[str, Any] = {
    "Name": "rate-limit",
    "Priority": 0,
    "Action": {"Block": {}},
    "Statement": {
        "RateBasedStatement": {
            "Limit": 2000,
            "AggregateKeyType": "IP",
            "ScopeDownStatement": {"NotStatement": {"Statement": WEBHOOKS}},
        }
    },
}
PROTECTED = {"Field": {"FieldType": "SINGLE_HEADER", "FieldKeys": ["cookie"]}, "Action": "SUBSTITUTION"}
HASHED = {"DataProtections": [{**PROTECTED, "Action": "HASH"}]}
ARGS: dict[str, Any] = {
    "name": NAME,
    "description": "Requests to airas-dev",
    "rules": [LIMIT, COMMON],
    "custom_response_bodies": {"sorry": {"ContentType": "TEXT_PLAIN", "Content": "Later."}},
    "token_domains": ["airas.io"],
    "data_protection": [PROTECTED],
    "captcha_immunity_s": 600,
    "tags": {"Environment": "dev"},
}
LOGGING = {"web_acl": NAME, "destination_arn": DESTINATION, "redacted_headers": ["Cookie", "authorization"]}

Run = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]
Writes = Callable[[], list[str]]


def read(boto: Boto) -> dict[str, Any]:
    wafv2 = boto("wafv2")
    [known] = wafv2.list_web_acls(Scope="REGIONAL")["WebACLs"]
    found: dict[str, Any] = wafv2.get_web_acl(Name=NAME, Id=known["Id"], Scope="REGIONAL")
    return found


def update(boto: Boto, **changes: Any) -> None:
    """Somebody changes the web ACL by hand."""
    held = read(boto)
    acl = held["WebACL"]
    keys = ("Name", "Id", "Description", "DefaultAction", "Rules", "VisibilityConfig", "CustomResponseBodies",
            "TokenDomains", "DataProtectionConfig", "CaptchaConfig", "OnSourceDDoSProtectionConfig")  # fmt: skip
    whole = {**{key: acl[key] for key in keys if key in acl}, **changes}
    boto("wafv2").update_web_acl(Scope="REGIONAL", LockToken=held["LockToken"], **whole)


def balancer(boto: Boto, name: str = "airas-dev-alb") -> str:
    ec2 = boto("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{number}.0/24", AvailabilityZone=f"ap-northeast-1{zone}")
        for number, zone in enumerate("ac")
    ]
    made = boto("elbv2").create_load_balancer(
        Name=name, Subnets=[subnet["Subnet"]["SubnetId"] for subnet in subnets], Scheme="internal"
    )
    arn: str = made["LoadBalancers"][0]["LoadBalancerArn"]
    return arn


# -- the web ACL -----------------------------------------------------------------------------------------------------


def test_plan_on_an_empty_account(apply: Run, writes: Writes, changes: Any) -> None:
    result = apply("wafv2_web_acl", ARGS, check=True)
    assert writes() == []
    assert {
        "arn",
        "capacity",
        f"{IN_COMMON}.RuleActionOverrides.SizeRestrictions_BODY.Count",
        "rules.rate-limit.Statement.RateBasedStatement.Limit",
        "custom_response_bodies.sorry.Content",
        "tags.Name",
    } <= set(changes(result)[ADDRESS])
    assert result["resources"][ADDRESS]["capacity"] == 704


def test_made_changed_and_removed(apply: Run, boto: Boto, writes: Writes, changes: Any) -> None:
    assert apply("wafv2_web_acl", ARGS)["changed"]
    assert read(boto)["WebACL"]["Capacity"] == 704
    assert not apply("wafv2_web_acl", ARGS)["changed"]

    fewer = {**ARGS, "rules": [{**LIMIT, "Action": {"Count": {}}}], "token_domains": [], "captcha_immunity_s": 300}
    planned = apply("wafv2_web_acl", fewer, check=True)
    assert apply("wafv2_web_acl", fewer)["plan"] == planned["plan"]
    assert {"rules.rate-limit.Action.Block", "capacity", "token_domains", "captcha_immunity_s"} <= set(
        changes(planned)[ADDRESS]
    )
    acl = read(boto)["WebACL"]
    assert (len(acl["Rules"]), acl["Capacity"]) == (1, 4)
    assert "TokenDomains" not in acl
    assert "CaptchaConfig" not in acl
    assert not apply("wafv2_web_acl", fewer)["changed"]

    gone = {"name": NAME, "state": "absent"}
    done = len(writes())
    assert changes(apply("wafv2_web_acl", gone, check=True))[ADDRESS]
    assert len(writes()) == done
    assert apply("wafv2_web_acl", gone)["changed"]
    assert not apply("wafv2_web_acl", gone)["changed"]


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"DefaultAction": {"Block": {}}}, "default_action.Allow"),
        ({"Rules": [LIMIT | {"VisibilityConfig": {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": True,
                    "MetricName": "rate-limit"}}]}, "rules.rate-limit.VisibilityConfig.SampledRequestsEnabled"),
        ({"VisibilityConfig": {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": False, "MetricName": NAME}},
         "visibility.CloudWatchMetricsEnabled"),
        ({"CustomResponseBodies": {"sorry": {"ContentType": "TEXT_PLAIN", "Content": "No."}}},
         "custom_response_bodies.sorry.Content"),
        ({"TokenDomains": ["example.org"]}, "token_domains"),
        ({"DataProtectionConfig": HASHED}, "data_protection[SINGLE_HEADER cookie].Action"),
        ({"Description": "other"}, "description"),
        ({"OnSourceDDoSProtectionConfig": {"ALBLowReputationMode": "ALWAYS_ON"}}, "low_reputation_mode"),
        ({"CaptchaConfig": {"ImmunityTimeProperty": {"ImmunityTime": 60}}}, "captcha_immunity_s"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_drift_of_any_field_is_seen_and_mended(
    apply: Run, boto: Boto, changes: Any, changed: dict[str, Any], path: str
) -> None:
    args = {**ARGS, "rules": [LIMIT]}
    apply("wafv2_web_acl", args)
    visible = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "rate-limit"}
    rules = changed.get("Rules", [{**LIMIT, "VisibilityConfig": visible}])
    update(boto, **{**changed, "Rules": rules})
    assert path in changes(apply("wafv2_web_acl", args, check=True))[ADDRESS]
    apply("wafv2_web_acl", args)
    assert not apply("wafv2_web_acl", args)["changed"]


def test_tags_of_others_are_left_alone(apply: Run, boto: Boto, changes: Any, writes: Writes) -> None:
    apply("wafv2_web_acl", ARGS)
    arn = read(boto)["WebACL"]["ARN"]
    boto("wafv2").tag_resource(ResourceARN=arn, Tags=[{"Key": "Team", "Value": "web"}])
    boto("wafv2").untag_resource(ResourceARN=arn, TagKeys=["Environment"])
    assert changes(apply("wafv2_web_acl", ARGS)) == {ADDRESS: ["tags.Environment"]}
    assert writes()[-1] == "wafv2:TagResource"


def test_capacity_is_checked_before_the_write(run_module: Run, writes: Writes) -> None:
    result = run_module("wafv2_web_acl", {**ARGS, "max_capacity": 700})
    assert "its rules need 704 capacity units, and max_capacity allows 700" in result["msg"]
    assert writes() == []


def test_an_override_that_aws_would_ignore_is_an_error(run_module: Run, writes: Writes) -> None:
    wrong = group("AWSManagedRulesCommonRuleSet", 10, RuleActionOverrides=[{**COUNTED[0], "Name": "SizeRestriction"}])
    result = run_module("wafv2_web_acl", {**ARGS, "rules": [wrong]})
    assert "overrides SizeRestriction, and AWSManagedRulesCommonRuleSet has no such rule" in result["msg"]
    assert writes() == []


def test_somebody_who_wrote_in_between_is_not_overwritten(
    run_module: Run, apply: Run, boto: Boto, emulator: EmulatorServer
) -> None:
    apply("wafv2_web_acl", ARGS)
    rule = {"service": "wafv2", "operation": "UpdateWebACL", "effect": "refuse", "times": 1}
    emulator.set_faults([{**rule, "error": "WAFOptimisticLockException"}])
    result = run_module("wafv2_web_acl", {**ARGS, "description": "other"})
    assert "somebody else has changed it since it was read. Run again to compare anew" in result["msg"]


def test_interrupted_at_any_write(interrupt_each_write: Callable[..., None], apply: Run, boto: Boto) -> None:
    def prepare() -> dict[str, Any]:
        apply("wafv2_web_acl", {**ARGS, "rules": [LIMIT], "tags": {}})
        return ARGS

    def census() -> Any:
        acl = read(boto)["WebACL"]
        tags = boto("wafv2").list_tags_for_resource(ResourceARN=acl["ARN"])["TagInfoForResource"]["TagList"]
        return len(acl["Rules"]), acl["Capacity"], sorted(tag["Key"] for tag in tags)

    interrupt_each_write("wafv2_web_acl", prepare, census)


# -- logging ---------------------------------------------------------------------------------------------------------


def test_logging(apply: Run, boto: Boto, emulator: EmulatorServer, changes: Any, writes: Writes) -> None:
    planned = apply("wafv2_logging", LOGGING, check=True)
    assert writes() == []
    assert set(changes(planned)[f"wafv2_logging/{NAME}"]) == {
        "destination_arn",
        "filter",
        "redacted",
        "redacted_headers",
    }
    boto("logs").create_log_group(logGroupName=LOG_GROUP)
    emulator.set_delays({"web_acl.spreading": 0.5})
    apply("wafv2_web_acl", ARGS)
    apply("wafv2_logging", LOGGING)
    assert not apply("wafv2_logging", LOGGING)["changed"]

    wafv2 = boto("wafv2")
    held = wafv2.get_logging_configuration(ResourceArn=read(boto)["WebACL"]["ARN"])["LoggingConfiguration"]
    assert held["RedactedFields"] == [{"SingleHeader": {"Name": name}} for name in ("authorization", "cookie")]
    wafv2.put_logging_configuration(LoggingConfiguration={**held, "RedactedFields": held["RedactedFields"][:1]})
    assert changes(apply("wafv2_logging", LOGGING)) == {f"wafv2_logging/{NAME}": ["redacted_headers"]}

    gone = {"web_acl": NAME, "state": "absent"}
    assert apply("wafv2_logging", gone, check=True)["changed"]
    assert apply("wafv2_logging", gone)["changed"]
    assert not apply("wafv2_logging", gone)["changed"]


def test_a_destination_of_another_name_is_refused(run_module: Run, writes: Writes) -> None:
    other = {**LOGGING, "destination_arn": DESTINATION.replace("aws-waf-logs-", "")}
    assert "whose name begins with aws-waf-logs-" in run_module("wafv2_logging", other)["msg"]
    assert writes() == []


# -- associations ----------------------------------------------------------------------------------------------------


def test_association(apply: Run, run_module: Run, boto: Boto, changes: Any, writes: Writes) -> None:
    unborn = "arn:aws:elasticloadbalancing:ap-northeast-1:427979936961:loadbalancer/app/airas-dev-alb/0000000000000000"
    planned = apply("wafv2_association", {"web_acl": NAME, "resource_arns": [unborn]}, check=True)
    assert list(changes(planned)) == ["wafv2_association/airas-dev-alb"]
    assert writes() == []

    args = {"web_acl": NAME, "resource_arns": [balancer(boto)]}
    apply("wafv2_web_acl", ARGS)
    apply("wafv2_association", args)
    assert not apply("wafv2_association", args)["changed"]
    refused = run_module("wafv2_web_acl", {"name": NAME, "state": "absent"})
    assert "it protects arn:aws:elasticloadbalancing" in refused["msg"]
    # A plan that ends the association first has not ended it.
    assert changes(apply("wafv2_web_acl", {"name": NAME, "state": "absent"}, check=True))

    # Another web ACL in its place is drift, and not ours to take away.
    apply("wafv2_web_acl", {**ARGS, "name": "other"})
    apply("wafv2_association", {**args, "web_acl": "other"})
    assert changes(apply("wafv2_association", args, check=True)) == {"wafv2_association/airas-dev-alb": ["web_acl_arn"]}
    assert not apply("wafv2_association", {**args, "state": "absent"})["changed"]
    apply("wafv2_association", args)

    gone = {"web_acl": NAME, "state": "absent"}
    assert apply("wafv2_association", gone, check=True)["changed"]
    assert apply("wafv2_association", gone)["changed"]
    assert not apply("wafv2_association", gone)["changed"]
    assert apply("wafv2_web_acl", {"name": NAME, "state": "absent"})["changed"]
