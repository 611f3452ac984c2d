#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: guardduty_detector
short_description: GuardDuty of an account in a region
version_added: 0.1.0
description:
  - Manages the detector, which looks for attackers in what CloudTrail, DNS and the flows of VPCs tell, and in more if
    asked.
  - An account has one detector in a region. One that is there without the tag C(ManagedBy) of O(tags) is adopted. Its
    tags and what O(features) and O(agents) leave out stay as they are, and O(state=absent) does not remove it.
  - In a detector that this module has made, what O(features) and O(agents) leave out is off.
  - GuardDuty costs money for what it reads, after 30 days of trial for the detector and for each feature. See
    U(https://aws.amazon.com/guardduty/pricing/).
  - O(state=absent) deletes all findings, which is a loss of data; O(enabled=false) keeps them.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.protection
  - airas.platform.state
  - airas.platform.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  enabled:
    description: With V(false) the detector is suspended. It finds nothing, costs nothing, and keeps its findings.
    type: bool
    default: true
  finding_publishing_frequency:
    description: How often EventBridge hears of a finding that came up again. A new one is sent within five minutes.
    type: str
    choices: [FIFTEEN_MINUTES, ONE_HOUR, SIX_HOURS]
    default: SIX_HOURS
  features:
    description: What it reads besides. Each is paid for by what is written here.
    type: dict
    suboptions:
      s3_data_events:
        description: Who reads and writes objects in S3, by the number of events.
        type: bool
      rds_login_events:
        description: Logins to RDS, by the vCPUs of the instances.
        type: bool
      lambda_network_logs:
        description: What Lambda functions connect to, by the volume of the logs.
        type: bool
      ebs_malware_protection:
        description: Volumes of instances and containers that behave strangely, by the volume that is searched.
        type: bool
      eks_audit_logs:
        description: The audit logs of EKS, by the number of events.
        type: bool
      runtime_monitoring:
        description: What runs in ECS, EC2 and EKS, seen by O(agents), by their vCPUs.
        type: bool
  agents:
    description: What O(features.runtime_monitoring) sees by, which GuardDuty installs and keeps up to date.
    type: dict
    suboptions:
      ecs_fargate:
        description: >-
          A container beside those of each new task on Fargate. The task's execution role must be allowed to pull its
          image, and the VPC gets an interface endpoint, which costs money too.
        type: bool
      ec2:
        description: An agent on each EC2 instance that Systems Manager manages.
        type: bool
      eks_addon:
        description: An add-on of each EKS cluster.
        type: bool
"""

EXAMPLES = r"""
- name: Watch the account
  airas.platform.guardduty_detector:
    features: {s3_data_events: true, rds_login_events: true}
    tags: {ManagedBy: airas.platform}

- name: Suspend it, and keep its findings
  airas.platform.guardduty_detector:
    enabled: false
    tags: {ManagedBy: airas.platform}
"""

RETURN = r"""
resources:
  description: By address (V(guardduty_detector/ap-northeast-1)), the C(id), the C(arn) and the attributes.
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
from ansible_collections.airas.platform.plugins.module_utils._guardduty import detector
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile


def main() -> None:
    switch = {"type": "bool"}
    module = AnsibleAWSModule(
        argument_spec={
            "enabled": {"type": "bool", "default": True},
            "finding_publishing_frequency": {
                "type": "str",
                "choices": list(detector.FREQUENCIES),
                "default": "SIX_HOURS",
            },
            "features": {"type": "dict", "options": dict.fromkeys(detector.FEATURES, switch)},
            "agents": {"type": "dict", "options": dict.fromkeys(detector.AGENTS, switch)},
            **_options.protection(),
            **_options.state(),
            **_options.tags(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: detector.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
