#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rds_parameter_group
short_description: Parameters of RDS instances
version_added: 0.1.0
description:
  - Manages one DB parameter group. Only the parameters that are listed are compared; all others are AWS's.
  - A parameter that RDS calls dynamic takes effect at once, a static one with the next restart of each instance, which
    the plan calls C(restart). Nothing is restarted here; M(airas.platform.rds_instance) says when a parameter waits,
    and restarts for it when told to.
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
    description: The group's name, in lower case.
    type: str
    required: true
  family:
    description: Engine and major version, such as V(postgres16); cannot be changed afterwards.
    type: str
  description:
    description: What it is for. C(Parameters of <name>) unless given.
    type: str
  parameters:
    description: Values by parameter. Yes and no become C(1) and C(0).
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: The database's parameters
  airas.platform.rds_parameter_group:
    name: airas-dev-db-postgres16
    family: postgres16
    parameters:
      rds.force_ssl: true
      log_min_duration_statement: 1000
"""

RETURN = r"""
resources:
  description: By address (V(db_parameter_group/airas-dev-db-postgres16)), C(arn) and the attributes of the group.
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
from ansible_collections.airas.platform.plugins.module_utils._rds import parameter_group
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "family": {"type": "str"},
            "description": {"type": "str"},
            "parameters": {"type": "dict", "default": {}},
            **_options.state(),
            **_options.tags(),
        },
        required_if=[("state", "present", ("family",))],
        supports_check_mode=True,
    )
    reconcile(module, lambda: parameter_group.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
