#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: elasticache_url
short_description: A secret with the URL of a cache, password included
version_added: 0.1.0
description:
  - Makes a password, gives it to a user of ElastiCache, and writes the URL to a secret that is there already. The
    password is printed nowhere and read by nothing.
  - Tags of the user say which version of the secret holds its password (C(SecretVersion)) and for which C(Endpoint). As
    long as they fit, nothing changes. If the secret has another value, or the cache another endpoint, both get a new
    password.
  - What has read the secret before has to read it again, as its password is not good for new connections any more.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.wait
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  secret_name:
    description: The secret's name.
    type: str
    required: true
  user_id:
    description: The user's id in the account.
    type: str
    required: true
  user_name:
    description: The name that it logs in with.
    type: str
    required: true
  endpoint:
    description: The address of the cache.
    type: str
    required: true
  port:
    description: The port of the cache.
    type: int
    default: 6379
  database:
    description: The number of the database.
    type: int
    default: 0
  query:
    description: What stands behind the question mark of the URL. Celery takes no C(rediss) without this.
    type: str
    default: ssl_cert_reqs=required
  wait_timeout:
    default: 600
"""

EXAMPLES = r"""
- name: The URL of the cache
  airas.platform.elasticache_url:
    secret_name: airas-dev/redis-url
    user_id: airas-dev-redis-app
    user_name: airas
    endpoint: master.airas-dev-redis.abc123.apne1.cache.amazonaws.com
"""

RETURN = r"""
resources:
  description: By address (V(cache_url/airas-dev/redis-url)), the C(endpoint) and the C(user).
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
from ansible_collections.airas.platform.plugins.module_utils._elasticache import url
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "secret_name": {"type": "str", "required": True, "no_log": False},
            "user_id": {"type": "str", "required": True},
            "user_name": {"type": "str", "required": True},
            "endpoint": {"type": "str", "required": True},
            "port": {"type": "int", "default": 6379},
            "database": {"type": "int", "default": 0},
            "query": {"type": "str", "default": "ssl_cert_reqs=required"},
            **_options.wait(600),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: url.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
