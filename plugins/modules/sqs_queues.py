#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: sqs_queues
short_description: SQS standard queues
version_added: 0.1.0
description:
  - Manages any number of standard queues in one call. The queues of a call may be each other's dead-letter queues.
  - Deleting a queue, and keeping its messages for a shorter time, count as loss of data.
notes:
  - A change takes up to a minute to reach all of SQS; until then a second run may find the old value and set it again.
  - After a queue was deleted its name is free again in a minute; the module waits for it.
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
  queues:
    description: The queues.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The queue's name, such as V(airas-dev-alerts-dead).
        type: str
        required: true
      visibility_timeout_s:
        description: How long a received message is hidden from other consumers, in seconds, from 0 to 43200.
        type: int
        default: 30
      message_retention_s:
        description: How long a message is kept, in seconds, from 60 to 1209600 (14 days).
        type: int
        default: 345600
      kms_master_key_id:
        description: Id, ARN or alias of the KMS key that encrypts messages; without it SQS encrypts with its own key.
        type: str
      redrive_policy:
        description: Where messages go that nobody could process.
        type: dict
        suboptions:
          dead_letter_arn:
            description: ARN of the dead-letter queue.
            type: str
            required: true
          max_receive_count:
            description: How often a message is received before it goes there, from 1 to 1000.
            type: int
            default: 5
      policy:
        description:
          - The queue's access policy. It is compared by what it allows.
          - Without it the queue has none, and only IAM policies of the account count.
        type: dict
"""

EXAMPLES = r"""
- name: A dead-letter queue that EventBridge may write to
  airas.platform.sqs_queues:
    queues:
      - name: airas-dev-events-dead
        message_retention_s: 1209600
        policy:
          Version: "2012-10-17"
          Statement:
            - Sid: Events
              Effect: Allow
              Principal: {Service: events.amazonaws.com}
              Action: sqs:SendMessage
              Resource: arn:aws:sqs:ap-northeast-1:111122223333:airas-dev-events-dead
              Condition:
                ArnLike: {aws:SourceArn: "arn:aws:events:ap-northeast-1:111122223333:rule/airas-dev-*"}
    tags:
      Environment: dev
"""

RETURN = r"""
resources:
  description:
    - By address (V(sqs_queue/airas-dev-events-dead)), the C(arn), C(url) and attributes of each queue, and about how
      many C(messages) it holds.
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
from ansible_collections.airas.platform.plugins.module_utils._sqs import queues

REDRIVE = {
    "dead_letter_arn": {"type": "str", "required": True},
    "max_receive_count": {"type": "int", "default": 5},
}
QUEUE = {
    "name": {"type": "str", "required": True},
    "visibility_timeout_s": {"type": "int", "default": 30},
    "message_retention_s": {"type": "int", "default": 345600},
    "kms_master_key_id": {"type": "str"},
    "redrive_policy": {"type": "dict", "options": REDRIVE},
    "policy": {"type": "dict"},
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "queues": {"type": "list", "elements": "dict", "required": True, "options": QUEUE},
            **_options.protection(),
            **_options.state(),
            **_options.tags(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: queues.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
