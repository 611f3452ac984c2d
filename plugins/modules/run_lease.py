#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: run_lease
short_description: The lease that lets one run at a time change an environment
version_added: 0.1.0
description:
  - Keeps one item for each environment in a DynamoDB table, written conditionally, so that of two runs that start
    together one gets it and the other is told who has it.
  - A run is known by the host, the process id and the start time of its C(ansible-playbook) process.
  - The lease of a killed run is taken over at once by the next run of the same owner on the same host. While that
    owner's process is still alive the lease is refused, so that two cron jobs of one user do not overlap.
  - Another owner's lease, or one from another host, where the process cannot be seen, is refused until it expires or is
    broken. An expired lease is taken over.
  - Times are taken from AWS's answers, not from the clock of the controller.
  - Has to run on the controller (C(connection=local)), whose processes it looks at.
  - In check mode nothing is written and, unless O(refuse_in_check_mode) says otherwise, nothing is refused; it says who
    holds the lease.
  - Needs C(dynamodb:GetItem), C(dynamodb:PutItem) and C(dynamodb:DeleteItem) on the table.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Says who holds the lease and what a real run would do; writes nothing.
    support: full
  diff_mode:
    description: Shows a lease that is broken; holding one is no change of the stack.
    support: partial
options:
  environment:
    description: The environment that the lease is for.
    type: str
    required: true
  table:
    description: The lock table, with the hash key C(LockID) of type string. It may be shared with Terraform.
    type: str
    required: true
  state:
    description:
      - V(held) takes the lease, takes over a dead or expired one, and extends it if this run holds it already.
      - V(renewed) extends the lease that this run holds, and fails if it was lost since.
      - V(released) gives the lease back if this run holds it, and leaves another's alone.
      - V(broken) deletes the lease, whoever holds it.
    type: str
    choices: [held, renewed, released, broken]
    default: held
  duration:
    description: For how long the lease holds unless it is renewed, in seconds.
    type: int
    default: 3600
  owner:
    description: Whose run it is. C(<user>@<host>) unless given.
    type: str
  run_id:
    description: The run, as C(<host>:<process id>:<start>). Of this C(ansible-playbook) process unless given.
    type: str
  what:
    description: What runs, for whoever is refused. The playbook's name and tags unless given.
    type: str
  refuse_in_check_mode:
    description: Whether a check run is refused too while another run holds the lease, because it looks at what changes.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Take the lease
  airas.platform.run_lease:
    environment: dev
    table: airas-terraform-lock

- name: Keep the lease for another hour, or stop if it was broken
  airas.platform.run_lease:
    environment: dev
    table: airas-terraform-lock
    state: renewed

- name: Give the lease back
  airas.platform.run_lease:
    environment: dev
    table: airas-terraform-lock
    state: released
"""

RETURN = r"""
lease:
  description:
    - The lease as it is now (with V(broken), the one that was broken); null if there is none.
    - C(owner), C(run_id), C(host), C(pid) and C(what), and C(started_at) and C(expires_at) in seconds since the epoch.
  returned: success
  type: dict
notice:
  description: What a person should know, such as whose lease was taken over; otherwise empty.
  returned: success
  type: str
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._guard import lease
from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "environment": {"type": "str", "required": True},
            "table": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["held", "renewed", "released", "broken"], "default": "held"},
            "duration": {"type": "int", "default": 3600},
            "owner": {"type": "str"},
            "run_id": {"type": "str"},
            "what": {"type": "str"},
            "refuse_in_check_mode": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    try:
        result = lease.settle(Aws(module), module.params, write=not module.check_mode)
    except PlatformError as error:
        module.fail_json(msg=str(error), resource=error.resource, call=error.call)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
