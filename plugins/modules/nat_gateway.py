#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: nat_gateway
short_description: The NAT gateways of a VPC with their Elastic IP addresses
version_added: 0.1.0
description:
  - Manages public NAT gateways, zonal ones with one Elastic IP address each, or one regional gateway whose addresses
    AWS takes and keeps by itself.
  - A gateway and its address are found again by their C(Name) tag, whatever state they are in. A gateway that was made
    elsewhere keeps its address, which is tagged; an address that an interrupted run left alone is used.
  - A gateway that AWS could not make is removed, and the task ends with AWS's reason; the next run makes another.
  - An address is released only when its gateway is gone. RV(pending) names what is still under way.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.protection
  - airas.platform.state
  - airas.platform.tags
  - airas.platform.wait
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  vpc_id:
    description: The VPC whose NAT gateways these are.
    type: str
    required: true
  gateways:
    description: The gateways, or with O(state=absent) those to remove.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The C(Name) tag of the gateway and of its address. Nothing else may have an address of this name.
        type: str
        required: true
      subnet_id:
        description:
          - The public subnet in which a zonal gateway stands.
          - AWS cannot move a gateway. Another subnet means another gateway, with the same address.
        type: str
  availability_mode:
    description:
      - V(zonal) for gateways that each stand in one Availability Zone.
      - V(regional) for exactly one gateway that follows the VPC's resources into every Availability Zone. It takes no
        O(gateways[].subnet_id).
    type: str
    choices: [zonal, regional]
    default: zonal
  purge:
    description:
      - Whether to remove, with their addresses, the VPC's other gateways that carry C(ManagedBy=airas.platform).
      - An address tagged C(NatGatewayVpc) with this VPC that no listed gateway uses is released, too.
    type: bool
    default: false
  wait_timeout:
    default: 600
seealso:
  - module: airas.platform.nat_instance
"""

EXAMPLES = r"""
- name: One gateway
  airas.platform.nat_gateway:
    vpc_id: vpc-0a1b2c3d4e5f60718
    gateways:
      - name: airas-dev-nat-a
        subnet_id: subnet-0a1b2c3d4e5f60718
    tags:
      Environment: dev
      ManagedBy: airas.platform

- name: One gateway for all Availability Zones, and none beside it
  airas.platform.nat_gateway:
    vpc_id: vpc-0a1b2c3d4e5f60718
    availability_mode: regional
    gateways:
      - name: airas-dev-nat
    purge: true
    tags:
      Environment: dev
      ManagedBy: airas.platform
"""

RETURN = r"""
resources:
  description:
    - By address (V(nat_gateway/airas-dev-nat-a), V(elastic_ip/airas-dev-nat-a)), the id and the attributes of each
      resource.
    - A gateway has C(id), C(state), C(subnet_id), C(allocation_id), C(public_ip) and C(public_ips); an address has
      C(id) and C(public_ip).
  returned: success
  type: dict
plan:
  description: The resources that change, each with its C(action), its C(impact) and every attribute's change.
  returned: success
  type: list
  elements: dict
pending:
  description: What AWS is still at work on, each with its C(resource) and C(state).
  returned: success
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.airas.platform.plugins.module_utils import _options
from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._network import nat_gateway
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "vpc_id": {"type": "str", "required": True},
            "gateways": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {"name": {"type": "str", "required": True}, "subnet_id": {"type": "str"}},
            },
            "availability_mode": {"type": "str", "choices": ["zonal", "regional"], "default": "zonal"},
            "purge": {"type": "bool", "default": False},
            **_options.protection(),
            **_options.state(),
            **_options.tags(),
            **_options.wait(600),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: nat_gateway.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
