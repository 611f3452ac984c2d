# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the component ``observability`` offers to the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._aws import Aws
from .._sns.topics import topic_arn


def read(aws: Aws, query: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of the stack ``query["name"]``; the ARNs follow from its name, whether the resources exist or not."""
    name = query["name"]
    return {
        "topic_arn": topic_arn(aws, f"{name}-alarms"),
        "relay_function_arn": aws.arn("lambda", f"function:{name}-discord-relay"),
    }
