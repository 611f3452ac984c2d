#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: sns_topics
short_description: SNS standard topics with their subscriptions
version_added: 0.1.0
description:
  - Manages any number of standard topics in one call, with their policies, encryption and subscriptions.
  - A subscription by mail or HTTP works once its recipient has confirmed it; until then each run warns of it.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - airas.platform.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  topics:
    description: The topics.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The topic's name, such as V(airas-dev-alerts).
        type: str
        required: true
      display_name:
        description: The sender's name in mails and short messages.
        type: str
        default: ""
      kms_master_key_id:
        description:
          - Id, ARN or alias of the KMS key that encrypts messages; without it they are not encrypted at rest.
          - AWS services that publish need the key's permission too, which rules out C(alias/aws/sns) for them.
        type: str
      policy:
        description:
          - The topic's access policy. It is compared by what it allows.
          - Without it only principals of the account may use the topic, as far as their IAM policies allow it. AWS
            services such as CloudWatch and EventBridge need a statement.
        type: dict
      delivery_policy:
        description: How deliveries to HTTP endpoints are repeated, as SNS's document. Only what it names is compared.
        type: dict
      signature_version:
        description: What messages are signed with, V(1) for SHA1 or V(2) for SHA256.
        type: str
        choices: ["1", "2"]
        default: "2"
      subscriptions:
        description:
          - Exactly the subscriptions that the topic has; others are removed.
          - Leave it out where subscriptions are managed elsewhere.
        type: list
        elements: dict
        suboptions:
          protocol:
            description: How messages are delivered.
            type: str
            choices: [application, email, email-json, firehose, http, https, lambda, sms, sqs]
            required: true
          endpoint:
            description: Where they are delivered, such as a function's ARN or a mail address.
            type: str
            required: true
          filter_policy:
            description: Which messages are delivered, by their attributes, as SNS's document.
            type: dict
          dead_letter_arn:
            description: ARN of the SQS queue for messages that could not be delivered.
            type: str
          raw:
            description: Whether the message is delivered as it is, without SNS's envelope.
            type: bool
            default: false
"""

EXAMPLES = r"""
- name: A topic to which alarms are sent
  airas.platform.sns_topics:
    topics:
      - name: airas-dev-alerts
        policy:
          Version: "2012-10-17"
          Statement:
            - Sid: Alarms
              Effect: Allow
              Principal: {Service: cloudwatch.amazonaws.com}
              Action: sns:Publish
              Resource: arn:aws:sns:ap-northeast-1:111122223333:airas-dev-alerts
              Condition:
                StringEquals: {aws:SourceAccount: "111122223333"}
        subscriptions:
          - protocol: lambda
            endpoint: arn:aws:lambda:ap-northeast-1:111122223333:function:airas-dev-relay
            dead_letter_arn: arn:aws:sqs:ap-northeast-1:111122223333:airas-dev-alerts-dead
    tags:
      Environment: dev
"""

RETURN = r"""
resources:
  description:
    - By address (V(sns_topic/airas-dev-alerts), V(sns_subscription/airas-dev-alerts email ops@example.com)), the C(arn)
      and the attributes of each.
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
from ansible_collections.airas.platform.plugins.module_utils._sns import topics

SUBSCRIPTION = {
    "protocol": {"type": "str", "choices": list(topics.PROTOCOLS), "required": True},
    "endpoint": {"type": "str", "required": True},
    "filter_policy": {"type": "dict"},
    "dead_letter_arn": {"type": "str"},
    "raw": {"type": "bool", "default": False},
}
TOPIC = {
    "name": {"type": "str", "required": True},
    "display_name": {"type": "str", "default": ""},
    "kms_master_key_id": {"type": "str"},
    "policy": {"type": "dict"},
    "delivery_policy": {"type": "dict"},
    "signature_version": {"type": "str", "choices": ["1", "2"], "default": "2"},
    "subscriptions": {"type": "list", "elements": "dict", "options": SUBSCRIPTION},
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "topics": {"type": "list", "elements": "dict", "required": True, "options": TOPIC},
            **_options.state(),
            **_options.tags(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: topics.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
