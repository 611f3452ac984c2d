#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: wafv2_association
short_description: Load balancers that a web ACL protects
version_added: 0.1.0
description:
  - Puts load balancers behind a web ACL that M(airas.platform.wafv2_web_acl) made, in place of another one too.
  - With O(state=absent) the associations end that lead to this web ACL; another web ACL's are left alone.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  web_acl:
    description: The web ACL's name.
    type: str
    required: true
  resource_arns:
    description:
      - ARNs of the load balancers.
      - Required with O(state=present). With O(state=absent), all that it protects if there are none.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: The load balancer stands behind it
  airas.platform.wafv2_association:
    web_acl: airas-prod-backend
    resource_arns:
      - arn:aws:elasticloadbalancing:ap-northeast-1:111122223333:loadbalancer/app/airas-prod-alb/50dc6c495c0c9188
"""

RETURN = r"""
resources:
  description: By address (V(wafv2_association/airas-prod-alb)), C(web_acl_arn) and C(resource_arn).
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
from ansible_collections.airas.platform.plugins.module_utils._wafv2 import association


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "web_acl": {"type": "str", "required": True},
            "resource_arns": {"type": "list", "elements": "str", "default": []},
            **_options.state(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: association.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
