# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""One S3 bucket with everything that decides who can read it, how long its objects live, and how they are kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .. import _policy
from .._aws import Aws, AwsError, iam_action, tag_list, tags_of
from .._reconcile import Impact, Operation, PlatformError, Refused, Resource, managed_tags
from . import _lifecycle

BLOCKS = {
    "block_public_acls": "BlockPublicAcls",
    "ignore_public_acls": "IgnorePublicAcls",
    "block_public_policy": "BlockPublicPolicy",
    "restrict_public_buckets": "RestrictPublicBuckets",
}
# What every new bucket has had since April 2023, so that making one needs no further call for it.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html
NEW_BUCKET: dict[str, Any] = {
    "versioning": False,
    "public_access_block": dict.fromkeys(BLOCKS, True),
    "object_ownership": "BucketOwnerEnforced",
    "policy": None,
    "lifecycle_rules": None,
    "logging": None,
    "tags": {},
}
TLS_SIDS = ("DenyInsecureTransport", "DenyOldTls")

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
# A bucket made a moment ago is not known everywhere yet, and S3 carries out one change of a bucket at a time.
_NOT_YET = ("NoSuchBucket", "OperationAborted")


def resources(aws: Aws, params: Mapping[str, Any]) -> list[Resource]:
    """The bucket named by the options."""
    name = params["name"]
    if not _NAME.fullmatch(name):
        raise PlatformError(
            "S3 takes no such name.",
            mend="Give 3 to 63 small letters, digits, dots and hyphens, with a letter or digit at both ends.",
            resource=f"s3_bucket/{name}",
        )
    document = _document(aws, params)
    desired = _desired(params, document) if params["state"] == "present" else None
    before = _read(aws, name, params["tags"]) if exists(aws, name) else None
    holds_objects = bool(before) and desired is None and _holds_objects(aws, name)
    if holds_objects and params["keep_objects"] and _token(params) not in params["confirm"]:
        return [Resource("s3_bucket", name, before=before, after=before, warns=lambda _known: _kept(params))]
    if holds_objects and not params["force"]:
        raise Refused(
            "it holds objects (old versions and delete markers count), and S3 deletes empty buckets only.",
            mend="Empty it, or give force: true to delete the objects with it.",
            resource=f"s3_bucket/{name}",
        )
    wanted = desired or {}
    return [
        Resource(
            "s3_bucket",
            name,
            before=before,
            after=desired,
            placeholders={"arn": arn(aws, name)},
            create=Operation("s3:CreateBucket", _create(aws, name, wanted), covers=_covered_by_create(wanted)),
            updates=_updates(aws, name, wanted, document),
            delete=Operation("s3:DeleteBucket", _delete(aws, name, holds_objects)),
            impacts=_impacts(before, wanted, holds_objects),
        )
    ]


def arn(aws: Aws, name: str) -> str:
    return aws.arn("s3", name, region=False, account=False)


def _token(params: Mapping[str, Any]) -> str:
    return f"{params['environment']}:s3_bucket/{params['name']}"


def _kept(params: Mapping[str, Any]) -> str:
    return f"it holds objects, and stays. If they are to go too, run again with -e confirm={_token(params)}"


# -- what there is ---------------------------------------------------------------------------------------------------


def exists(aws: Aws, name: str) -> bool:
    """Whether the bucket exists; an error when it is not ours or lives elsewhere.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
    """
    try:
        answer = aws.call_or_none("s3", "head_bucket", ("404",), Bucket=name, ExpectedBucketOwner=aws.account_id)
    except AwsError as error:
        if error.code == "403":
            raise PlatformError(
                f"a bucket of this name exists, but account {aws.account_id} does not own it or may not list it.",
                mend="All of AWS shares the names of buckets: choose another, or allow the caller s3:ListBucket on it.",
                resource=f"s3_bucket/{name}",
                call=error.call,
            ) from error
        if error.code == "301":
            raise _elsewhere(name, "another region", aws.region) from error
        raise
    region = (answer or {}).get("BucketRegion", aws.region)
    if region != aws.region:
        raise _elsewhere(name, region, aws.region)
    return answer is not None


