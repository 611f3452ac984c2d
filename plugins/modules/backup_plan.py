#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: backup_plan
short_description: A plan of AWS Backup with its rules and what they back up
version_added: 0.1.0
description:
  - Manages one backup plan. It has exactly the rules and the selections that are listed.
  - In a protected environment, removing the plan, a rule or a selection, or keeping a continuous backup for less long,
    is data loss. Recovery points that exist stay until their own retention ends.
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
    description: The plan's name.
    type: str
    required: true
  rules:
    description: When backups are made, where to, and how long they are kept.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The rule's name.
        type: str
        required: true
      vault:
        description: The vault that receives the backups.
        type: str
        required: true
      schedule:
        description: When they are made, as C(cron(...)) in O(rules[].timezone).
        type: str
        required: true
      timezone:
        description: The time zone of the schedule.
        type: str
        default: Etc/UTC
      start_window_minutes:
        description: For how long a backup may wait for its begin, from 60 on.
        type: int
        default: 60
      completion_window_minutes:
        description: How long it may take.
        type: int
        default: 180
      delete_after_days:
        description: After how many days a backup is deleted; never unless given.
        type: int
      cold_storage_after_days:
        description: After how many days it goes to cold storage, where the kind of resource has one.
        type: int
      continuous:
        description:
          - Whether the backup is continuous, for any second of its retention, which then is 35 days at most.
          - Of an RDS instance AWS Backup then sets the retention and the window of the automated backups.
        type: bool
        default: false
      recovery_point_tags:
        description: Tags of the backups, beside those of the resource.
        type: dict
        default: {}
      copies:
        description: Other vaults, of another region or account, that get a copy.
        type: list
        elements: dict
        default: []
        suboptions:
          vault_arn:
            description: ARN of the vault.
            type: str
            required: true
          delete_after_days:
            description: After how many days the copy is deleted; never unless given.
            type: int
          cold_storage_after_days:
            description: After how many days it goes to cold storage.
            type: int
  selections:
    description: What is backed up.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The selection's name.
        type: str
        required: true
      role_arn:
        description:
          - ARN of the role with which C(backup.amazonaws.com) makes the backups.
          - It may have been made a moment ago; the call is repeated while AWS Backup cannot assume it yet.
        type: str
        required: true
      resources:
        description:
          - ARNs of resources, which may end with an asterisk.
          - Whatever is named by its ARN is backed up, whether the account has opted in to its service or not.
        type: list
        elements: str
        required: true
      not_resources:
        description: ARNs of those that are left out.
        type: list
        elements: str
        default: []
      tags:
        description: Tags that a resource has to carry besides, all of them.
        type: dict
        default: {}
"""

EXAMPLES = r"""
- name: The database each night, for 35 days
  airas.platform.backup_plan:
    name: airas-prod-db
    rules:
      - name: nightly
        vault: airas-prod-db
        schedule: cron(30 4 * * ? *)
        timezone: Asia/Tokyo
        delete_after_days: 35
    selections:
      - name: database
        role_arn: arn:aws:iam::111122223333:role/airas-prod-backup
        resources: ["arn:aws:rds:ap-northeast-1:111122223333:db:airas-prod-db"]
    tags:
      Environment: prod
"""

RETURN = r"""
resources:
  description:
    - By address (V(backup_plan/airas-prod-db), V(backup_selection/airas-prod-db/database)), the C(id) and attributes of
      the plan and of each selection, and the plan's C(arn).
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
from ansible_collections.airas.platform.plugins.module_utils._backup import plan
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile

LIFECYCLE = {"delete_after_days": {"type": "int"}, "cold_storage_after_days": {"type": "int"}}
COPY = {"vault_arn": {"type": "str", "required": True}, **LIFECYCLE}
RULE = {
    "name": {"type": "str", "required": True},
    "vault": {"type": "str", "required": True},
    "schedule": {"type": "str", "required": True},
    "timezone": {"type": "str", "default": "Etc/UTC"},
    "start_window_minutes": {"type": "int", "default": 60},
    "completion_window_minutes": {"type": "int", "default": 180},
    **LIFECYCLE,
    "continuous": {"type": "bool", "default": False},
    "recovery_point_tags": {"type": "dict", "default": {}},
    "copies": {"type": "list", "elements": "dict", "options": COPY, "default": []},
}
SELECTION = {
    "name": {"type": "str", "required": True},
    "role_arn": {"type": "str", "required": True},
    "resources": {"type": "list", "elements": "str", "required": True},
    "not_resources": {"type": "list", "elements": "str", "default": []},
    "tags": {"type": "dict", "default": {}},
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "rules": {"type": "list", "elements": "dict", "options": RULE, "default": []},
            "selections": {"type": "list", "elements": "dict", "options": SELECTION, "default": []},
            **_options.protection(),
            **_options.state(),
            **_options.tags(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: plan.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
