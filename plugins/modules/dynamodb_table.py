#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: dynamodb_table
short_description: A DynamoDB table with its backups, protection, encryption and expiry
version_added: 0.1.0
description:
  - Manages one table and plans every attribute of it.
  - Deleting the table, ending its deletion protection, and less time to recover count as a loss of data.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - airas.platform.tags
  - airas.platform.protection
  - airas.platform.wait
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  name:
    description: The table's name.
    type: str
    required: true
  hash_key:
    description: The attribute by which items are spread. AWS cannot change the key of a table.
    type: str
  hash_key_type:
    description: String, number or binary.
    type: str
    choices: [S, N, B]
    default: S
  range_key:
    description: The attribute by which items of one hash key are sorted; none by default.
    type: str
  range_key_type:
    description: String, number or binary.
    type: str
    choices: [S, N, B]
    default: S
  billing_mode:
    description: Whether each request is paid for, or a capacity that is set aside.
    type: str
    choices: [PAY_PER_REQUEST, PROVISIONED]
    default: PAY_PER_REQUEST
  read_capacity:
    description: With V(PROVISIONED), read units a second.
    type: int
  write_capacity:
    description: With V(PROVISIONED), write units a second.
    type: int
  table_class:
    description: Whether storage or requests are the cheaper part.
    type: str
    choices: [STANDARD, STANDARD_INFREQUENT_ACCESS]
    default: STANDARD
  point_in_time_recovery:
    description: Whether the table can be restored to any second of the last O(recovery_period_days) days.
    type: bool
    default: false
  recovery_period_days:
    description: How far back, 1 to 35 days.
    type: int
    default: 35
  deletion_protection:
    description:
      - Whether AWS refuses to delete the table. Left out, it stays as it is.
      - With O(state=absent) a protected table is deleted only if this is V(false).
    type: bool
  kms_key_arn:
    description: The ARN of the KMS key that encrypts the table; by default a key of AWS's own, free of charge.
    type: str
  ttl_attribute:
    description: The attribute that holds the time, in epoch seconds, after which DynamoDB may delete an item.
    type: str
  wait_timeout:
    default: 600
"""

EXAMPLES = r"""
- name: A table of locks
  airas.platform.dynamodb_table:
    name: example-lock
    hash_key: LockID
    point_in_time_recovery: true
    deletion_protection: true
    ttl_attribute: expires_at

- name: Delete it, protected as it is
  airas.platform.dynamodb_table:
    name: example-lock
    deletion_protection: false
    state: absent
"""

RETURN = r"""
resources:
  description: By address (V(dynamodb_table/example-lock)), the ARN, the status and the attributes of the table.
  returned: success
  type: dict
plan:
  description: The resources that change, each with its C(action), its C(impact) and every attribute's change.
  returned: success
  type: list
  elements: dict
pending:
  description: The table and its state, as long as AWS is at work on it.
  returned: success
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.airas.platform.plugins.module_utils import _options
from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._dynamodb import table
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "hash_key": {"type": "str", "no_log": False},
            "hash_key_type": {"type": "str", "choices": ["S", "N", "B"], "default": "S", "no_log": False},
            "range_key": {"type": "str", "no_log": False},
            "range_key_type": {"type": "str", "choices": ["S", "N", "B"], "default": "S", "no_log": False},
            "billing_mode": {
                "type": "str",
                "choices": ["PAY_PER_REQUEST", "PROVISIONED"],
                "default": "PAY_PER_REQUEST",
            },
            "read_capacity": {"type": "int"},
            "write_capacity": {"type": "int"},
            "table_class": {
                "type": "str",
                "choices": ["STANDARD", "STANDARD_INFREQUENT_ACCESS"],
                "default": "STANDARD",
            },
            "point_in_time_recovery": {"type": "bool", "default": False},
            "recovery_period_days": {"type": "int", "default": 35},
            "deletion_protection": {"type": "bool"},
            "kms_key_arn": {"type": "str", "no_log": False},
            "ttl_attribute": {"type": "str"},
            **_options.state(),
            **_options.tags(),
            **_options.protection(),
            **_options.wait(600),
        },
        required_if=[
            ("state", "present", ["hash_key"]),
            ("billing_mode", "PROVISIONED", ["read_capacity", "write_capacity"]),
        ],
        supports_check_mode=True,
    )
    reconcile(module, lambda: table.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
