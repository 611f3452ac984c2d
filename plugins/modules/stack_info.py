#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_info
short_description: What the components of a stack offer to each other
version_added: 0.1.0
description:
  - Reads the outputs of components back from AWS by name and tag, all of them at the same time.
  - An output that does not exist yet is a well-formed placeholder (V(vpc-00000000000000000)), so that a plan on an
    empty account goes through. RV(missing) names those.
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
  name:
    description: The stack's name, such as V(airas-dev).
    type: str
    required: true
  components:
    description: The components to read.
    type: list
    elements: str
    choices: &components
      - account
      - network
      - storage
      - secrets
      - identity
      - database
      - cache
      - certificate
      - container_platform
      - workflow
      - waf
      - observability
    default: *components
  account:
    description: What the account's resources are called; needed to read the component V(account).
    type: dict
    default: {}
    suboptions:
      state_bucket:
        description: The bucket for Terraform's state files.
        type: str
      lock_table:
        description: The DynamoDB table of locks and leases.
        type: str
      ecr_repository:
        description: The repository of the application's images.
        type: str
      hosted_zone:
        description: The domain name of the public hosted zone; none if left out.
        type: str
  domain_name:
    description: The domain that the stack is to have, whose certificate has a placeholder in a plan.
    type: str
    default: ""
  availability_zones:
    description: The zones that the network spans; one subnet of each kind stands for each in a plan.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: What the network offers
  airas.platform.stack_info:
    name: airas-dev
    components: [network]
  register: stack
"""

RETURN = r"""
outputs:
  description: The outputs of each component asked for.
  returned: success
  type: dict
  sample:
    network:
      vpc_id: vpc-0a1b2c3d4e5f60718
missing:
  description: Paths of the outputs that do not exist yet, such as V(network.vpc_id).
  returned: success
  type: list
  elements: str
"""

from functools import partial

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._outputs import (
    account,
    cache,
    certificate,
    container_platform,
    database,
    identity,
    network,
    observability,
    secrets,
    storage,
    waf,
    workflow,
)
from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError, placeholders_in

READERS = {
    "account": account.read,
    "network": network.read,
    "storage": storage.read,
    "secrets": secrets.read,
    "identity": identity.read,
    "database": database.read,
    "cache": cache.read,
    "certificate": certificate.read,
    "container_platform": container_platform.read,
    "workflow": workflow.read,
    "waf": waf.read,
    "observability": observability.read,
}


def main() -> None:
    names = {name: {"type": "str"} for name in ("state_bucket", "lock_table", "ecr_repository", "hosted_zone")}
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "components": {"type": "list", "elements": "str", "choices": list(READERS), "default": list(READERS)},
            "account": {"type": "dict", "options": names, "default": {}},
            "domain_name": {"type": "str", "default": ""},
            "availability_zones": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    aws, components = Aws(module), module.params["components"]
    try:
        read = aws.gather(partial(READERS[component], aws, module.params) for component in components)
    except PlatformError as error:
        module.fail_json(msg=str(error), resource=error.resource, call=error.call)
    outputs = dict(zip(components, read, strict=True))
    module.exit_json(changed=False, outputs=outputs, missing=list(placeholders_in(outputs)))


if __name__ == "__main__":
    main()
