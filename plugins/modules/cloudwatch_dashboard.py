#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudwatch_dashboard
short_description: A CloudWatch dashboard
version_added: 0.1.0
description:
  - Manages one dashboard. Its body is compared by what it shows; a plan names the widget that changes, by its title.
  - AWS keeps no tags of dashboards.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  name:
    description: The dashboard's name, such as V(airas-dev).
    type: str
    required: true
  body:
    description:
      - What it shows, as CloudWatch's dashboard body with C(widgets).
      - Required unless the dashboard is to be absent.
    type: dict
"""

EXAMPLES = r"""
- name: A dashboard with one graph
  airas.platform.cloudwatch_dashboard:
    name: airas-dev
    body:
      widgets:
        - type: metric
          x: 0
          y: 0
          width: 12
          height: 6
          properties:
            title: CPU
            region: ap-northeast-1
            metrics: [[AWS/ECS, CPUUtilization, ClusterName, airas-dev-cluster, ServiceName, airas-dev-backend]]
"""

RETURN = r"""
resources:
  description: By address (V(cloudwatch_dashboard/airas-dev)), the C(arn) and the C(body) with its widgets by title.
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
from ansible_collections.airas.platform.plugins.module_utils._cloudwatch import dashboard
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "body": {"type": "dict"},
            **_options.state(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: dashboard.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
