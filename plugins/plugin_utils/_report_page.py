# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A plan report as one HTML page that needs nothing else: no script, no font, no network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import Any

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin-bottom: 0; }
.when { opacity: .7; margin-top: .2rem; }
.counts { display: flex; gap: 1rem; list-style: none; padding: 0; }
.counts li { border: 1px solid var(--line); border-radius: .5rem; padding: .4rem .9rem; }
.counts b { font-size: 1.3rem; }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .4rem 0; }
summary { cursor: pointer; padding: .4rem .8rem; }
.create summary b { color: #2a9d3a; } .update summary b { color: #b58900; }
.replace summary b, .delete summary b, .failure { color: #d33; }
.impact { float: right; color: #d33; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
th, td { text-align: left; padding: .25rem .8rem; border-top: 1px solid var(--soft); overflow-wrap: anywhere; }
td { font-family: ui-monospace, monospace; font-size: 13px; vertical-align: top; }
"""


def page(report: Mapping[str, Any]) -> str:
    """The page for a report as the ``plan_report`` callback writes it."""
    title = f"{report['stack']}: {'plan' if report['mode'] == 'plan' else 'what was applied'}"
    return "\n".join(
        (
            "<!doctype html>",
            f'<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<style>{_STYLE}</style></head><body>",
            f"<h1>{escape(title)}</h1>",
            f'<p class="when">{escape(report["playbook"])}, {_when(report)}</p>',
            _counts(report["summary"]),
            *(_failure(failure) for failure in report["failures"]),
            *(_unplanned(task) for task in report["unplanned"]),
            *(_resource(resource) for resource in report["resources"]),
            "" if report["resources"] else "<p>There is nothing to change.</p>",
            "</body></html>\n",
        )
    )


def _when(report: Mapping[str, Any]) -> str:
    return f"{escape(report['started'])} to {escape(report['finished'])}"


def _counts(summary: Mapping[str, int]) -> str:
    items = "".join(f"<li><b>{count}</b> {escape(action)}</li>" for action, count in summary.items())
    return f'<ul class="counts">{items}</ul>'


def _failure(failure: Mapping[str, str]) -> str:
    return f'<p class="failure"><b>{escape(failure["task"])}</b>: {escape(failure["message"])}</p>'


def _unplanned(task: str) -> str:
    return f'<p class="failure"><b>{escape(task)}</b> changed without naming its attributes.</p>'


def _resource(resource: Mapping[str, Any]) -> str:
    impact = "" if resource["impact"] == "none" else f'<span class="impact">{escape(resource["impact"])}</span>'
    rows = "".join(_row(change) for change in resource["changes"])
    opened = " open" if resource["action"] in ("update", "replace") else ""
    return (
        f'<details class="{escape(resource["action"])}"{opened}><summary><b>{escape(resource["action"])}</b> '
        f"{escape(resource['resource'])}{impact}</summary><table>"
        f"<tr><th>attribute</th><th>before</th><th>after</th><th>call</th></tr>{rows}</table></details>"
    )


def _row(change: Mapping[str, Any]) -> str:
    cells = (change["path"], _text(change["before"]), _text(change["after"]), change["call"])
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


def _text(value: Any) -> str:
    if value is None:
        return "–"
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
