#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: elasticache_replication_group
short_description: A replication group of ElastiCache
version_added: 0.1.0
description:
  - Manages a group with cluster mode disabled, one primary and up to five replicas.
  - Data is encrypted on its way, always by TLS, and where it lies.
  - A group takes one change at a time; each is made when the one before it has settled, and none waits for the
    maintenance window.
  - Other nodes and versions end in a failover of seconds if there is a replica, and in an outage if there is none.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.elasticache_group
  - airas.platform.plan
  - airas.platform.state
  - airas.platform.tags
  - airas.platform.protection
  - airas.platform.wait
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  engine:
    description: The engine. AWS makes Valkey of Redis OSS, and not the other way round.
    type: str
    choices: [redis, valkey]
    default: redis
  engine_version:
    description:
      - The version, such as V(7.1), or V(7) for any version of it.
      - AWS does not go back to an older one. A newer one of the same major version, to which it has upgraded by itself,
        stays (O(auto_minor_version_upgrade)).
    type: str
    default: "7.1"
  node_type:
    description: The class of the nodes.
    type: str
    default: cache.t4g.micro
  members:
    description: The number of nodes, the primary included.
    type: int
    default: 1
  automatic_failover:
    description: Whether a replica takes the place of a primary that fails.
    type: bool
    default: false
  multi_az:
    description: Whether the replica that does so is in another Availability Zone.
    type: bool
    default: false
  parameter_group:
    description: The cache parameter group; needed unless O(state=absent).
    type: str
  subnet_group:
    description: The cache subnet group; needed unless O(state=absent).
    type: str
  security_group_ids:
    description: The security groups.
    type: list
    elements: str
    default: []
  user_group_ids:
    description: The user groups, whose users may log in.
    type: list
    elements: str
    default: []
  port:
    description: The port; V(6379) for a new group if left out.
    type: int
  kms_key_arn:
    description: The key of the data where it lies; one of AWS's own if left out.
    type: str
  maintenance_window:
    description: When AWS may change something of itself, a weekly time in UTC.
    type: str
    default: "sun:17:30-sun:18:30"
  snapshot_retention_days:
    description: How long daily snapshots are kept, in days; V(0) for none.
    type: int
    default: 0
  snapshot_window:
    description: When they are made, a daily time in UTC.
    type: str
    default: "16:30-17:30"
  auto_minor_version_upgrade:
    description: Whether AWS installs patches of the version in the maintenance window.
    type: bool
    default: true
  logs:
    description: The logs that go to CloudWatch; none by default.
    type: list
    elements: dict
    default: []
    suboptions:
      type:
        description: Slow commands, or what the engine says of itself.
        type: str
        choices: [slow-log, engine-log]
        required: true
      log_group:
        description: The log group.
        type: str
        required: true
      format:
        description: The form of a line.
        type: str
        choices: [json, text]
        default: json
  final_snapshot:
    description: With O(state=absent), whether a snapshot is made first, called C(<name>-final-<time>).
    type: bool
    default: true
  wait_timeout:
    default: 3600
"""

EXAMPLES = r"""
- name: A queue with a replica in the other zone
  airas.platform.elasticache_replication_group:
    name: airas-prod-redis
    node_type: cache.t4g.small
    members: 2
    automatic_failover: true
    multi_az: true
    parameter_group: airas-prod-redis-redis7
    subnet_group: airas-prod-redis
    security_group_ids: [sg-0a1b2c3d4e5f60718]
    user_group_ids: [airas-prod-redis]
"""

RETURN = r"""
resources:
  description:
    - By address (V(replication_group/airas-prod-redis)), the ARN, the C(status), the C(endpoint) of the primary and the
      attributes of the group.
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
from ansible_collections.airas.platform.plugins.module_utils._elasticache import replication_group
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile

LOG = {
    "type": {"type": "str", "choices": ["slow-log", "engine-log"], "required": True},
    "log_group": {"type": "str", "required": True},
    "format": {"type": "str", "choices": ["json", "text"], "default": "json"},
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            **_options.elasticache_group(),
            "engine": {"type": "str", "choices": ["redis", "valkey"], "default": "redis"},
            "engine_version": {"type": "str", "default": "7.1"},
            "node_type": {"type": "str", "default": "cache.t4g.micro"},
            "members": {"type": "int", "default": 1},
            "automatic_failover": {"type": "bool", "default": False},
            "multi_az": {"type": "bool", "default": False},
            "parameter_group": {"type": "str"},
            "subnet_group": {"type": "str"},
            "security_group_ids": {"type": "list", "elements": "str", "default": []},
            "user_group_ids": {"type": "list", "elements": "str", "default": []},
            "port": {"type": "int"},
            "kms_key_arn": {"type": "str", "no_log": False},
            "maintenance_window": {"type": "str", "default": "sun:17:30-sun:18:30"},
            "snapshot_retention_days": {"type": "int", "default": 0},
            "snapshot_window": {"type": "str", "default": "16:30-17:30"},
            "auto_minor_version_upgrade": {"type": "bool", "default": True},
            "logs": {"type": "list", "elements": "dict", "default": [], "options": LOG},
            "final_snapshot": {"type": "bool", "default": True},
            **_options.state(),
            **_options.tags(),
            **_options.protection(),
            **_options.wait(3600),
        },
        required_if=[("state", "present", ["parameter_group", "subnet_group"])],
        supports_check_mode=True,
    )
    reconcile(module, lambda: replication_group.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
