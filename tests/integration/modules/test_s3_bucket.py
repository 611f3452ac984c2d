from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from emulator.testing import EmulatorServer

NAME = "airas-terraform-state-427979936961"
ADDRESS = f"s3_bucket/{NAME}"
ARGS = {
    "name": NAME,
    "versioning": True,
    "min_tls_version": "1.2",
    "policy_statements": [
        {
            "Sid": "Logs",
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"arn:aws:s3:::{NAME}/logs/*",
        }
    ],
    "lifecycle_rules": [
        {
            "id": "old-versions",
            "noncurrent_version_expiration_days": 90,
            "abort_incomplete_multipart_upload_days": 7,
        },
        {"id": "expire", "prefix": "tmp/", "expiration_days": 30},
    ],
    "tags": {"Environment": "global", "Component": "account"},
}

Apply = Callable[..., dict[str, Any]]


def changed_paths(result: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {
        change["path"]: (change["before"], change["after"]) for item in result["plan"] for change in item["changes"]
    }


def census(boto: Callable[[str], Any]) -> dict[str, Any]:
    s3 = boto("s3")
    rules = s3.get_bucket_lifecycle_configuration(Bucket=NAME)["Rules"]
    return {
        "buckets": [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]],
        "versioning": s3.get_bucket_versioning(Bucket=NAME)["Status"],
        "encryption": s3.get_bucket_encryption(Bucket=NAME)["ServerSideEncryptionConfiguration"],
        "sids": sorted(item["Sid"] for item in json.loads(s3.get_bucket_policy(Bucket=NAME)["Policy"])["Statement"]),
        "rules": sorted(rule["ID"] for rule in rules),
        "tags": sorted(tag["Key"] for tag in s3.get_bucket_tagging(Bucket=NAME)["TagSet"]),
        "block": s3.get_public_access_block(Bucket=NAME)["PublicAccessBlockConfiguration"],
        "ownership": s3.get_bucket_ownership_controls(Bucket=NAME)["OwnershipControls"],
    }


def test_plan_on_an_empty_account_names_every_attribute(apply: Apply, writes: Callable[[], list[str]]) -> None:
    result = apply("s3_bucket", ARGS, check=True)
    assert writes() == []
    assert result["changed"]
    shown = {path: after for path, (_before, after) in changed_paths(result).items()}
    assert shown["versioning"] is True
    assert shown["encryption.algorithm"] == "AES256"
    assert shown["public_access_block.block_public_policy"] is True
    assert shown["policy.DenyInsecureTransport.Effect"] == "Deny"
    assert shown["policy.Logs.Principal.Service"] == ["logging.s3.amazonaws.com"]
    assert shown["lifecycle_rules.old-versions.NoncurrentVersionExpiration.NoncurrentDays"] == 90
    assert shown["tags.Environment"] == "global"


def test_created_then_unchanged(apply: Apply, writes: Callable[[], list[str]]) -> None:
    planned = apply("s3_bucket", ARGS, check=True)
    made = apply("s3_bucket", ARGS)
    assert made["plan"] == planned["plan"]
    calls = writes()
    assert calls == [
        "s3:CreateBucket",
        "s3:PutBucketEncryption",
        "s3:PutBucketVersioning",
        "s3:PutBucketLifecycleConfiguration",
        "s3:PutBucketTagging",
        "s3:PutBucketPolicy",
    ]
    again = apply("s3_bucket", ARGS)
    assert not again["changed"], again["plan"]
    assert again["resources"][ADDRESS]["arn"] == f"arn:aws:s3:::{NAME}"
    assert writes() == calls


def test_a_plain_bucket_needs_two_calls(apply: Apply, writes: Callable[[], list[str]]) -> None:
    apply("s3_bucket", {"name": NAME, "tls_only": False})
    assert writes() == ["s3:CreateBucket", "s3:PutBucketEncryption"]
    assert not apply("s3_bucket", {"name": NAME, "tls_only": False})["changed"]


