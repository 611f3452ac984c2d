#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rds_snapshot
short_description: A manual snapshot of an RDS instance
version_added: 0.1.0
description:
  - Takes one snapshot, once. It stays until it is removed, also when the instance is gone.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.protection
  - airas.platform.state
  - airas.platform.tags
  - airas.platform.wait
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  name:
    description: The snapshot's name.
    type: str
    required: true
  instance:
    description: The instance.
    type: str
  wait_timeout:
    description: How long to wait, in seconds.
    type: int
    default: 7200
"""

EXAMPLES = r"""
- name: Before something risky
  airas.platform.rds_snapshot:
    name: airas-dev-db-before-release-7
    instance: airas-dev-db
"""

RETURN = r"""
resources:
  description: >-
    By address (V(db_snapshot/airas-dev-db-before-release-7)), C(arn), C(status), C(taken) and the attributes of the
    snapshot.
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
from ansible_collections.airas.platform.plugins.module_utils._rds import snapshot
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "instance": {"type": "str"},
            **_options.protection(),
            **_options.state(),
            **_options.tags(),
            **_options.wait(7200),
        },
        required_if=[("state", "present", ("instance",))],
        supports_check_mode=True,
    )
    reconcile(module, lambda: snapshot.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
