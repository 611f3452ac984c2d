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
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

from ansible_collections.airas.platform.plugins.plugin_utils import _run_plans
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
        # What was planned by tasks in check mode (True), and what was done by others.
        self._plans: dict[str, dict[bool, list[dict[str, Any]]]] = {}
        self._unchanged: dict[str, dict[str, set[str]]] = {}
        self._unplanned: dict[str, list[str]] = {}
        self._failures: dict[str, list[dict[str, str]]] = {}

    def v2_playbook_on_start(self, playbook: Any) -> None:
        self._playbook = Path(playbook._file_name).name

    def v2_playbook_on_play_start(self, play: Any) -> None:
        if hosts := self._hosts():
            _run_plans.leave({host: self._report(host) for host in hosts})

    def v2_runner_on_ok(self, result: Any) -> None:
        host, name = result.host.get_name(), result.task.get_name()
        for outcome in _outcomes(result.result):
            if "plan" in outcome:
                self._collect(result, outcome)
            elif "components" in outcome:
                self._keep_only(host, outcome["components"])
            elif outcome.get("changed"):
                self._unplanned.setdefault(host, []).append(name)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        host = result.host.get_name()
        for outcome in _outcomes(result.result):
            if "plan" in outcome:
                self._collect(result, outcome)
        # That there is drift is what a run has found, and no failure of the run.
        if not ignore_errors and not result.result.get("drift"):
            failure = {"task": result.task.get_name(), "message": str(result.result.get("msg", ""))}
            self._failures.setdefault(host, []).append(failure)

    def _collect(self, result: Any, outcome: Mapping[str, Any]) -> None:
        host, component = result.host.get_name(), _component(result.task)
        # check_mode may come from --check, the play, or the task itself.
        plans = self._plans.setdefault(host, {}).setdefault(bool(result.task.check_mode), [])
        plans.extend({**resource, "component": component} for resource in outcome["plan"])
        planned = {resource["resource"] for resource in outcome["plan"]}
        unchanged = self._unchanged.setdefault(host, {}).setdefault(component, set())
        unchanged |= set(outcome.get("resources") or ()) - planned

    def _keep_only(self, host: str, components: Iterable[str]) -> None:
        """A removal of some layers has been looked at as one of all."""
        for plans in self._plans.get(host, {}).values():
            plans[:] = [resource for resource in plans if resource["component"] in components]

    def _hosts(self) -> list[str]:
        return sorted({*self._plans, *self._unplanned, *self._failures})

    def v2_playbook_on_stats(self, stats: Any) -> None:
        for host in self._hosts():
            report = self._report(host)
            self._write(report)
            self._print(report)

    def _report(self, host: str) -> dict[str, Any]:
        # A run is a plan unless one task wrote; then what others only looked at is not what the run has done.
        plans = self._plans.get(host, {})
        applied = False in plans or not plans
        resources = plans.get(not applied, [])
        counts = Counter(resource["action"] for resource in resources)
        return {
            "stack": host,
            "mode": "apply" if applied else "plan",
            "playbook": self._playbook,
            "started": self._started,
            "finished": _now(),
            "summary": {action: counts[action] for action in ACTIONS},
            "resources": resources,
            # Those that are as they should be, by component.
            "unchanged": {component: sorted(found) for component, found in self._unchanged.get(host, {}).items()},
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


def _component(task: Any) -> str:
    """The role whose task it is, without its collection; empty outside of roles."""
    role = getattr(task, "_role", None)
    return role.get_name().rpartition(".")[2] if role else ""


def _outcomes(result: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The results of a task: its own, or one for each item of its loop."""
    if isinstance(result.get("results"), list):
        yield from (item for item in result["results"] if isinstance(item, Mapping))
    else:
        yield result


def _summary_line(report: Mapping[str, Any]) -> str:
    verb = {"plan": "to {}", "apply": "{}d"}[report["mode"]]
    if not report["resources"] and not report["unplanned"] and not report["failures"]:
        return "There is nothing to change."
    counted = [f"{count} {verb.format(action)}" for action, count in report["summary"].items()]
    return ", ".join(counted) + "."


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