def _elsewhere(name: str, found: str, wanted: str) -> PlatformError:
    return PlatformError(
        f"it exists in {found}, not in {wanted}, and a bucket cannot move.",
        mend="Choose another name, or set the region to the bucket's.",
        resource=f"s3_bucket/{name}",
    )


def _read(aws: Aws, name: str, tags: Mapping[str, str]) -> dict[str, Any]:
    def get(operation: str, missing: str = "") -> Callable[[], dict[str, Any]]:
        return lambda: aws.call_or_none("s3", operation, (missing,), Bucket=name) or {}

    versioning, encryption, block, ownership, policy, lifecycle, logging, tagging = aws.gather(
        (
            get("get_bucket_versioning"),
            get("get_bucket_encryption", "ServerSideEncryptionConfigurationNotFoundError"),
            get("get_public_access_block", "NoSuchPublicAccessBlockConfiguration"),
            get("get_bucket_ownership_controls", "OwnershipControlsNotFoundError"),
            get("get_bucket_policy", "NoSuchBucketPolicy"),
            get("get_bucket_lifecycle_configuration", "NoSuchLifecycleConfiguration"),
            get("get_bucket_logging"),
            get("get_bucket_tagging", "NoSuchTagSet"),
        )
    )
    return {
        "arn": arn(aws, name),
        "versioning": versioning.get("Status") == "Enabled",
        "encryption": _normalised_encryption(encryption),
        "public_access_block": _normalised_block(block),
        "object_ownership": _normalised_ownership(ownership),
        "policy": _policy.normalised(policy.get("Policy")).get("Statement"),
        "lifecycle_rules": _lifecycle.normalised(lifecycle.get("Rules", ())) or None,
        "logging": _normalised_logging(logging),
        "tags": managed_tags(tags_of(tagging, "TagSet"), tags),
    }


def _normalised_encryption(answer: Mapping[str, Any]) -> dict[str, Any]:
    rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules") or [{}]
    default = rules[0].get("ApplyServerSideEncryptionByDefault", {})
    algorithm = default.get("SSEAlgorithm")
    return {
        "algorithm": algorithm,
        "kms_key_arn": default.get("KMSMasterKeyID"),
        # A bucket key stands between S3 and KMS; with S3's own keys the flag says nothing.
        "bucket_key": bool(rules[0].get("BucketKeyEnabled")) and algorithm != "AES256",
        "block_sse_c": "SSE-C" in (rules[0].get("BlockedEncryptionTypes") or {}).get("EncryptionType", ()),
    }


def _normalised_block(answer: Mapping[str, Any]) -> dict[str, bool]:
    found = answer.get("PublicAccessBlockConfiguration", {})
    return {ours: bool(found.get(theirs)) for ours, theirs in BLOCKS.items()}


def _normalised_ownership(answer: Mapping[str, Any]) -> str:
    rules = answer.get("OwnershipControls", {}).get("Rules") or [{}]
    # Without ownership controls an object belongs to the account that uploaded it.
    return rules[0].get("ObjectOwnership", "ObjectWriter")


def _normalised_logging(answer: Mapping[str, Any]) -> dict[str, str] | None:
    found = answer.get("LoggingEnabled")
    return {"bucket": found["TargetBucket"], "prefix": found.get("TargetPrefix") or ""} if found else None


# -- what there should be --------------------------------------------------------------------------------------------


def _desired(params: Mapping[str, Any], document: _policy.Document) -> dict[str, Any]:
    name = params["name"]
    kms = params["encryption"] != "AES256"
    if params["kms_key_arn"] and not kms:
        raise PlatformError(
            "kms_key_arn is given, but encryption is AES256, which uses keys of S3's own.",
            mend="Set encryption: aws:kms, or leave kms_key_arn out.",
            resource=f"s3_bucket/{name}",
        )
    return {
        "versioning": params["versioning"],
        "encryption": {
            "algorithm": params["encryption"],
            "kms_key_arn": params["kms_key_arn"],
            "bucket_key": params["bucket_key"] and kms,
            "block_sse_c": params["block_sse_c"],
        },
        "public_access_block": dict.fromkeys(BLOCKS, params["block_public_access"]),
        "object_ownership": params["object_ownership"],
        "policy": _policy.normalised(document).get("Statement"),
        "lifecycle_rules": _lifecycle.desired(params["lifecycle_rules"], f"s3_bucket/{name}") or None,
        "logging": _desired_logging(params),
        "tags": dict(params["tags"]),
    }


