#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: secret_rotate
short_description: Rotates a secret now, and follows the steps
version_added: 0.1.0
description:
  - Has AWS Secrets Manager rotate one secret, and waits until its function has done the four steps, which it reads in
    the function's log. A rotation that failed before is gone on with.
  - A step that fails ends the task with the reason and the function's last log lines. No value is read or shown.
  - Each run rotates; it is for playbooks that are run on purpose.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.wait
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  name:
    description: The secret's name.
    type: str
    required: true
  version:
    description:
      - The version that an earlier call started (RV(resume)); it is followed, and nothing is started.
      - Given by the action plugin when it calls the module again.
    type: str
  log_from:
    description: From when on the function's log is read, in milliseconds; as O(version).
    type: int
  log_lines_before:
    description: How many lines of the version are of earlier attempts; as O(version).
    type: int
    default: 0
  wait_timeout:
    default: 900
"""

EXAMPLES = r"""
- name: A new password for the application
  airas.platform.secret_rotate:
    name: airas-dev/database-url
  register: rotation

- name: What the steps did
  ansible.builtin.debug:
    msg: "{{ rotation.resources['secret/airas-dev/database-url'].steps }}"
"""

RETURN = r"""
resources:
  description:
    - By address (V(secret/airas-dev/database-url)), C(current_version), C(version), and C(steps), each with its C(step)
      and, as C(detail), what it did.
  returned: success
  type: dict
plan:
  description: The resources that change, each with its C(action), its C(impact) and every attribute's change.
  returned: success
  type: list
  elements: dict
pending:
  description: A rotation that goes on, with its C(resource) and, as C(state), the steps done.
  returned: success
  type: list
  elements: dict
resume:
  description: Options for a later call that joins the rotation.
  returned: while a rotation goes on
  type: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.airas.platform.plugins.module_utils import _options
from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile
from ansible_collections.airas.platform.plugins.module_utils._secrets import rotate


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "version": {"type": "str"},
            "log_from": {"type": "int"},
            "log_lines_before": {"type": "int", "default": 0},
            **_options.wait(900),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: rotate.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
