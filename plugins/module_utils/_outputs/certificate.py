# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the component ``certificate`` offers to the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._acm import certificate
from .._aws import Aws
from .._route53 import zone


def read(aws: Aws, query: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of the stack ``query["name"]``.

    ``query["domain_name"]`` is the domain that the stack is to have: its certificate has a placeholder until it is
    requested. A stack without a domain has empty outputs.
    """
    found = certificate.find_by_name(aws, query["name"])
    domain = found["domain_name"] if found else query["domain_name"]
    return {
        "domain_name": domain,
        "alternative_names": found["subject_alternative_names"] if found else [],
        "zone_id": (zone.find_above(aws, domain) or "") if domain else "",
        "certificate_arn": found["arn"] if found else certificate.arn_placeholder(aws) if domain else "",
        "validation_records": found["validation_records"] if found else [],
    }