def _desired_logging(params: Mapping[str, Any]) -> dict[str, str] | None:
    bucket = params["logging_bucket"]
    return {"bucket": bucket, "prefix": params["logging_prefix"]} if bucket else None


def _document(aws: Aws, params: Mapping[str, Any]) -> _policy.Document:
    """The bucket's policy: the TLS statements, then those given; ``{}`` when there are none."""
    given: Sequence[Mapping[str, Any]] = params["policy_statements"]
    resource = f"s3_bucket/{params['name']}"
    for number, statement in enumerate(given, start=1):
        if not statement.get("Sid") or statement["Sid"] in TLS_SIDS:
            raise PlatformError(
                f"policy_statements: statement {number} needs a Sid of its own.",
                mend=f"A plan names a statement by its Sid; {' and '.join(TLS_SIDS)} are taken by tls_only.",
                resource=resource,
            )
    statements = [*_tls_statements(aws, params), *given]
    if not statements:
        return {}
    return _policy.checked({"Version": "2012-10-17", "Statement": statements}, "policy_statements", resource)


def _tls_statements(aws: Aws, params: Mapping[str, Any]) -> list[dict[str, Any]]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html#transit"""
    if not params["tls_only"]:
        return []
    bucket = arn(aws, params["name"])
    everything = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [bucket, f"{bucket}/*"]}
    insecure, old_tls = TLS_SIDS
    statements = [{"Sid": insecure, **everything, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]
    if params["min_tls_version"]:
        too_old = {"NumericLessThan": {"s3:TlsVersion": params["min_tls_version"]}}
        statements.append({"Sid": old_tls, **everything, "Condition": too_old})
    return statements


def _impacts(before: Mapping[str, Any] | None, after: Mapping[str, Any], holds_objects: bool) -> dict[str, Impact]:
    impacts: dict[str, Impact] = {"delete": "data loss" if holds_objects else "outage"}
    if before and before["versioning"] and not after.get("versioning"):
        impacts["versioning"] = "data loss"  # from now on, what is overwritten or deleted is gone
    return impacts


# -- what leads there ------------------------------------------------------------------------------------------------


def _covered_by_create(desired: Mapping[str, Any]) -> tuple[str, ...]:
    """The attributes that a new bucket has as wanted; the ownership is given when it is made."""
    return ("object_ownership", *(key for key, value in NEW_BUCKET.items() if desired.get(key) == value))


def _create(aws: Aws, name: str, desired: Mapping[str, Any]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def run(_known: dict[str, Any]) -> dict[str, Any]:
        # The oldest region has no location constraint.
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
        region = {"CreateBucketConfiguration": {"LocationConstraint": aws.region}} if aws.region != "us-east-1" else {}
        aws.once_consistent(
            lambda: aws.call_or_none(
                "s3",
                "create_bucket",
                ("BucketAlreadyOwnedByYou",),  # an earlier answer was lost
                Bucket=name,
                ObjectOwnership=desired["object_ownership"],
                **region,
            ),
            lambda error: error.code == "OperationAborted",  # one of this name has just been deleted
        )
        return {"arn": arn(aws, name)}

    return run


def _updates(aws: Aws, name: str, desired: Mapping[str, Any], document: _policy.Document) -> tuple[Operation, ...]:
    def operation(call: str, attribute: str, **arguments: Any) -> Operation:
        def run(_known: dict[str, Any]) -> None:
            aws.once_consistent(
                lambda: aws.call("s3", call, Bucket=name, **arguments), lambda error: error.code in _NOT_YET
            )

        return Operation(iam_action("s3", call), run, covers=(attribute,))

    if not desired:
        return ()
    return (
        operation("put_bucket_ownership_controls", "object_ownership", OwnershipControls=_ownership(desired)),
        operation("put_public_access_block", "public_access_block", PublicAccessBlockConfiguration=_block(desired)),
        operation("put_bucket_encryption", "encryption", ServerSideEncryptionConfiguration=_encryption(desired)),
        operation("put_bucket_versioning", "versioning", VersioningConfiguration=_versioning(desired)),
        operation(
            "put_bucket_lifecycle_configuration",
            "lifecycle_rules",
            LifecycleConfiguration={"Rules": _lifecycle.to_aws(desired["lifecycle_rules"])},
        )
        if desired["lifecycle_rules"]
        else operation("delete_bucket_lifecycle", "lifecycle_rules"),
        Operation("s3:PutBucketTagging", lambda _known: _retag(aws, name, desired["tags"]), covers=("tags",)),
        operation("put_bucket_policy", "policy", Policy=_policy.to_json(document))
        if document
        else operation("delete_bucket_policy", "policy"),
        # After the policy, which is what lets S3 write its logs into a bucket.
        operation("put_bucket_logging", "logging", BucketLoggingStatus=_logging(desired)),
    )


def _ownership(desired: Mapping[str, Any]) -> dict[str, Any]:
    return {"Rules": [{"ObjectOwnership": desired["object_ownership"]}]}


def _block(desired: Mapping[str, Any]) -> dict[str, bool]:
    return {theirs: desired["public_access_block"][ours] for ours, theirs in BLOCKS.items()}


def _encryption(desired: Mapping[str, Any]) -> dict[str, Any]:
    wanted = desired["encryption"]
    key = {"KMSMasterKeyID": wanted["kms_key_arn"]} if wanted["kms_key_arn"] else {}
    return {
        "Rules": [
            {
                "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": wanted["algorithm"], **key},
                "BucketKeyEnabled": wanted["bucket_key"],
                # https://docs.aws.amazon.com/AmazonS3/latest/userguide/blocking-unblocking-s3-c-encryption-gpb.html
                "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C" if wanted["block_sse_c"] else "NONE"]},
            }
        ]
    }


