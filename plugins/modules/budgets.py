#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: budgets
short_description: Budgets of costs with their notifications
version_added: 0.1.0
description:
  - Manages any number of cost budgets of the account in one call.
  - A budget that filters by a tag sees costs only once the tag is activated as a cost allocation tag, in the billing
    console of the paying account.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - airas.platform.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  budgets:
    description: The budgets.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The budget's name, unique in the account.
        type: str
        required: true
      amount_usd:
        description: How much may be spent in each period, in US dollars. Required unless the budget is to be absent.
        type: float
      time_unit:
        description: The period.
        type: str
        choices: [DAILY, MONTHLY, QUARTERLY, ANNUALLY]
        default: MONTHLY
      cost_filters:
        description:
          - Which costs count, as AWS's cost filters; all if empty.
          - V(TagKeyValue) with V(user:Environment$dev) means what carries the tag C(Environment) with the value C(dev).
        type: dict
        default: {}
      notifications:
        description: Who is told when, up to five.
        type: list
        elements: dict
        default: []
        suboptions:
          of:
            description: Whether what has been spent counts, or what AWS forecasts for the period.
            type: str
            choices: [ACTUAL, FORECASTED]
            default: ACTUAL
          threshold_percent:
            description: Above which part of the amount, in percent.
            type: float
            required: true
          topic_arns:
            description: The SNS topic that is told, at most one.
            type: list
            elements: str
            default: []
          emails:
            description: Addresses that are told, up to ten.
            type: list
            elements: str
            default: []
"""

EXAMPLES = r"""
- name: A budget for the environment
  airas.platform.budgets:
    budgets:
      - name: airas-dev
        amount_usd: 90
        cost_filters: {TagKeyValue: [user:Environment$dev]}
        notifications:
          - {of: ACTUAL, threshold_percent: 80, topic_arns: [arn:aws:sns:ap-northeast-1:111122223333:airas-dev-alarms]}
    tags:
      Environment: dev
"""

RETURN = r"""
resources:
  description: By address (V(budget/airas-dev)), the C(arn) and the attributes of each.
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
from ansible_collections.airas.platform.plugins.module_utils._budgets import budgets
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile

NOTIFICATION = {
    "of": {"type": "str", "choices": list(budgets.OF), "default": "ACTUAL"},
    "threshold_percent": {"type": "float", "required": True},
    "topic_arns": {"type": "list", "elements": "str", "default": []},
    "emails": {"type": "list", "elements": "str", "default": []},
}
BUDGET = {
    "name": {"type": "str", "required": True},
    "amount_usd": {"type": "float"},
    "time_unit": {"type": "str", "choices": list(budgets.TIME_UNITS), "default": "MONTHLY"},
    "cost_filters": {"type": "dict", "default": {}},
    "notifications": {"type": "list", "elements": "dict", "default": [], "options": NOTIFICATION},
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "budgets": {"type": "list", "elements": "dict", "required": True, "options": BUDGET},
            **_options.state(),
            **_options.tags(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: budgets.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
