#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_cluster
short_description: An ECS cluster with its capacity providers, Container Insights and the logging of exec sessions
version_added: 0.1.0
description:
  - Manages one cluster for Fargate tasks.
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
    description: The cluster's name.
    type: str
    required: true
  capacity_providers:
    description: Where tasks of the cluster may run.
    type: list
    elements: str
    default: [FARGATE, FARGATE_SPOT]
  default_strategy:
    description: How tasks that bring no strategy of their own are spread over the capacity providers.
    type: list
    elements: dict
    default:
      - capacity_provider: FARGATE
        base: 0
        weight: 1
    suboptions:
      capacity_provider:
        description: V(FARGATE) or V(FARGATE_SPOT), or a provider of your own.
        type: str
        required: true
      base:
        description: How many tasks run there before the weights count.
        type: int
        default: 0
      weight:
        description: The share of the tasks beyond O(default_strategy[].base).
        type: int
        default: 1
  container_insights:
    description:
      - What CloudWatch measures of its containers. Left alone if not given, as the account's default made it.
      - V(enabled) and V(enhanced) cost money for each metric; V(enhanced) also measures single tasks and containers.
    type: str
    choices: [disabled, enabled, enhanced]
  execute_command:
    description: What is kept of C(aws ecs execute-command) sessions. Without it AWS's default holds.
    type: dict
    suboptions:
      logging:
        description:
          - V(DEFAULT) writes to the awslogs group of the task's container, V(OVERRIDE) to what is given here, V(NONE)
            nowhere.
        type: str
        choices: [NONE, DEFAULT, OVERRIDE]
        default: DEFAULT
      kms_key_id:
        description: The KMS key that encrypts the session's data on its way.
        type: str
      log_group:
        description: The log group that sessions are written to.
        type: str
      log_group_encryption:
        description: Whether the log group has to be encrypted with a KMS key.
        type: bool
        default: false
      s3_bucket:
        description: The bucket that sessions are written to.
        type: str
      s3_key_prefix:
        description: The folder in O(execute_command.s3_bucket).
        type: str
      s3_encryption:
        description: Whether the bucket has to be encrypted.
        type: bool
        default: false
  wait_timeout:
    default: 300
seealso:
  - module: airas.platform.ecs_container_insights
"""

EXAMPLES = r"""
- name: A cluster that runs on Fargate, half of it on spot capacity beyond the first task
  airas.platform.ecs_cluster:
    name: airas-dev-cluster
    default_strategy:
      - {capacity_provider: FARGATE, base: 1, weight: 1}
      - {capacity_provider: FARGATE_SPOT, weight: 1}
    execute_command:
      logging: OVERRIDE
      log_group: /ecs/airas-dev-exec
    tags:
      Environment: dev
      ManagedBy: airas.platform
"""

RETURN = r"""
resources:
  description: By address (V(ecs_cluster/airas-dev-cluster)), C(arn), C(status) and the attributes of the cluster.
  returned: success
  type: dict
plan:
  description: The resources that change, each with its C(action), its C(impact) and every attribute's change.
  returned: success
  type: list
  elements: dict
pending:
  description: What AWS is still at work on, each with its C(resource) and C(state).
  returned: success
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.airas.platform.plugins.module_utils import _options
from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._ecs import cluster, container_insights
from ansible_collections.airas.platform.plugins.module_utils._ecs._common import strategy_option
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "capacity_providers": {"type": "list", "elements": "str", "default": ["FARGATE", "FARGATE_SPOT"]},
            "default_strategy": strategy_option([{"capacity_provider": "FARGATE", "base": 0, "weight": 1}]),
            "container_insights": {"type": "str", "choices": list(container_insights.LEVELS)},
            "execute_command": {
                "type": "dict",
                "options": {
                    "logging": {"type": "str", "choices": list(cluster.EXEC_LOGGING), "default": "DEFAULT"},
                    "kms_key_id": {"type": "str", "no_log": False},
                    "log_group": {"type": "str"},
                    "log_group_encryption": {"type": "bool", "default": False},
                    "s3_bucket": {"type": "str"},
                    "s3_key_prefix": {"type": "str", "no_log": False},
                    "s3_encryption": {"type": "bool", "default": False},
                },
            },
            **_options.state(),
            **_options.tags(),
            **_options.wait(300),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: cluster.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