DRIFTS: dict[str, tuple[Callable[[Any], Any], set[str]]] = {
    "versioning suspended": (
        lambda s3: s3.put_bucket_versioning(Bucket=NAME, VersioningConfiguration={"Status": "Suspended"}),
        {"versioning"},
    ),
    "public access block removed": (
        lambda s3: s3.delete_public_access_block(Bucket=NAME),
        {
            f"public_access_block.{block}"
            for block in (
                "block_public_acls",
                "ignore_public_acls",
                "block_public_policy",
                "restrict_public_buckets",
            )
        },
    ),
    "ownership opened": (
        lambda s3: s3.put_bucket_ownership_controls(
            Bucket=NAME, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
        ),
        {"object_ownership"},
    ),
    "policy removed": (
        lambda s3: s3.delete_bucket_policy(Bucket=NAME),
        {
            f"policy.{path}"
            for path in (
                "DenyInsecureTransport.Action",
                "DenyInsecureTransport.Condition.Bool[aws:SecureTransport]",
                "DenyInsecureTransport.Effect",
                "DenyInsecureTransport.Principal.AWS",
                "DenyInsecureTransport.Resource",
                "DenyOldTls.Action",
                "DenyOldTls.Condition.NumericLessThan[s3:TlsVersion]",
                "DenyOldTls.Effect",
                "DenyOldTls.Principal.AWS",
                "DenyOldTls.Resource",
                "Logs.Action",
                "Logs.Effect",
                "Logs.Principal.Service",
                "Logs.Resource",
            )
        },
    ),
    "encryption changed": (
        lambda s3: s3.put_bucket_encryption(
            Bucket=NAME,
            ServerSideEncryptionConfiguration={
                "Rules": [
                    {
                        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"},
                        "BlockedEncryptionTypes": {"EncryptionType": ["NONE"]},
                    }
                ]
            },
        ),
        {"encryption.algorithm", "encryption.block_sse_c"},
    ),
    "lifecycle removed": (
        lambda s3: s3.delete_bucket_lifecycle(Bucket=NAME),
        {
            "lifecycle_rules.expire.Expiration.Days",
            "lifecycle_rules.expire.Filter.Prefix",
            "lifecycle_rules.expire.Status",
            "lifecycle_rules.old-versions.AbortIncompleteMultipartUpload.DaysAfterInitiation",
            "lifecycle_rules.old-versions.Filter.Prefix",
            "lifecycle_rules.old-versions.NoncurrentVersionExpiration.NoncurrentDays",
            "lifecycle_rules.old-versions.Status",
        },
    ),
    "logging added": (
        lambda s3: s3.put_bucket_logging(
            Bucket=NAME, BucketLoggingStatus={"LoggingEnabled": {"TargetBucket": NAME, "TargetPrefix": "logs/"}}
        ),
        {"logging.bucket", "logging.prefix"},
    ),
    "tag changed": (
        lambda s3: s3.put_bucket_tagging(
            Bucket=NAME, Tagging={"TagSet": [{"Key": "Environment", "Value": "dev"}, {"Key": "theirs", "Value": "1"}]}
        ),
        {"tags.Environment", "tags.Component"},
    ),
}


@pytest.mark.parametrize("drift", DRIFTS)
def test_drift_is_named_and_repaired(drift: str, apply: Apply, boto: Callable[[str], Any]) -> None:
    change, paths = DRIFTS[drift]
    apply("s3_bucket", ARGS)
    expected = census(boto)
    change(boto("s3"))
    plan = apply("s3_bucket", ARGS, check=True)
    assert set(changed_paths(plan)) == paths
    assert apply("s3_bucket", ARGS)["plan"] == plan["plan"]
    assert not apply("s3_bucket", ARGS)["changed"]
    repaired = census(boto)
    assert {**repaired, "tags": None} == {**expected, "tags": None}
    assert set(repaired["tags"]) >= set(expected["tags"])


