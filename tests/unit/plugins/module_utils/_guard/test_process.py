from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.airas.platform.plugins.module_utils._guard import process
from ansible_collections.airas.platform.plugins.module_utils._guard.process import RunId, process_start


def test_a_run_id_survives_the_table() -> None:
    run = RunId.of(os.getpid())
    assert RunId.parse(str(run)) == run
    assert run.is_alive


@pytest.mark.parametrize("text", ["", "host", "host:x", "host::", "host:-1:1"])
def test_what_is_no_run_id_is_no_process(text: str) -> None:
    assert not RunId.parse(text).is_alive


def test_another_process_with_the_same_pid_is_another_run() -> None:
    run = RunId.of(os.getpid())
    assert not run._replace(start=run.start + "1").is_alive


def test_a_process_of_another_host_does_not_count_as_alive() -> None:
    assert not RunId.of(os.getpid())._replace(host="elsewhere").is_alive


def test_a_killed_process_is_dead_before_and_after_its_parent_has_noticed() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    run = RunId.of(child.pid)
    assert run.is_alive
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and stays a zombie
    assert not run.is_alive
    assert child.stdin is not None
    child.stdin.close()
    child.wait()
    assert not run.is_alive


def test_a_command_with_parentheses_does_not_shift_the_fields(tmp_path: Path) -> None:
    (tmp_path / "self").mkdir()
    (tmp_path / "self/stat").touch()
    (tmp_path / "7").mkdir()
    fields = " ".join(str(number) for number in range(4, 53))
    (tmp_path / "7/stat").write_text(f"7 (a) S) b) S {fields}", encoding="utf-8")
    assert process_start(7, tmp_path) == "22"
    assert process_start(8, tmp_path) is None


def test_without_proc_ps_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "ps"
    script.write_text("#!/bin/sh\n[ $4 = 7 ] && echo 'S    Thu Jan  1 00:00:00 2026'\n[ $4 = 8 ] && echo 'Z  x'\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert process_start(7, tmp_path) == "Thu Jan 1 00:00:00 2026"
    assert process_start(8, tmp_path) is None
    assert process_start(9, tmp_path) is None
    assert process.RunId.parse("host:7:Thu Jan 1 00:00:00 2026").start == "Thu Jan 1 00:00:00 2026"
