#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: secret_values
short_description: Values of secrets, written and never read
version_added: 0.1.0
description:
  - Writes values of secrets into Secrets Manager and Parameter Store, and tells which have none, or too old a one.
  - A value is never read, not even to compare it. One that is there is overwritten only where O(values[].overwrite)
    says so, and then on every run.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  values:
    description: The values.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the secret, such as V(airas-dev/openai-api-key), or parameter, V(/airas-dev/wandb-api-key).
        type: str
        required: true
      store:
        description:
          - Where it is kept.
          - In V(secrets_manager) the secret exists already, made by M(airas.platform.secrets). In V(parameter_store) a
            parameter is made with its first value, as a C(SecureString) of the standard tier.
        type: str
        choices: [secrets_manager, parameter_store]
        required: true
      value:
        description: The value to write. Without it nothing is written, and the result tells the status.
        type: str
      overwrite:
        description: Whether to write over a value that is there.
        type: bool
        default: false
      max_age_days:
        description: After how many days a value is too old; V(0) for never.
        type: int
        default: 0
  kms_key_id:
    description: ARN of the KMS key that encrypts parameters. Without it, AWS's own key does.
    type: str
"""

EXAMPLES = r"""
- name: Two values
  airas.platform.secret_values:
    values:
      - name: airas-dev/openai-api-key
        store: secrets_manager
        value: "{{ lookup('ansible.builtin.env', 'AIRAS_SECRET_OPENAI_API_KEY') }}"
      - name: /airas-dev/wandb-api-key
        store: parameter_store
        value: "{{ vaulted_wandb_api_key }}"
  no_log: true

- name: Is it set?
  airas.platform.secret_values:
    values:
      - name: airas-dev/openai-api-key
        store: secrets_manager
        max_age_days: 180
"""

RETURN = r"""
resources:
  description:
    - By address (V(secret_value/airas-dev/openai-api-key)), the C(store) of each, its C(status) (V(unset), V(set) or
      V(too old)), its C(age_days), and whether a value that was given was C(kept) out because there is one.
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
from ansible_collections.airas.platform.plugins.module_utils._secrets import values

VALUE = {
    "name": {"type": "str", "required": True},
    "store": {"type": "str", "choices": list(values.STORES), "required": True},
    "value": {"type": "str", "no_log": True},
    "overwrite": {"type": "bool", "default": False},
    "max_age_days": {"type": "int", "default": 0},
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "values": {"type": "list", "elements": "dict", "required": True, "options": VALUE},
            "kms_key_id": {"type": "str"},
            **_options.tags(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: values.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
