#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: nat_instance
short_description: A NAT instance on a fixed network interface
version_added: 0.1.0
description:
  - Manages one NAT instance that runs L(fck-nat,https://fck-nat.dev), with a network interface, an Elastic IP address
    and a security group of its own. All four carry the same C(Name) tag.
  - The network interface and the address stay when the instance is replaced, so routes to the interface never change.
  - The instance is replaced when a newer image is out, when its type or image is changed, and when it is found stopped,
    terminated or impaired. The VPC has no way out meanwhile, usually for one or two minutes.
  - It requires version 2 of the instance metadata service, its root volume is encrypted, and only the VPC can reach it.
  - For development. It is one instance in one Availability Zone.
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
  name:
    description: The name of all that belongs to the instance. No NAT gateway may have it.
    type: str
    required: true
  vpc_id:
    description: The VPC.
    type: str
    required: true
  vpc_cidr_block:
    description: The VPC's IPv4 block, whose traffic is forwarded.
    type: str
  subnet_id:
    description:
      - The public subnet in which the network interface stands.
      - Another subnet means another interface, and routes to the old one have to follow.
    type: str
  instance_type:
    description: The instance type.
    type: str
    default: t4g.nano
  architecture:
    description: The processor architecture, which has to fit O(instance_type).
    type: str
    choices: [arm64, x86_64]
    default: arm64
  image_id:
    description: The image to run. When left out, the newest that fck-nat has published.
    type: str
  wait_timeout:
    default: 600
seealso:
  - module: airas.platform.nat_gateway
"""

EXAMPLES = r"""
- name: A NAT instance
  airas.platform.nat_instance:
    name: airas-dev-nat-instance
    vpc_id: vpc-0a1b2c3d4e5f60718
    vpc_cidr_block: 10.0.0.0/16
    subnet_id: subnet-0a1b2c3d4e5f60718
    tags:
      Environment: dev
      ManagedBy: airas.platform
"""

RETURN = r"""
resources:
  description:
    - By address (V(network_interface/airas-dev-nat-instance), and C(instance), C(elastic_ip), C(security_group) alike),
      the id and the attributes of each resource.
    - Routes go to the C(id) of the network interface.
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
from ansible_collections.airas.platform.plugins.module_utils._network import nat_instance
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "vpc_id": {"type": "str", "required": True},
            "vpc_cidr_block": {"type": "str"},
            "subnet_id": {"type": "str"},
            "instance_type": {"type": "str", "default": "t4g.nano"},
            "architecture": {"type": "str", "choices": ["arm64", "x86_64"], "default": "arm64"},
            "image_id": {"type": "str"},
            **_options.protection(),
            **_options.state(),
            **_options.tags(),
            **_options.wait(600),
        },
        required_if=[("state", "present", ["vpc_cidr_block", "subnet_id"])],
        supports_check_mode=True,
    )
    reconcile(module, lambda: nat_instance.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
