from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

NAME = "airas-trail"
ADDRESS = f"cloudtrail_trail/{NAME}"
BUCKET = "airas-trail-427979936961"
ARGS: dict[str, Any] = {"name": NAME, "bucket": BUCKET, "tags": {"Environment": "global"}}

Run = Callable[..., dict[str, Any]]
Boto = Callable[[str], Any]
Writes = Callable[[], list[str]]


def allowing(resource: str | list[str], *actions: str) -> str:
    """A policy that lets CloudTrail in."""
    principal = {"Service": "cloudtrail.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": list(actions), "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def let_in(boto: Boto) -> None:
    """Makes a bucket that the trail may write to."""
    s3, arn = boto("s3"), f"arn:aws:s3:::{BUCKET}"
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    s3.put_bucket_policy(Bucket=BUCKET, Policy=allowing([arn, f"{arn}/*"], "s3:GetBucketAcl", "s3:PutObject"))


@pytest.fixture
def key(boto: Boto) -> str:
    """A bucket that the trail may write to; returns the ARN of a key that it may encrypt with."""
    let_in(boto)
    arn: str = boto("kms").create_key(Policy=allowing("*", "kms:GenerateDataKey"))["KeyMetadata"]["Arn"]
    return arn


def test_plan_on_an_empty_account(apply: Run, writes: Writes, changes: Any) -> None:
    result = apply("cloudtrail_trail", ARGS, check=True)
    assert writes() == []
    assert {"arn", "bucket", "multi_region", "log_file_validation", "event_selectors", "logging", "tags.Name"} <= set(
        changes(result)[ADDRESS]
    )


def test_made_changed_and_removed(apply: Run, boto: Boto, writes: Writes, changes: Any, key: str) -> None:
    assert apply("cloudtrail_trail", ARGS)["changed"]
    assert writes()[-2:] == ["cloudtrail:CreateTrail", "cloudtrail:StartLogging"]
    assert not apply("cloudtrail_trail", ARGS)["changed"]

    objects = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::airas-prod-files-427979936961/"]}]
    selectors = [{"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": objects}]
    more = {**ARGS, "kms_key_arn": key, "event_selectors": selectors, "tags": {"Environment": "other"}}
    planned = apply("cloudtrail_trail", more, check=True)
    assert changes(planned) == {ADDRESS: ["event_selectors", "kms_key_arn", "tags.Environment"]}
    apply("cloudtrail_trail", more)
    assert not apply("cloudtrail_trail", more)["changed"]
    assert boto("cloudtrail").get_trail(Name=NAME)["Trail"]["KmsKeyId"] == key
    assert changes(apply("cloudtrail_trail", ARGS)) == {ADDRESS: ["event_selectors", "kms_key_arn", "tags.Environment"]}

    gone = {"name": NAME, "state": "absent"}
    assert apply("cloudtrail_trail", gone, check=True)["changed"]
    assert apply("cloudtrail_trail", gone)["changed"]
    assert not apply("cloudtrail_trail", gone)["changed"]


def test_drift_is_seen_and_mended(apply: Run, boto: Boto, changes: Any, key: str) -> None:
    apply("cloudtrail_trail", {**ARGS, "kms_key_arn": key})
    trail = boto("cloudtrail")
    trail.update_trail(Name=NAME, IsMultiRegionTrail=False, EnableLogFileValidation=False, KmsKeyId="")
    trail.stop_logging(Name=NAME)
    assert changes(apply("cloudtrail_trail", {**ARGS, "kms_key_arn": key})) == {
        ADDRESS: ["kms_key_arn", "log_file_validation", "logging", "multi_region"]
    }
    assert trail.get_trail_status(Name=NAME)["IsLogging"]


def test_advanced_selectors_take_the_place_of_the_others(apply: Run, key: str, changes: Any) -> None:
    fields = [{"Field": "eventCategory", "Equals": ["Management"]}]
    advanced = {**ARGS, "advanced_event_selectors": [{"Name": "all", "FieldSelectors": fields}]}
    apply("cloudtrail_trail", advanced)
    assert not apply("cloudtrail_trail", advanced)["changed"]
    assert changes(apply("cloudtrail_trail", ARGS)) == {ADDRESS: ["advanced_event_selectors", "event_selectors"]}


def test_a_bucket_that_does_not_let_it_in_is_named(run_module: Run, boto: Boto, key: str) -> None:
    boto("s3").delete_bucket_policy(Bucket=BUCKET)
    assert "Incorrect S3 bucket policy" in run_module("cloudtrail_trail", ARGS)["msg"]


def test_interrupted_at_any_write(interrupt_each_write: Callable[..., None], boto: Boto) -> None:
    def prepare() -> dict[str, Any]:
        let_in(boto)
        return ARGS

    def census() -> Any:
        trails = boto("cloudtrail").describe_trails()["trailList"]
        return [(trail["Name"], boto("cloudtrail").get_trail_status(Name=NAME)["IsLogging"]) for trail in trails]

    interrupt_each_write("cloudtrail_trail", prepare, census)


def test_a_selector_that_leaves_out_what_aws_fills_in(apply: Run, boto: Boto, key: str) -> None:
    objects = [{"Type": "AWS::S3::Object", "Values": ["arn:aws:s3:::airas-prod-files-427979936961/"]}]
    args = {**ARGS, "event_selectors": [{"DataResources": objects}]}
    apply("cloudtrail_trail", args)
    [told] = boto("cloudtrail").get_event_selectors(TrailName=NAME)["EventSelectors"]
    assert (told["ReadWriteType"], told["IncludeManagementEvents"]) == ("All", True)
    assert not apply("cloudtrail_trail", args)["changed"]


@pytest.mark.parametrize(
    ("selectors", "message"),
    [
        (
            {"event_selectors": [{"Resources": []}]},
            "event_selectors has Resources. Each of them is a mapping with some of",
        ),
        ({"event_selectors": [{"FieldSelectors": []}]}, "event_selectors has FieldSelectors"),
        ({"advanced_event_selectors": [{"ReadWriteType": "All"}]}, "advanced_event_selectors has ReadWriteType"),
    ],
)
def test_a_selector_of_another_form_is_found_by_a_plan(
    selectors: dict[str, Any], message: str, run_module: Run
) -> None:
    assert message in run_module("cloudtrail_trail", {**ARGS, **selectors}, check=True)["msg"]
