#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: wafv2_logging
short_description: Where a web ACL logs requests, and what it leaves out of them
version_added: 0.1.0
description:
  - Manages the logging configuration of a web ACL that M(airas.platform.wafv2_web_acl) made.
  - To a log group AWS WAF is let in by a resource policy that it writes itself, with the caller's permission. See
    U(https://docs.aws.amazon.com/waf/latest/developerguide/logging-cw-logs.html).
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  web_acl:
    description: The web ACL's name.
    type: str
    required: true
  destination_arn:
    description:
      - ARN of the log group, bucket or delivery stream, whose name has to begin with C(aws-waf-logs-).
      - Required with O(state=present).
    type: str
  redacted_headers:
    description: Headers whose values are not logged.
    type: list
    elements: str
    default: []
  redacted:
    description: Other parts of a request that are not logged.
    type: list
    elements: str
    choices: [Method, QueryString, UriPath]
    default: []
  filter:
    description:
      - Which requests are logged, in AWS's own form, see
        U(https://docs.aws.amazon.com/waf/latest/APIReference/API_LoggingFilter.html). All of them if empty.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Requests are logged without what logs somebody in
  airas.platform.wafv2_logging:
    web_acl: airas-prod-backend
    destination_arn: arn:aws:logs:ap-northeast-1:111122223333:log-group:aws-waf-logs-airas-prod
    redacted_headers: [authorization, cookie]
"""

RETURN = r"""
resources:
  description: By address (V(wafv2_logging/airas-prod-backend)), the attributes of the logging configuration.
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
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile
from ansible_collections.airas.platform.plugins.module_utils._wafv2 import logging


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "web_acl": {"type": "str", "required": True},
            "destination_arn": {"type": "str"},
            "redacted_headers": {"type": "list", "elements": "str", "default": []},
            "redacted": {
                "type": "list",
                "elements": "str",
                "choices": ["Method", "QueryString", "UriPath"],
                "default": [],
            },
            "filter": {"type": "dict", "default": {}},
            **_options.state(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: logging.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
