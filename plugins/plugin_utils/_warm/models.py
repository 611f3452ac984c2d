# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What botocore works out anew in each process, once for all modules of a run.

Above all its own data files (service models, endpoint rules).

A child that has to parse one notes it, and its parent then parses it too, for the children to come. Only the files
that come with botocore are kept: those cannot change within a run. What a loader finds in ~/.aws/models or
AWS_DATA_PATH is read as ever.

And, as every session registers a hundred handlers of events, what the names of events stand for, and which of the
handlers take any argument: that depends on nothing but botocore's code.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

try:
    from botocore import handlers, hooks
    from botocore.loaders import JSONFileLoader, Loader, instance_cache

    _ROOT = Loader.BUILTIN_DATA_PATH + "/"
    _read_file = JSONFileLoader.load_file
    _list_services = Loader.list_available_services
except ImportError:
    pass  # install() fails where botocore is missing, and the connection steps aside

# Relative to botocore's data directory, and without extension: what any client reads.
_ALWAYS = ("endpoints", "partitions", "sdk-default-configuration")


def _ignore(_name: str) -> None:
    pass


_missed: Callable[[str], None] = _ignore
_parsed: dict[str, Any] = {}
_services: dict[str, frozenset[str]] = {}


def learn(names: Sequence[str]) -> bool:
    """Parse these; whether any was new. A name that is none of botocore's is passed over."""
    new = [name for name in names if name not in _parsed and _is_ours(name)]
    for name in new:
        _parsed[name] = _read_file(JSONFileLoader(), _ROOT + name)
        type_name = Path(name).name
        if type_name not in _services:
            _services[type_name] = frozenset(_list_services(_builtin_only(Loader()), type_name))
    return bool(new)


def _is_ours(name: str) -> bool:
    return ".." not in Path(name).parts and JSONFileLoader().exists(_ROOT + name)


def _builtin_only(loader: Loader) -> Loader:
    alone = copy.copy(loader)
    alone._cache = {}
    alone._search_paths = [Loader.BUILTIN_DATA_PATH]
    return alone


def _without_builtin(loader: Loader) -> Loader:
    others = copy.copy(loader)
    others._cache = {}
    others._search_paths = [path for path in loader.search_paths if path != Loader.BUILTIN_DATA_PATH]
    return others


def _load_file(self: JSONFileLoader, file_path: str) -> Any:
    name = file_path.removeprefix(_ROOT)
    if name == file_path:
        return _read_file(self, file_path)
    if name in _parsed:
        return _parsed[name]
    data = _read_file(self, file_path)
    if data is not None:
        _missed(name)
    return data


def _list_available_services(self: Loader, type_name: str) -> list[str]:
    known = _services.get(type_name)
    if known is None or Loader.BUILTIN_DATA_PATH not in self.search_paths:
        services: list[str] = _list_services(self, type_name)
        return services
    return sorted(known | set(_list_services(_without_builtin(self), type_name)))


def remember_events() -> None:
    """Have the sessions of this process share what they find out about the names and handlers of events."""
    _share_names()
    _remember_signatures()
    every_session_s = hooks.EventAliaser(hooks.HierarchicalEmitter())
    for event_name, handler, *_order in handlers.BUILTIN_HANDLERS:
        every_session_s.register(event_name, handler)


def _share_names() -> None:
    make = hooks.EventAliaser.__init__
    names: dict[str, str] = {}

    def init(self: hooks.EventAliaser, event_emitter: object, event_aliases: dict[str, str] | None = None) -> None:
        make(self, event_emitter, event_aliases)
        if self._event_aliases == hooks.EVENT_ALIASES:
            self._alias_name_cache = names

    hooks.EventAliaser.__init__ = init


def _remember_signatures() -> None:
    inspect = functools.cache(hooks.accepts_kwargs)

    def accepts_kwargs(handler: Any) -> Any:
        # Of a method, so that it is the same for the objects of all sessions.
        return inspect(getattr(handler, "__func__", handler))

    hooks.accepts_kwargs = accepts_kwargs


def install() -> None:
    """Have every loader of this process use what is parsed, and parse what every client needs."""
    remember_events()
    JSONFileLoader.load_file = _load_file
    Loader.list_available_services = instance_cache(_list_available_services)
    learn(_ALWAYS)


def on_miss(note: Callable[[str], None]) -> None:
    """In a child: call `note` with each file that it has to parse itself."""
    global _missed  # noqa: PLW0603 - a process has one
    _missed = note
