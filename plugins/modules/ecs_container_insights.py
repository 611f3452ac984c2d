#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_container_insights
short_description: Container Insights of ECS clusters that are made from now on
version_added: 0.1.0
description:
  - Sets what CloudWatch measures of the containers of clusters that are made from now on.
  - V(enabled) and V(enhanced) cost money for each metric; V(enhanced) also measures single tasks and containers.
  - The account's default holds in one region. O(state=absent) puts AWS's own default back, V(disabled).
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  account_default:
    description: What those clusters have.
    type: str
    choices: [disabled, enabled, enhanced]
    required: true
seealso:
  - module: airas.platform.ecs_cluster
"""

EXAMPLES = r"""
- name: Every new cluster is measured
  airas.platform.ecs_container_insights:
    account_default: enabled
"""

RETURN = r"""
resources:
  description: By address (V(ecs_account_setting/containerInsights)), the C(value).
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
from ansible_collections.airas.platform.plugins.module_utils._ecs import container_insights
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "account_default": {"type": "str", "choices": list(container_insights.LEVELS), "required": True},
            **_options.state(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: container_insights.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