def test_tags_of_others_stay(apply: Apply, boto: Callable[[str], Any]) -> None:
    apply("s3_bucket", ARGS)
    boto("s3").put_bucket_tagging(Bucket=NAME, Tagging={"TagSet": [{"Key": "theirs", "Value": "1"}]})
    apply("s3_bucket", ARGS)
    assert census(boto)["tags"] == ["Component", "Environment", "theirs"]


def test_access_logs_go_where_they_should(apply: Apply, boto: Callable[[str], Any]) -> None:
    args = {**ARGS, "logging_bucket": NAME, "logging_prefix": "logs/"}
    apply("s3_bucket", ARGS)
    assert set(changed_paths(apply("s3_bucket", args))) == {"logging.bucket", "logging.prefix"}
    assert not apply("s3_bucket", args)["changed"]
    found = boto("s3").get_bucket_logging(Bucket=NAME)["LoggingEnabled"]
    assert (found["TargetBucket"], found["TargetPrefix"]) == (NAME, "logs/")


def test_interrupted_at_each_write(interrupt_each_write: Callable[..., None], boto: Callable[[str], Any]) -> None:
    interrupt_each_write("s3_bucket", lambda: ARGS, lambda: census(boto))


def test_throttled_one_call_in_five(emulator: EmulatorServer, apply: Apply, boto: Callable[[str], Any]) -> None:
    emulator.set_faults([{"service": "s3", "error": "throttle", "every": 5}])
    apply("s3_bucket", ARGS)
    assert not apply("s3_bucket", ARGS)["changed"]
    emulator.set_faults([])
    assert census(boto)["sids"] == ["DenyInsecureTransport", "DenyOldTls", "Logs"]


def test_two_runs_that_both_find_no_bucket_end_with_one(
    emulator: EmulatorServer, apply: Apply, boto: Callable[[str], Any]
) -> None:
    apply("s3_bucket", ARGS)
    expected = census(boto)
    emulator.set_faults([{"service": "s3", "operation": "HeadBucket", "error": "404", "status": 404, "times": 1}])
    assert [item["action"] for item in apply("s3_bucket", ARGS)["plan"]] == ["create"]
    assert not apply("s3_bucket", ARGS)["changed"]
    assert census(boto) == expected


def test_absent_twice(apply: Apply, boto: Callable[[str], Any]) -> None:
    apply("s3_bucket", ARGS)
    gone = apply("s3_bucket", {"name": NAME, "state": "absent"})
    assert [item["action"] for item in gone["plan"]] == ["delete"]
    assert boto("s3").list_buckets()["Buckets"] == []
    assert not apply("s3_bucket", {"name": NAME, "state": "absent"})["changed"]


def test_objects_are_deleted_only_by_force(apply: Apply, run_module: Apply, boto: Callable[[str], Any]) -> None:
    apply("s3_bucket", {"name": NAME, "versioning": True, "tls_only": False})
    s3 = boto("s3")
    for _number in range(3):
        s3.put_object(Bucket=NAME, Key="global/terraform.tfstate", Body=b"{}")
    s3.delete_object(Bucket=NAME, Key="global/terraform.tfstate")
    refused = run_module("s3_bucket", {"name": NAME, "state": "absent"})
    assert refused["failed"]
    assert refused["msg"].startswith(f"{ADDRESS}: it holds objects")
    forced = {"name": NAME, "state": "absent", "force": True}
    guarded = run_module("s3_bucket", {**forced, "protected": True, "environment": "global"})
    assert f"-e confirm=global:{ADDRESS}" in guarded["msg"]
    confirmed = {**forced, "protected": True, "environment": "global", "confirm": [f"global:{ADDRESS}"]}
    assert apply("s3_bucket", confirmed)["plan"][0]["impact"] == "data loss"
    assert s3.list_buckets()["Buckets"] == []


