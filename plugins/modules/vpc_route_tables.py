#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: vpc_route_tables
short_description: Route tables of a VPC, with their routes and subnets
version_added: 0.1.0
description:
  - Manages the listed route tables of one VPC, each found by its C(Name) tag. Others, the VPC's main table among them,
    are left alone.
  - A listed table has the listed routes and subnets and no others. Left alone are the VPC's own routes, those of
    gateway endpoints, and those that a virtual private gateway propagates.
  - New routes are made before stale ones are removed, and a route whose target changes is replaced in one step.
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
  tables:
    description: The route tables.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The table's C(Name) tag.
        type: str
        required: true
      subnet_ids:
        description: The ids of the subnets that use this table instead of the VPC's main one.
        type: list
        elements: str
        default: []
      routes:
        description: The routes, each with one target.
        type: list
        elements: dict
        default: []
        suboptions:
          destination:
            description: An IPv4 or IPv6 block, such as V(0.0.0.0/0), or the id of a prefix list.
            type: str
            required: true
          gateway_id:
            description: The id of an internet gateway or of a virtual private gateway.
            type: str
          nat_gateway_id:
            description: The id of a NAT gateway.
            type: str
          network_interface_id:
            description: The id of a network interface, such as a NAT instance's.
            type: str
          egress_only_internet_gateway_id:
            description: The id of an egress-only internet gateway.
            type: str
          transit_gateway_id:
            description: The id of a transit gateway.
            type: str
          vpc_peering_connection_id:
            description: The id of a VPC peering connection.
            type: str
"""

EXAMPLES = r"""
- name: A table for public subnets and one for private ones
  airas.platform.vpc_route_tables:
    vpc_id: "{{ network_outputs.vpc_id }}"
    tables:
      - name: airas-dev-public
        subnet_ids: "{{ network_outputs.public_subnet_ids }}"
        routes:
          - destination: 0.0.0.0/0
            gateway_id: igw-0123456789abcdef0
      - name: airas-dev-private-1a
        subnet_ids: ["{{ network_outputs.private_subnet_ids[0] }}"]
        routes:
          - destination: 0.0.0.0/0
            nat_gateway_id: nat-0123456789abcdef0
"""

RETURN = r"""
resources:
  description:
    - By address (V(route_table/airas-dev-public)), the id and the attributes of each table.
    - Routes are a mapping from the destination to the id of the target.
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
from ansible_collections.airas.platform.plugins.module_utils._network import route_tables
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile

ROUTE = {
    "destination": {"type": "str", "required": True},
    "gateway_id": {"type": "str"},
    "nat_gateway_id": {"type": "str"},
    "network_interface_id": {"type": "str"},
    "egress_only_internet_gateway_id": {"type": "str"},
    "transit_gateway_id": {"type": "str"},
    "vpc_peering_connection_id": {"type": "str"},
}
TABLE = {
    "name": {"type": "str", "required": True},
    "subnet_ids": {"type": "list", "elements": "str", "default": []},
    "routes": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": ROUTE,
        "required_one_of": [tuple(route_tables.TARGETS)],
        "mutually_exclusive": [tuple(route_tables.TARGETS)],
    },
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "vpc_id": {"type": "str", "required": True},
            "tables": {"type": "list", "elements": "dict", "required": True, "options": TABLE},
            **_options.state(),
            **_options.tags(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: route_tables.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
