# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the component ``identity`` offers to the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._aws import Aws

ROLES = (
    "execution",
    "task",
    "discord-relay",
    "database-url-rotation",
    "database-bootstrap",
    "database-monitoring",
    "backup",
    "scheduler",
    "workflow",
    "github-deploy",
)


def read(aws: Aws, query: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of the stack ``query["name"]``; the ARNs follow from its name, whether the roles exist or not."""
    name = query["name"]
    return {"role_arns": {role: aws.arn("iam", f"role/{name}-{role}", region=False) for role in ROLES}}
