#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: hosted_zone
short_description: A public hosted zone of Route 53
version_added: 0.1.0
description:
  - Makes a public zone, or adopts the one that has the name.
  - The registrar of the domain, or the zone above it, has to name its C(name_servers); until then nobody asks it.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - airas.platform.tags
  - airas.platform.protection
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  name:
    description: The zone's domain name, such as V(example.com).
    type: str
    required: true
  comment:
    description: What it is for.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: The zone of the product
  airas.platform.hosted_zone:
    name: example.com
    tags:
      Environment: global
"""

RETURN = r"""
resources:
  description: By address (V(hosted_zone/example.com)), the C(id), the C(name_servers) and the attributes of the zone.
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
from ansible_collections.airas.platform.plugins.module_utils._route53 import zone


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "comment": {"type": "str", "default": ""},
            **_options.state(),
            **_options.tags(),
            **_options.protection(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: zone.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
