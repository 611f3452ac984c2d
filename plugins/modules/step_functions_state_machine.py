#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: step_functions_state_machine
short_description: A Step Functions state machine with its logging and tracing
version_added: 0.1.0
description:
  - The definition is compared by what it means, not by how it is written.
  - A machine that is deleted lets its executions end first, and this waits for that.
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
    description: The state machine's name.
    type: str
    required: true
  type:
    description: Its type; cannot be changed afterwards.
    type: str
    choices: [STANDARD, EXPRESS]
    default: STANDARD
  definition:
    description:
      - What it does, in the Amazon States Language. Required with O(state=present).
      - Whoever may read the state machine reads this, so it must not hold a secret.
    type: dict
  role_arn:
    description: The role that it acts as. Required with O(state=present).
    type: str
  log_level:
    description: Which events are logged.
    type: str
    choices: ["OFF", ERROR, ALL, FATAL]
    default: "OFF"
  log_group_arn:
    description: The log group's ARN. A group below C(/aws/vendedlogs/states/) needs no resource policy of its own.
    type: str
  log_execution_data:
    description: Whether inputs and outputs are logged, too.
    type: bool
    default: false
  tracing:
    description: Whether executions are traced with X-Ray.
    type: bool
    default: false
  wait_timeout:
    default: 900
"""

EXAMPLES = r"""
- name: The state machine
  airas.platform.step_functions_state_machine:
    name: airas-dev-task
    definition:
      StartAt: Wait
      States:
        Wait: {Type: Wait, Seconds: 5, End: true}
    role_arn: arn:aws:iam::427979936961:role/airas-dev-workflow
    tags:
      Environment: dev
      ManagedBy: airas.platform
"""

RETURN = r"""
resources:
  description: By address (V(step_functions_state_machine/airas-dev-task)), C(arn), C(status) and the attributes.
  returned: success
  type: dict
plan:
  description: The resources that change, each with its C(action), its C(impact) and every attribute's change.
  returned: success
  type: list
  elements: dict
pending:
  description: The machine while its executions end before it is gone.
  returned: success
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.airas.platform.plugins.module_utils import _options
from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile
from ansible_collections.airas.platform.plugins.module_utils._states import machine


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "type": {"type": "str", "choices": list(machine.TYPES), "default": "STANDARD"},
            "definition": {"type": "dict"},
            "role_arn": {"type": "str"},
            "log_level": {"type": "str", "choices": list(machine.LEVELS), "default": "OFF"},
            "log_group_arn": {"type": "str"},
            "log_execution_data": {"type": "bool", "default": False},
            "tracing": {"type": "bool", "default": False},
            **_options.state(),
            **_options.tags(),
            **_options.wait(900),
        },
        required_if=[("state", "present", ("definition", "role_arn"))],
        supports_check_mode=True,
    )
    reconcile(module, lambda: machine.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
