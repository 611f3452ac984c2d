# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What the component ``workflow`` offers to the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._aws import Aws
from .._states import machine


def read(aws: Aws, query: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs of the stack ``query["name"]``; empty where it has no state machine."""
    name = f"{query['name']}-task"
    return {"state_machine_arn": machine.state_machine_arn(aws, name) if machine.exists(aws, name) else ""}
