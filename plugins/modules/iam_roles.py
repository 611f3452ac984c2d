#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_roles
short_description: IAM roles with all their policies
version_added: 0.1.0
description:
  - Manages any number of roles in one call. A role has exactly the policies of its entry.
  - Policies are compared by what they allow. A plan names the statement and the element that change, such as
    C(inline_policies.bedrock.Statement.AllowInvoke.Action).
  - A principal that was deleted shows as a change, because IAM keeps its unique id in place of its ARN; writing the
    policy again lets the principal that has the name now in.
notes:
  - A change of IAM takes some seconds to reach other services. Modules of this collection that hand a role to a service
    repeat the call while that service does not see the role yet.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - airas.platform.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  roles:
    description: The roles.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The role's name, unique in the account.
        type: str
        required: true
      path:
        description:
          - The path, which begins and ends with a slash.
          - AWS cannot change it on an existing role; the module refuses to try.
        type: str
        default: /
      description:
        description: What the role is for.
        type: str
        default: ""
      assume_role_policy:
        description:
          - The trust policy, which says who may assume the role.
          - Required with O(state=present).
        type: dict
      inline_policies:
        description: The permissions, as a mapping from a policy's name to its document.
        type: dict
        default: {}
      managed_policy_arns:
        description: ARNs of the managed policies to attach.
        type: list
        elements: str
        default: []
      max_session_duration:
        description: How long a session may last, in seconds, from 3600 to 43200.
        type: int
        default: 3600
      permissions_boundary:
        description: ARN of the managed policy that bounds what the role may do at most.
        type: str
      instance_profile:
        description: Whether an instance profile of the same name and path gives the role to EC2 instances.
        type: bool
        default: false
"""

EXAMPLES = r"""
- name: A role for tasks that may write artifacts
  airas.platform.iam_roles:
    roles:
      - name: airas-dev-task
        description: What the application may do.
        assume_role_policy:
          Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Principal: {Service: ecs-tasks.amazonaws.com}
              Action: sts:AssumeRole
              Condition:
                StringEquals: {aws:SourceAccount: "111122223333"}
        inline_policies:
          artifacts:
            Version: "2012-10-17"
            Statement:
              - Sid: WriteArtifacts
                Effect: Allow
                Action: [s3:GetObject, s3:PutObject]
                Resource: arn:aws:s3:::airas-dev-artifacts-111122223333/*
    tags:
      Environment: dev

- name: No such role any more
  airas.platform.iam_roles:
    roles:
      - name: airas-dev-task
    state: absent
"""

RETURN = r"""
resources:
  description:
    - By address (V(iam_role/airas-dev-task), V(instance_profile/airas-dev-nat)), the C(arn) and the attributes of each.
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
from ansible_collections.airas.platform.plugins.module_utils._iam import roles
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile

ROLE = {
    "name": {"type": "str", "required": True},
    "path": {"type": "str", "default": "/"},
    "description": {"type": "str", "default": ""},
    "assume_role_policy": {"type": "dict"},
    "inline_policies": {"type": "dict", "default": {}},
    "managed_policy_arns": {"type": "list", "elements": "str", "default": []},
    "max_session_duration": {"type": "int", "default": 3600},
    "permissions_boundary": {"type": "str"},
    "instance_profile": {"type": "bool", "default": False},
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "roles": {"type": "list", "elements": "dict", "required": True, "options": ROLE},
            **_options.state(),
            **_options.tags(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: roles.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
