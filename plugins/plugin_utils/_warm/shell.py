# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The environment that a module would have got through the shells that `local` starts.

They set PWD, count SHLVL, drop what is no name for them, read BASH_ENV: every shell in its own way. So the shells are
asked, once a run: they start with the same names, but of the values only those that a shell looks at, for no third
process shall see the others.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

from .protocol import Request

_VISIBLE = frozenset(
    "_ BASHOPTS BASH_ENV CDPATH ENV HOME IFS OLDPWD PATH POSIXLY_CORRECT PWD SHELLOPTS SHLVL".split()  # noqa: SIM905
)
_VISIBLE_PREFIX = "BASH_FUNC_"

_Key = tuple[str, str, tuple[int, int], tuple[tuple[str, str], ...]]


def _shown(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value if name in _VISIBLE or name.startswith(_VISIBLE_PREFIX) else ""
        for name, value in environment.items()
    }


def _read(environ: bytes) -> dict[str, str]:
    entries = (os.fsdecode(entry).partition("=") for entry in environ.split(b"\0") if entry)
    return {name: value for name, _equals, value in entries}


@dataclass(frozen=True)
class _Effect:
    removed: frozenset[str]
    changed: Mapping[str, str]


@dataclass
class Shells:
    """What shells do to an environment, remembered for as long as they are asked the same."""

    _asked: _Key | None = None
    _effect: _Effect = field(default_factory=lambda: _Effect(frozenset(), {}))

    def environment(self, request: Request, directory: int) -> dict[str, str]:
        """The environment of the request's interpreter. OSError or CalledProcessError: the shell cannot be asked."""
        shown = _shown(request.environment)
        place = os.fstat(directory)
        key = (request.shell, request.probe, (place.st_dev, place.st_ino), tuple(shown.items()))
        if key != self._asked:
            self._effect = _ask(request, shown, directory)
            self._asked = key
        passed_on = {name: value for name, value in request.environment.items() if name not in self._effect.removed}
        return {**passed_on, **self._effect.changed, **request.assignments}


def _ask(request: Request, shown: dict[str, str], directory: int) -> _Effect:
    os.fchdir(directory)
    try:
        output = subprocess.run(  # noqa: S602 - the shells are the question
            request.probe,
            shell=True,
            executable=request.shell,
            env=shown,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
        ).stdout
    finally:
        os.chdir("/")
    after = _read(output)
    changed = {name: value for name, value in after.items() if shown.get(name) != value}
    if changed.get("_", "").endswith("/cat"):  # bash names the program that it runs, here the one that answered
        changed["_"] = request.interpreter
    return _Effect(frozenset(shown.keys() - after.keys()), changed)
