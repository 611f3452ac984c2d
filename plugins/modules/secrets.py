#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: secrets
short_description: Secrets of AWS Secrets Manager, without their values
version_added: 0.1.0
description:
  - Manages any number of secrets in one call as containers. Their values are neither read nor written;
    M(airas.platform.secret_values) writes them.
  - A secret whose deletion is scheduled is restored, with its value, when it is wanted again.
  - Removing a secret schedules its deletion and counts as loss of data.
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
  secrets:
    description: The secrets.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The secret's name, such as V(airas-dev/openai-api-key); also its C(Name) tag.
        type: str
        required: true
      description:
        description: What the secret is for.
        type: str
        default: ""
      policy:
        description: The resource policy, compared by what it allows. AWS refuses one that opens it to the public.
        type: dict
      recovery_window_days:
        description: How long a deletion can be taken back, in days, from 7 to 30.
        type: int
        default: 30
  kms_key_id:
    description: ARN of the KMS key that encrypts the secrets. Without it, AWS's own key does.
    type: str
"""

EXAMPLES = r"""
- name: Containers for two keys
  airas.platform.secrets:
    secrets:
      - name: airas-dev/openai-api-key
        description: OPENAI_API_KEY of airas-dev
      - name: airas-dev/anthropic-api-key
    kms_key_id: arn:aws:kms:ap-northeast-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab
    tags:
      Environment: dev

- name: Delete one in a week
  airas.platform.secrets:
    secrets:
      - name: airas-dev/openai-api-key
        recovery_window_days: 7
    state: absent
"""

RETURN = r"""
resources:
  description:
    - By address (V(secret/airas-dev/openai-api-key)), the C(arn) and attributes of each secret, and whether it
      C(has_value).
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
from ansible_collections.airas.platform.plugins.module_utils._secrets import containers

SECRET = {
    "name": {"type": "str", "required": True},
    "description": {"type": "str", "default": ""},
    "policy": {"type": "dict"},
    "recovery_window_days": {"type": "int", "default": 30},
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "secrets": {"type": "list", "elements": "dict", "required": True, "options": SECRET, "no_log": False},
            "kms_key_id": {"type": "str"},
            **_options.protection(),
            **_options.state(),
            **_options.tags(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: containers.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
