# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What plan_report has collected of a run so far, for action plugins of the plays that follow.

It is left in the run's own temporary directory, so that no run reads what an earlier one has found.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible import constants

NOT_COLLECTED = (
    "Nothing has collected what the plays before have found: name airas.platform.plan_report in callbacks_enabled, as"
    " ansible.cfg does."
)


def leave(reports: Mapping[str, Any]) -> None:
    """Writes the reports, by host."""
    _file().write_text(json.dumps(reports), encoding="utf-8")


def found(host: str) -> dict[str, Any] | None:
    """The report of a host; None where nothing has collected any."""
    try:
        reports: dict[str, dict[str, Any]] = json.loads(_file().read_text(encoding="utf-8"))
    except OSError:
        return None
    return reports.get(host)


def _file() -> Path:
    return Path(constants.DEFAULT_LOCAL_TMP) / "airas-plans.json"
