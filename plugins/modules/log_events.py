#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: log_events
short_description: The newest events of a CloudWatch log group
version_added: 0.1.0
description:
  - Reads the events since a moment, all of them or those that fit a pattern, and returns the last of them.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Reads only.
    support: full
  diff_mode:
    description: Changes nothing.
    support: none
options:
  log_group:
    description: The log group's name.
    type: str
    required: true
  since:
    description: How far back, as V(15m), V(2h) or V(3d), or a moment in ISO 8601 (UTC if it names no offset).
    type: str
    default: 15m
  pattern:
    description:
      - A filter pattern of CloudWatch Logs, such as V(ERROR) or V({ $.level = "error" }), see
        U(https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html).
    type: str
  stream_prefix:
    description: The beginning of the log streams' names, such as V(ecs/backend/) and a task's id.
    type: str
  limit:
    description: How many events are returned at most, the newest of those found.
    type: int
    default: 100
"""

EXAMPLES = r"""
- name: What went wrong in the last two hours
  airas.platform.log_events:
    log_group: /ecs/airas-dev-backend
    since: 2h
    pattern: ERROR
  register: log
"""

RETURN = r"""
events:
  description: The events, the oldest first, each with its C(time) (UTC), its C(stream) and its C(message).
  returned: success
  type: list
  elements: dict
lines:
  description: The same as lines of text.
  returned: success
  type: list
  elements: str
"""

from datetime import UTC, datetime

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._logs import events
from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "log_group": {"type": "str", "required": True},
            "since": {"type": "str", "default": "15m"},
            "pattern": {"type": "str"},
            "stream_prefix": {"type": "str"},
            "limit": {"type": "int", "default": 100},
        },
        supports_check_mode=True,
    )
    try:
        start = events.since(module.params["since"], datetime.now(UTC))
        found = events.newest(Aws(module), module.params, start)
    except PlatformError as error:
        module.fail_json(msg=str(error), resource=error.resource, call=error.call)
    module.exit_json(changed=False, events=found, lines=[f"{event['time']}  {event['message']}" for event in found])


if __name__ == "__main__":
    main()
