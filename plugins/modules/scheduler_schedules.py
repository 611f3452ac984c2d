#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: scheduler_schedules
short_description: A group of EventBridge Scheduler with its schedules
version_added: 0.1.0
description:
  - Manages a schedule group and schedules in it, all in one call.
  - Schedules of the group that are not listed are left alone, unless O(purge) says otherwise.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - airas.platform.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  group:
    description: The schedule group's name. It carries the tags, because schedules have none.
    type: str
    required: true
  manage_group:
    description:
      - Whether the group is managed, too. With O(state=absent) it goes with every schedule in it.
    type: bool
    default: true
  purge:
    description: Whether schedules of the group that are not listed are removed.
    type: bool
    default: false
  schedules:
    description: The schedules.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The schedule's name.
        type: str
        required: true
      description:
        description: What it is for.
        type: str
        default: ""
      expression:
        description: When, as C(cron(...)), C(rate(...)) or C(at(...)).
        type: str
        required: true
      timezone:
        description: The time zone of a C(cron) or C(at) expression.
        type: str
        default: UTC
      window_minutes:
        description: How much later it may start, in minutes.
        type: int
        default: 0
      enabled:
        description: Whether it is in force.
        type: bool
        default: true
      target_arn:
        description: What is called, such as a state machine.
        type: str
        required: true
      role_arn:
        description: The role that calls it.
        type: str
        required: true
      input:
        description: What the target is given, as JSON.
        type: dict
      dead_letter_arn:
        description: The queue that keeps what could not be started.
        type: str
      retry_attempts:
        description: How often a call that failed is tried again, from 0 to 185.
        type: int
        default: 185
      retry_max_age_s:
        description: How long it is tried, in seconds, from 60 to 86400.
        type: int
        default: 86400
"""

EXAMPLES = r"""
- name: Every night
  airas.platform.scheduler_schedules:
    group: airas-dev
    schedules:
      - name: nightly
        expression: cron(0 3 * * ? *)
        timezone: Asia/Tokyo
        target_arn: arn:aws:states:ap-northeast-1:427979936961:stateMachine:airas-dev-task
        role_arn: arn:aws:iam::427979936961:role/airas-dev-scheduler
        input:
          command: [python, -m, api.nightly]
    tags:
      Environment: dev
      ManagedBy: airas.platform
"""

RETURN = r"""
resources:
  description:
    - By address (V(schedule_group/airas-dev), V(schedule/airas-dev/nightly)), C(arn) and the attributes of each.
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
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile
from ansible_collections.airas.platform.plugins.module_utils._scheduler import schedules

SCHEDULE = {
    "name": {"type": "str", "required": True},
    "description": {"type": "str", "default": ""},
    "expression": {"type": "str", "required": True},
    "timezone": {"type": "str", "default": "UTC"},
    "window_minutes": {"type": "int", "default": 0},
    "enabled": {"type": "bool", "default": True},
    "target_arn": {"type": "str", "required": True},
    "role_arn": {"type": "str", "required": True},
    "input": {"type": "dict"},
    "dead_letter_arn": {"type": "str"},
    "retry_attempts": {"type": "int", "default": 185},
    "retry_max_age_s": {"type": "int", "default": 86400},
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "group": {"type": "str", "required": True},
            "manage_group": {"type": "bool", "default": True},
            "purge": {"type": "bool", "default": False},
            "schedules": {"type": "list", "elements": "dict", "default": [], "options": SCHEDULE},
            **_options.state(),
            **_options.tags(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: schedules.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
