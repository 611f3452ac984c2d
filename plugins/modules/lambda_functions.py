#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: lambda_functions
short_description: Lambda functions from directories of Python code
version_added: 0.1.0
description:
  - Manages any number of functions in one call. Each is packaged from a directory into the same bytes on every machine,
    and its code is put only when their digest is another than Lambda's.
  - A C(requirements.txt) in the directory pins pure-Python distributions to take along, each with the digest of its
    files (C(scripts/pins.py) writes them). They have to be installed in the Python that runs Ansible.
  - A function has exactly the permissions of its entry.
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
  functions:
    description: The functions, or with O(state=absent) those to remove, of which only the name counts.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The function's name, such as V(airas-dev-discord-relay).
        type: str
        required: true
      source:
        description: The directory of its code, on the controller. A function that is present needs it.
        type: path
      role_arn:
        description:
          - ARN of the role as which it runs. A function that is present needs it.
          - The role may have been made a moment ago; the call is repeated while Lambda cannot assume it yet.
        type: str
      handler:
        description: Module and function that get the events.
        type: str
        default: handler.handler
      runtime:
        description: Lambda's runtime.
        type: str
        default: python3.13
      architecture:
        description: The processor that it runs on.
        type: str
        choices: [arm64, x86_64]
        default: arm64
      description:
        description: What it is for.
        type: str
        default: ""
      timeout_s:
        description: How long an invocation may take, in seconds, from 1 to 900.
        type: int
        default: 30
      memory_mb:
        description: Its memory, from 128 to 10240. Processor time comes in proportion.
        type: int
        default: 256
      environment:
        description: Environment variables. They are no place for secrets, as anyone who sees the function sees them.
        type: dict
        default: {}
      vpc_config:
        description: Where in a VPC it stands. Without it, it stands in none.
        type: dict
        suboptions:
          subnet_ids:
            description: Its subnets.
            type: list
            elements: str
            required: true
          security_group_ids:
            description: Its security groups.
            type: list
            elements: str
            required: true
      reserved_concurrency:
        description: How many invocations run at once at the most, and are kept free for it. Without it, no limit.
        type: int
      dead_letter_arn:
        description: ARN of the queue or topic for events of asynchronous invocations that failed three times.
        type: str
      log_group:
        description: The log group that it writes to. The default is C(/aws/lambda/) with the name.
        type: str
      tracing:
        description: Whether X-Ray samples its invocations.
        type: bool
        default: false
      permissions:
        description: Who else may invoke it, as statements of its resource policy.
        type: list
        elements: dict
        default: []
        suboptions:
          id:
            description: The statement's id, unique in the function.
            type: str
            required: true
          principal:
            description: The service, such as V(sns.amazonaws.com).
            type: str
            required: true
          action:
            description: What it may do.
            type: str
            default: lambda:InvokeFunction
          source_arn:
            description: On behalf of which resource, with C(*) for any part.
            type: str
          source_account:
            description: On behalf of whose resources.
            type: str
  wait_timeout:
    default: 300
seealso:
  - module: airas.platform.lambda_event_sources
"""

EXAMPLES = r"""
- name: A function that a secret's rotation invokes
  airas.platform.lambda_functions:
    functions:
      - name: airas-dev-database-url-rotation
        source: functions/database_url_rotation
        role_arn: arn:aws:iam::111122223333:role/airas-dev-database-url-rotation
        vpc_config:
          subnet_ids: [subnet-0a1b2c3d4e5f60718]
          security_group_ids: [sg-0a1b2c3d4e5f60718]
        permissions:
          - id: rotation
            principal: secretsmanager.amazonaws.com
            source_account: "111122223333"
    tags:
      Environment: dev
"""

RETURN = r"""
resources:
  description:
    - By address (V(lambda_function/airas-dev-discord-relay)), the C(arn), the C(state) and the attributes of each
      function.
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
from ansible_collections.airas.platform.plugins.module_utils._lambda import functions
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile

VPC = {
    "subnet_ids": {"type": "list", "elements": "str", "required": True},
    "security_group_ids": {"type": "list", "elements": "str", "required": True},
}
PERMISSION = {
    "id": {"type": "str", "required": True},
    "principal": {"type": "str", "required": True},
    "action": {"type": "str", "default": "lambda:InvokeFunction"},
    "source_arn": {"type": "str"},
    "source_account": {"type": "str"},
}
FUNCTION = {
    "name": {"type": "str", "required": True},
    "source": {"type": "path"},
    "role_arn": {"type": "str"},
    "handler": {"type": "str", "default": "handler.handler"},
    "runtime": {"type": "str", "default": "python3.13"},
    "architecture": {"type": "str", "choices": ["arm64", "x86_64"], "default": "arm64"},
    "description": {"type": "str", "default": ""},
    "timeout_s": {"type": "int", "default": 30},
    "memory_mb": {"type": "int", "default": 256},
    "environment": {"type": "dict", "default": {}},
    "vpc_config": {"type": "dict", "options": VPC},
    "reserved_concurrency": {"type": "int"},
    "dead_letter_arn": {"type": "str"},
    "log_group": {"type": "str"},
    "tracing": {"type": "bool", "default": False},
    "permissions": {"type": "list", "elements": "dict", "options": PERMISSION, "default": []},
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "functions": {"type": "list", "elements": "dict", "required": True, "options": FUNCTION},
            **_options.state(),
            **_options.tags(),
            **_options.wait(300),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: functions.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
