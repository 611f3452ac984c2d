#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: acm_certificate
short_description: A certificate of ACM, validated by DNS
version_added: 0.1.0
description:
  - Requests a public certificate and finds it again by its C(Name) tag. One without a name is adopted if it is for the
    same domains and has the same kind of key.
  - Every certificate of ACM is written to the public logs of certificate transparency, and its domains with it.
  - AWS cannot change the domains of a certificate. Other ones mean another certificate; the one before it stays as long
    as a load balancer uses it, and is deleted by a later call.
  - ACM issues a certificate, and renews it every year, as long as C(validation_records) are in the public DNS.
    M(airas.platform.route53_records) writes them.
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
  name:
    description: The C(Name) tag.
    type: str
    required: true
  domain_name:
    description: The domain, or C(*.) and a domain; needed unless O(state=absent).
    type: str
  subject_alternative_names:
    description: Further domains.
    type: list
    elements: str
    default: []
  key_algorithm:
    description: The kind of key.
    type: str
    choices: [RSA_2048, RSA_3072, RSA_4096, EC_prime256v1, EC_secp384r1, EC_secp521r1]
    default: RSA_2048
  wait_for:
    description:
      - What to wait for, V(records) for the validation records, which takes ACM seconds, or V(issued) for the
        certificate, which takes it minutes once the records are in the public DNS.
    type: str
    choices: [records, issued]
    default: issued
  name_servers:
    description: The name servers of the hosted zone, for the message of a wait that lasts too long.
    type: list
    elements: str
    default: []
  wait_timeout:
    default: 1800
seealso:
  - module: airas.platform.route53_records
"""

EXAMPLES = r"""
- name: Request it
  airas.platform.acm_certificate:
    name: airas-dev
    domain_name: app.example.com
    wait_for: records
  register: certificate

- name: Show that the domain is ours
  airas.platform.route53_records:
    zone_id: Z0123456789ABCDEFGHIJ
    records: "{{ certificate.resources['acm_certificate/airas-dev'].validation_records }}"

- name: Wait for it
  airas.platform.acm_certificate:
    name: airas-dev
    domain_name: app.example.com
"""

RETURN = r"""
resources:
  description:
    - By address (V(acm_certificate/airas-dev)), the C(arn), the C(status), the C(validation_records) and the attributes
      of the certificate.
  returned: success
  type: dict
pending:
  description: What AWS is still at work on, each with its C(resource) and C(state).
  returned: success
  type: list
  elements: dict
plan:
  description: The resources that change, each with its C(action), its C(impact) and every attribute's change.
  returned: success
  type: list
  elements: dict
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.airas.platform.plugins.module_utils import _options
from ansible_collections.airas.platform.plugins.module_utils._acm import certificate
from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "domain_name": {"type": "str"},
            "subject_alternative_names": {"type": "list", "elements": "str", "default": []},
            "key_algorithm": {
                "type": "str",
                "choices": list(certificate.KEY_ALGORITHMS),
                "default": "RSA_2048",
                "no_log": False,
            },
            "wait_for": {"type": "str", "choices": ["records", "issued"], "default": "issued"},
            "name_servers": {"type": "list", "elements": "str", "default": []},
            **_options.state(),
            **_options.tags(),
            **_options.wait(1800),
        },
        required_if=[("state", "present", ["domain_name"])],
        supports_check_mode=True,
    )
    reconcile(module, lambda: certificate.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
