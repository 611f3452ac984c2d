#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rds_restore
short_description: An RDS instance restored beside the one that its data comes from
version_added: 0.1.0
description:
  - Restores a snapshot, or the state of an instance at a moment, into an instance of another name, which is
    unprotected and meant to go again.
  - RDS manages the password of its master user, which is another one than that of the source.
  - Removes nothing but instances that it restored from the same source; they carry the tag C(RestoredFrom).
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - airas.platform.tags
  - airas.platform.wait
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  name:
    description: The restored instance's name.
    type: str
    required: true
  source:
    description: The name of the instance that the data comes from.
    type: str
    required: true
  snapshot:
    description: >-
      A snapshot to restore; the newest moment that can be restored unless this or O(restore_time) is given.
    type: str
  restore_time:
    description: A moment with its zone, such as V(2026-03-01T12:00:00+09:00).
    type: str
  instance_class:
    description: The class; the source's unless given.
    type: str
  subnet_group:
    description: The DB subnet group.
    type: str
  security_group_ids:
    description: The security groups.
    type: list
    elements: str
    default: []
  parameter_group:
    description: The DB parameter group; AWS's own for the engine unless given.
    type: str
  wait_timeout:
    description: How long to wait, in seconds.
    type: int
    default: 7200
"""

EXAMPLES = r"""
- name: The newest state, beside the live one
  airas.platform.rds_restore:
    name: airas-dev-db-drill
    source: airas-dev-db
    subnet_group: airas-dev-db
    security_group_ids: [sg-0a1b2c3d4e5f60718]
"""

RETURN = r"""
resources:
  description: >-
    By address (V(db_instance/airas-dev-db-drill)), C(arn), C(status), C(endpoint), C(port) and
    C(master_secret_arn).
  returned: success
  type: dict
plan:
  description: The resources that change, each with its C(action), its C(impact) and every attribute's change.
  returned: success
  type: list
  elements: dict
pending:
  description: What AWS is still at work on, each with its C(resource) and C(state).
  returned: success
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.airas.platform.plugins.module_utils import _options
from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._rds import restore
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "source": {"type": "str", "required": True},
            "snapshot": {"type": "str"},
            "restore_time": {"type": "str"},
            "instance_class": {"type": "str"},
            "subnet_group": {"type": "str"},
            "security_group_ids": {"type": "list", "elements": "str", "default": []},
            "parameter_group": {"type": "str"},
            **_options.state(),
            **_options.tags(),
            **_options.wait(7200),
        },
        mutually_exclusive=[("snapshot", "restore_time")],
        supports_check_mode=True,
    )
    reconcile(module, lambda: restore.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
