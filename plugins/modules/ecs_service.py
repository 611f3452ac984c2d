#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_service
short_description: An ECS service whose deployments succeed, or end with the reason and go back
version_added: 0.1.0
description:
  - Manages a service on Fargate with its network, load balancers and the way it is deployed, all of it compared.
  - Waits for the rollout. One that fails, or that AWS rolls back, ends the task with AWS's reason and the last log
    lines of the task that stopped.
  - The desired count is sent when the service is made. Afterwards it is AWS's where Application Auto Scaling has the
    service as a target, and otherwise compared if O(desired_count) is given.
  - A service whose last deployment failed is deployed again by the next run.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - airas.platform.tags
  - airas.platform.wait
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  name:
    description: The service's name.
    type: str
    required: true
  cluster:
    description: The cluster's name or ARN.
    type: str
    required: true
  task_definition:
    description:
      - The revision to run, as its ARN or as C(family:7). Required with O(state=present).
      - A placeholder, in a plan where the revision is not there yet, is accepted.
    type: str
  desired_count:
    description: How many tasks run; 1 if a service is made without it.
    type: int
  capacity_provider_strategy:
    description: How the tasks are spread over capacity providers.
    type: list
    elements: dict
    default:
      - capacity_provider: FARGATE
        base: 0
        weight: 1
    suboptions:
      capacity_provider:
        description: V(FARGATE) or V(FARGATE_SPOT), or a provider of your own; the cluster has to have it.
        type: str
        required: true
      base:
        description: How many tasks run there before the weights count.
        type: int
        default: 0
      weight:
        description: The share of the tasks beyond O(capacity_provider_strategy[].base).
        type: int
        default: 1
  platform_version:
    description: The version of Fargate.
    type: str
    default: LATEST
  subnets:
    description: The subnets in which the tasks run. Required with O(state=present).
    type: list
    elements: str
    default: []
  security_groups:
    description: The security groups of the tasks.
    type: list
    elements: str
    default: []
  assign_public_ip:
    description: Whether each task gets a public address.
    type: bool
    default: false
  load_balancers:
    description: The target groups that the tasks are registered in.
    type: list
    elements: dict
    default: []
    suboptions:
      target_group_arn:
        description: The target group; a listener has to use it already.
        type: str
        required: true
      container_name:
        description: The container that is reached.
        type: str
        required: true
      container_port:
        description: The port of the container.
        type: int
        required: true
      alternate_target_group_arn:
        description: The second target group, which a strategy other than V(ROLLING) shifts traffic to.
        type: str
      production_listener_rule_arn:
        description: The listener rule whose traffic is shifted.
        type: str
      test_listener_rule_arn:
        description: The listener rule of test traffic.
        type: str
      role_arn:
        description: The role with which ECS changes listener rules.
        type: str
  health_check_grace_period:
    description: Seconds in which failed health checks, the load balancer's or the container's, do not stop a new task.
    type: int
    default: 0
  deployment:
    description: How a new revision is rolled out.
    type: dict
    default: {}
    suboptions:
      strategy:
        description:
          - V(ROLLING) replaces tasks bit by bit. V(BLUE_GREEN) starts all new tasks and moves the traffic at once,
            V(CANARY) a part of it first, V(LINEAR) in equal steps.
        type: str
        choices: [ROLLING, BLUE_GREEN, LINEAR, CANARY]
        default: ROLLING
      minimum_healthy_percent:
        description: How many tasks keep running meanwhile, in percent of the desired count.
        type: int
        default: 100
      maximum_percent:
        description: How many tasks run at most meanwhile, in percent of the desired count.
        type: int
        default: 200
      circuit_breaker:
        description: Whether a deployment whose tasks do not stay up is ended.
        type: bool
        default: true
      rollback:
        description: Whether the last good revision comes back when the circuit breaker or an alarm ends a deployment.
        type: bool
        default: true
      alarms:
        description: Names of CloudWatch alarms that end a deployment.
        type: list
        elements: str
        default: []
      bake_minutes:
        description: Minutes in which both the old and the new tasks run after the traffic was shifted.
        type: int
        default: 0
      canary_percent:
        description: The share of the traffic that V(CANARY) shifts first, in percent.
        type: float
      canary_bake_minutes:
        description: Minutes before V(CANARY) shifts the rest.
        type: int
      step_percent:
        description: The share of the traffic that V(LINEAR) shifts in one step, in percent.
        type: float
      step_bake_minutes:
        description: Minutes between two steps of V(LINEAR).
        type: int
  availability_zone_rebalancing:
    description: Whether ECS moves tasks when they are not spread evenly over the Availability Zones.
    type: bool
    default: true
  execute_command:
    description: Whether C(aws ecs execute-command) may open sessions; holds for tasks that start from now on.
    type: bool
    default: false
  managed_tags:
    description: Whether ECS tags the tasks with the names of the cluster and the service.
    type: bool
    default: true
  propagate_tags:
    description: Whose tags the tasks get, too.
    type: str
    choices: [SERVICE, TASK_DEFINITION, NONE]
    default: SERVICE
  started_deployment:
    description:
      - The id of a deployment that an earlier call started (RV(resume)). It is followed, and its failure ends the task
        instead of being mended by another deployment.
      - Given by the action plugin when it calls the module again, or by hand to a later task that joins one with
        O(wait=false).
    type: str
  wait_timeout:
    default: 1800