def _versioning(desired: Mapping[str, Any]) -> dict[str, str]:
    return {"Status": "Enabled" if desired["versioning"] else "Suspended"}


def _logging(desired: Mapping[str, Any]) -> dict[str, Any]:
    wanted = desired["logging"]
    return {"LoggingEnabled": {"TargetBucket": wanted["bucket"], "TargetPrefix": wanted["prefix"]}} if wanted else {}


def _retag(aws: Aws, name: str, tags: Mapping[str, str]) -> None:
    """PutBucketTagging replaces all tags of a bucket, so those of others are sent along."""

    def run() -> None:
        found = aws.call_or_none("s3", "get_bucket_tagging", ("NoSuchTagSet",), Bucket=name) or {}
        everything = {**tags_of(found, "TagSet"), **tags}
        aws.call("s3", "put_bucket_tagging", Bucket=name, Tagging={"TagSet": tag_list(everything)})

    aws.once_consistent(run, lambda error: error.code in _NOT_YET)


# -- deleting --------------------------------------------------------------------------------------------------------


def _versions(aws: Aws, name: str, limit: int) -> list[dict[str, str]]:
    """Up to ``limit`` object versions and delete markers: ``[{"Key": ..., "VersionId": ...}]``."""
    page = aws.call("s3", "list_object_versions", Bucket=name, MaxKeys=limit)
    return [
        {"Key": item["Key"], "VersionId": item["VersionId"]}
        for item in (*page.get("Versions", ()), *page.get("DeleteMarkers", ()))
    ]


def _holds_objects(aws: Aws, name: str) -> bool:
    return bool(_versions(aws, name, 1))


def _delete(aws: Aws, name: str, empty_it: bool) -> Callable[[dict[str, Any]], None]:
    def run(_known: dict[str, Any]) -> None:
        while empty_it and (versions := _versions(aws, name, 1000)):
            answer = aws.call("s3", "delete_objects", Bucket=name, Delete={"Objects": versions, "Quiet": True})
            for error in answer.get("Errors", ()):
                raise PlatformError(
                    f"S3 does not delete {error['Key']}: {error.get('Message') or error.get('Code')}.",
                    mend="Remove what protects the object, and run again.",
                    call="s3:DeleteObjectVersion",
                )
        aws.call_or_none("s3", "delete_bucket", ("NoSuchBucket",), Bucket=name)

    return run
