"""Parameters made up from a service model: every member filled in with something that its shape allows."""

from __future__ import annotations

import datetime as dt
from typing import Any

WHEN = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
_DEPTH = 4


def sample(shape: Any, path: tuple[str, ...] = ()) -> Any:
    """A value for `shape`, below a few levels with required members only; None where the shape holds itself."""
    return _MAKERS.get(shape.type_name, _number)(shape, path)


def _structure(shape: Any, path: tuple[str, ...]) -> dict[str, Any] | None:
    if getattr(shape, "is_document_type", False):
        return {"any": "thing"}
    if shape.name in path:
        return None
    members = list(shape.members.items())
    if getattr(shape, "is_tagged_union", False):
        members = members[:1]
    wanted = [(n, m) for n, m in members if len(path) < _DEPTH or n in shape.required_members]
    made = {name: sample(member, (*path, shape.name)) for name, member in wanted}
    if any(made.get(name) is None for name in shape.required_members):
        return None
    return {name: value for name, value in made.items() if value is not None}


def _list(shape: Any, path: tuple[str, ...]) -> list[Any] | None:
    item = sample(shape.member, path)
    return None if item is None else [item] * max(1, shape.metadata.get("min", 1))


def _map(shape: Any, path: tuple[str, ...]) -> dict[Any, Any] | None:
    key, value = sample(shape.key, path), sample(shape.value, path)
    keys = shape.key.metadata.get("enum") or [key + "a" * n for n in range(max(1, shape.metadata.get("min", 1)))]
    return None if value is None else dict.fromkeys(keys[: max(1, shape.metadata.get("min", 1))], value)


def _string(shape: Any, _path: tuple[str, ...]) -> str:
    values = shape.metadata.get("enum")
    return str(values[0]) if values else "a" * max(1, shape.metadata.get("min", 1))


def _number(shape: Any, _path: tuple[str, ...]) -> int | float:
    value = max(1, shape.metadata.get("min", 1))
    return float(value) if shape.type_name in ("float", "double") else int(value)


_MAKERS: dict[str, Any] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "blob": lambda shape, _path: b"a" * max(1, shape.metadata.get("min", 1)),
    "boolean": lambda _shape, _path: True,
    "timestamp": lambda _shape, _path: WHEN,
}