seealso:
  - module: airas.platform.ecs_task_definition
  - module: airas.platform.ecs_service_scaling
"""

EXAMPLES = r"""
- name: The backend
  airas.platform.ecs_service:
    name: airas-dev-backend
    cluster: airas-dev-cluster
    task_definition: "{{ definition.resources['ecs_task_definition/airas-dev-backend'].arn }}"
    desired_count: 1
    subnets: [subnet-0a1b2c3d4e5f60718, subnet-0a1b2c3d4e5f60719]
    security_groups: [sg-0a1b2c3d4e5f60718]
    load_balancers:
      - target_group_arn: "{{ group.resources['target_group/airas-dev'].arn }}"
        container_name: backend
        container_port: 8000
    health_check_grace_period: 180
    deployment:
      alarms: [airas-dev-target-5xx]
    tags:
      Environment: dev
      ManagedBy: airas.platform
"""

RETURN = r"""
resources:
  description:
    - By address (V(ecs_service/airas-dev-backend)), C(arn), C(status), C(rollout), C(deployment_status) and the
      attributes of the service.
  returned: success
  type: dict
plan:
  description: The resources that change, each with its C(action), its C(impact) and every attribute's change.
  returned: success
  type: list
  elements: dict
pending:
  description: A rollout that goes on, with its C(resource) and, as C(state), its progress.
  returned: success
  type: list
  elements: dict
resume:
  description: The option O(started_deployment) for a later call that joins the rollout.
  returned: while a rollout goes on
  type: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.airas.platform.plugins.module_utils import _options
from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._ecs import service
from ansible_collections.airas.platform.plugins.module_utils._ecs._common import strategy_option
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile

LOAD_BALANCER = {
    "target_group_arn": {"type": "str", "required": True},
    "container_name": {"type": "str", "required": True},
    "container_port": {"type": "int", "required": True},
    "alternate_target_group_arn": {"type": "str"},
    "production_listener_rule_arn": {"type": "str"},
    "test_listener_rule_arn": {"type": "str"},
    "role_arn": {"type": "str"},
}
DEPLOYMENT = {
    "strategy": {"type": "str", "choices": list(service.STRATEGIES), "default": "ROLLING"},
    "minimum_healthy_percent": {"type": "int", "default": 100},
    "maximum_percent": {"type": "int", "default": 200},
    "circuit_breaker": {"type": "bool", "default": True},
    "rollback": {"type": "bool", "default": True},
    "alarms": {"type": "list", "elements": "str", "default": []},
    "bake_minutes": {"type": "int", "default": 0},
    "canary_percent": {"type": "float"},
    "canary_bake_minutes": {"type": "int"},
    "step_percent": {"type": "float"},
    "step_bake_minutes": {"type": "int"},
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "cluster": {"type": "str", "required": True},
            "task_definition": {"type": "str"},
            "desired_count": {"type": "int"},
            "capacity_provider_strategy": strategy_option([{"capacity_provider": "FARGATE", "base": 0, "weight": 1}]),
            "platform_version": {"type": "str", "default": "LATEST"},
            "subnets": {"type": "list", "elements": "str", "default": []},
            "security_groups": {"type": "list", "elements": "str", "default": []},
            "assign_public_ip": {"type": "bool", "default": False},
            "load_balancers": {"type": "list", "elements": "dict", "default": [], "options": LOAD_BALANCER},
            "health_check_grace_period": {"type": "int", "default": 0},
            "deployment": {"type": "dict", "default": {}, "options": DEPLOYMENT},
            "availability_zone_rebalancing": {"type": "bool", "default": True},
            "execute_command": {"type": "bool", "default": False},
            "managed_tags": {"type": "bool", "default": True},
            "propagate_tags": {"type": "str", "choices": list(service.PROPAGATE_TAGS), "default": "SERVICE"},
            "started_deployment": {"type": "str"},
            **_options.state(),
            **_options.tags(),
            **_options.wait(1800),
        },
        required_if=[("state", "present", ("task_definition", "subnets"))],
        supports_check_mode=True,
    )
    reconcile(module, lambda: service.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
