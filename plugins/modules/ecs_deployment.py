#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_deployment
short_description: Moves an ECS service to a revision or a number of tasks, and follows it there
version_added: 0.1.0
description:
  - Changes which revision the service runs, or how many tasks, and nothing else of it; M(airas.platform.ecs_service) is
    for the rest.
  - Waits for the rollout and shows how far it is. One that fails, or that AWS rolls back, ends the task with AWS's
    reason and the last log lines of the task that stopped.
  - A service whose last deployment failed is deployed again.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.wait
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  cluster:
    description: The cluster's name or ARN.
    type: str
    required: true
  service:
    description: The service's name.
    type: str
    required: true
  task_definition:
    description:
      - The revision to run, of the family that the service runs now, as its ARN, as C(family:7) or as V(7).
      - V(previous) is the revision that the last good deployment before this one brought. AWS remembers deployments for
        90 days.
      - The images of the revision that lie in this account's ECR have to be there still.
    type: str
  minimum_tasks:
    description:
      - How many tasks the service has at least afterwards. One without tasks starts a single one first, and the others
        when that one is well, so that the first start on an empty database is alone with it. That first one is a
        deployment, so that AWS gives up a task that does not start; its images have to be there.
      - If Application Auto Scaling may go down to no task, as before the first deployment, its lower bound is raised to
        this.
    type: int
    default: 0
  desired_count:
    description:
      - How many tasks the service has afterwards, V(0) to put it to sleep. Refused where a scaling policy decides on
        that.
    type: int
  started_deployment:
    description:
      - The id of a deployment that an earlier call started (RV(resume)). It is followed, and its failure ends the task
        instead of being mended by another deployment.
      - Given by the action plugin when it calls the module again.
    type: str
  wait_timeout:
    default: 1800
"""

EXAMPLES = r"""
- name: Roll out
  airas.platform.ecs_deployment:
    cluster: airas-dev-cluster
    service: airas-dev-backend
    task_definition: "{{ revision.resources['ecs_task_definition/airas-dev-backend'].arn }}"
    minimum_tasks: 1

- name: Go back
  airas.platform.ecs_deployment:
    cluster: airas-dev-cluster
    service: airas-dev-backend
    task_definition: previous
"""

RETURN = r"""
resources:
  description:
    - By address (V(ecs_service/airas-dev-backend)), C(arn), C(task_definition) and its C(images), C(desired_count),
      C(running_count), C(rollout) and C(progress).
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
  description: Options for a later call that joins the rollout.
  returned: while a rollout goes on
  type: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.airas.platform.plugins.module_utils import _options
from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._ecs import rollout
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "service": {"type": "str", "required": True},
            "task_definition": {"type": "str"},
            "minimum_tasks": {"type": "int", "default": 0},
            "desired_count": {"type": "int"},
            "started_deployment": {"type": "str"},
            **_options.wait(1800),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: rollout.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
