#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: vpc
short_description: A VPC with its internet gateway and a closed default security group
version_added: 0.1.0
description:
  - Manages one VPC, found by its C(Name) tag, with DNS support and DNS hostnames on.
  - Manages the VPC's internet gateway, and removes all rules of its default security group.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - airas.platform.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  name:
    description: The C(Name) tag of the VPC and of its internet gateway.
    type: str
    required: true
  cidr_block:
    description:
      - The VPC's primary IPv4 block, such as V(10.0.0.0/16).
      - AWS cannot change it on an existing VPC; the module refuses to try.
    type: str
"""

EXAMPLES = r"""
- name: A VPC
  airas.platform.vpc:
    name: airas-dev
    cidr_block: 10.0.0.0/16
    tags:
      Environment: dev
"""

RETURN = r"""
resources:
  description: By address (V(vpc/airas-dev), V(internet_gateway/airas-dev)), the id and the attributes of each resource.
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
from ansible_collections.airas.platform.plugins.module_utils._network import vpc
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "cidr_block": {"type": "str"},
            **_options.state(),
            **_options.tags(),
        },
        required_if=[("state", "present", ["cidr_block"])],
        supports_check_mode=True,
    )
    reconcile(module, lambda: vpc.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
