#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: vpc_endpoints
short_description: Gateway and interface endpoints of a VPC
version_added: 0.1.0
description:
  - Manages the listed endpoints of one VPC, each found by its C(Name) tag.
  - Others are left alone unless O(purge) is set.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - airas.platform.tags
  - airas.platform.wait
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  vpc_id:
    description: The id of the VPC; a placeholder in a plan for a VPC that does not exist yet.
    type: str
    required: true
  endpoints:
    description: The endpoints.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The endpoint's C(Name) tag.
        type: str
        required: true
      service:
        description:
          - The service, such as V(s3) or V(ecr.api), or a full name such as V(com.amazonaws.ap-northeast-1.s3).
          - AWS cannot change it on an existing endpoint; the module refuses to try.
        type: str
        required: true
      type:
        description:
          - V(gateway) is for S3 and DynamoDB and is free; V(interface) is for all services, at a price by the hour.
          - AWS cannot change it on an existing endpoint; the module refuses to try.
        type: str
        choices: [gateway, interface]
        default: gateway
      route_table_ids:
        description: The ids of the route tables that lead to a gateway endpoint.
        type: list
        elements: str
        default: []
      subnet_ids:
        description: The ids of the subnets that an interface endpoint has an address in, at most one a zone.
        type: list
        elements: str
        default: []
      security_group_ids:
        description: The ids of the security groups of an interface endpoint.
        type: list
        elements: str
        default: []
      private_dns_enabled:
        description: Whether the service's own name leads to an interface endpoint inside the VPC.
        type: bool
        default: true
      policy:
        description: The endpoint's policy; full access if it is not given.
        type: dict
  purge:
    description: Whether to remove the VPC's other endpoints that carry the tag C(ManagedBy=airas.platform).
    type: bool
    default: false
  wait_timeout:
    description: How long to wait, in seconds.
    type: int
    default: 600
"""

EXAMPLES = r"""
- name: S3 without the NAT gateway's price, and the registry without the internet
  airas.platform.vpc_endpoints:
    vpc_id: "{{ network_outputs.vpc_id }}"
    endpoints:
      - name: airas-dev-s3
        service: s3
        route_table_ids: "{{ network_outputs.private_route_table_ids }}"
      - name: airas-dev-ecr-api
        service: ecr.api
        type: interface
        subnet_ids: "{{ network_outputs.private_subnet_ids }}"
        security_group_ids: ["{{ network_outputs.security_group_ids.endpoints }}"]
"""

RETURN = r"""
resources:
  description: By address (V(vpc_endpoint/airas-dev-s3)), the id and the attributes of each endpoint.
  returned: success
  type: dict
pending:
  description: The endpoints that AWS is still making or deleting, each with its state.
  returned: success
  type: list
  elements: dict
plan:
  description: The resources that change, each with its C(action), its C(impact) and every attribute's change.
  returned: success
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.airas.platform.plugins.module_utils import _options
from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._network import endpoints
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile

IDS = {"type": "list", "elements": "str", "default": []}
ENDPOINT = {
    "name": {"type": "str", "required": True},
    "service": {"type": "str", "required": True},
    "type": {"type": "str", "choices": ["gateway", "interface"], "default": "gateway"},
    "route_table_ids": IDS,
    "subnet_ids": IDS,
    "security_group_ids": IDS,
    "private_dns_enabled": {"type": "bool", "default": True},
    "policy": {"type": "dict"},
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "vpc_id": {"type": "str", "required": True},
            "endpoints": {"type": "list", "elements": "dict", "required": True, "options": ENDPOINT},
            "purge": {"type": "bool", "default": False},
            **_options.state(),
            **_options.tags(),
            **_options.wait(600),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: endpoints.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
