#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudtrail_trail
short_description: A CloudTrail trail, its settings, what it records, and that it records
version_added: 0.1.0
description:
  - Manages a trail of this account whose home is the module's region.
  - The bucket's policy has to let C(cloudtrail.amazonaws.com) write, and the key's policy let it encrypt.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - airas.platform.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  name:
    description: The trail's name.
    type: str
    required: true
  bucket:
    description: The bucket that it delivers to. Required with O(state=present).
    type: str
  prefix:
    description: What the keys of its files begin with, before C(AWSLogs/).
    type: str
  kms_key_arn:
    description: ARN of the KMS key that encrypts its files; without it S3 does, with a key of its own.
    type: str
  multi_region:
    description: Whether it records all regions.
    type: bool
    default: true
  global_events:
    description: Whether it records global services, such as IAM. A trail of all regions has to.
    type: bool
    default: true
  log_file_validation:
    description: Whether it delivers signed digests by which a changed or missing file is found.
    type: bool
    default: true
  log_group_arn:
    description: ARN of a log group that gets the events too, ending in C(:*) as AWS takes it.
    type: str
  log_role_arn:
    description: ARN of the role by which CloudTrail writes there; it may have been made a moment ago.
    type: str
  event_selectors:
    description:
      - What is recorded, in AWS's own form; management events if neither this nor O(advanced_event_selectors) is given.
      - Data events cost money for each event.
    type: list
    elements: dict
    default: []
  advanced_event_selectors:
    description: What is recorded, in AWS's newer form.
    type: list
    elements: dict
    default: []
  logging:
    description: Whether it records.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: The audit trail
  airas.platform.cloudtrail_trail:
    name: airas-trail
    bucket: airas-trail-111122223333
    kms_key_arn: arn:aws:kms:ap-northeast-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab
    tags:
      Project: airas
"""

RETURN = r"""
resources:
  description: By address (V(cloudtrail_trail/airas-trail)), the C(arn) and attributes of the trail.
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
from ansible_collections.airas.platform.plugins.module_utils._cloudtrail import trail
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "bucket": {"type": "str"},
            "prefix": {"type": "str"},
            "kms_key_arn": {"type": "str", "no_log": False},
            "multi_region": {"type": "bool", "default": True},
            "global_events": {"type": "bool", "default": True},
            "log_file_validation": {"type": "bool", "default": True},
            "log_group_arn": {"type": "str"},
            "log_role_arn": {"type": "str"},
            "event_selectors": {"type": "list", "elements": "dict", "default": []},
            "advanced_event_selectors": {"type": "list", "elements": "dict", "default": []},
            "logging": {"type": "bool", "default": True},
            **_options.state(),
            **_options.tags(),
        },
        required_if=[("state", "present", ("bucket",))],
        supports_check_mode=True,
    )
    reconcile(module, lambda: trail.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
