#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: elasticache_parameter_group
short_description: A cache parameter group of ElastiCache
version_added: 0.1.0
description:
  - Manages the parameters in which a group differs from its family, every family of Redis OSS and Valkey included.
  - A parameter that is not named here has the family's value.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.elasticache_group
  - airas.platform.plan
  - airas.platform.state
  - airas.platform.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  family:
    description: The engine with its major version, such as V(redis7) or V(valkey8); needed unless O(state=absent).
    type: str
  parameters:
    description: The parameters.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: A queue loses nothing when the memory is full
  airas.platform.elasticache_parameter_group:
    name: airas-dev-redis-redis7
    family: redis7
    parameters:
      maxmemory-policy: noeviction
"""

RETURN = r"""
resources:
  description: By address (V(cache_parameter_group/airas-dev-redis-redis7)), the ARN and the attributes of the group.
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
from ansible_collections.airas.platform.plugins.module_utils._elasticache import parameter_group
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            **_options.elasticache_group(),
            "family": {"type": "str"},
            "parameters": {"type": "dict", "default": {}},
            **_options.state(),
            **_options.tags(),
        },
        required_if=[("state", "present", ["family"])],
        supports_check_mode=True,
    )
    reconcile(module, lambda: parameter_group.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
