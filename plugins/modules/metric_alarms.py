#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: metric_alarms
short_description: CloudWatch alarms of metrics and of expressions over metrics
version_added: 0.1.0
description:
  - Manages any number of alarms in one call, of a single metric and of metric math alike.
  - AWS replaces the whole alarm in every change; its state stays.
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
    description: The alarms, each with O(alarms[].metric) or, for an expression, with O(alarms[].metrics).
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The alarm's name, such as V(airas-dev-ecs-cpu). Composite alarms share the names.
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
      namespace: &namespace
        description: The metric's namespace, such as V(AWS/ECS).
        type: str
      metric: &metric
        description: The metric's name.
        type: str
      dimensions: &dimensions
        description: The metric's dimensions; all of those under which it is published.
        type: dict
      statistic: &statistic
        description: V(Average), V(Maximum), V(Minimum), V(SampleCount), V(Sum), or a percentile such as V(p95).
        type: str
      period_s:
        description: Over how many seconds a data point is made, 10, 20, 30 or a multiple of 60.
        type: int
        default: 60
      metrics:
        description: Metrics and expressions over them; the threshold is compared with the one that is returned.
        type: list
        elements: dict
        default: []
        suboptions:
          id:
            description: What expressions call it. It begins with a small letter.
            type: str
            required: true
          expression:
            description: Metric math over the ids of others, such as V(errors / requests * 100).
            type: str
          namespace: *namespace
          metric: *metric
          dimensions: *dimensions
          statistic: *statistic
          period_s:
            description: As O(alarms[].period_s), which it is unless given.
            type: int
          label:
            description: What people call it.
            type: str
            default: ""
          return_data:
            description: Whether this is what the threshold is compared with; it is for exactly one.
            type: bool
            default: false
      threshold:
        description: What the value is compared with. Required unless the alarm is to be absent.
        type: float
      comparison:
        description: How.
        type: str
        choices: [GreaterThanThreshold, GreaterThanOrEqualToThreshold, LessThanThreshold, LessThanOrEqualToThreshold]
        default: GreaterThanThreshold
      evaluation_periods:
        description: How many data points are looked at.
        type: int
        default: 1
      datapoints_to_alarm:
        description: How many of them have to be beyond the threshold; all unless given.
        type: int
      missing_data:
        description: What a data point that is missing counts for.
        type: str
        choices: [missing, breaching, notBreaching, ignore]
        default: missing
"""

EXAMPLES = r"""
- name: Alarms of a service
  airas.platform.metric_alarms:
    alarms:
      - name: airas-dev-ecs-cpu
        namespace: AWS/ECS
        metric: CPUUtilization
        dimensions: {ClusterName: airas-dev-cluster, ServiceName: airas-dev-backend}
        statistic: Average
        threshold: 80
        evaluation_periods: 5
        alarm_actions: [arn:aws:sns:ap-northeast-1:111122223333:airas-dev-alarms]
      - name: airas-dev-alb-5xx
        metrics:
          - {id: requests, namespace: AWS/ApplicationELB, metric: RequestCount, statistic: Sum,
             dimensions: {LoadBalancer: app/airas-dev-alb/0123456789abcdef}}
          - {id: errors, namespace: AWS/ApplicationELB, metric: HTTPCode_Target_5XX_Count, statistic: Sum,
             dimensions: {LoadBalancer: app/airas-dev-alb/0123456789abcdef}}
          - {id: rate, expression: "IF(requests > 0, FILL(errors, 0) / requests * 100, 0)", return_data: true}
        threshold: 5
        missing_data: notBreaching
    tags:
      Environment: dev
"""

RETURN = r"""
resources:
  description: By address (V(metric_alarm/airas-dev-ecs-cpu)), C(arn), C(alarm_state) and attributes of each.
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
from ansible_collections.airas.platform.plugins.module_utils._cloudwatch import metric_alarms
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile

_METRIC = {
    "namespace": {"type": "str"},
    "metric": {"type": "str"},
    "dimensions": {"type": "dict"},
    "statistic": {"type": "str"},
}
QUERY = {
    "id": {"type": "str", "required": True},
    "expression": {"type": "str"},
    **_METRIC,
    "period_s": {"type": "int"},
    "label": {"type": "str", "default": ""},
    "return_data": {"type": "bool", "default": False},
}
ALARM = {
    **_options.alarm(),
    **_METRIC,
    "period_s": {"type": "int", "default": 60},
    "metrics": {"type": "list", "elements": "dict", "default": [], "options": QUERY},
    "threshold": {"type": "float"},
    "comparison": {"type": "str", "choices": list(metric_alarms.COMPARISONS), "default": "GreaterThanThreshold"},
    "evaluation_periods": {"type": "int", "default": 1},
    "datapoints_to_alarm": {"type": "int"},
    "missing_data": {"type": "str", "choices": list(metric_alarms.MISSING_DATA), "default": "missing"},
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
    reconcile(module, lambda: metric_alarms.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
