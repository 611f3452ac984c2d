#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: vpc_subnets
short_description: Subnets of a VPC
version_added: 0.1.0
description:
  - Manages the listed subnets of one VPC, each found by its C(Name) tag. Subnets that are not listed are left alone.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - airas.platform.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  vpc_id:
    description: The id of the VPC; a placeholder in a plan for a VPC that does not exist yet.
    type: str
    required: true
  subnets:
    description: The subnets.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The subnet's C(Name) tag.
        type: str
        required: true
      cidr_block:
        description:
          - The subnet's IPv4 block, such as V(10.0.0.0/24), between C(/16) and C(/28).
          - AWS cannot change it on an existing subnet; the module refuses to try.
        type: str
        required: true
      availability_zone:
        description:
          - The subnet's availability zone, such as V(ap-northeast-1a).
          - AWS cannot change it on an existing subnet; the module refuses to try.
        type: str
        required: true
      map_public_ip_on_launch:
        description: Whether what is launched in the subnet gets a public IPv4 address without asking for one.
        type: bool
        default: false
      tags:
        description: Tags of this subnet, besides those of the module.
        type: dict
        default: {}
"""

EXAMPLES = r"""
- name: A subnet in each of two zones
  airas.platform.vpc_subnets:
    vpc_id: "{{ network_outputs.vpc_id }}"
    subnets:
      - name: airas-dev-public-1a
        cidr_block: 10.0.0.0/24
        availability_zone: ap-northeast-1a
      - name: airas-dev-public-1c
        cidr_block: 10.0.1.0/24
        availability_zone: ap-northeast-1c
    tags:
      Environment: dev
"""

RETURN = r"""
resources:
  description: By address (V(subnet/airas-dev-public-1a)), the id and the attributes of each subnet.
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
from ansible_collections.airas.platform.plugins.module_utils._network import subnets
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile

SUBNET = {
    "name": {"type": "str", "required": True},
    "cidr_block": {"type": "str", "required": True},
    "availability_zone": {"type": "str", "required": True},
    "map_public_ip_on_launch": {"type": "bool", "default": False},
    "tags": {"type": "dict", "default": {}},
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "vpc_id": {"type": "str", "required": True},
            "subnets": {"type": "list", "elements": "dict", "required": True, "options": SUBNET},
            **_options.state(),
            **_options.tags(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: subnets.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
