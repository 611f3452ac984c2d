#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: elasticache_subnet_group
short_description: A cache subnet group of ElastiCache
version_added: 0.1.0
description:
  - Manages the group of subnets in which caches may stand.
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
  subnet_ids:
    description: The subnets, all of one VPC; needed unless O(state=absent).
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: The private subnets
  airas.platform.elasticache_subnet_group:
    name: airas-dev-redis
    subnet_ids: [subnet-0a1b2c3d4e5f60718, subnet-0b1c2d3e4f5061728]
"""

RETURN = r"""
resources:
  description: By address (V(cache_subnet_group/airas-dev-redis)), the ARN and the attributes of the group.
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
from ansible_collections.airas.platform.plugins.module_utils._elasticache import subnet_group
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            **_options.elasticache_group(),
            "subnet_ids": {"type": "list", "elements": "str", "default": []},
            **_options.state(),
            **_options.tags(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: subnet_group.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
