# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# ruff: noqa: E402

from __future__ import annotations

DOCUMENTATION = """
name: record
type: aggregate
short_description: Write each result as a line of JSON
description: One line for each result of a task or of an item of its loop, for tests to compare.
options:
  path:
    description: The file.
    type: path
    required: true
    env:
      - name: RECORD_PATH
"""

import json
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "record"
    CALLBACK_NEEDS_ENABLED = True

    def _record(self, result: Any, failed: bool = False) -> None:
        names = {"task": result.task.get_name(), "host": result.host.get_name()}
        fields = {**names, "failed": failed, "result": result.result}
        with Path(self.get_option("path")).open("a", encoding="utf-8") as file:
            file.write(json.dumps(fields, default=str) + "\n")

    def v2_runner_on_ok(self, result: Any) -> None:
        self._record(result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._record(result, failed=True)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._record(result, failed=True)
