#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: ssm_parameters
short_description: Secrets of Parameter Store, without their values
version_added: 0.1.0
description:
  - Tags, checks and removes parameters that exist. Parameter Store knows no parameter without a value, which is why
    M(airas.platform.secret_values) makes them, and one that has no value yet is no difference here.
  - Warns of a parameter that is not encrypted, or with another key than it should be; values are never read.
  - Removing a parameter counts as loss of data.
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
  parameters:
    description: The parameters.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The parameter's name, such as V(/airas-dev/wandb-api-key); also its C(Name) tag.
        type: str
        required: true
  kms_key_id:
    description: ARN of the KMS key that should encrypt the parameters.
    type: str
"""

EXAMPLES = r"""
- name: Tags of a parameter
  airas.platform.ssm_parameters:
    parameters:
      - name: /airas-dev/wandb-api-key
    tags:
      Environment: dev

- name: No such parameter any more
  airas.platform.ssm_parameters:
    parameters:
      - name: /airas-dev/wandb-api-key
    state: absent
"""

RETURN = r"""
resources:
  description:
    - By address (V(parameter//airas-dev/wandb-api-key)), the C(arn) and attributes of each parameter that exists.
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
from ansible_collections.airas.platform.plugins.module_utils._secrets import parameters


def main() -> None:
    options = {"name": {"type": "str", "required": True}}
    module = AnsibleAWSModule(
        argument_spec={
            "parameters": {"type": "list", "elements": "dict", "required": True, "options": options},
            "kms_key_id": {"type": "str"},
            **_options.protection(),
            **_options.state(),
            **_options.tags(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: parameters.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
