#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: log_groups
short_description: CloudWatch Logs log groups
version_added: 0.1.0
description:
  - Manages any number of log groups in one call, with their retention, class, encryption and tags.
  - Deleting a log group, and keeping its events for a shorter time, count as loss of data.
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
  groups:
    description: The log groups.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The log group's name, such as V(/ecs/airas-dev-backend).
        type: str
        required: true
      retention_days:
        description:
          - How many days events are kept; V(0) keeps them for ever.
          - Required with O(state=present).
        type: int
        choices:
          [0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]
      kms_key_id:
        description:
          - ARN of the KMS key that encrypts events from now on; without it CloudWatch Logs uses a key of its own.
          - The key's policy has to let the region's C(logs) service use it.
        type: str
      log_group_class:
        description:
          - The class, which decides features and price.
          - AWS cannot change it on an existing log group; the module refuses to try.
        type: str
        choices: [STANDARD, INFREQUENT_ACCESS]
        default: STANDARD
"""

EXAMPLES = r"""
- name: Log groups
  airas.platform.log_groups:
    groups:
      - name: /ecs/airas-dev-backend
        retention_days: 7
      - name: /vpc/airas-dev
        retention_days: 30
        kms_key_id: arn:aws:kms:ap-northeast-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab
    tags:
      Environment: dev

- name: No log group any more
  airas.platform.log_groups:
    groups:
      - name: /vpc/airas-dev
    state: absent
"""

RETURN = r"""
resources:
  description:
    - By address (V(log_group//ecs/airas-dev-backend)), the attributes of each log group.
    - Its C(arn) comes without the C(:*) that policies on its streams need.
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
from ansible_collections.airas.platform.plugins.module_utils._logs import groups
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile

GROUP = {
    "name": {"type": "str", "required": True},
    "retention_days": {"type": "int", "choices": list(groups.RETENTION_DAYS)},
    "kms_key_id": {"type": "str"},
    "log_group_class": {"type": "str", "choices": list(groups.CLASSES), "default": "STANDARD"},
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "groups": {"type": "list", "elements": "dict", "required": True, "options": GROUP},
            **_options.protection(),
            **_options.state(),
            **_options.tags(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: groups.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
