# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Gives the module of this name what the plays before have found, and ends the run with the status that it deserves.

A failed host makes ansible-playbook end with status 2, an unreachable one with 4: drift is the former, and a stack that
could not be compared the latter.
"""

from __future__ import annotations

from typing import Any

from ansible import context
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.airas.platform.plugins.module_utils._guard import drift
from ansible_collections.airas.platform.plugins.plugin_utils import _run_plans

display = Display()


class ActionModule(ActionBase):
    """Shows the differences and whom they were told to; fails for drift, and is unreachable if nothing is known."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        host = (task_vars or {})["inventory_hostname"]
        report = self._task.args.get("report") or _run_plans.found(host)
        if report is None:
            return _unjudged(host, _run_plans.NOT_COLLECTED)
        if report["failures"]:
            problems = (f"{failure['task']}: {failure['message']}" for failure in report["failures"])
            return _unjudged(host, "\n".join(problems))
        partial = _is_partial()
        arguments = {**self._task.args, **({"notify": "never"} if partial else {}), "report": report}
        told: dict[str, Any] = self._execute_module(module_args=arguments, task_vars=task_vars)
        found = drift.is_drift(report)
        if told.get("failed"):
            if not found:
                return _unjudged(host, str(told["msg"]))
            told["notice"] = f"Discord could not be told: {told['msg']}"
        if partial:
            told["notice"] = "Discord is not told: this run is about a part of the stack (--tags)."
        lines = [*drift.summary(report), told["notice"]]
        if found:
            return {**told, "failed": True, "drift": True, "msg": "\n".join(lines)}
        for line in lines:
            display.display(f"    {line}")
        return told


def _unjudged(host: str, problem: str) -> dict[str, Any]:
    message = f"{host} could not be compared, which says nothing of drift.\n{problem}"
    return {"unreachable": True, "changed": False, "msg": message}


def _is_partial() -> bool:
    """A part says nothing of the whole, and what was told of the whole stays."""
    tags, skipped = context.CLIARGS.get("tags") or (), context.CLIARGS.get("skip_tags") or ()
    return not set(tags) <= {"all"} or bool(skipped)
