#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_vault
short_description: A vault of AWS Backup with its key and access policy
version_added: 0.1.0
description:
  - Manages one backup vault. The access policy is compared by what it allows, not by how it is written.
  - A vault that holds recovery points is never deleted, by AWS neither. Recovery points are not touched here.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - airas.platform.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  name:
    description: The vault's name.
    type: str
    required: true
  kms_key_arn:
    description:
      - The KMS key; without one AWS uses the key that it manages. It cannot be changed afterwards.
      - Recovery points of RDS are encrypted with the key of the instance, whatever the vault's key is.
    type: str
  policy:
    description: Who may do what with the vault and its recovery points, as a policy document; none if empty.
    type: dict
    default: {}
  keep_filled:
    description:
      - With O(state=absent), whether a vault that holds recovery points stays, with a warning, instead of being
        refused.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: A vault from which nobody deletes
  airas.platform.backup_vault:
    name: airas-prod-db
    policy:
      Version: "2012-10-17"
      Statement:
        - Effect: Deny
          Principal: "*"
          Action: [backup:DeleteRecoveryPoint, backup:UpdateRecoveryPointLifecycle]
          Resource: "*"
    tags:
      Environment: prod
"""

RETURN = r"""
resources:
  description: By address (V(backup_vault/airas-prod-db)), C(arn), C(recovery_points) and the attributes of the vault.
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
from ansible_collections.airas.platform.plugins.module_utils._backup import vault
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "kms_key_arn": {"type": "str", "no_log": False},
            "policy": {"type": "dict", "default": {}},
            "keep_filled": {"type": "bool", "default": False},
            **_options.state(),
            **_options.tags(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: vault.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
