#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rds_event_subscription
short_description: Events of RDS that an SNS topic is told
version_added: 0.1.0
description:
  - Manages one event subscription. The topic's policy has to let C(events.rds.amazonaws.com) publish.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - airas.platform.tags
  - airas.platform.wait
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  name:
    description: The subscription's name.
    type: str
    required: true
  topic_arn:
    description: The topic.
    type: str
  source_type:
    description: What kind of resource the events are about.
    type: str
    choices: [db-instance, db-snapshot, db-parameter-group, db-security-group]
    default: db-instance
  source_ids:
    description: Names of the resources; all of that kind if empty.
    type: list
    elements: str
    default: []
  categories:
    description: Categories of events, such as V(failover); all if empty.
    type: list
    elements: str
    default: []
  wait_timeout:
    description: How long to wait, in seconds.
    type: int
    default: 300
"""

EXAMPLES = r"""
- name: What concerns a person
  airas.platform.rds_event_subscription:
    name: airas-dev-db
    topic_arn: arn:aws:sns:ap-northeast-1:427979936961:airas-dev-alarms
    source_ids: [airas-dev-db]
    categories: [failure, low storage]
"""

RETURN = r"""
resources:
  description: >-
    By address (V(db_event_subscription/airas-dev-db)), C(arn), C(status) and the attributes of the subscription.
  returned: success
  type: dict
plan:
  description: The resources that change, each with its C(action), its C(impact) and every attribute's change.
  returned: success
  type: list
  elements: dict
pending:
  description: What AWS is still at work on, each with its C(resource) and C(state).
  returned: success
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.airas.platform.plugins.module_utils import _options
from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._rds import event_subscription
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "topic_arn": {"type": "str"},
            "source_type": {
                "type": "str",
                "choices": ["db-instance", "db-snapshot", "db-parameter-group", "db-security-group"],
                "default": "db-instance",
            },
            "source_ids": {"type": "list", "elements": "str", "default": []},
            "categories": {"type": "list", "elements": "str", "default": []},
            **_options.state(),
            **_options.tags(),
            **_options.wait(300),
        },
        required_if=[("state", "present", ("topic_arn",))],
        supports_check_mode=True,
    )
    reconcile(module, lambda: event_subscription.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
