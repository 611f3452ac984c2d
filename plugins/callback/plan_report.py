# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

DOCUMENTATION = r"""
name: plan_report
type: aggregate
short_description: Sums up what a run would change, or has changed, resource by resource
version_added: 0.1.0
description:
  - Collects the RV(ignore:plan) of every module of this collection and ends the run with a summary such as
    C(airas-dev, plan, 24 to create, 1 to update, 0 to replace, 0 to delete).
  - Writes the whole as JSON and, beside it, as a page for a browser.
  - Names the tasks that changed something without saying which attributes, because a plan that hides a change is wrong.
author: airas.platform maintainers (@airas-org)
requirements:
  - enabled in C(callbacks_enabled)
options:
  path:
    description:
      - The JSON file to write; the page gets the same name with the ending C(.html).
      - When unset, C(reports/<host>-<plan|apply>.json) in the directory that the run was started in.
    type: path
    env:
      - name: AIRAS_REPORT
    ini:
      - section: callback_plan_report
        key: path
"""

import datetime
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

from ansible_collections.airas.platform.plugins.plugin_utils._report_page import page

ACTIONS = ("create", "update", "replace", "delete")
_MARKS = {"create": ("+", "green"), "update": ("~", "yellow"), "replace": ("±", "red"), "delete": ("-", "red")}


class CallbackModule(CallbackBase):
    """Collects plans by host; prints and writes them when the run ends."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "airas.platform.plan_report"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._started = _now()
        self._playbook = ""
        self._planned_only: dict[str, bool] = {}
        self._plans: dict[str, list[dict[str, Any]]] = {}
        self._unplanned: dict[str, list[str]] = {}
        self._failures: dict[str, list[dict[str, str]]] = {}

    def v2_playbook_on_start(self, playbook: Any) -> None:
        self._playbook = Path(playbook._file_name).name

    def v2_runner_on_ok(self, result: Any) -> None:
        host, name = result.host.get_name(), result.task.get_name()
        for outcome in _outcomes(result.result):
            if "plan" in outcome:
                # check_mode may come from --check, the play, or the task itself: a run is a plan unless one task wrote
                checked = bool(result.task.check_mode)
                self._planned_only[host] = self._planned_only.get(host, True) and checked
                self._plans.setdefault(host, []).extend(outcome["plan"])
            elif outcome.get("changed"):
                self._unplanned.setdefault(host, []).append(name)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        host = result.host.get_name()
        for outcome in _outcomes(result.result):
            self._plans.setdefault(host, []).extend(outcome.get("plan", []))
        if not ignore_errors:
            failure = {"task": result.task.get_name(), "message": str(result.result.get("msg", ""))}
            self._failures.setdefault(host, []).append(failure)

    def v2_playbook_on_stats(self, stats: Any) -> None:
        for host in sorted({*self._plans, *self._unplanned, *self._failures}):
            report = self._report(host)
            self._write(report)
            self._print(report)

    def _report(self, host: str) -> dict[str, Any]:
        resources = self._plans.get(host, [])
        counts = Counter(resource["action"] for resource in resources)
        return {
            "stack": host,
            "mode": "plan" if self._planned_only.get(host, False) else "apply",
            "playbook": self._playbook,
            "started": self._started,
            "finished": _now(),
            "summary": {action: counts[action] for action in ACTIONS},
            "resources": resources,
            "unplanned": self._unplanned.get(host, []),
            "failures": self._failures.get(host, []),
        }

    def _write(self, report: Mapping[str, Any]) -> None:
        chosen = self.get_option("path")
        path = Path(chosen or f"reports/{report['stack']}-{report['mode']}.json")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(report, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
            path.with_suffix(".html").write_text(page(report), encoding="utf-8")
        except OSError as error:
            self._display.warning(f"The report could not be written to {path}: {error}")

    def _print(self, report: Mapping[str, Any]) -> None:
        self._display.banner(f"{report['mode'].upper()} {report['stack']}")
        for resource in report["resources"]:
            mark, color = _MARKS[resource["action"]]
            impact = "" if resource["impact"] == "none" else f"  ({resource['impact']})"
            changed = ", ".join(change["path"] for change in resource["changes"])
            paths = f": {changed}" if resource["action"] in ("update", "replace") else ""
            self._display.display(f"{mark} {resource['resource']}{paths}{impact}", color=color)
        for task in report["unplanned"]:
            self._display.display(f"? {task}: changed without naming its attributes", color="red")
        self._display.display(_summary_line(report))


def _outcomes(result: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The results of a task: its own, or one for each item of its loop."""
    if isinstance(result.get("results"), list):
        yield from (item for item in result["results"] if isinstance(item, Mapping))
    else:
        yield result


def _summary_line(report: Mapping[str, Any]) -> str:
    verb = {"plan": "to {}", "apply": "{}d"}[report["mode"]]
    if not report["resources"] and not report["unplanned"] and not report["failures"]:
        return "Everything is as the inventory describes it."
    counted = [f"{count} {verb.format(action)}" for action, count in report["summary"].items()]
    return ", ".join(counted) + "."


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
