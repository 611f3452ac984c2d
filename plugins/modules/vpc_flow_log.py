#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: vpc_flow_log
short_description: The flow log of a VPC
version_added: 0.1.0
description:
  - Manages one flow log of a VPC, found by its C(Name) tag on that VPC.
  - AWS changes nothing of a flow log but its tags. For any other change a new one is made before the old one is
    deleted; only where AWS calls the two the same does the old one go first. Delivered records stay where they are.
  - Warns when AWS reports that it cannot deliver the records.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - airas.platform.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  name:
    description: The C(Name) tag of the flow log.
    type: str
    required: true
  resource_id:
    description: Id of the VPC.
    type: str
    required: true
  destination_type:
    description: Where records go.
    type: str
    choices: [cloud-watch-logs, s3]
    default: cloud-watch-logs
  log_group_name:
    description: Name of the log group; required with O(destination_type=cloud-watch-logs).
    type: str
  role_arn:
    description:
      - ARN of the role that C(vpc-flow-logs.amazonaws.com) assumes to write into the log group; required with
        O(destination_type=cloud-watch-logs).
      - It may have been made a moment ago; the call is repeated while AWS cannot assume it yet.
    type: str
  destination_arn:
    description: ARN of the bucket, or of a folder in it; required with O(destination_type=s3).
    type: str
  traffic_type:
    description: Which traffic is recorded.
    type: str
    choices: [ACCEPT, REJECT, ALL]
    default: ALL
  max_aggregation_interval:
    description: How long packets of one flow are put together into one record at most, in seconds.
    type: int
    choices: [60, 600]
    default: 600
  log_format:
    description: The fields of a record, such as V(${srcaddr} ${dstaddr} ${action}).
    type: str
    default: >-
      ${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets}
      ${bytes} ${start} ${end} ${action} ${log-status}
"""

EXAMPLES = r"""
- name: A flow log of refused traffic
  airas.platform.vpc_flow_log:
    name: airas-dev
    resource_id: vpc-0123456789abcdef0
    log_group_name: /vpc/airas-dev
    role_arn: arn:aws:iam::111122223333:role/airas-dev-flow-log
    traffic_type: REJECT
    tags:
      Environment: dev

- name: A flow log of all traffic in a bucket
  airas.platform.vpc_flow_log:
    name: airas-prod
    resource_id: vpc-0123456789abcdef0
    destination_type: s3
    destination_arn: arn:aws:s3:::airas-prod-logs-111122223333/vpc/
"""

RETURN = r"""
resources:
  description: By address (V(vpc_flow_log/airas-dev)), the C(id), C(delivery_status) and attributes of the flow log.
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
from ansible_collections.airas.platform.plugins.module_utils._network import flow_log
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "resource_id": {"type": "str", "required": True},
            "destination_type": {
                "type": "str",
                "choices": list(flow_log.DESTINATIONS),
                "default": "cloud-watch-logs",
            },
            "log_group_name": {"type": "str"},
            "role_arn": {"type": "str"},
            "destination_arn": {"type": "str"},
            "traffic_type": {"type": "str", "choices": list(flow_log.TRAFFIC), "default": "ALL"},
            "max_aggregation_interval": {"type": "int", "choices": list(flow_log.INTERVALS_S), "default": 600},
            "log_format": {"type": "str", "default": flow_log.DEFAULT_FORMAT},
            **_options.state(),
            **_options.tags(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: flow_log.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
