#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: log_queries
short_description: Saved queries of CloudWatch Logs Insights
version_added: 0.1.0
description:
  - Manages any number of saved queries in one call, by name. A slash in a name makes a folder in the console.
  - AWS keeps no tags of them.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  queries:
    description: The queries.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The query's name, such as V(airas-dev/errors).
        type: str
        required: true
      query:
        description: The query. Required unless it is to be absent.
        type: str
      log_groups:
        description: The names of the log groups that it looks in.
        type: list
        elements: str
        default: []
"""

EXAMPLES = r"""
- name: The errors of the last hour
  airas.platform.log_queries:
    queries:
      - name: airas-dev/errors
        log_groups: [/ecs/airas-dev-backend]
        query: |
          fields @timestamp, @message
          | filter @message like /ERROR/
          | sort @timestamp desc
"""

RETURN = r"""
resources:
  description: By address (V(log_query/airas-dev/errors)), the C(id), the C(query) and its C(log_groups).
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
from ansible_collections.airas.platform.plugins.module_utils._logs import queries
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile

QUERY = {
    "name": {"type": "str", "required": True},
    "query": {"type": "str"},
    "log_groups": {"type": "list", "elements": "str", "default": []},
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "queries": {"type": "list", "elements": "dict", "required": True, "options": QUERY},
            **_options.state(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: queries.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
