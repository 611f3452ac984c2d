#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: elasticache_users
short_description: Users and user groups of ElastiCache
version_added: 0.1.0
description:
  - Manages any number of users and groups in one call.
  - A user is made with a password that nobody has. M(airas.platform.elasticache_url) gives it one that a secret holds.
  - With O(state=absent) groups go before users, each once nothing uses it any more.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - airas.platform.tags
  - airas.platform.wait
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  engine:
    description:
      - The engine.
      - With V(valkey), users and groups of Redis OSS stay what they are. Valkey takes them too, and a cache that has
        yet to become Valkey takes no others.
    type: str
    choices: [redis, valkey]
    default: redis
  users:
    description: The users.
    type: list
    elements: dict
    default: []
    suboptions:
      id:
        description: The user's id in the account, in small letters.
        type: str
        required: true
      name:
        description: The name that it logs in with.
        type: str
        required: true
      access_string:
        description: What it may do, in the words of C(ACL SETUSER).
        type: str
        default: off -@all
  groups:
    description: The user groups.
    type: list
    elements: dict
    default: []
    suboptions:
      id:
        description: The group's id, in small letters.
        type: str
        required: true
      user_ids:
        description:
          - The ids of its users.
          - One of them has to have the name V(default), which stands for who gives no name; it should be off.
        type: list
        elements: str
        default: []
  wait_timeout:
    default: 600
"""

EXAMPLES = r"""
- name: One user, and nobody else
  airas.platform.elasticache_users:
    users:
      - id: airas-dev-redis-default
        name: default
      - id: airas-dev-redis-app
        name: airas
        access_string: on ~* &* +@all -@dangerous +info
    groups:
      - id: airas-dev-redis
        user_ids: [airas-dev-redis-app, airas-dev-redis-default]
"""

RETURN = r"""
resources:
  description:
    - By address (V(cache_user/airas-dev-redis-app), V(cache_user_group/airas-dev-redis)), the ARN, the C(status) and
      the attributes of each.
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
from ansible_collections.airas.platform.plugins.module_utils._elasticache import users
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile

USER = {
    "id": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "access_string": {"type": "str", "default": "off -@all"},
}
GROUP = {
    "id": {"type": "str", "required": True},
    "user_ids": {"type": "list", "elements": "str", "default": []},
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "engine": {"type": "str", "choices": ["redis", "valkey"], "default": "redis"},
            "users": {"type": "list", "elements": "dict", "default": [], "options": USER},
            "groups": {"type": "list", "elements": "dict", "default": [], "options": GROUP},
            **_options.state(),
            **_options.tags(),
            **_options.wait(600),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: users.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
