#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: security_groups
short_description: Security groups of a VPC, with rules that may name each other
version_added: 0.1.0
description:
  - Manages the listed security groups of one VPC, each found by its group name. Others are left alone.
  - A listed group has the listed rules and no others. That includes the rule by which AWS lets a new group talk to
    everybody, which stays only if it is listed.
  - New rules are allowed before stale ones are revoked.
  - A group that is removed may be held by network interfaces that AWS has not taken away yet, which is waited for.
  - A rule is known by its traffic and its peer, a peer group by its name, as in C(tcp 8000 from airas-dev-alb).
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
  wait_timeout:
    default: 2700
  vpc_id:
    description: The id of the VPC; a placeholder in a plan for a VPC that does not exist yet.
    type: str
    required: true
  groups:
    description:
      - The security groups. The tags of a group are on its rules too.
      - The default group of a VPC is managed by M(airas.platform.vpc).
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The group's name and C(Name) tag.
        type: str
        required: true
      description:
        description:
          - What the group is for.
          - AWS cannot change it on an existing group; the module refuses to try.
        type: str
        required: true
      ingress:
        description: What may come in.
        type: list
        elements: dict
        default: []
        suboptions: &rule
          protocol:
            description: V(tcp), V(udp), V(icmp), V(icmpv6), V(all), or the protocol's number.
            type: str
            default: tcp
          port:
            description: The port, where it is one.
            type: int
          from_port:
            description: The first port, or the ICMP type; V(-1) is every type.
            type: int
          to_port:
            description: The last port, or the ICMP code; V(-1) is every code.
            type: int
          cidr_ip:
            description: The peer as an IPv4 block.
            type: str
          cidr_ipv6:
            description: The peer as an IPv6 block.
            type: str
          group:
            description: The peer as the name of a group of this call.
            type: str
          group_id:
            description: The peer as the id of any security group.
            type: str
          prefix_list_id:
            description: The peer as the id of a prefix list.
            type: str
          description:
            description: What the rule is for.
            type: str
            default: ''
      egress:
        description: What may go out.
        type: list
        elements: dict
        default: []
        suboptions: *rule
"""

EXAMPLES = r"""
- name: A load balancer and what it talks to
  airas.platform.security_groups:
    vpc_id: "{{ network_outputs.vpc_id }}"
    groups:
      - name: airas-dev-alb
        description: Load balancer
        ingress:
          - port: 443
            cidr_ip: 0.0.0.0/0
            description: HTTPS from everywhere
        egress:
          - port: 8000
            group: airas-dev-service
            description: Requests to the service
      - name: airas-dev-service
        description: The service's tasks
        ingress:
          - port: 8000
            group: airas-dev-alb
            description: Requests from the load balancer
"""

RETURN = r"""
resources:
  description:
    - By address (V(security_group/airas-dev-alb)), the id and the attributes of each group.
    - Rules are a mapping from what they allow to their descriptions.
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
from ansible_collections.airas.platform.plugins.module_utils._network import security_groups
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile

RULES = {
    "type": "list",
    "elements": "dict",
    "default": [],
    "options": {
        "protocol": {"type": "str", "default": "tcp"},
        "port": {"type": "int"},
        "from_port": {"type": "int"},
        "to_port": {"type": "int"},
        "cidr_ip": {"type": "str"},
        "cidr_ipv6": {"type": "str"},
        "group": {"type": "str"},
        "group_id": {"type": "str"},
        "prefix_list_id": {"type": "str"},
        "description": {"type": "str", "default": ""},
    },
    "required_one_of": [security_groups.PEERS],
    "mutually_exclusive": [security_groups.PEERS, ("port", "from_port"), ("port", "to_port")],
    "required_together": [("from_port", "to_port")],
}
GROUP = {
    "name": {"type": "str", "required": True},
    "description": {"type": "str", "required": True},
    "ingress": RULES,
    "egress": RULES,
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "vpc_id": {"type": "str", "required": True},
            "groups": {"type": "list", "elements": "dict", "required": True, "options": GROUP},
            **_options.state(),
            **_options.tags(),
            **_options.wait(2700),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: security_groups.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
