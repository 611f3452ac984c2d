# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Runs a module and, while AWS is still at work on what it started, waits and says what it waits for.

Modules whose resources are slow are routed here by meta/runtime.yml. Such a module never sleeps: it reports what is
still ``pending`` and is called again until nothing is. A module's own output is only seen when it ends; this plugin
runs in the controller and can show the progress.
"""

from __future__ import annotations

import time
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.airas.platform.plugins.module_utils._reconcile import NOTHING_DONE

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 15.0

display = Display()


class ActionModule(ActionBase):
    """Calls the task's module until it has settled, its time is over, or it fails."""

    _supports_check_mode = True
    _supports_async = False
    _supports_diff = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        total = latest = self._execute_module(task_vars=task_vars)
        started, pause = time.monotonic(), FIRST_PAUSE_S
        while self._has_to_wait(latest):
            waited = time.monotonic() - started
            if waited > latest["wait_timeout"]:
                return {**total, "failed": True, "msg": _too_slow(latest)}
            display.display(f"    {_pending_text(latest)} ({waited:.0f} s)")
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_S)
            arguments = {**self._task.args, **latest.get("resume", {})}
            latest = self._execute_module(module_args=arguments, task_vars=task_vars)
            total = _merged(total, latest)
        return total

    def _has_to_wait(self, result: dict[str, Any]) -> bool:
        return bool(
            not self._task.check_mode and not result.get("failed") and result.get("wait") and result.get("pending")
        )


def _pending_text(result: dict[str, Any]) -> str:
    return ", ".join(f"{item['resource']} is {item['state']}" for item in result["pending"])


def _too_slow(result: dict[str, Any]) -> str:
    return (
        f"After {result['wait_timeout']} s {_pending_text(result)}. AWS may still finish it: run again to go on"
        " waiting, or give a longer wait_timeout."
    )


def _merged(total: dict[str, Any], latest: dict[str, Any]) -> dict[str, Any]:
    """The last state of things, with every change that was made on the way to it, each once.

    What a call planned and had to leave to a later one, because the resource was settling, is in the plans of both.
    """
    known = {change for item in total.get("plan", []) for change in _changes(item)}
    later = [
        (item, diff)
        for item, diff in zip(latest.get("plan", []), latest.get("diff", []), strict=True)
        if not known.issuperset(_changes(item))
    ]
    # A call that only looked may fail for what an earlier one has done.
    unclaimed = (
        {"msg": latest["msg"].replace(f" {NOTHING_DONE}", "")} if total.get("changed") and "msg" in latest else {}
    )
    return {
        **latest,
        **unclaimed,
        "changed": total.get("changed", False) or latest.get("changed", False),
        "plan": total.get("plan", []) + [item for item, _diff in later],
        "diff": total.get("diff", []) + [diff for _item, diff in later],
    }


def _changes(item: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(item["resource"], change["path"], repr(change["after"])) for change in item["changes"]}
