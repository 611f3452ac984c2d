#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: drift_report
short_description: Judges what a check run has found, and tells of drift once
version_added: 0.1.0
description:
  - Reads what the callback P(airas.platform.plan_report#callback) has collected in the plays before this one, and shows
    each resource that differs and each attribute, with what AWS has and what the inventory says.
  - Fails if there is drift, with which C(ansible-playbook) ends with status 2. Reports the host as unreachable, which
    is status 4, if the stack could not be compared.
  - Publishes one message when the drift is new, when it is another, and when it is gone. What was told last is one item
    in the lock table, with the key C(airas.platform/<environment>/drift).
  - A run of some tags judges those alone and tells nobody.
  - Needs C(dynamodb:GetItem), C(dynamodb:PutItem) and C(dynamodb:DeleteItem) on the table, and C(sns:Publish) on the
    topic.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Says whether a message would be sent; sends and remembers nothing.
    support: full
  diff_mode:
    description: Changes nothing of the stack.
    support: none
options:
  environment:
    description: The environment that was compared.
    type: str
    required: true
  table:
    description: The lock table, which remembers what was told.
    type: str
    required: true
  topic_arn:
    description: The topic of the alarms.
    type: str
    required: true
  notify:
    description:
      - V(changed) tells of drift that is new, another, or gone.
      - V(always) tells each time, even that there is none.
      - V(never) tells nobody and remembers nothing.
    type: str
    choices: [changed, always, never]
    default: changed
  url:
    description: Where the run can be looked at, for the message.
    type: str
    default: ""
  report:
    description: What was found, as the callback writes it. Of the plays before this one unless given.
    type: dict
"""

EXAMPLES = r"""
- name: Drift
  airas.platform.drift_report:
    environment: dev
    table: airas-terraform-lock
    topic_arn: arn:aws:sns:ap-northeast-1:111122223333:airas-dev-alarms
"""

RETURN = r"""
drift:
  description: Whether AWS is other than the inventory says.
  returned: when the stack could be compared
  type: bool
told:
  description: Whether a message was published.
  returned: when the stack could be compared
  type: bool
since:
  description: When this drift was found first, in seconds since the epoch; 0 without drift.
  returned: when the stack could be compared
  type: int
notice:
  description: Whether Discord was told, and why not.
  returned: when the stack could be compared
  type: str
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._guard import drift
from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "environment": {"type": "str", "required": True},
            "table": {"type": "str", "required": True},
            "topic_arn": {"type": "str", "required": True},
            "notify": {"type": "str", "choices": ["changed", "always", "never"], "default": "changed"},
            "url": {"type": "str", "default": ""},
            "report": {"type": "dict"},
        },
        supports_check_mode=True,
    )
    try:
        result = drift.settle(Aws(module), module.params, write=not module.check_mode)
    except PlatformError as error:
        module.fail_json(msg=str(error), call=error.call)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
