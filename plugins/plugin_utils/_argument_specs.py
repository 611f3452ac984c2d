# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Checks an inventory's variables against the argument specs of all roles at once.

Ansible checks a role's arguments when the role starts, which for a late role is after many writes; and it does not see
a misspelt name at all. It also converts (a list out of "a,b") without giving the role what it converted, so this check
is stricter: what is described as a list has to be one.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.common.parameters import DEFAULT_TYPE_VALIDATORS
from ansible.module_utils.common.yaml import yaml_load

from ansible_collections.airas.platform.plugins.module_utils._guard.findings import Finding, nearest

Option = Mapping[str, Any]
Options = Mapping[str, Option]

SLIP = 0.9
"""How alike (1 = equal) a name has to be to one of ours to count as a slip of the pen."""

_KINDS = {
    "bool": "true or false",
    "dict": "a mapping",
    "float": "a number",
    "int": "a whole number",
    "list": "a list",
    "path": "a path",
    "str": "a text",
}


def read_options(file: Path) -> dict[str, Option]:
    """The options of all entry points of an argument_specs.yml; ``main`` wins where two describe the same one."""
    entry_points = dict(yaml_load(file.read_text(encoding="utf-8"))["argument_specs"])
    main = entry_points.pop("main", {})
    return {
        name: option
        for entry_point in (*entry_points.values(), main)
        for name, option in (entry_point.get("options") or {}).items()
    }


def unknown_variables(names: Iterable[str], prefixes: Iterable[str], known: Iterable[str]) -> Iterator[Finding]:
    """Names with a reserved prefix that nothing reads, and names that miss a known one by a letter or two."""
    reserved, known = tuple(prefixes), set(known)
    for name in names:
        if name in known or name.startswith("_"):
            continue
        near = nearest(name, known)
        if name.startswith(reserved):
            mend = f"The nearest is {near}: correct the name" if near else "Correct the name"
            yield Finding(name, "there is no such variable.", f"{mend}, or remove the line.")
        elif near and _is_slip(name, near):
            yield Finding(name, "nothing reads it.", f"If {near} is meant, correct the name; if not, choose another.")


def _is_slip(name: str, known: str) -> bool:
    """A letter too many, too few or wrong, or two swapped; not a name that somebody built upon ours."""
    return abs(len(name) - len(known)) <= 1 and difflib.SequenceMatcher(None, name, known).ratio() >= SLIP


def missing_variables(options: Options, defined: Iterable[str]) -> Iterator[Finding]:
    """Required options that have no value."""
    for name in sorted({name for name, option in options.items() if option.get("required")} - set(defined)):
        yield Finding(name, "it is required and has no value.", "Set it in the inventory.")


def wrong_values(where: str, option: Option, value: Any, secret: bool = False) -> Iterator[Finding]:
    """What is wrong with a value and everything inside it; a secret value is never part of a message."""
    secret = secret or bool(option.get("no_log"))
    if value is None:
        if option.get("required") or option.get("default") is not None:
            yield Finding(where, "it is empty.", "Give it a value, or remove the line.")
        return
    kind = option.get("type", "str")
    if mend := _mistyped(kind, value):
        yield Finding(where, f"should be {_KINDS.get(kind, kind)}, and is {_shown(value, secret)}.", mend)
    elif kind == "list":
        element = {**option, "type": option.get("elements", "raw"), "required": True}
        for index, item in enumerate(value):
            yield from wrong_values(f"{where}[{index}]", element, item, secret)
    else:
        yield from _unchosen(where, option, value, secret)
        if kind == "dict" and option.get("options"):
            yield from _wrong_members(where, option["options"], value, secret)


def _mistyped(kind: str, value: Any) -> str:
    """How to mend a value of the wrong type; empty for a right one."""
    collections = {"list": list, "dict": dict}
    if kind in collections:
        return "" if isinstance(value, collections[kind]) else f"Write {_KINDS[kind]}."
    if kind in ("str", "path"):
        if isinstance(value, (list, dict)):
            return "Write a single value."
        # YAML makes a truth of no and a number of 1.10, and Ansible would make "False" and "1.1" of them.
        return "Put it into quotes." if isinstance(value, (bool, float)) else ""
    if kind in ("int", "float") and isinstance(value, bool):
        return "Write a number."
    try:
        DEFAULT_TYPE_VALIDATORS[kind](value)
    except (TypeError, ValueError):
        return "Write true or false." if kind == "bool" else "Write a number."
    return ""


def _unchosen(where: str, option: Option, value: Any, secret: bool) -> Iterator[Finding]:
    choices = option.get("choices") or [value]
    if not any(str(choice) == str(value) for choice in choices):
        near = "" if secret else nearest(str(value), map(str, choices))
        mend = f"Choose one of {', '.join(map(str, choices))}." + (f" {near} is the nearest." if near else "")
        yield Finding(where, f"it cannot be {_shown(value, secret)}.", mend)


def _wrong_members(where: str, options: Options, value: Mapping[str, Any], secret: bool) -> Iterator[Finding]:
    for name, item in value.items():
        if name in options:
            yield from wrong_values(f"{where}.{name}", options[name], item, secret)
        else:
            near = nearest(str(name), options)
            mend = f"The nearest is {near}." if near else f"It may hold {', '.join(sorted(options))}."
            yield Finding(f"{where}.{name}", "there is no such key.", mend)
    for finding in missing_variables(options, value):
        yield Finding(f"{where}.{finding.where}", finding.problem, "Add it.")


def _shown(value: Any, secret: bool) -> str:
    if isinstance(value, (list, dict)):
        return _KINDS["list" if isinstance(value, list) else "dict"]
    if secret:
        return "something else (its value is not shown)"
    if isinstance(value, bool):
        return str(value).lower()
    return f"'{value}'" if isinstance(value, str) else str(value)
