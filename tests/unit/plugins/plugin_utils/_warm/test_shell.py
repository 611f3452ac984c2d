"""The environment that is computed is the one that the shells would have made."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.airas.platform.plugins.plugin_utils._warm.command import parse
from ansible_collections.airas.platform.plugins.plugin_utils._warm.protocol import Request
from ansible_collections.airas.platform.plugins.plugin_utils._warm.shell import Shells

PRINT = "import os, sys; sys.stdout.buffer.write(open('/proc/self/environ', 'rb').read())"
SHELLS = [shell for name in ("sh", "bash", "dash") if (shell := shutil.which(name))]


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path, os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def request(environment: dict[str, str], command: str, shell: str) -> Request:
    parsed = parse(command)
    return Request(parsed.interpreter, environment, parsed.assignments, shell, parsed.probe, 0, b"")


def really(environment: dict[str, str], command: str, shell: str, cwd: Path) -> dict[str, str]:
    output = subprocess.run(  # noqa: S602
        command,
        shell=True,
        executable=shell,
        env=environment,
        cwd=cwd,
        input=PRINT.encode(),
        capture_output=True,
        check=True,
    ).stdout
    entries = (os.fsdecode(entry).partition("=") for entry in output.split(b"\0") if entry)
    return {name: value for name, _equals, value in entries}


@pytest.mark.parametrize("suffix", ["", " && sleep 0"])
@pytest.mark.parametrize("inner", SHELLS)
@pytest.mark.parametrize("outer", SHELLS)
@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"SECRET": "s", "PWD": "/wrong", "OLDPWD": "/", "SHLVL": "3", "_": "/x"},
        {"a-b": "no name for a shell", "BASH_FUNC_f%%": "() {  :\n}", "BYTES": "\udcff\n=", "EMPTY": ""},
    ],
)
def test_as_the_shells_make_it(
    environment: dict[str, str], outer: str, inner: str, suffix: str, directory: int, tmp_path: Path
) -> None:
    environment = {"PATH": os.environ["PATH"], **environment}
    command = f"{inner} -c 'ADDED=yes {sys.executable}{suffix}'"
    made = Shells().environment(request(environment, command, outer), directory)
    assert made == really(environment, command, outer, tmp_path)


def test_shells_are_asked_once_and_see_no_secret(directory: int, tmp_path: Path) -> None:
    spy = tmp_path / "spy"
    spy.write_text(f'#!/bin/sh\nenv >>{tmp_path}/seen\nexec /bin/sh "$@"\n')
    spy.chmod(0o755)
    shells = Shells()
    for secret in ("hidden-1", "hidden-2"):
        environment = {"PATH": os.environ["PATH"], "AWS_SECRET_ACCESS_KEY": secret}
        command = f"/bin/sh -c 'TOKEN={secret} {sys.executable}'"
        made = shells.environment(request(environment, command, str(spy)), directory)
        assert made["AWS_SECRET_ACCESS_KEY"] == made["TOKEN"] == secret
    seen = (tmp_path / "seen").read_text()
    assert seen.count("AWS_SECRET_ACCESS_KEY=") == 1
    assert "hidden" not in seen


def test_another_directory_is_another_question(tmp_path: Path) -> None:
    shells = Shells()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        descriptor = os.open(tmp_path / name, os.O_RDONLY)
        environment = {"PATH": os.environ["PATH"], "PWD": "/wrong"}
        made = shells.environment(request(environment, f"/bin/sh -c {sys.executable}", "/bin/sh"), descriptor)
        os.close(descriptor)
        assert made["PWD"] == str(tmp_path / name)


def test_a_shell_that_does_not_answer(directory: int) -> None:
    with pytest.raises(subprocess.CalledProcessError):
        Shells().environment(request({}, f"/bin/false -c {sys.executable}", "/bin/sh"), directory)
