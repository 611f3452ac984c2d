#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: wafv2_web_acl
short_description: A web ACL of AWS WAF with its rules
version_added: 0.1.0
description:
  - Manages a regional web ACL, the kind that protects load balancers, and compares it field by field.
  - What the rules need of its capacity is checked before anything is written.
  - An override of a rule that a managed group does not have is an error; AWS would ignore it silently.
  - For load balancers AWS inspects the first 8 KB of a body, and no option changes that.
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
    description: The web ACL's name, unique in the region.
    type: str
    required: true
  description:
    description: What it is for.
    type: str
    default: ""
  default_action:
    description: What happens to a request that no rule decides on, in AWS's own form.
    type: dict
    default: {Allow: {}}
  rules:
    description:
      - The rules in AWS's own form, see U(https://docs.aws.amazon.com/waf/latest/APIReference/API_Rule.html).
      - A rule without C(VisibilityConfig) is seen as O(sampled_requests) and O(metrics) say, under its own name.
    type: list
    elements: dict
    default: []
  metric_name:
    description: The name in CloudWatch of requests that no rule decides on; the web ACL's own if left out.
    type: str
  sampled_requests:
    description: Whether AWS keeps samples of requests for three hours.
    type: bool
    default: true
  metrics:
    description: Whether CloudWatch counts the requests.
    type: bool
    default: true
  custom_response_bodies:
    description: Bodies that rules answer with, by the key that they name them by, in AWS's own form.
    type: dict
    default: {}
  captcha_immunity_s:
    description: How long a solved CAPTCHA holds, in seconds.
    type: int
    default: 300
  challenge_immunity_s:
    description: How long a passed challenge holds, in seconds.
    type: int
    default: 300
  token_domains:
    description: Domains whose tokens are accepted beside the protected resource's own.
    type: list
    elements: str
    default: []
  body_inspection_limits:
    description: How much of a body is inspected (V(KB_16) to V(KB_64)) by kind of resource; never a load balancer.
    type: dict
    default: {}
  data_protection:
    description:
      - Fields that no log, sample or rule match shows, in AWS's own form, see
        U(https://docs.aws.amazon.com/waf/latest/APIReference/API_DataProtection.html).
    type: list
    elements: dict
    default: []
  low_reputation_mode:
    description: Whether load balancers turn away addresses of low reputation always or only during an attack.
    type: str
    choices: [ACTIVE_UNDER_DDOS, ALWAYS_ON]
    default: ACTIVE_UNDER_DDOS
  max_capacity:
    description: How many capacity units the rules may need. AWS charges more for those over 1500, and allows 5000.
    type: int
    default: 1500
"""

EXAMPLES = r"""
- name: What stands before the load balancer
  airas.platform.wafv2_web_acl:
    name: airas-prod-backend
    rules:
      - Name: AWSManagedRulesCommonRuleSet
        Priority: 10
        OverrideAction: {None: {}}
        Statement:
          ManagedRuleGroupStatement:
            VendorName: AWS
            Name: AWSManagedRulesCommonRuleSet
            RuleActionOverrides:
              - Name: SizeRestrictions_BODY
                ActionToUse: {Count: {}}
    tags:
      Environment: prod
"""

RETURN = r"""
resources:
  description: By address (V(wafv2_web_acl/airas-prod-backend)), C(arn), C(capacity) and the attributes of the web ACL.
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
from ansible_collections.airas.platform.plugins.module_utils._wafv2 import web_acl


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "description": {"type": "str", "default": ""},
            "default_action": {"type": "dict", "default": {"Allow": {}}},
            "rules": {"type": "list", "elements": "dict", "default": []},
            "metric_name": {"type": "str"},
            "sampled_requests": {"type": "bool", "default": True},
            "metrics": {"type": "bool", "default": True},
            "custom_response_bodies": {"type": "dict", "default": {}},
            "captcha_immunity_s": {"type": "int", "default": 300},
            "challenge_immunity_s": {"type": "int", "default": 300},
            "token_domains": {"type": "list", "elements": "str", "default": [], "no_log": False},
            "body_inspection_limits": {"type": "dict", "default": {}},
            "data_protection": {"type": "list", "elements": "dict", "default": []},
            "low_reputation_mode": {
                "type": "str",
                "choices": ["ACTIVE_UNDER_DDOS", "ALWAYS_ON"],
                "default": "ACTIVE_UNDER_DDOS",
            },
            "max_capacity": {"type": "int", "default": 1500},
            **_options.state(),
            **_options.tags(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: web_acl.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
