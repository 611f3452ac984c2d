from __future__ import annotations

import os
from pathlib import Path

import ansible.constants as C  # noqa: N812
import pytest

from ansible_collections.airas.platform.plugins.plugin_utils._warm import assembled
from ansible_collections.airas.platform.plugins.plugin_utils._warm.assembled import Assembled, digest_of_sources

OURS = "ansible_collections.airas.platform.plugins.modules.vpc-ZIP_DEFLATED-none"
FOREIGN = "ansible_collections.example.net.plugins.modules.vpc-ZIP_DEFLATED-none"
DEBUGGED = "ansible_collections.airas.platform.plugins.modules.vpc-ZIP_DEFLATED-debugpy"


class Machine:
    """A collection's sources, the store, and runs that begin and end."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.source = root / "ansible_collections/airas/platform/plugins/modules/vpc.py"
        self.source.parent.mkdir(parents=True)
        self.source.write_text("first")
        self.store = root / "store"
        self._root = root
        self._monkeypatch = monkeypatch
        monkeypatch.setattr(assembled, "_store", lambda: self.store)

    def digest(self) -> str:
        return digest_of_sources([str(self._root)])

    def begin(self, name: str) -> tuple[Assembled, Path]:
        directory = self._root / name / "airas_warm"
        directory.mkdir(parents=True)
        self._monkeypatch.setattr(C, "DEFAULT_LOCAL_TMP", str(directory.parent))
        run = Assembled(directory, [str(self._root)])
        run.lend()
        cache = directory.parent / "ansiballz_cache"
        cache.mkdir(exist_ok=True)
        return run, cache

    def kept(self) -> set[str]:
        return {path.name for path in self.store.glob("*/*")}


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_the_next_run_finds_what_one_has_assembled(machine: Machine) -> None:
    run, cache = machine.begin("first")
    assert list(cache.iterdir()) == []
    (cache / OURS).write_text("assembled.")
    run.keep()
    _run, cache = machine.begin("second")
    assert (cache / OURS).read_text() == "assembled."


def test_not_once_a_source_has_changed(machine: Machine) -> None:
    run, cache = machine.begin("first")
    (cache / OURS).write_text("assembled.")
    run.keep()
    machine.source.write_text("second")
    _run, cache = machine.begin("second")
    assert list(cache.iterdir()) == []


def test_nothing_is_kept_when_a_source_changes_during_the_run(machine: Machine) -> None:
    run, cache = machine.begin("first")
    (cache / OURS).write_text("assembled.")
    machine.source.write_text("second")
    run.keep()
    assert machine.kept() == set()


@pytest.mark.parametrize("name", [FOREIGN, DEBUGGED, f"{OURS}.lock", f"{OURS}-part"])
def test_only_what_the_digest_speaks_of_is_kept(machine: Machine, name: str) -> None:
    run, cache = machine.begin("first")
    (cache / name).write_text("assembled.")
    run.keep()
    assert machine.kept() == set()


def test_what_others_may_have_written_is_not_used(machine: Machine) -> None:
    run, cache = machine.begin("first")
    (cache / OURS).write_text("assembled.")
    run.keep()
    next(machine.store.iterdir()).chmod(0o777)
    _run, cache = machine.begin("second")
    assert list(cache.iterdir()) == []


def test_another_file_system_gets_a_copy(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_paths: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    test_the_next_run_finds_what_one_has_assembled(machine)
    assert machine.kept() == {OURS}


def test_the_sources_used_longest_ago_are_forgotten(machine: Machine) -> None:
    for number in range(assembled.KEPT_DIGESTS + 2):
        machine.source.write_text("x" * number)
        run, cache = machine.begin(str(number))
        (cache / OURS).write_text("assembled.")
        run.keep()
    assert machine.digest() in {path.name for path in machine.store.iterdir()}
    assert len(list(machine.store.iterdir())) == assembled.KEPT_DIGESTS


def test_a_worker_that_comes_before_the_first_digest_keeps_nothing(machine: Machine, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Assembled(tmp_path, [str(tmp_path)]).keep()
    assert machine.kept() == set()


@pytest.mark.parametrize("left", ["", "assem"])
def test_a_part_is_not_used(machine: Machine, left: str) -> None:
    run, cache = machine.begin("first")
    (cache / OURS).write_text(left)
    run.keep()
    _run, cache = machine.begin("second")
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("change", ["mtime", "added", "removed"])
def test_the_digest_changes_with_the_files(machine: Machine, change: str) -> None:
    before = machine.digest()
    if change == "mtime":
        os.utime(machine.source, ns=(0, 0))
    elif change == "added":
        machine.source.with_name("subnet.py").touch()
    else:
        machine.source.unlink()
    assert machine.digest() != before
