#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: log_metric_filters
short_description: Metrics that CloudWatch Logs makes of log lines
version_added: 0.1.0
description:
  - Manages any number of metric filters in one call. Their log groups have to exist.
  - AWS keeps no tags of them.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  filters:
    description: The filters.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The filter's name, unique in its log group.
        type: str
        required: true
      log_group:
        description: The log group whose lines are counted.
        type: str
        required: true
      pattern:
        description: Which lines, as CloudWatch Logs' filter pattern; all lines if empty.
        type: str
        default: ""
      namespace:
        description: The metric's namespace, any but those that begin with C(AWS/).
        type: str
      metric:
        description: The metric's name.
        type: str
      value:
        description: What a line counts for, a number or a field of the pattern such as V($.size).
        type: str
        default: "1"
      default_value:
        description: What a period with lines of which none matches counts for; without it there is no data then.
        type: float
      unit:
        description: The metric's unit, such as V(Count).
        type: str
        default: "None"
"""

EXAMPLES = r"""
- name: Count the application's errors
  airas.platform.log_metric_filters:
    filters:
      - name: errors
        log_group: /ecs/airas-dev-backend
        pattern: '?ERROR ?CRITICAL'
        namespace: airas-dev
        metric: ApplicationErrors
        default_value: 0
        unit: Count
"""

RETURN = r"""
resources:
  description: By address (V(log_metric_filter//ecs/airas-dev-backend errors)), the C(pattern) and the C(metric).
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
from ansible_collections.airas.platform.plugins.module_utils._logs import metric_filters
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile

FILTER = {
    "name": {"type": "str", "required": True},
    "log_group": {"type": "str", "required": True},
    "pattern": {"type": "str", "default": ""},
    "namespace": {"type": "str"},
    "metric": {"type": "str"},
    "value": {"type": "str", "default": "1"},
    "default_value": {"type": "float"},
    "unit": {"type": "str", "default": "None"},
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "filters": {"type": "list", "elements": "dict", "required": True, "options": FILTER},
            **_options.state(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: metric_filters.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
