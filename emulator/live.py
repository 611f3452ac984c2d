"""Settings files that a test or a person changes while the server runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

import yaml

T = TypeVar("T")


class ConfigurationError(Exception):
    """A settings file cannot be used; the message names the file, the entry and what is allowed there."""


class LiveFile(Generic[T]):
    """The parsed content of a YAML or JSON file, read again whenever the file changes.

    Without a path, or while the file is empty or absent, the value is `parse(None)`.
    `parse` receives the document and raises ConfigurationError (without the file's name) if it does not fit.
    """

    def __init__(self, parse: Callable[[Any], T], path: Path | None = None) -> None:
        self._parse = parse
        self._lock = threading.Lock()
        self.point_to(path)

    def point_to(self, path: Path | None) -> None:
        self.path = path
        self._stamp: tuple[int, int, int] | None = None
        self._value = self._parse(None)

    def value(self) -> T:
        if self.path is None:
            return self._value
        with self._lock:
            stamp = _stamp(self.path)
            if stamp != self._stamp:
                self._value = self._load(self.path) if stamp else self._parse(None)
                self._stamp = stamp
            return self._value

    def _load(self, path: Path) -> T:
        try:
            return self._parse(yaml.safe_load(path.read_text(encoding="utf-8")))
        except yaml.YAMLError as error:
            raise ConfigurationError(f"{path}: not valid YAML or JSON: {error}") from error
        except ConfigurationError as error:
            raise ConfigurationError(f"{path}: {error}") from error


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file is written or replaced; None when there is no file."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
