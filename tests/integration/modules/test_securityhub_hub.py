"""Security Hub against the embedded AWS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Apply = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]
Values = Callable[[dict[str, Any]], dict[str, tuple[Any, Any]]]

FSBP = "aws-foundational-security-best-practices/v/1.0.0"
CIS = "cis-aws-foundations-benchmark/v/5.0.0"
CIS_1_2 = "ruleset/cis-aws-foundations-benchmark/v/1.2.0"
TAGS = {"Environment": "global", "ManagedBy": "airas.platform"}
ARGS: dict[str, Any] = {"region": "ap-northeast-1", "standards": {FSBP: True, CIS: True}, "tags": TAGS}
HUB = "security_hub/ap-northeast-1"
ARN = "arn:aws:securityhub:ap-northeast-1:427979936961:hub/default"
PROTECTED = {"protected": True, "environment": "global"}


@pytest.fixture(autouse=True)
def recorded(boto: Boto) -> None:
    """AWS Config records, so that standards are complete."""
    record(boto)


def record(boto: Boto) -> None:
    config = boto("config")
    recorder = {"name": "default", "roleARN": "arn:aws:iam::427979936961:role/config"}
    config.put_configuration_recorder(ConfigurationRecorder=recorder)
    boto("s3").create_bucket(Bucket="recorded", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": "recorded"})
    config.start_configuration_recorder(ConfigurationRecorderName="default")


def census(boto: Boto) -> list[Any]:
    client = boto("securityhub")
    try:
        hub = client.describe_hub()
    except client.exceptions.InvalidAccessException:
        return []
    found = client.get_enabled_standards()["StandardsSubscriptions"]
    standards = sorted(item["StandardsArn"].split(":")[5].removeprefix("standards/") for item in found)
    tags = client.list_tags_for_resource(ResourceArn=ARN)["Tags"]
    return [hub["AutoEnableControls"], hub["ControlFindingGenerator"], standards, tags]


def test_enables_it_and_then_changes_nothing(apply: Apply, boto: Boto) -> None:
    planned = apply("securityhub_hub", ARGS, check=True)
    assert census(boto) == []
    made = apply("securityhub_hub", ARGS)
    assert made["plan"] == planned["plan"]
    assert made["resources"][HUB]["arn"] == ARN
    assert census(boto) == [True, "SECURITY_CONTROL", [FSBP, CIS], {**TAGS, "Name": "ap-northeast-1"}]
    assert apply("securityhub_hub", ARGS)["changed"] is False


def test_what_somebody_changes_is_named(apply: Apply, boto: Boto, value_changes: Values) -> None:
    apply("securityhub_hub", ARGS)
    before, client = census(boto), boto("securityhub")
    client.update_security_hub_configuration(AutoEnableControls=False, ControlFindingGenerator="STANDARD_CONTROL")
    client.tag_resource(ResourceArn=ARN, Tags={"Environment": "other"})
    subscriptions = client.get_enabled_standards()["StandardsSubscriptions"]
    [cis] = [item["StandardsSubscriptionArn"] for item in subscriptions if CIS in item["StandardsArn"]]
    client.batch_disable_standards(StandardsSubscriptionArns=[cis])
    drift = {
        f"{HUB} auto_enable_controls": (False, True),
        f"{HUB} control_finding_generator": ("STANDARD_CONTROL", "SECURITY_CONTROL"),
        f"{HUB} standards[{CIS}]": (False, True),
        f"{HUB} tags.Environment": ("other", "global"),
    }
    assert value_changes(apply("securityhub_hub", {**ARGS, **PROTECTED}, check=True)) == drift
    assert value_changes(apply("securityhub_hub", {**ARGS, **PROTECTED})) == drift
    assert census(boto) == before


def test_where_it_is_enabled_it_is_adopted(run_module: Apply, apply: Apply, boto: Boto, value_changes: Values) -> None:
    boto("securityhub").enable_security_hub(Tags={"ManagedBy": "them"})
    drift = {f"{HUB} standards[{CIS}]": (False, True)}
    assert value_changes(apply("securityhub_hub", ARGS)) == drift
    assert census(boto) == [True, "SECURITY_CONTROL", sorted([FSBP, CIS, CIS_1_2]), {"ManagedBy": "them"}]
    assert apply("securityhub_hub", {**ARGS, "state": "absent"})["changed"] is False
    less = {**ARGS, **PROTECTED, "standards": {CIS_1_2: False, CIS: True}}
    assert f"-e confirm=global:{HUB}" in run_module("securityhub_hub", less)["msg"]
    apply("securityhub_hub", {**less, "confirm": [f"global:{HUB}"]})
    assert census(boto)[2] == [FSBP, CIS]
    assert apply("securityhub_hub", less)["changed"] is False


def test_absent_loses_findings_and_has_to_be_confirmed(run_module: Apply, apply: Apply, boto: Boto) -> None:
    apply("securityhub_hub", {**ARGS, "auto_enable_controls": False})
    gone = {**ARGS, **PROTECTED, "state": "absent"}
    assert f"run again with -e confirm=global:{HUB}" in run_module("securityhub_hub", gone)["msg"]
    assert census(boto)[0] is False
    confirmed = {**gone, "confirm": [f"global:{HUB}"]}
    assert [plan["impact"] for plan in apply("securityhub_hub", confirmed)["plan"]] == ["data loss"]
    assert census(boto) == []
    assert apply("securityhub_hub", confirmed)["changed"] is False


def test_a_standard_without_aws_config_is_warned_of(run_module: Apply, boto: Boto) -> None:
    boto("config").stop_configuration_recorder(ConfigurationRecorderName="default")
    run_module("securityhub_hub", ARGS)
    again = run_module("securityhub_hub", ARGS)
    assert again["changed"] is False
    [warning] = again["warnings"]
    assert f"AWS Config records nothing in this region, so that {FSBP}, {CIS} cannot check" in str(warning)


def test_interrupted_anywhere_it_ends_the_same(interrupt_each_write: Callable[..., None], boto: Boto) -> None:
    def prepare() -> dict[str, Any]:
        record(boto)
        return {**ARGS, "auto_enable_controls": False}

    interrupt_each_write("securityhub_hub", prepare, lambda: census(boto))


@pytest.mark.parametrize(
    ("standards", "message"),
    [
        ({"fsbp": True}, "standards names 'fsbp'. It is the end of a standard's ARN"),
        ({FSBP: "yes"}, f"standards has 'yes' for {FSBP}. Give true"),
    ],
)
def test_a_standard_that_cannot_be_is_refused(standards: dict[str, Any], message: str, run_module: Apply) -> None:
    assert message in run_module("securityhub_hub", {**ARGS, "standards": standards})["msg"]
