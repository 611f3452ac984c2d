# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Modules as Ansible assembles them for a run, kept for the next run.

Ansible parses a module and all its module_utils to see what goes along with it, anew in each run. What comes out
depends on these files alone, so it is kept under a digest of their names, sizes and times, and laid where Ansible looks
for it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import shutil
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import ansible
import ansible.constants as C  # noqa: N812 - its name everywhere in Ansible
from ansible.plugins.loader import module_utils_loader

COLLECTIONS = ("airas.platform", "amazon.aws", "community.aws")
# Runs of other sources (another checkout, an older release) in turn with these are to find theirs again.
KEPT_DIGESTS = 4

_STARTED_WITH = "sources"
# What Ansible calls an assembled module ends in the names of the debuggers that it was extended by.
_PLAIN = "-none"
_PREFIXES = ("ansible.modules.", *(f"ansible_collections.{name}.plugins.modules." for name in COLLECTIONS))


class Assembled:
    """The assembled modules of one run: its own `directory`; `roots`: where `ansible_collections` is looked for."""

    def __init__(self, directory: Path, roots: Sequence[str]) -> None:
        self._started_with = directory / _STARTED_WITH
        self._roots = roots
        # https://github.com/ansible/ansible/blob/v2.19.0/lib/ansible/executor/module_common.py
        self._of_run = Path(C.DEFAULT_LOCAL_TMP, "ansiballz_cache")

    def lend(self) -> None:
        """Lay what earlier runs left before Ansible; once, before the run's first module is assembled."""
        digest = digest_of_sources(self._roots)
        self._started_with.write_text(digest, encoding="ascii")
        kept = _store() / digest
        if not _private(kept):
            return
        os.utime(kept)
        self._of_run.mkdir(exist_ok=True)
        for name in _assembled(kept):
            if _is_whole(kept / name):
                _link(kept / name, self._of_run / name)

    def keep(self) -> None:
        """Keep what Ansible has assembled since, unless a source has changed under its hands."""
        digest = self._started_with.read_text(encoding="ascii")
        kept = _store() / digest
        new = _assembled(self._of_run) - _assembled(kept)
        if not new or digest_of_sources(self._roots) != digest:
            return
        kept.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _private(kept):
            for name in new:
                _link(self._of_run / name, kept / name)
            _forget_old(kept.parent)


def digest_of_sources(roots: Sequence[str]) -> str:
    """Changes with every file that can become part of an assembled module."""
    # A module_utils directory beside a playbook or named in the configuration takes the place of Ansible's own files.
    searched = [str(path) for path in module_utils_loader._get_paths(subdirs=False)]
    digest = hashlib.sha256(repr((sys.version, ansible.__version__, searched)).encode())
    own = Path(ansible.__file__).parent
    collections = [Path(root, "ansible_collections", *name.split(".")) for name in COLLECTIONS for root in roots]
    trees = [*map(Path, searched), own / "module_utils", own / "modules"]
    for collection in collections:
        trees += [collection / "meta", collection / "plugins" / "module_utils", collection / "plugins" / "modules"]
    for line in _described(dict.fromkeys(trees)):
        digest.update(line.encode(errors="surrogateescape"))
    return digest.hexdigest()


def _described(trees: Iterable[Path]) -> Iterator[str]:
    """A line for each file, with what changes whenever its contents do."""
    for tree in trees:
        pending = [str(tree.resolve())]
        while pending:
            with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(pending.pop()) as entries:
                for entry in sorted(entries, key=lambda entry: entry.name):
                    if entry.is_dir():
                        pending += [entry.path] if entry.name != "__pycache__" else []
                    else:
                        state = entry.stat()
                        yield f"{entry.path}\0{state.st_size}\0{state.st_mtime_ns}\0{state.st_ctime_ns}\n"


def _store() -> Path:
    return Path(C.config.get_config_value("ANSIBLE_HOME"), "airas_warm")


def _private(directory: Path) -> bool:
    """Whether nobody else could have put anything there: Ansible unpickles what it finds."""
    for path in (directory, directory.parent):
        try:
            state = path.lstat()
        except FileNotFoundError:
            return False
        if state.st_uid != os.geteuid() or not stat.S_ISDIR(state.st_mode) or stat.S_IMODE(state.st_mode) & 0o022:
            return False
    return True


def _assembled(directory: Path) -> set[str]:
    try:
        names = [path.name for path in directory.iterdir()]
    except FileNotFoundError:
        return set()
    return {name for name in names if name.startswith(_PREFIXES) and name.endswith(_PLAIN)}


def _is_whole(path: Path) -> bool:
    """A machine that lost its power may have left a part, and what Ansible cannot unpickle ends the run."""
    with path.open("rb") as file:
        return file.seek(0, os.SEEK_END) > 0 and file.seek(-1, os.SEEK_END) >= 0 and file.read() == pickle.STOP


def _link(source: Path, target: Path) -> None:
    """Whole or not at all, whoever does the same at this moment."""
    with contextlib.suppress(FileExistsError, FileNotFoundError):
        try:
            os.link(source, target)
        except OSError as error:
            if isinstance(error, (FileExistsError, FileNotFoundError)):
                raise
            part = target.with_name(f".{target.name}.{os.getpid()}")  # on another file system
            shutil.copyfile(source, part)
            part.replace(target)


def _forget_old(store: Path) -> None:
    def used(directory: Path) -> float:
        with contextlib.suppress(FileNotFoundError):
            return directory.stat().st_mtime
        return 0.0

    for directory in sorted(store.iterdir(), key=used, reverse=True)[KEPT_DIGESTS:]:
        shutil.rmtree(directory, ignore_errors=True)
