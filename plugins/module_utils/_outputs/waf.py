# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the component ``waf`` offers to the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._aws import Aws
from .._wafv2._common import summary


def read(aws: Aws, query: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of the stack ``query["name"]``; empty where it has no web ACL."""
    found = summary(aws, f"{query['name']}-backend")
    return {"web_acl_arn": found["ARN"] if found else ""}
