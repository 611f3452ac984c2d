#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: target_groups
short_description: Target groups of an Application Load Balancer with health checks and attributes
version_added: 0.1.0
description:
  - Manages any number of target groups of one VPC in one call; who is registered in them is not its business.
  - A change of a port, protocol, VPC or kind of target makes a new group, under the name with C(-2) appended or
    removed. The old one goes as soon as no listener uses it, which may be at the next call.
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
    description: The VPC of the targets. Required with O(state=present).
    type: str
  target_groups:
    description: The groups.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The group's name, at most 30 characters.
        type: str
        required: true
      port:
        description: The port of targets that are registered without one.
        type: int
        default: 80
      protocol:
        description: How targets are reached.
        type: str
        choices: [HTTP, HTTPS]
        default: HTTP
      protocol_version:
        description: What is spoken to them.
        type: str
        choices: [HTTP1, HTTP2, GRPC]
        default: HTTP1
      target_type:
        description: What is registered; tasks on Fargate are addresses.
        type: str
        choices: [ip, instance]
        default: ip
      health_check:
        description: How it is found out which targets are well.
        type: dict
        default: {}
        suboptions:
          path:
            description: The path that is asked for.
            type: str
            default: /
          port:
            description: The port; V(traffic-port) is the one of the target.
            type: str
            default: traffic-port
          protocol:
            description: The protocol.
            type: str
            choices: [HTTP, HTTPS]
            default: HTTP
          interval:
            description: Seconds between two checks, 5 to 300.
            type: int
            default: 30
          timeout:
            description: Seconds after which a check has failed, 2 to 120.
            type: int
            default: 5
          healthy_threshold:
            description: Passed checks in a row that make a target healthy, 2 to 10.
            type: int
            default: 5
          unhealthy_threshold:
            description: Failed checks in a row that make it unhealthy, 2 to 10.
            type: int
            default: 2
          matcher:
            description: The answers that pass, such as V(200) or V(200-299).
            type: str
            default: "200"
      deregistration_delay:
        description: Seconds that requests under way have to end when a target goes, 0 to 3600.
        type: int
        default: 300
      slow_start:
        description: Seconds in which a new target's share grows, 30 to 900, or 0.
        type: int
        default: 0
      algorithm:
        description: How the target of a request is chosen.
        type: str
        choices: [round_robin, least_outstanding_requests, weighted_random]
        default: round_robin
      anomaly_mitigation:
        description:
          - Whether targets that answer worse than the others get less, with
            O(target_groups[].algorithm=weighted_random).
        type: bool
        default: false
      stickiness:
        description: Whether a client stays with its target; it does not if not given.
        type: dict
        suboptions:
          cookie:
            description: The application's cookie that tells; without it the load balancer sets one of its own.
            type: str
          duration:
            description: Seconds that it stays, 1 to 604800.
            type: int
            default: 86400
seealso:
  - module: airas.platform.load_balancer
"""

EXAMPLES = r"""
- name: The tasks of the backend
  airas.platform.target_groups:
    vpc_id: vpc-0a1b2c3d4e5f60718
    target_groups:
      - name: airas-dev-backend
        port: 8000
        health_check:
          path: /health
          healthy_threshold: 2
        deregistration_delay: 600
    tags:
      Environment: dev
      ManagedBy: airas.platform
"""

RETURN = r"""
resources:
  description: By address (V(target_group/airas-dev-backend)), C(arn), AWS's name and the attributes of each group.
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
from ansible_collections.airas.platform.plugins.module_utils._elb import target_groups
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile

HEALTH_CHECK = {
    "path": {"type": "str", "default": "/"},
    "port": {"type": "str", "default": "traffic-port"},
    "protocol": {"type": "str", "choices": list(target_groups.PROTOCOLS), "default": "HTTP"},
    "interval": {"type": "int", "default": 30},
    "timeout": {"type": "int", "default": 5},
    "healthy_threshold": {"type": "int", "default": 5},
    "unhealthy_threshold": {"type": "int", "default": 2},
    "matcher": {"type": "str", "default": "200"},
}
STICKINESS = {"cookie": {"type": "str"}, "duration": {"type": "int", "default": 86400}}
GROUP = {
    "name": {"type": "str", "required": True},
    "port": {"type": "int", "default": 80},
    "protocol": {"type": "str", "choices": list(target_groups.PROTOCOLS), "default": "HTTP"},
    "protocol_version": {"type": "str", "choices": list(target_groups.PROTOCOL_VERSIONS), "default": "HTTP1"},
    "target_type": {"type": "str", "choices": list(target_groups.TARGET_TYPES), "default": "ip"},
    "health_check": {"type": "dict", "options": HEALTH_CHECK, "default": {}},
    "deregistration_delay": {"type": "int", "default": 300},
    "slow_start": {"type": "int", "default": 0},
    "algorithm": {"type": "str", "choices": list(target_groups.ALGORITHMS), "default": "round_robin"},
    "anomaly_mitigation": {"type": "bool", "default": False},
    "stickiness": {"type": "dict", "options": STICKINESS},
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "vpc_id": {"type": "str"},
            "target_groups": {"type": "list", "elements": "dict", "required": True, "options": GROUP},
            **_options.state(),
            **_options.tags(),
        },
        required_if=[("state", "present", ("vpc_id",))],
        supports_check_mode=True,
    )
    reconcile(module, lambda: target_groups.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
