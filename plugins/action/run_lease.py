# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Tells the module run_lease which run this is, and shows what a person should know of the lease.

Only the controller knows its own process, and only it can show a line without raising a warning.
"""

from __future__ import annotations

import getpass
import os
import socket
from typing import Any

from ansible import context
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.airas.platform.plugins.module_utils._guard.process import RunId

display = Display()


class ActionModule(ActionBase):
    """Runs the module with owner, run_id and what filled in."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        given = {name: value for name, value in self._task.args.items() if value is not None}
        result = self._execute_module(module_args={**_this_run(), **given}, task_vars=task_vars)
        if notice := result.get("notice"):
            display.display(f"    {notice}")
        return result


def _this_run() -> dict[str, str]:
    # A task runs in a forked worker, so the parent is the ansible-playbook process that all tasks of a run share.
    return {
        "owner": f"{_user()}@{socket.gethostname()}",
        "run_id": str(RunId.of(os.getppid())),
        "what": _what(context.CLIARGS.get("args") or (), context.CLIARGS.get("tags") or ()),
    }


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run as a number that has no name
        return str(os.getuid())


def _what(playbooks: tuple[str, ...], tags: tuple[str, ...]) -> str:
    """The command without its other arguments: extra variables may hold secrets."""
    chosen = [] if set(tags) <= {"all"} else [f"--tags {','.join(tags)}"]
    return " ".join(["ansible-playbook", *playbooks, *chosen])
