#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: securityhub_hub
short_description: Security Hub CSPM of an account in a region
version_added: 0.1.0
description:
  - Enables Security Hub CSPM, sets it, and enables standards.
  - Where it is enabled already, it is adopted. Standards that O(standards) does not name stay as they are, and
    O(state=absent) disables it only if it carries the tag C(ManagedBy) of O(tags).
  - Most controls need AWS Config, which this module does not turn on. It warns where a standard lacks it.
  - Security Hub costs money for each check, after 30 days of trial, and AWS Config for each change that it records. See
    U(https://aws.amazon.com/security-hub/cspm/pricing/).
  - To disable it or a standard loses findings, which is a loss of data.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.protection
  - airas.platform.state
  - airas.platform.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  auto_enable_controls:
    description: Whether controls that AWS adds to an enabled standard are enabled too.
    type: bool
    default: true
  control_finding_generator:
    description: Whether a check makes one finding, with V(SECURITY_CONTROL), or one for each standard.
    type: str
    choices: [SECURITY_CONTROL, STANDARD_CONTROL]
    default: SECURITY_CONTROL
  standards:
    description:
      - Standards that are enabled (V(true)) or not, by the end of their ARN, such as
        V(aws-foundational-security-best-practices/v/1.0.0) or V(cis-aws-foundations-benchmark/v/5.0.0).
      - The command C(aws securityhub describe-standards) lists them.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Check the account against AWS's own standard and that of CIS
  airas.platform.securityhub_hub:
    standards:
      aws-foundational-security-best-practices/v/1.0.0: true
      cis-aws-foundations-benchmark/v/5.0.0: true
    tags: {ManagedBy: airas.platform}
"""

RETURN = r"""
resources:
  description: By address (V(security_hub/ap-northeast-1)), the C(arn) and the attributes.
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
from ansible_collections.airas.platform.plugins.module_utils._securityhub import hub


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "auto_enable_controls": {"type": "bool", "default": True},
            "control_finding_generator": {
                "type": "str",
                "choices": list(hub.GENERATORS),
                "default": "SECURITY_CONTROL",
            },
            "standards": {"type": "dict", "default": {}},
            **_options.protection(),
            **_options.state(),
            **_options.tags(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: hub.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
