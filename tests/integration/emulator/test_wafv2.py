from __future__ import annotations

from typing import Any

import pytest

from emulator.testing import EmulatorServer

NAME = "airas-dev-backend"
SEEN = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "seen"}
LIMIT: dict[str, Any] = {
    "Name": "rate-limit",
    "Priority": 0,
    "Action": {"Block": {}},
    "Statement": {"RateBasedStatement": {"Limit": 2000, "AggregateKeyType": "IP"}},
    "VisibilityConfig": SEEN,
}
UNKNOWN = "WAFNonexistentItemException"


def group(name: str, priority: int = 1, **statement: Any) -> dict[str, Any]:
    managed = {"VendorName": "AWS", "Name": name, **statement}
    rule = {"Name": name, "Priority": priority, "OverrideAction": {"None": {}}, "VisibilityConfig": SEEN}
    return {**rule, "Statement": {"ManagedRuleGroupStatement": managed}}


@pytest.fixture
def wafv2(emulator: EmulatorServer) -> Any:
    return emulator.client("wafv2")


def make(wafv2: Any, name: str = NAME, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = wafv2.create_web_acl(
        Name=name, Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=SEEN, **more
    )["Summary"]
    return made


def read(wafv2: Any, made: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = wafv2.get_web_acl(Name=made["Name"], Id=made["Id"], Scope="REGIONAL")
    return told


def update(wafv2: Any, made: dict[str, Any], **more: Any) -> None:
    lock = read(wafv2, made)["LockToken"]
    names = {"Name": made["Name"], "Id": made["Id"], "Scope": "REGIONAL", "LockToken": lock}
    wafv2.update_web_acl(**names, DefaultAction={"Allow": {}}, VisibilityConfig=SEEN, **more)


def test_capacity_is_told_before_the_write_and_limited(wafv2: Any, refused: Any) -> None:
    common = group("AWSManagedRulesCommonRuleSet")
    assert wafv2.check_capacity(Scope="REGIONAL", Rules=[LIMIT, common])["Capacity"] == 702
    many = [{**common, "Name": f"common-{number}", "Priority": number} for number in range(8)]
    with refused("WAFLimitsExceededException"):
        make(wafv2, Rules=many)
    assert wafv2.list_web_acls(Scope="REGIONAL")["WebACLs"] == []
    with refused("WAFDuplicateItemException"):
        wafv2.check_capacity(Scope="REGIONAL", Rules=[LIMIT, LIMIT])
    with refused("WAFInvalidParameterException"):
        wafv2.check_capacity(Scope="REGIONAL", Rules=[{**LIMIT, "OverrideAction": {"None": {}}}])


def test_managed_rule_groups_are_told(wafv2: Any, refused: Any) -> None:
    listed = wafv2.list_available_managed_rule_groups(Scope="REGIONAL", Limit=2)
    assert (len(listed["ManagedRuleGroups"]), bool(listed["NextMarker"])) == (2, True)
    named = {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet", "Scope": "REGIONAL"}
    told = wafv2.describe_managed_rule_group(**named)
    assert (told["Capacity"], told["LabelNamespace"]) == (700, "awswaf:managed:aws:core-rule-set:")
    assert "SizeRestrictions_BODY" in {rule["Name"] for rule in told["Rules"]}
    versions = wafv2.list_available_managed_rule_group_versions(**named)
    assert versions["CurrentDefaultVersion"] in {version["Name"] for version in versions["Versions"]}
    with refused(UNKNOWN):
        wafv2.describe_managed_rule_group(**{**named, "Name": "AWSManagedRules"})
    with refused("WAFInvalidParameterException"):
        make(wafv2, Rules=[group("AWSManagedRulesAmazonIpReputationList", Version="Version_1.0")])


def test_a_web_acl_shows_what_was_set_and_an_update_replaces_it(wafv2: Any, refused: Any) -> None:
    cookie = {"Field": {"FieldType": "SINGLE_HEADER", "FieldKeys": ["cookie"]}, "Action": "SUBSTITUTION"}
    attributes = {"Attributes": [{"Name": "language", "Values": ["python"]}]}
    made = make(
        wafv2,
        Description="Requests",
        Rules=[LIMIT],
        TokenDomains=["airas.io"],
        DataProtectionConfig={"DataProtections": [cookie]},
        ApplicationConfig=attributes,
    )
    with refused("WAFDuplicateItemException"):
        make(wafv2)
    told = read(wafv2, made)["WebACL"]
    assert (told["Capacity"], told["TokenDomains"]) == (2, ["airas.io"])
    assert told["DataProtectionConfig"] == {"DataProtections": [cookie]}
    assert told["Rules"][0]["Statement"]["RateBasedStatement"]["EvaluationWindowSec"] == 300

    update(wafv2, made)
    told = read(wafv2, made)["WebACL"]
    assert not {"Description", "TokenDomains", "DataProtectionConfig"} & {key for key, value in told.items() if value}
    assert (told["Rules"], told["Capacity"], told["ApplicationConfig"]) == ([], 0, attributes)


def balancer(emulator: EmulatorServer, network: Any) -> str:
    made = emulator.client("elbv2").create_load_balancer(
        Name="airas-dev-alb", Subnets=[network.subnet, network.other_subnet], Scheme="internal"
    )
    return str(made["LoadBalancers"][0]["LoadBalancerArn"])


def test_one_web_acl_protects_a_load_balancer_at_a_time(
    emulator: EmulatorServer, wafv2: Any, network: Any, refused: Any
) -> None:
    arn = balancer(emulator, network)
    emulator.set_delays({"web_acl.spreading": 3600})
    first, second = make(wafv2), make(wafv2, "other")
    with refused("WAFUnavailableEntityException"):
        wafv2.associate_web_acl(WebACLArn=first["ARN"], ResourceArn=arn)
    emulator.set_delays({})
    with refused(UNKNOWN):
        wafv2.associate_web_acl(WebACLArn=first["ARN"], ResourceArn=f"{arn}0")
    for made in (first, second):
        wafv2.associate_web_acl(WebACLArn=made["ARN"], ResourceArn=arn)
    assert wafv2.get_web_acl_for_resource(ResourceArn=arn)["WebACL"]["Name"] == "other"
    assert wafv2.list_resources_for_web_acl(WebACLArn=first["ARN"])["ResourceArns"] == []
    with refused("WAFAssociatedItemException"):
        wafv2.delete_web_acl(
            Name="other", Id=second["Id"], Scope="REGIONAL", LockToken=read(wafv2, second)["LockToken"]
        )
    emulator.client("elbv2").delete_load_balancer(LoadBalancerArn=arn)
    assert wafv2.list_resources_for_web_acl(WebACLArn=second["ARN"])["ResourceArns"] == []
    with refused(UNKNOWN):
        wafv2.get_web_acl_for_resource(ResourceArn=arn)


def test_logs_go_to_one_group_of_the_right_name_that_exists(emulator: EmulatorServer, wafv2: Any, refused: Any) -> None:
    made = make(wafv2)
    group_arn = "arn:aws:logs:ap-northeast-1:427979936961:log-group:"

    def log(*destinations: str) -> None:
        config = {"ResourceArn": made["ARN"], "LogDestinationConfigs": list(destinations)}
        wafv2.put_logging_configuration(LoggingConfiguration=config)

    with refused("WAFInvalidParameterException", "The ARN isn't valid"):
        log(f"{group_arn}requests")
    with refused("WAFLogDestinationPermissionIssueException"):
        log(f"{group_arn}aws-waf-logs-airas-dev")
    emulator.client("logs").create_log_group(logGroupName="aws-waf-logs-airas-dev")
    with refused("WAFInvalidParameterException", "only have one log destination"):
        log(f"{group_arn}aws-waf-logs-airas-dev", f"{group_arn}aws-waf-logs-other")
    log(f"{group_arn}aws-waf-logs-airas-dev:*")
    told = wafv2.get_logging_configuration(ResourceArn=made["ARN"])["LoggingConfiguration"]
    assert told["LogDestinationConfigs"] == [f"{group_arn}aws-waf-logs-airas-dev"]

    names = {"Name": NAME, "Id": made["Id"], "Scope": "REGIONAL"}
    wafv2.delete_web_acl(**names, LockToken=read(wafv2, made)["LockToken"])
    with refused(UNKNOWN):
        wafv2.get_logging_configuration(ResourceArn=made["ARN"])
