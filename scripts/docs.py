"""Writes what is generated: `make docs`.

roles/<role>/README.md comes from the role's meta/argument_specs.yml and defaults/main.yml; docs/policies from the
calls in plugins/ (`scripts/policy.py`). With --check it writes nothing, and names each file that is not what it would
write.
"""

from __future__ import annotations

import argparse
import difflib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from scripts import policy  # noqa: E402

# Ansible's markup in descriptions, and what Markdown has in its place.
MARKUP = (
    (re.compile(r"\b(?:RV|[CVEOP])\(((?:[^()\\]|\\.|\([^()]*\))*)\)"), r"`\1`"),
    (re.compile(r"\bB\(([^)]*)\)"), r"**\1**"),
    (re.compile(r"\bI\(([^)]*)\)"), r"*\1*"),
    (re.compile(r"\bM\(([^)]*)\)"), r"`\1`"),
    (re.compile(r"\bL\(([^,]*), *([^)]*)\)"), r"[\1](\2)"),
    (re.compile(r"\bU\(([^)]*)\)"), r"<\1>"),
)


def markdown(text: str) -> str:
    """The text with Ansible's markup turned into Markdown's."""
    for pattern, replacement in MARKUP:
        text = pattern.sub(replacement, text)
    return text


def paragraphs(description: str | list[str] | None) -> list[str]:
    lines = [description] if isinstance(description, str) else description or []
    return [markdown(line.strip()) for line in lines]


def readme(role: str, specs: Mapping[str, Any], defaults: Mapping[str, Any]) -> str:
    """The whole README of a role whose `argument_specs` and defaults these are."""
    main = specs["main"]
    lines = [f"# {role}", "", *introduction(main), "## Variables", "", *variables(main, defaults)]
    for entry_point, spec in specs.items():
        if entry_point != "main":
            lines += [f"## `tasks_from: {entry_point}`", "", *introduction(spec)]
            same = spec.get("options") == main.get("options")
            lines += ["It takes the same variables.", ""] if same else variables(spec, defaults)
    lines += ["---", "", "Written by `make docs` from [meta/argument_specs.yml](meta/argument_specs.yml)."]
    return "\n".join(lines) + "\n"


def introduction(spec: Mapping[str, Any]) -> Iterator[str]:
    for paragraph in [f"{spec['short_description'].rstrip('.')}.", *paragraphs(spec.get("description"))]:
        yield from (paragraph, "")


def variables(spec: Mapping[str, Any], defaults: Mapping[str, Any]) -> list[str]:
    options = spec.get("options")
    return [*table(options, defaults), ""] if options else ["It takes no variables.", ""]


def table(options: Mapping[str, Any], defaults: Mapping[str, Any]) -> Iterator[str]:
    """A Markdown table of the variables; the members of a dictionary follow it, as `variable.member`.

    A default that is a template stands in the role's defaults only: the specs' schema refuses it for most types.
    """
    yield "| Variable | Type | Default | Description |"
    yield "|---|---|---|---|"
    for name, option in flattened(options):
        yield f"| `{name}` | {type_of(option)} | {default_of(name, option, defaults)} | {described(option)} |"


def flattened(options: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name, option in options.items():
        yield prefix + name, option
        deeper = f"{prefix}{name}[]." if option.get("type") == "list" else f"{prefix}{name}."
        yield from flattened(option.get("options") or {}, deeper)


def type_of(option: Mapping[str, Any]) -> str:
    kind = str(option.get("type", "str"))
    return f"{kind} of {option['elements']}" if "elements" in option else kind


def default_of(name: str, option: Mapping[str, Any], defaults: Mapping[str, Any]) -> str:
    if option.get("required"):
        return "**required**"
    if "default" not in option and name not in defaults:
        return ""
    default = option.get("default", defaults.get(name))
    return f"`{escaped(default if isinstance(default, str) else json.dumps(default))}`"


def described(option: Mapping[str, Any]) -> str:
    text = " ".join(paragraphs(option.get("description")))
    if choices := option.get("choices"):
        text += f" One of {', '.join(f'`{choice}`' for choice in choices)}."
    return escaped(text)


def escaped(text: str) -> str:
    """Text that stays inside its table cell."""
    return text.replace("|", "\\|").replace("\n", " ")


def written(root: Path) -> dict[Path, str]:
    """Every generated file and what it should hold."""
    files = {}
    for path in sorted(root.glob("roles/*/meta/argument_specs.yml")):
        role = path.parent.parent
        specs, defaults = load(path)["argument_specs"], load(role / "defaults" / "main.yml")
        files[role / "README.md"] = readme(role.name, specs, defaults)
    return files | policy.written()


def load(path: Path) -> dict[str, Any]:
    """A YAML file's mapping; {} if there is no such file, or nothing in it."""
    return (yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else None) or {}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is not up to date")
    check = parser.parse_args().check
    stale, files = 0, written(ROOT)
    for path in set(policy.POLICIES.glob("deployer-*.json")) - set(files):  # the policies have fewer parts now
        stale += check
        if not check:
            path.unlink()
    for path, text in files.items():
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        if old == text:
            continue
        name = str(path.relative_to(ROOT))
        if check:
            stale += 1
            sys.stderr.writelines(difflib.unified_diff(old.splitlines(True), text.splitlines(True), name, "make docs"))
            print(f"{name} is not what `make docs` writes: run it and commit the result.", file=sys.stderr)
        else:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {name}")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
