#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_service_scaling
short_description: How many tasks an ECS service runs, by load and by the clock
version_added: 0.1.0
description:
  - Manages the scalable target of a service together with its target tracking policies and scheduled actions.
  - Policies and actions that are not listed are removed; O(state=absent) removes the target and all of them, and leaves
    the service with as many tasks as it has.
  - Bounds that a listed scheduled action has set are left alone, so that a run at night wakes nobody.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - airas.platform.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  cluster:
    description: The cluster's name.
    type: str
    required: true
  service:
    description: The service's name.
    type: str
    required: true
  min_capacity:
    description: The fewest tasks. Required with O(state=present).
    type: int
  max_capacity:
    description: The most tasks. Required with O(state=present).
    type: int
  target_tracking:
    description: Metrics that are kept near a value by starting and stopping tasks.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The policy's name.
        type: str
        required: true
      metric:
        description: The metric.
        type: str
        required: true
        choices: [ECSServiceAverageCPUUtilization, ECSServiceAverageMemoryUtilization, ALBRequestCountPerTarget]
      resource_label:
        description:
          - With V(ALBRequestCountPerTarget) the load balancer and target group, as
            C(app/name/0123456789abcdef/targetgroup/name/0123456789abcdef).
        type: str
      target_value:
        description: The value; percent, or requests in a minute.
        type: float
        required: true
      scale_in_cooldown:
        description: Seconds between two steps down.
        type: int
        default: 300
      scale_out_cooldown:
        description: Seconds between two steps up.
        type: int
        default: 300
      disable_scale_in:
        description: Whether the policy only starts tasks.
        type: bool
        default: false
  scheduled_actions:
    description: Changes of the bounds at set times.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The action's name.
        type: str
        required: true
      schedule:
        description: When, as C(cron(0 21 ? * MON-FRI *)), C(rate(1 day)) or C(at(2030-01-01T00:00:00)).
        type: str
        required: true
      timezone:
        description: The time zone of the schedule, such as V(Asia/Tokyo).
        type: str
        default: UTC
      min_capacity:
        description: The fewest tasks from then on; unchanged if not given.
        type: int
      max_capacity:
        description: The most tasks from then on; unchanged if not given.
        type: int
seealso:
  - module: airas.platform.ecs_service
"""

EXAMPLES = r"""
- name: Two to four tasks, by processor load
  airas.platform.ecs_service_scaling:
    cluster: airas-prod-cluster
    service: airas-prod-backend
    min_capacity: 2
    max_capacity: 4
    target_tracking:
      - name: cpu
        metric: ECSServiceAverageCPUUtilization
        target_value: 70

- name: Asleep at night
  airas.platform.ecs_service_scaling:
    cluster: airas-dev-cluster
    service: airas-dev-backend
    min_capacity: 1
    max_capacity: 2
    scheduled_actions:
      - name: sleep
        schedule: cron(0 21 ? * MON-FRI *)
        timezone: Asia/Tokyo
        min_capacity: 0
        max_capacity: 0
      - name: wake
        schedule: cron(0 8 ? * MON-FRI *)
        timezone: Asia/Tokyo
        min_capacity: 1
        max_capacity: 2
"""

RETURN = r"""
resources:
  description:
    - By address (V(scalable_target/airas-prod-backend), V(scaling_policy/airas-prod-backend/cpu),
      V(scheduled_action/airas-dev-backend/sleep)), C(arn) and the attributes of each resource.
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
from ansible_collections.airas.platform.plugins.module_utils._ecs import scaling
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile

POLICY = {
    "name": {"type": "str", "required": True},
    "metric": {"type": "str", "required": True, "choices": list(scaling.METRICS)},
    "resource_label": {"type": "str"},
    "target_value": {"type": "float", "required": True},
    "scale_in_cooldown": {"type": "int", "default": 300},
    "scale_out_cooldown": {"type": "int", "default": 300},
    "disable_scale_in": {"type": "bool", "default": False},
}
ACTION = {
    "name": {"type": "str", "required": True},
    "schedule": {"type": "str", "required": True},
    "timezone": {"type": "str", "default": "UTC"},
    "min_capacity": {"type": "int"},
    "max_capacity": {"type": "int"},
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "service": {"type": "str", "required": True},
            "min_capacity": {"type": "int"},
            "max_capacity": {"type": "int"},
            "target_tracking": {"type": "list", "elements": "dict", "default": [], "options": POLICY},
            "scheduled_actions": {"type": "list", "elements": "dict", "default": [], "options": ACTION},
            **_options.state(),
            **_options.tags(),
        },
        required_if=[("state", "present", ("min_capacity", "max_capacity"))],
        supports_check_mode=True,
    )
    reconcile(module, lambda: scaling.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
