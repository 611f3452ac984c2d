# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Decides in the controller whether what the plays before would remove may go; see the module of this name."""

from __future__ import annotations

from typing import Any

from ansible import context
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.airas.platform.plugins.module_utils._guard import removal
from ansible_collections.airas.platform.plugins.module_utils._reconcile import NOTHING_DONE, Refused
from ansible_collections.airas.platform.plugins.plugin_utils import _run_plans

display = Display()


class ActionModule(ActionBase):
    """Fails with what has to be refused, or returns what the removal may lose."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        report = _run_plans.found((task_vars or {})["inventory_hostname"])
        if report is None:
            return {"failed": True, "msg": _run_plans.NOT_COLLECTED}
        options = self._task.args
        environment, layers, confirm = options["environment"], options["layers"], options.get("confirm") or []
        tags, skipped = context.CLIARGS.get("tags") or (), context.CLIARGS.get("skip_tags") or ()
        try:
            components = removal.chosen(layers, tags, skipped, environment)
        except Refused as refusal:
            return {"failed": True, "msg": f"{refusal} {NOTHING_DONE}"}
        planned = [item for item in report["resources"] if item["component"] in components]
        try:
            removal.check_standing(report["resources"], layers, components, environment)
            if options.get("protected"):
                removal.check_confirmed(planned, environment, confirm)
        except Refused as refusal:
            if not self._task.check_mode:
                return {"failed": True, "msg": f"{refusal} {NOTHING_DONE}"}
            display.warning(f"This would be refused: {refusal}")
        if not planned:
            part = f"{', '.join(components)} in " if len(components) < len(layers) else ""
            display.display(f"    Nothing of {part}{environment} is left to remove.")
        confirmed = [*confirm, *removal.losses(planned, environment)]
        return {"remove": bool(planned), "components": components, "confirm": confirmed}
