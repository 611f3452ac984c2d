#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_image_revision
short_description: A revision of what an ECS service runs in which only the image differs
version_added: 0.1.0
description:
  - Registers what a deployment brings; it moves nothing. M(airas.platform.ecs_deployment) does that.
  - The image has to be in ECR, and for the processors that the service runs on. It is named by its digest, so that what
    was checked is what runs, wherever its tag moves to.
  - A revision that an earlier run registered and could not deploy is taken again.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  cluster:
    description: The cluster's name or ARN.
    type: str
    required: true
  service:
    description: The service whose task definition is the model.
    type: str
    required: true
  container:
    description: The container that gets the image.
    type: str
    required: true
  repository:
    description: The ECR repository of this account that holds the image.
    type: str
    required: true
  tag:
    description: The image's tag. Give this or O(digest).
    type: str
  digest:
    description: The image's digest, V(sha256:...).
    type: str
"""

EXAMPLES = r"""
- name: The revision with the new image
  airas.platform.ecs_image_revision:
    cluster: airas-dev-cluster
    service: airas-dev-backend
    container: backend
    repository: airas-backend
    tag: "2026.11.1"
  register: revision
"""

RETURN = r"""
resources:
  description:
    - By address (V(ecs_task_definition/airas-dev-backend)), C(arn) and C(revision), the C(images) by container, and the
      C(tags) of the image and when it was C(pushed_at). In a plan the C(arn) of a revision yet to come is a
      placeholder.
  returned: success
  type: dict
plan:
  description: The resources that change, each with its C(action), its C(impact) and every attribute's change.
  returned: success
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._ecs import image_revision
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "cluster": {"type": "str", "required": True},
            "service": {"type": "str", "required": True},
            "container": {"type": "str", "required": True},
            "repository": {"type": "str", "required": True},
            "tag": {"type": "str"},
            "digest": {"type": "str"},
        },
        required_one_of=[("tag", "digest")],
        mutually_exclusive=[("tag", "digest")],
        supports_check_mode=True,
    )
    reconcile(module, lambda: image_revision.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
