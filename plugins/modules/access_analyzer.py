#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: access_analyzer
short_description: IAM Access Analyzer of an account in a region
version_added: 0.1.0
description:
  - Manages the analyzer of one type, which finds what the account lets outsiders do, or what nobody uses.
  - An account has one analyzer of each type in a region. One that is there without the tag C(ManagedBy) of O(tags) is
    adopted as it is, whatever its name, and neither changed nor removed.
  - Findings go with their analyzer, and with them what somebody has archived; that is a loss of data.
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
  name:
    description: The name of an analyzer that has to be made.
    type: str
    required: true
  type:
    description:
      - V(ACCOUNT) finds resources that somebody outside the account can reach, and costs nothing.
      - V(ACCOUNT_UNUSED_ACCESS) finds roles, keys, passwords and permissions that nobody uses, in all regions. It costs
        money for each IAM role and user and month, see U(https://aws.amazon.com/iam/access-analyzer/pricing/).
    type: str
    choices: [ACCOUNT, ACCOUNT_UNUSED_ACCESS]
    default: ACCOUNT
  unused_access_age_days:
    description:
      - After how many days access counts as unused, 1 to 365; 90 if left out.
      - AWS cannot change it, so another one replaces the analyzer.
    type: int
"""

EXAMPLES = r"""
- name: Find what outsiders can reach
  airas.platform.access_analyzer:
    name: airas-external-access
    tags: {ManagedBy: airas.platform}

- name: Find what nobody uses
  airas.platform.access_analyzer:
    name: airas-unused-access
    type: ACCOUNT_UNUSED_ACCESS
    unused_access_age_days: 90
    tags: {ManagedBy: airas.platform}
"""

RETURN = r"""
resources:
  description: By address (V(access_analyzer/ACCOUNT)), the C(arn), the name as C(analyzer), and the attributes.
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
from ansible_collections.airas.platform.plugins.module_utils._accessanalyzer import analyzer
from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "type": {"type": "str", "choices": [analyzer.EXTERNAL, analyzer.UNUSED], "default": analyzer.EXTERNAL},
            "unused_access_age_days": {"type": "int"},
            **_options.protection(),
            **_options.state(),
            **_options.tags(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: analyzer.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
