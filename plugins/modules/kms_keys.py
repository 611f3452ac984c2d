#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: kms_keys
short_description: KMS keys that encrypt, known by their aliases
version_added: 0.1.0
description:
  - Manages any number of customer managed, symmetric KMS keys in one call, each found by its alias; a key that carries
    all the tags of the call but has lost the alias, or never got it, is found by them.
  - A key whose deletion is scheduled is kept and enabled again when it is wanted.
  - Removing a key schedules its deletion and counts as loss of data, because what it encrypted can never be read again.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.protection
  - airas.platform.state
  - airas.platform.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  keys:
    description: The keys.
    type: list
    elements: dict
    required: true
    suboptions:
      alias:
        description: The key's alias without C(alias/), such as V(airas-dev); also its C(Name) tag.
        type: str
        required: true
      description:
        description: What the key encrypts.
        type: str
        default: ""
      policy:
        description:
          - The key policy. It is compared by what it allows.
          - Without it the key has AWS's default policy, which leaves all decisions to IAM policies of the account.
        type: dict
      rotation_period_days:
        description: How often AWS makes new key material, in days, from 90 to 2560; V(0) turns rotation off.
        type: int
        default: 365
      multi_region:
        description:
          - Whether the key can be replicated to other regions.
          - AWS cannot change it on an existing key; the module refuses to try.
        type: bool
        default: false
      deletion_window_days:
        description: How long a deletion can be taken back, in days, from 7 to 30.
        type: int
        default: 30
"""

EXAMPLES = r"""
- name: A key for secrets
  airas.platform.kms_keys:
    keys:
      - alias: airas-dev-secrets
        description: Secrets of airas-dev
        policy:
          Version: "2012-10-17"
          Statement:
            - Sid: Administer
              Effect: Allow
              Principal: {AWS: "arn:aws:iam::111122223333:root"}
              Action: kms:*
              Resource: "*"
    tags:
      Environment: dev

- name: Delete the key in 30 days
  airas.platform.kms_keys:
    keys:
      - alias: airas-dev-secrets
    state: absent
"""

RETURN = r"""
resources:
  description: By address (V(kms_key/airas-dev-secrets)), the C(id), C(arn) and attributes of each key.
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
from ansible_collections.airas.platform.plugins.module_utils._kms import keys
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile

KEY = {
    "alias": {"type": "str", "required": True},
    "description": {"type": "str", "default": ""},
    "policy": {"type": "dict"},
    "rotation_period_days": {"type": "int", "default": 365},
    "multi_region": {"type": "bool", "default": False},
    "deletion_window_days": {"type": "int", "default": 30},
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "keys": {"type": "list", "elements": "dict", "required": True, "options": KEY, "no_log": False},
            **_options.protection(),
            **_options.state(),
            **_options.tags(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: keys.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
