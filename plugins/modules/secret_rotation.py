#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: secret_rotation
short_description: When and by which function a secret is renewed
version_added: 0.1.0
description:
  - Sets the rotation of one secret of AWS Secrets Manager. The value stays as it is; AWS only tries the test of the
    function. M(airas.platform.secret_rotate) rotates now.
  - Secrets that must never change, such as API_KEY_ENCRYPTION_KEY, are refused, and so is a schedule of several times a
    day.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  name:
    description: The secret's name.
    type: str
    required: true
  function_arn:
    description: The Lambda function that does the four steps. Required unless O(state=absent).
    type: str
  schedule:
    description:
      - How often, as V(rate(30 days\)), or when, in UTC, as V(cron(0 18 1 * ? *\)).
      - A warning says so if it is more often than once a week.
    type: str
    default: cron(0 18 1 * ? *)
  window:
    description: For how long from then on AWS may choose the moment, in hours.
    type: str
    default: 3h
"""

EXAMPLES = r"""
- name: Once a month, in the night of Tokyo
  airas.platform.secret_rotation:
    name: airas-dev/database-url
    function_arn: arn:aws:lambda:ap-northeast-1:111122223333:function:airas-dev-database-url-rotation
    schedule: cron(0 18 1 * ? *)

- name: No more
  airas.platform.secret_rotation:
    name: airas-dev/database-url
    state: absent
"""

RETURN = r"""
resources:
  description: By address (V(secret_rotation/airas-dev/database-url)), C(function_arn), C(schedule) and C(window).
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
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile
from ansible_collections.airas.platform.plugins.module_utils._secrets import rotation


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "function_arn": {"type": "str"},
            "schedule": {"type": "str", "default": "cron(0 18 1 * ? *)"},
            "window": {"type": "str", "default": "3h"},
            **_options.state(),
        },
        required_if=[("state", "present", ["function_arn"])],
        supports_check_mode=True,
    )
    reconcile(module, lambda: rotation.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
