#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: preflight
short_description: Checks that the account is ready for a stack, before anything is written
version_added: 0.1.0
description:
  - Checks that the caller's account is the expected one, that the region exists and is enabled, that the availability
    zones can be used, that the address blocks are valid, lie inside the VPC and overlap neither each other nor another
    environment of the project, and that the quotas of Elastic IPs and of Lambda's concurrency suffice.
  - Fails with all findings at once, each with the variable it concerns and how to mend it.
  - Gives up quickly where AWS cannot be reached or the credentials are missing or expired.
  - Needs C(sts:GetCallerIdentity), C(ec2:DescribeRegions), C(ec2:DescribeAvailabilityZones), C(ec2:DescribeVpcs) and
    C(ec2:DescribeAddresses); without C(servicequotas:GetServiceQuota) AWS's default quota is assumed.
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
  account_id:
    description: The account that the credentials have to belong to, twelve digits.
    type: str
    required: true
  project:
    description: The tag C(Project) of the stack's resources.
    type: str
    default: ""
  environment:
    description: The tag C(Environment) of the stack's resources.
    type: str
    default: ""
  availability_zones:
    description: The zones that the network spans.
    type: list
    elements: str
    default: []
  vpc_cidr:
    description: The VPC's IPv4 block.
    type: str
  subnets:
    description: The subnets' IPv4 blocks, as lists by the variable that they come from, which a finding then names.
    type: dict
    default: {}
  fargate_tasks:
    description:
      - Sizes of tasks, each as C(cpu) and C(memory), by the prefix of the two variables that they come from, which a
        finding then names.
    type: dict
    default: {}
  elastic_ips:
    description: How many Elastic IPs the environment has in the end.
    type: int
    default: 0
  reserved_concurrency:
    description: How many executions functions reserve, by the variable that it comes from, which a finding then names.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: The account is ready
  airas.platform.preflight:
    account_id: "123456789012"
    project: airas
    environment: dev
    availability_zones: [ap-northeast-1a, ap-northeast-1c]
    vpc_cidr: 10.0.0.0/16
    subnets:
      network_public_subnet_cidrs: [10.0.0.0/24, 10.0.1.0/24]
    elastic_ips: 1
"""

RETURN = r"""
notes:
  description: What was assumed because it could not be read.
  returned: success
  type: list
  elements: str
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._guard import preflight
from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "account_id": {"type": "str", "required": True},
            "project": {"type": "str", "default": ""},
            "environment": {"type": "str", "default": ""},
            "availability_zones": {"type": "list", "elements": "str", "default": []},
            "vpc_cidr": {"type": "str"},
            "subnets": {"type": "dict", "default": {}},
            "fargate_tasks": {"type": "dict", "default": {}},
            "elastic_ips": {"type": "int", "default": 0},
            "reserved_concurrency": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    try:
        result = preflight.check(Aws(module), module.params)
    except PlatformError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
