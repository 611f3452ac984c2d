#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_status
short_description: How the services and alarms of a stack are, on one screen
version_added: 0.1.0
description:
  - Reads the deployment, tasks, image, targets, last failure and last events of services, and the states of alarms.
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
  name:
    description: The stack's name, with which the names of its alarms begin.
    type: str
    required: true
  cluster:
    description: The cluster's name or ARN.
    type: str
    required: true
  services:
    description: The names of the services.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: How it is
  airas.platform.stack_status:
    name: airas-dev
    cluster: airas-dev-cluster
    services: [airas-dev-backend]
  register: status
"""

RETURN = r"""
services:
  description:
    - Each service with C(found), C(healthy), its counts, C(revision), C(deployment), C(images), C(tasks), C(targets),
      C(last_failure) and C(events).
  returned: success
  type: list
  elements: dict
alarms:
  description: The names of the alarms by state, V(ALARM), V(OK) and V(INSUFFICIENT_DATA).
  returned: success
  type: dict
healthy:
  description: Whether all services are healthy and no alarm rings.
  returned: success
  type: bool
lines:
  description: The same for a person.
  returned: success
  type: list
  elements: str
"""


from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._ecs import screen
from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "cluster": {"type": "str", "required": True},
            "services": {"type": "list", "elements": "str", "required": True},
        },
        supports_check_mode=True,
    )
    aws, name, cluster = Aws(module), module.params["name"], module.params["cluster"]
    try:
        services = [screen.of_service(aws, cluster, service) for service in module.params["services"]]
        alarms = screen.alarms(aws, f"{name}-")
    except PlatformError as error:
        module.fail_json(msg=str(error), resource=error.resource, call=error.call)
    module.exit_json(
        changed=False,
        services=services,
        alarms=alarms,
        healthy=all(service["healthy"] for service in services) and not alarms["ALARM"],
        lines=screen.lines(name, services, alarms),
    )


if __name__ == "__main__":
    main()
