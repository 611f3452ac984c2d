#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_oidc_provider
short_description: OpenID Connect provider whose tokens the account accepts
version_added: 0.1.0
description:
  - Manages the account's provider for one issuer, such as GitHub Actions, so that roles can be assumed without a
    long-lived key.
  - An account has one provider for an issuer. One that is there is adopted; client ids and tags that others have given
    it stay.
author: airas.platform maintainers (@airas-org)
extends_documentation_fragment:
  - airas.platform.plan
  - airas.platform.state
  - airas.platform.tags
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
options:
  url:
    description: The issuer's URL, with C(https://) and without a slash at its end.
    type: str
    default: https://token.actions.githubusercontent.com
  client_ids:
    description: The audiences that a token may be for.
    type: list
    elements: str
    default: [sts.amazonaws.com]
"""

EXAMPLES = r"""
- name: Accept tokens of GitHub Actions
  airas.platform.iam_oidc_provider:

- name: Accept none any more
  airas.platform.iam_oidc_provider:
    state: absent
"""

RETURN = r"""
resources:
  description: By address (V(oidc_provider/token.actions.githubusercontent.com)), the C(arn) and the attributes.
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
from ansible_collections.airas.platform.plugins.module_utils._iam import oidc_provider
from ansible_collections.airas.platform.plugins.module_utils._reconcile import reconcile


def main() -> None:
    module = AnsibleAWSModule(
        argument_spec={
            "url": {"type": "str", "default": "https://token.actions.githubusercontent.com"},
            "client_ids": {"type": "list", "elements": "str", "default": ["sts.amazonaws.com"]},
            **_options.state(),
            **_options.tags(),
        },
        supports_check_mode=True,
    )
    reconcile(module, lambda: oidc_provider.resources(Aws(module), module.params))


if __name__ == "__main__":
    main()
