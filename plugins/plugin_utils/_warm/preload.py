# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Import, before any module comes, what nearly every module imports.

boto3 and botocore stay imported for every child. What a payload carries itself, module_utils, is parked instead: a
child takes a parked module up only where its payload has the very same source (see `payload`).
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType

COLLECTIONS = ("amazon.aws", "community.aws", "airas.platform")

# Some parts of botocore are imported only when a client is made; these are imported here, so that no child has to.
_LIBRARIES = ("boto3.session", "botocore.client", "botocore.httpsession")
_CORE = ("ansible.module_utils.basic", "ansible.module_utils._internal._ansiballz._loader")
_MESSAGES = "ansible.module_utils.common.warnings"
_PARKED_ROOTS = ("ansible", "ansible_collections")


@dataclass(frozen=True)
class Parked:
    """An imported module, and the SHA-256 of the source from which it was made."""

    module: ModuleType
    digest: bytes


class _Package(ModuleType):
    """A package without an __init__.py of its own."""


def digest(source: bytes) -> bytes:
    return hashlib.sha256(source).digest()


def libraries() -> None:
    """Import boto3 and botocore."""
    for name in _LIBRARIES:
        importlib.import_module(name)


def module_utils(roots: Sequence[str]) -> dict[str, Parked]:
    """Import the module_utils of ansible-core and, from below `roots`, of the collections; return them by name.

    They are no longer in sys.modules then. Left out is what does not import, because a library is missing, and what
    warns when it is imported: whichever module imports that is to report it, and no other.
    """
    for name in _core():
        importlib.import_module(name)
    for name in _collections(roots):
        _try(name)
    names = [name for name in sys.modules if name.partition(".")[0] in _PARKED_ROOTS]
    sources = {name: _source(name) for name in names}
    return {
        name: Parked(sys.modules.pop(name), digest(source)) for name, source in sources.items() if source is not None
    }


def _try(name: str) -> None:
    before = set(sys.modules)
    with contextlib.suppress(Exception):
        importlib.import_module(name)
    messages = sys.modules[_MESSAGES]
    if messages.get_warning_messages() or messages.get_deprecation_messages():
        messages._global_warnings.clear()
        messages._global_deprecations.clear()
        for new in sys.modules.keys() - before:
            unbind(new, sys.modules)
            del sys.modules[new]


def unbind(name: str, modules: Mapping[str, ModuleType]) -> None:
    """Take a module out of its package, so that `from package import module` imports it again."""
    parent, _dot, child = name.rpartition(".")
    if parent in modules and vars(modules[parent]).get(child) is modules[name]:
        delattr(modules[parent], child)


def _core() -> Iterator[str]:
    # Not by importing ansible/__init__.py: the one in a payload is another, and sets up nothing of the controller.
    spec = importlib.util.find_spec("ansible")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("ansible-core is not importable by the interpreter of the controller")
    directory = Path(spec.submodule_search_locations[0])
    _add("ansible", directory)
    _add("ansible.module_utils", directory / "module_utils")
    yield from _CORE


def _collections(roots: Sequence[str]) -> Iterator[str]:
    _add("ansible_collections")
    for collection in COLLECTIONS:
        namespace, name = collection.split(".")
        candidates = (Path(root, "ansible_collections", namespace, name) for root in roots)
        directory = next((candidate for candidate in candidates if candidate.is_dir()), None)
        if directory is None:
            continue
        prefix = f"ansible_collections.{namespace}"
        if prefix not in sys.modules:
            _add(prefix)
        _add(f"{prefix}.{name}", directory)
        _add(f"{prefix}.{name}.plugins", directory / "plugins")
        yield from _below(directory / "plugins", f"{prefix}.{name}.plugins")


def _below(plugins: Path, package: str) -> Iterator[str]:
    for source in sorted(plugins.glob("module_utils/**/*.py")):
        parts = source.relative_to(plugins).with_suffix("").parts
        yield ".".join((package, *(part for part in parts if part != "__init__")))


def _add(name: str, *path: Path) -> None:
    module = _Package(name)
    module.__path__ = [str(directory) for directory in path]
    module.__file__ = str(Path(*path, "__init__.py"))
    parent, _dot, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)
    sys.modules[name] = module


def _source(name: str) -> bytes | None:
    """What `name` was imported from; empty for a package that is only a directory, since payloads carry an empty
    file.

    None for what another module has made of itself, as six makes six.moves. The module itself need not know its
    source: module_utils.distro puts the library of that name in its own place.
    """
    if isinstance(sys.modules[name], _Package):
        return b""
    parent, _dot, _child = name.rpartition(".")
    spec = PathFinder.find_spec(name, sys.modules[parent].__path__)
    if spec is None:
        return None
    return Path(spec.origin).read_bytes() if spec.origin else b""
