#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_run_task
short_description: Runs a command to its end in a task like those of an ECS service
version_added: 0.1.0
description:
  - Starts one Fargate task with the network of the service and another command, and follows it to its end.
  - An exit code other than 0, or a task that does not start, ends the Ansible task with AWS's reason and the last lines
    of its log.
  - Each call runs the command again; in check mode it only says so.
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
    description: The service whose network, and whose revision if none is given, the task uses.
    type: str
    required: true
  task_definition:
    description:
      - The revision to run, as its ARN or as C(family:7).
      - A placeholder, in a plan where the revision is not there yet, is accepted.
    type: str
  container:
    description: The container that runs the command.
    type: str
    required: true
  command:
    description: The command with its arguments, which takes the place of the image's own.
    type: list
    elements: str
    required: true
  cpu:
    description: CPU units of this task, in place of the revision's.
    type: int
  memory:
    description: Memory of this task in MiB, in place of the revision's.
    type: int
  log_lines:
    description: How many of the last log lines are returned.
    type: int
    default: 100
  task:
    description:
      - The ARN of a task that an earlier call started (RV(resume)), which is followed instead of starting another one.
      - Given by the action plugin when it calls the module again.
    type: str
  wait_timeout:
    default: 3600
"""

EXAMPLES = r"""
- name: Migrate the database
  airas.platform.ecs_run_task:
    cluster: airas-dev-cluster
    service: airas-dev-backend
    container: backend
    command: [alembic, upgrade, head]
"""

RETURN = r"""
resources:
  description:
    - By address (V(ecs_task/airas-dev-backend:) and the command), C(task_arn), C(status), C(exit_code) and the last
      lines of its C(log).
  returned: success
  type: dict
plan:
  description: The task that is started.
  returned: success
  type: list
  elements: dict
pending:
  description: A task that has not ended, with its C(resource) and, as C(state), its status and its last log line.
  returned: success
  type: list
  elements: dict
resume:
  description: The option O(task) for a later call that follows the task.
  returned: while the task runs
  type: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.airas.platform.plugins.module_utils import _options
from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._ecs import one_off
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "service": {"type": "str", "required": True},
            "task_definition": {"type": "str"},
            "container": {"type": "str", "required": True},
            "command": {"type": "list", "elements": "str", "required": True},
            "cpu": {"type": "int"},
            "memory": {"type": "int"},
            "log_lines": {"type": "int", "default": 100},
            "task": {"type": "str"},
            **_options.wait(3600),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: one_off.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
