#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: eventbridge_rules
short_description: EventBridge rules with their targets
version_added: 0.1.0
description:
  - Manages any number of rules of the default event bus in one call. A rule has exactly the targets of its entry.
  - Event patterns are compared by what they match.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - airas.platform.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  rules:
    description: The rules.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The rule's name, such as V(airas-dev-task-stopped).
        type: str
        required: true
      description:
        description: What the rule is for.
        type: str
        default: ""
      event_pattern:
        description: Which events it matches. A rule needs either this or a schedule.
        type: dict
      schedule:
        description: When it fires, as C(rate(...)) or C(cron(...)) in UTC.
        type: str
      enabled:
        description: Whether it does anything.
        type: bool
        default: true
      targets:
        description: Who gets the events.
        type: list
        elements: dict
        default: []
        suboptions:
          id:
            description: The target's id, unique in the rule.
            type: str
            required: true
          arn:
            description: ARN of the topic, queue, function, state machine, log group or bus.
            type: str
            required: true
          role_arn:
            description:
              - ARN of the role that C(events.amazonaws.com) assumes, for targets that have no resource policy.
              - It may have been made a moment ago; the call is repeated while EventBridge cannot assume it yet.
            type: str
          dead_letter_arn:
            description: ARN of the SQS queue for events that could not be delivered.
            type: str
          retry_attempts:
            description: How often a delivery is repeated, from 0 to 185.
            type: int
            default: 185
          retry_max_age_s:
            description: How long a delivery is repeated, in seconds, from 60 to 86400.
            type: int
            default: 86400
          input:
            description: What the target gets instead of the event.
            type: dict
          input_transformer:
            description: What the target gets, made from parts of the event.
            type: dict
            suboptions:
              input_paths:
                description: Names for parts of the event, each a JSON path.
                type: dict
              input_template:
                description: The text, with the names in angle brackets.
                type: str
                required: true
"""

EXAMPLES = r"""
- name: Stopped tasks are told to the alerts topic
  airas.platform.eventbridge_rules:
    rules:
      - name: airas-dev-task-stopped
        description: Tasks that stopped by themselves
        event_pattern:
          source: [aws.ecs]
          detail-type: [ECS Task State Change]
          detail:
            lastStatus: [STOPPED]
        targets:
          - id: alerts
            arn: arn:aws:sns:ap-northeast-1:111122223333:airas-dev-alerts
            dead_letter_arn: arn:aws:sqs:ap-northeast-1:111122223333:airas-dev-events-dead
            retry_max_age_s: 3600
    tags:
      Environment: dev
"""

RETURN = r"""
resources:
  description: By address (V(eventbridge_rule/airas-dev-task-stopped)), the C(arn) and attributes of each rule.
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
from ansible_collections.airas.platform.plugins.module_utils._events import rules
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile

TRANSFORMER = {
    "input_paths": {"type": "dict"},
    "input_template": {"type": "str", "required": True},
}
TARGET = {
    "id": {"type": "str", "required": True},
    "arn": {"type": "str", "required": True},
    "role_arn": {"type": "str"},
    "dead_letter_arn": {"type": "str"},
    "retry_attempts": {"type": "int", "default": 185},
    "retry_max_age_s": {"type": "int", "default": 86400},
    "input": {"type": "dict"},
    "input_transformer": {"type": "dict", "options": TRANSFORMER},
}
RULE = {
    "name": {"type": "str", "required": True},
    "description": {"type": "str", "default": ""},
    "event_pattern": {"type": "dict"},
    "schedule": {"type": "str"},
    "enabled": {"type": "bool", "default": True},
    "targets": {"type": "list", "elements": "dict", "options": TARGET, "default": []},
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "rules": {"type": "list", "elements": "dict", "required": True, "options": RULE},
            **_options.state(),
            **_options.tags(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: rules.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
