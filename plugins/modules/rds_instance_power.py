#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rds_instance_power
short_description: Switches an RDS instance off and on
version_added: 0.1.0
description:
  - A stopped instance keeps its data and costs its storage alone. AWS starts it again by itself after seven days.
  - Where there is no such instance there is nothing to do.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.wait
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  name:
    description: The instance's identifier.
    type: str
    required: true
  state:
    description: What it should be.
    type: str
    choices: [running, stopped]
    required: true
  wait_timeout:
    default: 1800
"""

EXAMPLES = r"""
- name: The database sleeps
  airas.platform.rds_instance_power:
    name: airas-dev-db
    state: stopped
"""

RETURN = r"""
resources:
  description: By address (V(rds_instance/airas-dev-db)), C(state) and AWS's C(status). Empty if there is no instance.
  returned: success
  type: dict
plan:
  description: The resources that change, each with its C(action), its C(impact) and every attribute's change.
  returned: success
  type: list
  elements: dict
pending:
  description: The instance while it stops or starts, with its C(resource) and, as C(state), AWS's status.
  returned: success
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.airas.platform.plugins.module_utils import _options
from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._rds import power
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": list(power.SETTLED), "required": True},
            **_options.wait(1800),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: power.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