def test_a_bucket_with_objects_is_kept_until_that_is_confirmed(
    apply: Apply, run_module: Apply, boto: Callable[[str], Any]
) -> None:
    apply("s3_bucket", {"name": NAME, "versioning": True, "tls_only": False})
    boto("s3").put_object(Bucket=NAME, Key="files/paper.pdf", Body=b"%PDF")
    keep = {"name": NAME, "state": "absent", "force": True, "keep_objects": True, "environment": "dev"}
    kept = run_module("s3_bucket", keep)
    assert (kept["changed"], kept["plan"]) == (False, [])
    assert f"it holds objects, and stays. If they are to go too, run again with -e confirm=dev:{ADDRESS}" in str(kept)
    assert apply("s3_bucket", {**keep, "confirm": [f"dev:{ADDRESS}"]})["changed"]
    assert boto("s3").list_buckets()["Buckets"] == []


def test_ending_versioning_needs_a_confirmation(apply: Apply, run_module: Apply) -> None:
    apply("s3_bucket", ARGS)
    unversioned = {**ARGS, "versioning": False, "protected": True, "environment": "global"}
    refused = run_module("s3_bucket", unversioned)
    assert "would lose data (versioning)" in refused["msg"]
    apply("s3_bucket", {**unversioned, "confirm": [f"global:{ADDRESS}"]})


def test_a_bucket_of_another_account_is_named(emulator: EmulatorServer, run_module: Apply) -> None:
    emulator.set_faults([{"service": "s3", "operation": "HeadBucket", "error": "AccessDenied", "status": 403}])
    refused = run_module("s3_bucket", ARGS)
    assert "account 427979936961 does not own it or may not list it" in refused["msg"]
    assert "Nothing has been changed" in refused["msg"]


def test_a_bucket_of_another_region_is_named(run_module: Apply, boto: Callable[..., Any]) -> None:
    elsewhere = boto("s3", region_name="eu-west-1")
    elsewhere.create_bucket(Bucket=NAME, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    refused = run_module("s3_bucket", ARGS)
    assert "it exists in eu-west-1, not in ap-northeast-1" in refused["msg"]


def test_us_east_1_has_no_location_constraint(apply: Apply, boto: Callable[[str], Any]) -> None:
    apply("s3_bucket", {**ARGS, "region": "us-east-1"})
    assert boto("s3").get_bucket_location(Bucket=NAME)["LocationConstraint"] is None


def test_kms_with_a_bucket_key(apply: Apply, boto: Callable[[str], Any]) -> None:
    key = boto("kms").create_key()["KeyMetadata"]["Arn"]
    args = {**ARGS, "encryption": "aws:kms", "kms_key_arn": key}
    apply("s3_bucket", args)
    assert not apply("s3_bucket", args)["changed"]
    rule = boto("s3").get_bucket_encryption(Bucket=NAME)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    assert rule["BucketKeyEnabled"] is True


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "statement without Sid": (
        {"policy_statements": [{"Effect": "Allow", "Action": "s3:GetObject", "Principal": "*", "Resource": "*"}]},
        "policy_statements: statement 1 needs a Sid of its own",
    ),
    "statement without Effect": (
        {"policy_statements": [{"Sid": "A", "Action": "s3:GetObject", "Principal": "*", "Resource": "*"}]},
        "statement A: Effect is Allow or Deny, not None",
    ),
    "name": ({"name": "Airas_Files"}, "s3_bucket/Airas_Files: S3 takes no such name. Give 3 to 63 small letters"),
    "idle rule": ({"lifecycle_rules": [{"id": "a"}]}, "lifecycle_rules: rule a: it does nothing"),
    "key without KMS": ({"kms_key_arn": "arn:aws:kms:ap-northeast-1:427979936961:key/x"}, "encryption is AES256"),
    "unknown encryption": ({"encryption": "rot13"}, "must be one of: AES256, aws:kms, aws:kms:dsse"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_is_one_error_before_any_write(
    case: str, run_module: Apply, writes: Callable[[], list[str]]
) -> None:
    args, message = WRONG[case]
    result = run_module("s3_bucket", {"name": NAME, **args})
    assert result["failed"]
    assert message in result["msg"]
    assert writes() == []
