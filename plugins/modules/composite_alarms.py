#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: composite_alarms
short_description: CloudWatch alarms over the states of other alarms
version_added: 0.1.0
description:
  - Manages any number of composite alarms in one call. The alarms that their rules name have to exist.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.alarms
  - airas.platform.plan
  - airas.platform.state
  - airas.platform.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  alarms:
    description: The alarms.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The alarm's name. Metric alarms share the names.
        type: str
        required: true
      description:
        description: What it means, for whoever gets it.
        type: str
        default: ""
      actions_enabled:
        description: Whether the actions are carried out.
        type: bool
        default: true
      alarm_actions:
        description: ARNs of what is told when the alarm begins, up to five.
        type: list
        elements: str
        default: []
      ok_actions:
        description: ARNs of what is told when it ends.
        type: list
        elements: str
        default: []
      insufficient_data_actions:
        description: ARNs of what is told when there is too little data.
        type: list
        elements: str
        default: []
      rule:
        description:
          - The rule, such as V(ALARM("airas-dev-ecs-cpu") AND NOT ALARM("airas-dev-deploying")). White space in it
            means nothing.
          - Required unless the alarm is to be absent.
        type: str
      suppressor:
        description: An alarm that keeps this one's actions back while it is in ALARM.
        type: dict
        suboptions:
          alarm:
            description: The name or ARN of that alarm.
            type: str
            required: true
          wait_s:
            description: How long this alarm waits for that one to begin, in seconds.
            type: int
            default: 120
          extension_s:
            description: How long it keeps its actions back after that one has ended, in seconds.
            type: int
            default: 180
"""

EXAMPLES = r"""
- name: One message when the whole service is ill
  airas.platform.composite_alarms:
    alarms:
      - name: airas-dev-service
        rule: ALARM("airas-dev-alb-5xx") AND ALARM("airas-dev-unhealthy-hosts")
        alarm_actions: [arn:aws:sns:ap-northeast-1:111122223333:airas-dev-alarms]
    tags:
      Environment: dev
"""

RETURN = r"""
resources:
  description: By address (V(composite_alarm/airas-dev-service)), C(arn), C(alarm_state) and attributes of each.
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
from ansible_collections.airas.platform.plugins.module_utils._cloudwatch import composite_alarms
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile

SUPPRESSOR = {
    "alarm": {"type": "str", "required": True},
    "wait_s": {"type": "int", "default": 120},
    "extension_s": {"type": "int", "default": 180},
}
ALARM = {
    **_options.alarm(),
    "rule": {"type": "str"},
    "suppressor": {"type": "dict", "options": SUPPRESSOR},
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            **_options.alarms(ALARM),
            **_options.state(),
            **_options.tags(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: composite_alarms.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
