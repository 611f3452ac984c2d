#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: rds_instance
short_description: An RDS instance, its storage, windows, copies and protection
version_added: 0.1.0
description:
  - Manages one instance of PostgreSQL on RDS. RDS keeps the master user's password in Secrets Manager, and nothing
    here ever knows it.
  - Storage never shrinks, and a major version changes only with O(allow_major_version_upgrade=true). Storage that
    RDS enlarged by itself stays.
  - A change that restarts the instance or interrupts it is called so in the plan. It is made in the next
    maintenance window, unless O(apply_immediately=true); what waits for the window counts as done.
  - While AWS Backup keeps continuous backups of the instance, O(backup_retention_days) and O(backup_window) are
    its plan's to say, and not compared.
  - O(state=absent) takes a final snapshot, named C(<name>-final-<id>), and honours deletion protection.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.protection
  - airas.platform.state
  - airas.platform.tags
  - airas.platform.wait
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  name:
    description: The instance's name.
    type: str
    required: true
  engine:
    description: The engine.
    type: str
    choices: [postgres]
    default: postgres
  engine_version:
    description: The version. A major version alone, such as V(16), is content with each of its minor versions.
    type: str
    default: "16"
  allow_major_version_upgrade:
    description: Whether another major version may be meant.
    type: bool
    default: false
  instance_class:
    description: The class, such as V(db.t3.small).
    type: str
  allocated_storage_gib:
    description: The storage.
    type: int
  max_allocated_storage_gib:
    description: Up to which size RDS enlarges the storage by itself; not at all unless given.
    type: int
  storage_type:
    description: The kind of storage.
    type: str
    choices: [gp2, gp3]
    default: gp3
  storage_encrypted:
    description: Whether the storage, its backups and snapshots are encrypted; cannot be changed afterwards.
    type: bool
    default: true
  kms_key_arn:
    description: The KMS key; without one RDS uses the key that AWS manages (C(aws/rds)).
    type: str
  database_name:
    description: A database that RDS makes with the instance.
    type: str
  master_username:
    description: The master user.
    type: str
  master_secret_kms_key_id:
    description: The KMS key of the master user's secret; without one the key that AWS manages.
    type: str
  multi_az:
    description: Whether a standby waits in another Availability Zone.
    type: bool
    default: false
  subnet_group:
    description: The DB subnet group.
    type: str
  security_group_ids:
    description: The security groups.
    type: list
    elements: str
    default: []
  port:
    description: The port; the engine's own unless given.
    type: int
  parameter_group:
    description: The DB parameter group; AWS's own for the engine unless given.
    type: str
  publicly_accessible:
    description: Whether the instance has an address on the internet.
    type: bool
    default: false
  backup_retention_days:
    description: How long automated backups are kept, from 0 (none) to 35.
    type: int
    default: 7
  backup_window:
    description: When they are made, in UTC, such as V(17:00-17:30).
    type: str
  maintenance_window:
    description: When RDS maintains the instance, in UTC, such as V(sun:18:00-sun:18:30).
    type: str
  copy_tags_to_snapshot:
    description: Whether snapshots carry the instance's tags.
    type: bool
    default: true
  deletion_protection:
    description: >-
      Whether AWS refuses to delete the instance; not compared unless given. With O(state=absent), V(false) takes a
      protection away.
    type: bool
  log_exports:
    description: Logs that CloudWatch Logs gets.
    type: list
    elements: str
    default: []
  performance_insights:
    description: Whether the load is recorded by query.
    type: bool
    default: true
  performance_insights_retention_days:
    description: For how long; 7 days cost nothing.
    type: int
    default: 7
  database_insights_mode:
    description: The mode of CloudWatch Database Insights; V(advanced) is charged for.
    type: str
    choices: [standard, advanced]
    default: standard
  monitoring_interval_s:
    description: How often the operating system is measured (enhanced monitoring), in seconds; 0 for never.
    type: int
    choices: [0, 1, 5, 10, 15, 30, 60]
    default: 0
  monitoring_role_arn:
    description: The role with which RDS writes those measurements.
    type: str
  ca_certificate:
    description: The certificate authority of the instance's certificate.
    type: str
  iam_authentication:
    description: Whether IAM users and roles may log in without a password.
    type: bool
    default: false
  auto_minor_version_upgrade:
    description: Whether RDS takes new minor versions in the maintenance window.
    type: bool
    default: true
  apply_immediately:
    description: Whether changes are made at once instead of in the next maintenance window.
    type: bool
    default: false
  restart_for_parameters:
    description:
      - Whether the instance is restarted now if a static parameter of its group waits for that. Sessions end, and for
        about a minute nobody can log in.
    type: bool
    default: false
  final_snapshot:
    description: Whether O(state=absent) takes a final snapshot.
    type: bool
    default: true
  modified:
    description:
      - Set by an earlier call (RV(resume)) that changed the instance, which RDS takes some seconds to begin.
    type: bool
    default: false
  wait_timeout:
    description: How long to wait, in seconds.
    type: int
    default: 3600
