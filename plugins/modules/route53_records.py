#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: route53_records
short_description: Records of a hosted zone
version_added: 0.1.0
description:
  - Manages any number of records with simple routing in one call.
  - Records have no tags. With O(state=absent) only those go that say what the options name.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  zone_id:
    description: The hosted zone's id.
    type: str
    required: true
  records:
    description: The records.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The full name, such as V(app.example.com).
        type: str
        required: true
      type:
        description: The type.
        type: str
        choices: [A, AAAA, CAA, CNAME, MX, NS, SRV, TXT]
        required: true
      values:
        description:
          - What it says, each as Route 53 writes it, texts in quotation marks.
          - A record needs either this or an alias.
        type: list
        elements: str
        default: []
      ttl:
        description: How long others may remember the values, in seconds.
        type: int
        default: 300
      alias:
        description: The AWS resource whose addresses it gives.
        type: dict
        suboptions:
          dns_name:
            description:
              - The resource's name, with or without C(dualstack.) in front.
              - With O(state=absent) it may be a pattern, such as V(airas-dev-alb-*.elb.amazonaws.com).
            type: str
            required: true
          zone_id:
            description: The hosted zone of the resource, which AWS tells with it.
            type: str
            required: true
          evaluate_target_health:
            description: Whether the record is left out while the resource is not healthy.
            type: bool
            default: false
"""

EXAMPLES = r"""
- name: The load balancer under the product's name
  airas.platform.route53_records:
    zone_id: Z0123456789ABCDEFGHIJ
    records:
      - name: app.example.com
        type: A
        alias:
          dns_name: airas-dev-alb-1234567890.ap-northeast-1.elb.amazonaws.com
          zone_id: Z14GRHDCWA56QT
"""

RETURN = r"""
resources:
  description: By address (V(route53_record/app.example.com A)), the attributes of each record.
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
from ansible_collections.airas.platform.plugins.module_utils._route53 import records

ALIAS = {
    "dns_name": {"type": "str", "required": True},
    "zone_id": {"type": "str", "required": True},
    "evaluate_target_health": {"type": "bool", "default": False},
}
RECORD = {
    "name": {"type": "str", "required": True},
    "type": {
        "type": "str",
        "choices": ["A", "AAAA", "CAA", "CNAME", "MX", "NS", "SRV", "TXT"],
        "required": True,
    },
    "values": {"type": "list", "elements": "str", "default": []},
    "ttl": {"type": "int", "default": 300},
    "alias": {"type": "dict", "options": ALIAS},
}


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "zone_id": {"type": "str", "required": True},
            "records": {"type": "list", "elements": "dict", "required": True, "options": RECORD},
            **_options.state(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: records.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
