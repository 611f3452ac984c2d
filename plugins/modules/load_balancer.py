#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: load_balancer
short_description: An Application Load Balancer with every attribute that it has
version_added: 0.1.0
description:
  - Manages one Application Load Balancer, its subnets, security groups and attributes, all of them compared.
  - Its listeners are L(airas.platform.load_balancer_listeners, module)'s.
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
    description: The load balancer's name, at most 32 characters.
    type: str
    required: true
  subnets:
    description:
      - The subnets that it stands in, one for each of at least two Availability Zones. Required with O(state=present).
    type: list
    elements: str
    default: []
  security_groups:
    description: Who may reach it. Required with O(state=present).
    type: list
    elements: str
    default: []
  scheme:
    description: Whether it can be reached from the internet; cannot be changed afterwards.
    type: str
    choices: [internet-facing, internal]
    default: internet-facing
  ip_address_type:
    description: Whether it has IPv6 addresses as well.
    type: str
    choices: [ipv4, dualstack, dualstack-without-public-ipv4]
    default: ipv4
  access_logs:
    description: Where a line for each request is kept; not kept if not given.
    type: dict
    suboptions: &log
      bucket:
        description: The S3 bucket, in the same region, whose policy lets Elastic Load Balancing write.
        type: str
        required: true
      prefix:
        description: What the names of the files begin with, without C(AWSLogs).
        type: str
        default: ""
  connection_logs:
    description: Where a line for each connection is kept; not kept if not given.
    type: dict
    suboptions: *log
  idle_timeout:
    description: Seconds after which a connection that nothing is sent over is closed, 1 to 4000.
    type: int
    default: 60
  client_keep_alive:
    description: Seconds that a client's connection is kept at most, 60 to 604800.
    type: int
    default: 3600
  drop_invalid_headers:
    description: Whether HTTP headers whose names are not valid are removed.
    type: bool
    default: true
  desync_mode:
    description: How requests are treated that targets might understand in another way than the load balancer.
    type: str
    choices: [monitor, defensive, strictest]
    default: defensive
  preserve_host_header:
    description: Whether the client's Host header reaches the target unchanged.
    type: bool
    default: false
  tls_headers:
    description: Whether the target is told the TLS version and cipher.
    type: bool
    default: false
  forwarded_for:
    description: What becomes of the header X-Forwarded-For.
    type: str
    choices: [append, preserve, remove]
    default: append
  forwarded_for_port:
    description: Whether X-Forwarded-For names the client's port.
    type: bool
    default: false
  http2:
    description: Whether clients may use HTTP/2.
    type: bool
    default: true
  waf_fail_open:
    description: Whether requests pass unchecked while the WAF cannot be asked.
    type: bool
    default: false
  zonal_shift:
    description: Whether traffic can be shifted away from an Availability Zone.
    type: bool
    default: false
  deletion_protection:
    description:
      - Whether AWS refuses to delete it; left as it is if not given. Switching it off is classed as an outage.
      - A protected load balancer is removed only with V(false) beside O(state=absent).
    type: bool
  wait_timeout:
    default: 900
seealso:
  - module: airas.platform.load_balancer_listeners
  - module: airas.platform.target_groups
"""

EXAMPLES = r"""
- name: The load balancer of the backend
  airas.platform.load_balancer:
    name: airas-dev-alb
    subnets: [subnet-0a1b2c3d4e5f60718, subnet-0a1b2c3d4e5f60719]
    security_groups: [sg-0a1b2c3d4e5f60718]
    access_logs:
      bucket: airas-dev-logs-427979936961
      prefix: alb
    idle_timeout: 600
    tags:
      Environment: dev
      ManagedBy: airas.platform
"""

RETURN = r"""
resources:
  description:
    - By address (V(load_balancer/airas-dev-alb)), C(arn), C(dns_name), C(zone_id), C(state) and the attributes of the
      load balancer.
  returned: success
  type: dict
plan:
  description: The resources that change, each with its C(action), its C(impact) and every attribute's change.
  returned: success
  type: list
  elements: dict
pending:
  description: A load balancer that AWS is still setting up, or that has still network interfaces after its end.
  returned: success
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.airas.platform.plugins.module_utils import _options
from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._elb import load_balancer
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile

LOG = {
    "type": "dict",
    "options": {"bucket": {"type": "str", "required": True}, "prefix": {"type": "str", "default": ""}},
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "subnets": {"type": "list", "elements": "str", "default": []},
            "security_groups": {"type": "list", "elements": "str", "default": []},
            "scheme": {"type": "str", "choices": list(load_balancer.SCHEMES), "default": "internet-facing"},
            "ip_address_type": {"type": "str", "choices": list(load_balancer.ADDRESS_TYPES), "default": "ipv4"},
            "access_logs": LOG,
            "connection_logs": LOG,
            "idle_timeout": {"type": "int", "default": 60},
            "client_keep_alive": {"type": "int", "default": 3600},
            "drop_invalid_headers": {"type": "bool", "default": True},
            "desync_mode": {"type": "str", "choices": list(load_balancer.DESYNC_MODES), "default": "defensive"},
            "preserve_host_header": {"type": "bool", "default": False},
            "tls_headers": {"type": "bool", "default": False},
            "forwarded_for": {"type": "str", "choices": list(load_balancer.FORWARDED_FOR_MODES), "default": "append"},
            "forwarded_for_port": {"type": "bool", "default": False},
            "http2": {"type": "bool", "default": True},
            "waf_fail_open": {"type": "bool", "default": False},
            "zonal_shift": {"type": "bool", "default": False},
            "deletion_protection": {"type": "bool"},
            **_options.protection(),
            **_options.state(),
            **_options.tags(),
            **_options.wait(900),
        },
        required_if=[("state", "present", ("subnets", "security_groups"))],
        supports_check_mode=True,
    )
    reconcile(module, lambda: load_balancer.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
