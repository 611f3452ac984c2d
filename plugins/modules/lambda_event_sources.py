#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: lambda_event_sources
short_description: Queues that Lambda polls for functions
version_added: 0.1.0
description:
  - Manages any number of event source mappings of SQS queues in one call. A mapping is known by its function and queue.
  - The function's role has to permit C(sqs:ReceiveMessage), C(sqs:DeleteMessage) and C(sqs:GetQueueAttributes). The
    queue's visibility timeout must not be shorter than the function's timeout; AWS advises six times as long.
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
  event_sources:
    description: The mappings.
    type: list
    elements: dict
    required: true
    suboptions:
      function:
        description: Name of the function.
        type: str
        required: true
      source_arn:
        description: ARN of the queue.
        type: str
        required: true
      batch_size:
        description: How many messages the function gets at once at the most, from 1 to 10000.
        type: int
        default: 10
      batching_window_s:
        description: How long a batch gathers, in seconds, from 0 to 300. Batches of more than 10 need at least 1.
        type: int
        default: 0
      maximum_concurrency:
        description: How many batches the function gets at once at the most, from 2 to 1000. Without it, no limit.
        type: int
      report_item_failures:
        description: Whether the function answers which messages failed. Otherwise a batch fails or works as a whole.
        type: bool
        default: false
      enabled:
        description: Whether the queue is polled.
        type: bool
        default: true
  wait_timeout:
    default: 300
seealso:
  - module: airas.platform.lambda_functions
  - module: airas.platform.sqs_queues
"""

EXAMPLES = r"""
- name: The relay gets bursts of alarms as one batch
  airas.platform.lambda_event_sources:
    event_sources:
      - function: airas-dev-discord-relay
        source_arn: arn:aws:sqs:ap-northeast-1:111122223333:airas-dev-discord-relay
        batch_size: 200
        batching_window_s: 5
        maximum_concurrency: 2
        report_item_failures: true
    tags:
      Environment: dev
"""

RETURN = r"""
resources:
  description:
    - By address (V(lambda_event_source/airas-dev-discord-relay:airas-dev-discord-relay)), the C(id), C(arn), C(state)
      and attributes of each mapping.
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
from ansible_collections.airas.platform.plugins.module_utils._lambda import event_sources
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile

SOURCE = {
    "function": {"type": "str", "required": True},
    "source_arn": {"type": "str", "required": True},
    "batch_size": {"type": "int", "default": 10},
    "batching_window_s": {"type": "int", "default": 0},
    "maximum_concurrency": {"type": "int"},
    "report_item_failures": {"type": "bool", "default": False},
    "enabled": {"type": "bool", "default": True},
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "event_sources": {"type": "list", "elements": "dict", "required": True, "options": SOURCE},
            **_options.state(),
            **_options.tags(),
            **_options.wait(300),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: event_sources.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
