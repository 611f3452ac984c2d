#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: ecr_repository
short_description: An ECR repository with encryption, scanning, immutable tags, lifecycle and access policy
version_added: 0.1.0
description:
  - Manages one private repository with everything that hangs on it.
  - The lifecycle policy and the repository policy are compared by what they mean, not by how they are written.
  - A repository that holds images is removed only with O(force=true); in a protected environment that is data loss.
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
    description: The repository's name.
    type: str
    required: true
  encryption_type:
    description: How the images are encrypted; cannot be changed afterwards.
    type: str
    choices: [AES256, KMS, KMS_DSSE]
    default: AES256
  kms_key_arn:
    description: The KMS key; without one AWS uses the key that it manages.
    type: str
  scan_on_push:
    description: Whether an image is scanned for known vulnerabilities when it is pushed.
    type: bool
    default: true
  tag_mutability:
    description: Whether a tag may be moved to another image.
    type: str
    choices: [MUTABLE, IMMUTABLE, MUTABLE_WITH_EXCLUSION, IMMUTABLE_WITH_EXCLUSION]
    default: IMMUTABLE
  mutability_exclusions:
    description: Tags, with wildcards such as V(dev-*), for which the opposite of O(tag_mutability) holds.
    type: list
    elements: str
    default: []
  lifecycle_policy:
    description: Which images expire, as a mapping with C(rules) in AWS's own form; none if empty.
    type: dict
    default: {}
  policy:
    description: Who else may use the repository, as a policy document; none if empty.
    type: dict
    default: {}
  force:
    description: Whether O(state=absent) may delete a repository together with its images.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: The repository of the backend's images
  airas.platform.ecr_repository:
    name: airas-backend
    lifecycle_policy:
      rules:
        - rulePriority: 1
          description: keep the last 30
          selection: {tagStatus: any, countType: imageCountMoreThan, countNumber: 30}
          action: {type: expire}
    tags:
      Project: airas
      ManagedBy: airas.platform
"""

RETURN = r"""
resources:
  description: By address (V(ecr_repository/airas-backend)), C(arn), C(uri) and the attributes of the repository.
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
from ansible_collections.airas.platform.plugins.module_utils._ecr import repository
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "encryption_type": {"type": "str", "choices": list(repository.ENCRYPTIONS), "default": "AES256"},
            "kms_key_arn": {"type": "str", "no_log": False},
            "scan_on_push": {"type": "bool", "default": True},
            "tag_mutability": {"type": "str", "choices": list(repository.MUTABILITIES), "default": "IMMUTABLE"},
            "mutability_exclusions": {"type": "list", "elements": "str", "default": []},
            "lifecycle_policy": {"type": "dict", "default": {}},
            "policy": {"type": "dict", "default": {}},
            "force": {"type": "bool", "default": False},
            **_options.protection(),
            **_options.state(),
            **_options.tags(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: repository.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
