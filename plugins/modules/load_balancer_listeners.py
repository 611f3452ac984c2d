#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: load_balancer_listeners
short_description: All listeners of an Application Load Balancer with their rules
version_added: 0.1.0
description:
  - Manages the listeners of one load balancer in one call. Listeners and rules that are not listed are removed.
  - A listener is known by its port, a rule by its priority.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - airas.platform.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  load_balancer_arn:
    description: The load balancer. A placeholder, in a plan where it is not there yet, is accepted.
    type: str
    required: true
  listeners:
    description: The listeners. With O(state=absent) all are removed.
    type: list
    elements: dict
    default: []
    suboptions:
      port:
        description: The port that it listens on.
        type: int
        required: true
      protocol:
        description: Whether what comes in is encrypted.
        type: str
        choices: [HTTP, HTTPS]
        required: true
      certificate_arn:
        description: The certificate of an HTTPS listener.
        type: str
      tls_policy:
        description: The versions of TLS and the ciphers of an HTTPS listener; the default takes TLS 1.2 and 1.3.
        type: str
        default: ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09
      strict_transport_security:
        description: The header Strict-Transport-Security of all answers of an HTTPS listener; none if not given.
        type: str
      action: &action
        description: What happens to a request. Exactly one of the three.
        type: dict
        required: true
        suboptions:
          forward:
            description: Target groups that it is sent to.
            type: list
            elements: dict
            suboptions:
              target_group_arn:
                description: The target group.
                type: str
                required: true
              weight:
                description: Its share where there are several, 0 to 999.
                type: int
                default: 1
          redirect:
            description: Where the client is sent instead; what is not given stays as the client asked.
            type: dict
            suboptions:
              protocol:
                description: The protocol.
                type: str
              port:
                description: The port.
                type: str
              host:
                description: The host.
                type: str
              path:
                description: The path.
                type: str
              query:
                description: The query.
                type: str
              status_code:
                description: Whether the client shall remember it.
                type: str
                choices: [HTTP_301, HTTP_302]
                default: HTTP_301
          fixed_response:
            description: What the load balancer answers by itself.
            type: dict
            suboptions:
              status_code:
                description: The HTTP status.
                type: str
                required: true
              content_type:
                description: The kind of text that it is.
                type: str
                default: text/plain
              body:
                description: The text.
                type: str
                default: ""
      rules:
        description: Requests that are treated in another way.
        type: list
        elements: dict
        default: []
        suboptions:
          priority:
            description: The rule of the lowest number that fits a request decides.
            type: int
            required: true
          paths:
            description: Patterns of the path.
            type: list
            elements: str
            default: []
          hosts:
            description: Patterns of the host.
            type: list
            elements: str
            default: []
          methods:
            description: HTTP methods.
            type: list
            elements: str
            default: []
          sources:
            description: The client's address, as CIDR blocks.
            type: list
            elements: str
            default: []
          headers:
            description: HTTP headers by name, each with a list of patterns.
            type: dict
            default: {}
          action: *action
seealso:
  - module: airas.platform.load_balancer
  - module: airas.platform.target_groups
"""

EXAMPLES = r"""
- name: HTTPS to the backend, and nothing else
  airas.platform.load_balancer_listeners:
    load_balancer_arn: "{{ balancer.resources['load_balancer/airas-dev-alb'].arn }}"
    listeners:
      - port: 80
        protocol: HTTP
        action:
          redirect: {protocol: HTTPS, port: "443"}
      - port: 443
        protocol: HTTPS
        certificate_arn: arn:aws:acm:ap-northeast-1:427979936961:certificate/7e7a28d2-163f-4b8f-b9cd-822f96c08d6a
        action:
          forward:
            - target_group_arn: "{{ group.resources['target_group/airas-dev-backend'].arn }}"
    tags:
      Environment: dev
      ManagedBy: airas.platform
"""

RETURN = r"""
resources:
  description:
    - By address (V(listener/airas-dev-alb:443), V(listener_rule/airas-dev-alb:443/10)), C(arn) and the attributes of
      each listener and rule.
  returned: success
  type: dict
plan:
  description: The resources that change, each with its C(action), its C(impact) and every attribute's change.
  returned: success
  type: list
  elements: dict
"""

from typing import Any

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.airas.platform.plugins.module_utils import _options
from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._elb import listeners
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile

TEXT = {"type": "str"}
TEXTS = {"type": "list", "elements": "str", "default": []}
ACTION: dict[str, Any] = {
    "type": "dict",
    "required": True,
    "options": {
        "forward": {
            "type": "list",
            "elements": "dict",
            "options": {
                "target_group_arn": {"type": "str", "required": True},
                "weight": {"type": "int", "default": 1},
            },
        },
        "redirect": {
            "type": "dict",
            "options": {
                **dict.fromkeys(("protocol", "port", "host", "path", "query"), TEXT),
                "status_code": {"type": "str", "choices": ["HTTP_301", "HTTP_302"], "default": "HTTP_301"},
            },
        },
        "fixed_response": {
            "type": "dict",
            "options": {
                "status_code": {"type": "str", "required": True},
                "content_type": {"type": "str", "default": "text/plain"},
                "body": {"type": "str", "default": ""},
            },
        },
    },
}
RULE = {
    "priority": {"type": "int", "required": True},
    "paths": TEXTS,
    "hosts": TEXTS,
    "methods": TEXTS,
    "sources": TEXTS,
    "headers": {"type": "dict", "default": {}},
    "action": ACTION,
}
LISTENER = {
    "port": {"type": "int", "required": True},
    "protocol": {"type": "str", "choices": list(listeners.PROTOCOLS), "required": True},
    "certificate_arn": TEXT,
    "tls_policy": {"type": "str", "default": listeners.TLS_POLICY},
    "strict_transport_security": TEXT,
    "action": ACTION,
    "rules": {"type": "list", "elements": "dict", "default": [], "options": RULE},
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "load_balancer_arn": {"type": "str", "required": True},
            "listeners": {"type": "list", "elements": "dict", "default": [], "options": LISTENER},
            **_options.state(),
            **_options.tags(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: listeners.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
