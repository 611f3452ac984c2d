#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: s3_bucket
short_description: An S3 bucket with its encryption, access, policy, lifecycle and logging
version_added: 0.1.0
description:
  - Manages one bucket and plans every attribute of it.
  - An option that is left out means its default, not "as it is"; what is changed elsewhere is reported and undone.
  - Deleting a bucket with objects in it and ending its versioning count as a loss of data.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - airas.platform.tags
  - airas.platform.protection
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  name:
    description: The bucket's name. Bucket names are shared by all AWS accounts.
    type: str
    required: true
  versioning:
    description: Whether S3 keeps what is overwritten and deleted. V(false) suspends it on a bucket that had it.
    type: bool
    default: false
  encryption:
    description: How S3 encrypts new objects when the request does not say.
    type: str
    choices: [AES256, "aws:kms", "aws:kms:dsse"]
    default: AES256
  kms_key_arn:
    description: The ARN of the KMS key; without it, V(aws:kms) uses the key that AWS manages for S3.
    type: str
  bucket_key:
    description: Whether a key of the bucket stands between S3 and KMS, which saves nearly all calls of KMS.
    type: bool
    default: true
  block_sse_c:
    description:
      - Whether uploads that are encrypted with a key of the caller's own are refused.
      - An intruder who encrypts objects so holds them to ransom. New buckets refuse them since April 2026.
    type: bool
    default: true
  block_public_access:
    description: Whether all four blocks of public access are on.
    type: bool
    default: true
  object_ownership:
    description: Who owns an object that another account uploads. V(BucketOwnerEnforced) turns access control lists off.
    type: str
    choices: [BucketOwnerEnforced, BucketOwnerPreferred, ObjectWriter]
    default: BucketOwnerEnforced
  tls_only:
    description: Whether the policy denies every request that does not come over TLS.
    type: bool
    default: true
  min_tls_version:
    description: With O(tls_only), the TLS version below which requests are denied. AWS itself refuses less than 1.2.
    type: str
    choices: ["1.2", "1.3"]
  policy_statements:
    description:
      - Statements of the bucket's policy, in AWS's own form, beside those of O(tls_only).
      - Each needs a C(Sid), by which a plan names it. Other statements found in the policy are removed.
    type: list
    elements: dict
    default: []
  lifecycle_rules:
    description: What happens to objects as they grow old. Other rules found on the bucket are removed.
    type: list
    elements: dict
    default: []
    suboptions:
      id:
        description: The rule's name.
        type: str
        required: true
      enabled:
        description: Whether S3 follows the rule.
        type: bool
        default: true
      prefix:
        description: The objects that the rule is for; all of them by default.
        type: str
        default: ""
      expiration_days:
        description: Age in days at which an object is deleted (or, with versioning, becomes an old version).
        type: int
      expired_object_delete_marker:
        description: Whether a delete marker goes when no version is left behind it.
        type: bool
        default: false
      noncurrent_version_expiration_days:
        description: Days after which an old version is deleted.
        type: int
      newer_noncurrent_versions:
        description: How many old versions are kept in any case.
        type: int
      abort_incomplete_multipart_upload_days:
        description: Days after which an upload that was never completed is removed.
        type: int
      transitions:
        description: Cheaper storage classes for ageing objects.
        type: list
        elements: dict
        default: []
        suboptions: &transition
          days:
            description: Age in days.
            type: int
            required: true
          storage_class:
            description: The storage class.
            type: str
            required: true
            choices: [STANDARD_IA, ONEZONE_IA, INTELLIGENT_TIERING, GLACIER_IR, GLACIER, DEEP_ARCHIVE]
      noncurrent_version_transitions:
        description: Cheaper storage classes for old versions.
        type: list
        elements: dict
        default: []
        suboptions: *transition
  logging_bucket:
    description: The bucket that receives the server access logs; none by default.
    type: str
  logging_prefix:
    description: What the keys of the logs begin with.
    type: str
    default: ""
  force:
    description: With O(state=absent), whether the objects are deleted too, all versions of them.
    type: bool
    default: false
  keep_objects:
    description:
      - With O(state=absent), whether a bucket with objects in it stays, with a warning, unless O(confirm) names it.
      - This holds in environments without protection too.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: A bucket for state files
  airas.platform.s3_bucket:
    name: example-terraform-state-123456789012
    versioning: true
    lifecycle_rules:
      - id: old-versions
        noncurrent_version_expiration_days: 90
        abort_incomplete_multipart_upload_days: 7
    tags:
      Environment: global

- name: A bucket that a load balancer may write its logs to
  airas.platform.s3_bucket:
    name: example-logs
    policy_statements:
      - Sid: LoadBalancerLogs
        Effect: Allow
        Principal: {Service: logdelivery.elasticloadbalancing.amazonaws.com}
        Action: s3:PutObject
        Resource: arn:aws:s3:::example-logs/alb/*
        Condition:
          ArnLike:
            aws:SourceArn: arn:aws:elasticloadbalancing:ap-northeast-1:123456789012:loadbalancer/*
    lifecycle_rules:
      - id: expire
        expiration_days: 90
"""

RETURN = r"""
resources:
  description: By address (V(s3_bucket/example-logs)), the ARN and the attributes of the bucket.
  returned: success
  type: dict
plan:
  description: The resources that change, each with its C(action), its C(impact) and every attribute's change.
  returned: success
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.airas.platform.plugins.module_utils import _options
from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile
from ansible_collections.airas.platform.plugins.module_utils._s3 import bucket

TRANSITIONS = {
    "type": "list",
    "elements": "dict",
    "default": [],
    "options": {
        "days": {"type": "int", "required": True},
        "storage_class": {
            "type": "str",
            "required": True,
            "choices": ["STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"],
        },
    },
}
LIFECYCLE_RULE = {
    "id": {"type": "str", "required": True},
    "enabled": {"type": "bool", "default": True},
    "prefix": {"type": "str", "default": ""},
    "expiration_days": {"type": "int"},
    "expired_object_delete_marker": {"type": "bool", "default": False},
    "noncurrent_version_expiration_days": {"type": "int"},
    "newer_noncurrent_versions": {"type": "int"},
    "abort_incomplete_multipart_upload_days": {"type": "int"},
    "transitions": TRANSITIONS,
    "noncurrent_version_transitions": TRANSITIONS,
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "versioning": {"type": "bool", "default": False},
            "encryption": {"type": "str", "choices": ["AES256", "aws:kms", "aws:kms:dsse"], "default": "AES256"},
            "kms_key_arn": {"type": "str", "no_log": False},
            "bucket_key": {"type": "bool", "default": True, "no_log": False},
            "block_sse_c": {"type": "bool", "default": True},
            "block_public_access": {"type": "bool", "default": True},
            "object_ownership": {
                "type": "str",
                "choices": ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"],
                "default": "BucketOwnerEnforced",
            },
            "tls_only": {"type": "bool", "default": True},
            "min_tls_version": {"type": "str", "choices": ["1.2", "1.3"]},
            "policy_statements": {"type": "list", "elements": "dict", "default": []},
            "lifecycle_rules": {"type": "list", "elements": "dict", "default": [], "options": LIFECYCLE_RULE},
            "logging_bucket": {"type": "str"},
            "logging_prefix": {"type": "str", "default": ""},
            "force": {"type": "bool", "default": False},
            "keep_objects": {"type": "bool", "default": False},
            **_options.state(),
            **_options.tags(),
            **_options.protection(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: bucket.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
