#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_exec_session
short_description: The command that opens a session in a container of an ECS service
version_added: 0.1.0
description:
  - Says which command of the AWS CLI opens a shell in a running container, and everything that is missing for it, on
    this machine and in AWS. It opens nothing.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Reads only.
    support: full
  diff_mode:
    description: Changes nothing.
    support: none
options:
  cluster:
    description: The cluster's name or ARN.
    type: str
    required: true
  service:
    description: The service's name.
    type: str
    required: true
  container:
    description: The container to enter.
    type: str
    required: true
  task:
    description: The id of the task, or the beginning of it; the newest running one if not given.
    type: str
  command:
    description: What runs in the session.
    type: str
    default: /bin/sh
"""

EXAMPLES = r"""
- name: A shell in the backend
  airas.platform.ecs_exec_session:
    cluster: airas-dev-cluster
    service: airas-dev-backend
    container: backend
  register: session
"""

RETURN = r"""
command:
  description: The command and its arguments.
  returned: success
  type: list
  elements: str
line:
  description: The same as one line for a shell.
  returned: success
  type: str
missing:
  description: What is missing for it, numbered, with how to mend it; empty if nothing is.
  returned: success
  type: str
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._ecs import session
from ansible_collections.airas.platform.plugins.module_utils._guard.findings import numbered
from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "service": {"type": "str", "required": True},
            "container": {"type": "str", "required": True},
            "task": {"type": "str"},
            "command": {"type": "str", "default": "/bin/sh"},
        },
        supports_check_mode=True,
    )
    try:
        found = session.session(Aws(module), module.params)
    except PlatformError as error:
        module.fail_json(msg=str(error), resource=error.resource, call=error.call)
    missing = found["missing"]
    module.exit_json(changed=False, **{**found, "missing": numbered(missing) if missing else ""})


if __name__ == "__main__":
    main()
