#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: account_settings
short_description: Security switches of an AWS account that cost nothing
version_added: 0.1.0
description:
  - Manages switches that hold for everything in the account, or in the account in one region (those of EC2).
  - Only the options that are given are managed. With O(state=absent) each of them goes back to AWS's own default.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  state:
    description: V(absent) puts AWS's own default back for each option that is given, whatever its value.
    type: str
    choices: [present, absent]
    default: present
  ebs_encryption:
    description: Whether new EBS volumes and snapshots in the region are encrypted.
    type: bool
  ebs_kms_key_arn:
    description: The ARN of the KMS key for them, instead of the key that AWS manages for EBS.
    type: str
  snapshot_public_access:
    description:
      - Whether EBS snapshots in the region can be shared with everyone.
      - V(block-all-sharing) also ends the public sharing of those that are shared now.
    type: str
    choices: [block-all-sharing, block-new-sharing, unblocked]
  image_public_access:
    description:
      - Whether AMIs in the region can be shared with everyone.
      - AWS may take ten minutes until it shows a change; until then a run reports it again.
    type: str
    choices: [block-new-sharing, unblocked]
  instance_metadata:
    description: Defaults of the instance metadata service in the region; what is left out is no preference.
    type: dict
    suboptions:
      http_tokens:
        description: With V(required), only IMDSv2.
        type: str
        choices: [required, optional]
      http_put_response_hop_limit:
        description: How many network hops an answer may take, 1 to 64. Containers behind a bridge need 2.
        type: int
      http_endpoint:
        description: Whether there is a metadata service at all.
        type: str
        choices: [enabled, disabled]
      instance_metadata_tags:
        description: Whether an instance can read its own tags there.
        type: str
        choices: [enabled, disabled]
  serial_console:
    description: Whether EC2 instances in the region can be reached at their serial console.
    type: bool
  s3_block_public_access:
    description: Whether no bucket of the account, in any region, can be made public.
    type: bool
  password_policy:
    description: What the passwords of IAM users must be like.
    type: dict
    suboptions:
      minimum_length:
        description: Number of characters, 6 to 128.
        type: int
        default: 14
      require_symbols:
        description: Whether a symbol is needed.
        type: bool
        default: true
      require_numbers:
        description: Whether a digit is needed.
        type: bool
        default: true
      require_uppercase:
        description: Whether a capital letter is needed.
        type: bool
        default: true
      require_lowercase:
        description: Whether a small letter is needed.
        type: bool
        default: true
      allow_users_to_change:
        description: Whether users may change their own.
        type: bool
        default: true
      max_age_days:
        description: Days after which a password expires, 1 to 1095; never by default.
        type: int
      reuse_prevention:
        description: How many earlier passwords may not come back, 1 to 24.
        type: int
        default: 24
      hard_expiry:
        description: Whether a user whose password has expired is locked out until somebody helps.
        type: bool
        default: false
"""

EXAMPLES = r"""
- name: The free switches
  airas.platform.account_settings:
    ebs_encryption: true
    snapshot_public_access: block-all-sharing
    image_public_access: block-new-sharing
    instance_metadata: {http_tokens: required, http_put_response_hop_limit: 2}
    serial_console: false
    s3_block_public_access: true
    password_policy: {minimum_length: 14}
"""

RETURN = r"""
resources:
  description: By address (V(ebs_encryption_by_default/ap-northeast-1)), the position of each switch.
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
from ansible_collections.airas.platform.plugins.module_utils._account import settings
from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile

INSTANCE_METADATA = {
    "http_tokens": {"type": "str", "choices": ["required", "optional"], "no_log": False},
    "http_put_response_hop_limit": {"type": "int"},
    "http_endpoint": {"type": "str", "choices": ["enabled", "disabled"]},
    "instance_metadata_tags": {"type": "str", "choices": ["enabled", "disabled"]},
}
PASSWORD_POLICY = {
    "minimum_length": {"type": "int", "default": 14},
    "require_symbols": {"type": "bool", "default": True},
    "require_numbers": {"type": "bool", "default": True},
    "require_uppercase": {"type": "bool", "default": True},
    "require_lowercase": {"type": "bool", "default": True},
    "allow_users_to_change": {"type": "bool", "default": True},
    "max_age_days": {"type": "int"},
    "reuse_prevention": {"type": "int", "default": 24},
    "hard_expiry": {"type": "bool", "default": False},
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "ebs_encryption": {"type": "bool"},
            "ebs_kms_key_arn": {"type": "str", "no_log": False},
            "snapshot_public_access": {
                "type": "str",
                "choices": ["block-all-sharing", "block-new-sharing", "unblocked"],
            },
            "image_public_access": {"type": "str", "choices": ["block-new-sharing", "unblocked"]},
            "instance_metadata": {"type": "dict", "options": INSTANCE_METADATA},
            "serial_console": {"type": "bool"},
            "s3_block_public_access": {"type": "bool"},
            "password_policy": {"type": "dict", "options": PASSWORD_POLICY, "no_log": False},
            **_options.state(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: settings.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
