#!/usr/bin/python
# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
module: security_audit
short_description: Checks a running stack against AWS's security controls
version_added: 0.1.0
description:
  - Reads what AWS says of the stack's resources and of the account, all at the same time, and judges it by AWS's
    Foundational Security Best Practices, see U(https://docs.aws.amazon.com/securityhub/latest/userguide/fsbp-standard.html).
  - It needs no Security Hub and changes nothing. A control that fails does not fail the module.
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
    description: The stack's name, such as V(airas-dev). Its resources are those whose names begin so.
    type: str
    required: true
  buckets:
    description: Buckets of the account that all stacks share.
    type: list
    elements: str
    default: []
  key_aliases:
    description: Aliases of KMS keys that all stacks share, without C(alias/).
    type: list
    elements: str
    default: []
  repositories:
    description: ECR repositories that all stacks share.
    type: list
    elements: str
    default: []
  exceptions:
    description: What may differ from a control, for whom, why, and until when.
    type: list
    elements: dict
    default: []
    suboptions:
      control:
        description: The control's id, such as V(ECS.5).
        type: str
        required: true
      resource:
        description: The resource as the findings spell it, with wildcards, such as V(bucket/airas-*-logs-*).
        type: str
        required: true
      reason:
        description: Why it may be so.
        type: str
        required: true
      expires:
        description: The last day on which it may be so, as V(2027-03-31). After it the control fails.
        type: str
        required: true
      when:
        description: Whether the exception is in force, to tie it to the variable that makes it necessary.
        type: bool
        default: true
  report:
    description:
      - A file on the controller that the findings are written to as well, as JSON; its directory is made.
      - It is an object with C(stack), C(audited) (when, in UTC), C(summary), C(findings) and C(unused_exceptions), the
        latter three as this module returns them.
    type: path
  today:
    description: The day by which exceptions are judged, as V(2027-03-31); by default today, in UTC.
    type: str
"""

EXAMPLES = r"""
- name: Audit
  airas.platform.security_audit:
    name: airas-prod
    exceptions:
      - control: ECS.5
        resource: task_definition/*
        reason: The application writes to its root filesystem.
        expires: "2027-03-31"
  register: audit
"""

RETURN = r"""
findings:
  description: One for each control and resource.
  returned: success
  type: list
  elements: dict
  contains:
    control: {description: The control's id., type: str}
    title: {description: What it asks for., type: str}
    resource: {description: The resource., type: str}
    status: {description: "V(pass), V(fail), V(exception) or V(not applicable)", type: str}
    problem: {description: What is wrong., type: str}
    reason: {description: Why that is accepted., type: str}
    expires: {description: "Until when, as V(2027-03-31).", type: str}
    url: {description: Where AWS describes the control and how to hold to it., type: str}
summary:
  description: How many findings there are of each status.
  returned: success
  type: dict
table:
  description: The findings as lines for a person.
  returned: success
  type: list
  elements: str
unused_exceptions:
  description: Exceptions in force that no finding needed, as V(ELB.1 load_balancer/airas-prod-alb).
  returned: success
  type: list
  elements: str
"""

import datetime as dt
import json
from pathlib import Path

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.airas.platform.plugins.module_utils._audit import facts, report
from ansible_collections.airas.platform.plugins.module_utils._audit.controls import CONTROLS
from ansible_collections.airas.platform.plugins.module_utils._aws import Aws
from ansible_collections.airas.platform.plugins.module_utils._reconcile import PlatformError

EXCEPTION = {
    **{name: {"type": "str", "required": True} for name in ("control", "resource", "reason", "expires")},
    "when": {"type": "bool", "default": True},
}


def main() -> None:
    names = {"type": "list", "elements": "str", "default": []}
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "buckets": names,
            "key_aliases": {**names, "no_log": False},
            "repositories": names,
            "exceptions": {"type": "list", "elements": "dict", "options": EXCEPTION, "default": []},
            "report": {"type": "path"},
            "today": {"type": "str"},
        },
        supports_check_mode=True,
    )
    module.exit_json(changed=False, **_audited(module))


def _audited(module: AnsibleAWSModule) -> dict[str, object]:
    params, now = module.params, dt.datetime.now(dt.UTC)
    aliases = [f"alias/{alias}" for alias in params["key_aliases"]]
    scope = facts.Scope(params["name"], params["buckets"], aliases, params["repositories"], now)
    try:
        exceptions = report.checked(params["exceptions"], CONTROLS)
        kinds = facts.read(Aws(module), scope)
        today = dt.date.fromisoformat(params["today"]) if params["today"] else now.date()
        found = report.findings(CONTROLS.values(), kinds, exceptions, today)
    except PlatformError as error:
        module.fail_json(msg=str(error), resource=error.resource, call=error.call)
    unused = report.unused(exceptions, found, CONTROLS)
    result = {"summary": report.summary(found), "findings": found, "unused_exceptions": unused}
    if params["report"]:
        document = {"stack": params["name"], "audited": now.isoformat(timespec="seconds"), **result}
        file = Path(params["report"])
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return {**result, "table": report.table(found, unused)}


if __name__ == "__main__":
    main()
