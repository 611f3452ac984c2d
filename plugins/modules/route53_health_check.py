#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: route53_health_check
short_description: A health check of Route 53
version_added: 0.1.0
description:
  - Manages one check that asks a web server from many places of the world. It is found again by its caller reference,
    which begins with O(name).
  - Its metrics are in CloudWatch of the region V(us-east-1).
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
    description: The C(Name) tag, at most 31 characters.
    type: str
    required: true
  domain_name:
    description: Whom to ask; needed unless O(state=absent).
    type: str
  type:
    description: How to ask.
    type: str
    choices: [HTTP, HTTPS]
    default: HTTPS
  port:
    description: The port.
    type: int
    default: 443
  path:
    description: What to ask for; an answer of 2xx or 3xx is healthy.
    type: str
    default: /
  interval_s:
    description: How often each place asks, in seconds; V(10) costs more.
    type: int
    choices: [10, 30]
    default: 30
  failure_threshold:
    description: How many answers in a row change its mind, from 1 to 10.
    type: int
    default: 3
"""

EXAMPLES = r"""
- name: The product answers
  airas.platform.route53_health_check:
    name: airas-prod
    domain_name: app.example.com
    path: /health
"""

RETURN = r"""
resources:
  description: By address (V(route53_health_check/airas-prod)), the C(id) and the attributes of the check.
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
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile
from ansible_collections.airas.platform.plugins.module_utils._route53 import health_check


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "domain_name": {"type": "str"},
            "type": {"type": "str", "choices": ["HTTP", "HTTPS"], "default": "HTTPS"},
            "port": {"type": "int", "default": 443},
            "path": {"type": "str", "default": "/"},
            "interval_s": {"type": "int", "choices": [10, 30], "default": 30},
            "failure_threshold": {"type": "int", "default": 3},
            **_options.state(),
            **_options.tags(),
        },
        required_if=[("state", "present", ["domain_name"])],
        supports_check_mode=True,
    )
    reconcile(module, lambda: health_check.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