"""

EXAMPLES = r"""
- name: The database
  airas.platform.rds_instance:
    name: airas-dev-db
    instance_class: db.t3.small
    allocated_storage_gib: 20
    max_allocated_storage_gib: 100
    database_name: airas
    master_username: airas_admin
    subnet_group: airas-dev-db
    security_group_ids: [sg-0a1b2c3d4e5f60718]
    parameter_group: airas-dev-db-postgres16
    log_exports: [postgresql, upgrade]
    wait: false
"""

RETURN = r"""
resources:
  description: >-
    By address (V(db_instance/airas-dev-db)), C(arn), C(endpoint), C(status), C(master_secret_arn) and the
    attributes of the instance.
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
resume:
  description: While something is pending, the options that the module's next call needs.
  returned: while something is pending
  type: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.airas.platform.plugins.module_utils import _options
from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._rds import instance
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "engine": {"type": "str", "choices": ["postgres"], "default": "postgres"},
            "engine_version": {"type": "str", "default": "16"},
            "allow_major_version_upgrade": {"type": "bool", "default": False},
            "instance_class": {"type": "str"},
            "allocated_storage_gib": {"type": "int"},
            "max_allocated_storage_gib": {"type": "int"},
            "storage_type": {"type": "str", "choices": ["gp2", "gp3"], "default": "gp3"},
            "storage_encrypted": {"type": "bool", "default": True},
            "kms_key_arn": {"type": "str", "no_log": False},
            "database_name": {"type": "str"},
            "master_username": {"type": "str"},
            "master_secret_kms_key_id": {"type": "str", "no_log": False},
            "multi_az": {"type": "bool", "default": False},
            "subnet_group": {"type": "str"},
            "security_group_ids": {"type": "list", "elements": "str", "default": []},
            "port": {"type": "int"},
            "parameter_group": {"type": "str"},
            "publicly_accessible": {"type": "bool", "default": False},
            "backup_retention_days": {"type": "int", "default": 7},
            "backup_window": {"type": "str"},
            "maintenance_window": {"type": "str"},
            "copy_tags_to_snapshot": {"type": "bool", "default": True},
            "deletion_protection": {"type": "bool"},
            "log_exports": {"type": "list", "elements": "str", "default": []},
            "performance_insights": {"type": "bool", "default": True},
            "performance_insights_retention_days": {"type": "int", "default": 7},
            "database_insights_mode": {"type": "str", "choices": ["standard", "advanced"], "default": "standard"},
            "monitoring_interval_s": {"type": "int", "choices": [0, 1, 5, 10, 15, 30, 60], "default": 0},
            "monitoring_role_arn": {"type": "str"},
            "ca_certificate": {"type": "str"},
            "iam_authentication": {"type": "bool", "default": False},
            "auto_minor_version_upgrade": {"type": "bool", "default": True},
            "apply_immediately": {"type": "bool", "default": False},
            "restart_for_parameters": {"type": "bool", "default": False},
            "final_snapshot": {"type": "bool", "default": True},
            "modified": {"type": "bool", "default": False},
            **_options.protection(),
            **_options.state(),
            **_options.tags(),
            **_options.wait(3600),
        },
        required_if=[
            (
                "state",
                "present",
                ("instance_class", "allocated_storage_gib", "master_username", "subnet_group", "security_group_ids"),
            )
        ],
        supports_check_mode=True,
    )
    reconcile(module, lambda: instance.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
