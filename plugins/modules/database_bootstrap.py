#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: database_bootstrap
short_description: The database prepared for the application, with a first DATABASE_URL
version_added: 0.1.0
description:
  - Invokes a Lambda function in the VPC, once, that makes the database, its users and their rights, and writes the
    secret of the URL. Whether there is something to do, the secret tells by having a value or not.
  - The value is never read, and never replaced.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  function_name:
    description: The Lambda function.
    type: str
    required: true
  secret:
    description: The name of the secret that holds the URL.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: The first URL
  airas.platform.database_bootstrap:
    function_name: airas-dev-database-bootstrap
    secret: airas-dev/database-url
"""

RETURN = r"""
resources:
  description:
    - By address (V(database_bootstrap/airas-dev/database-url)), and in C(did) what the function says it made, when it
      was invoked.
  returned: success
  type: dict
plan:
  description: The resources that change, each with its C(action), its C(impact) and every attribute's change.
  returned: success
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile
from ansible_collections.airas.platform.plugins.module_utils._secrets import bootstrap


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "function_name": {"type": "str", "required": True},
            "secret": {"type": "str", "required": True, "no_log": False},
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: bootstrap.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
