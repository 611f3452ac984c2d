"""One warm process for a run: for all its workers, from its first module on, and no longer than the run."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.processes import eventually, is_alive

from .conftest import Ansible, processes

REPORT = {"behave": {"act": "parent"}}


def test_all_hosts_and_plays_share_one(ansible: Ansible) -> None:
    tasks = [REPORT, {"ansible.builtin.ping": {}}, {**REPORT, "loop": [1, 2]}]
    run = ansible.run(tasks, "--forks", "4", hosts=4)
    assert run.status == 0, run.output
    assert run.warm == 4 * 4
    assert run.aside == []
    reports = [report for result in run.results for report in result.get("results", [result]) if "parent" in report]
    assert len(reports) == 4 * 3
    assert len({report["parent"] for report in reports}) == 1
    assert len({report["pid"] for report in reports}) == len(reports)


def test_numbers_are_drawn_anew(ansible: Ansible) -> None:
    run = ansible.run([{"behave": {"act": "randomness"}, "loop": [1, 2, 3]}])
    drawn = [number for report in run.results[0]["results"] for number in report["drawn"]]
    assert len(set(drawn)) == len(drawn) == 12


def test_a_run_without_modules_starts_nothing(ansible: Ansible) -> None:
    look = "ls -A {{ lookup('ansible.builtin.env', 'HOME') }}/.ansible/tmp/*"
    run = ansible.run([{"ansible.builtin.debug": {}}, {"ansible.builtin.raw": look}])
    assert run.status == 0, run.output
    assert "airas_warm" not in run.results[1]["stdout"]


def test_a_run_that_fails_leaves_nothing(ansible: Ansible) -> None:
    assert ansible.run([{"behave": {"act": "fail"}}]).status == 2


def test_a_task_that_takes_too_long(ansible: Ansible) -> None:
    hang = {"behave": {"act": "hang", "path": "{{ work }}/pid"}, "timeout": 5}
    run = ansible.run([REPORT, hang])
    assert run.status == 2
    assert "Timed out after 5 second(s)" in str(run.results[1]["msg"])
    assert eventually(lambda: not is_alive(int((ansible.work / "pid").read_text())))


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_it_ends(ansible: Ansible, end: signal.Signals) -> None:
    """The process is gone, and so is the module that was at work."""
    command = ansible.command([{"behave": {"act": "hang", "path": "{{ work }}/pid"}}])
    with subprocess.Popen(
        command, cwd=ansible.home, env=ansible.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as controller:
        pid = ansible.work / "pid"
        assert eventually(lambda: pid.exists() and pid.read_text())
        warm = [found for found in processes(str(ansible.home)) if found not in (controller.pid, int(pid.read_text()))]
        controller.send_signal(end)
    assert controller.returncode != 0
    assert warm
    assert eventually(lambda: not is_alive(int(pid.read_text())))
    assert eventually(lambda: not [found for found in warm if is_alive(found)])
    for directory in (ansible.home / ".ansible" / "tmp").iterdir():  # Ansible's own, which it had no chance to remove
        assert not list(directory.rglob("airas_warm*"))
        shutil.rmtree(directory)


def test_a_daemon_outlives_the_run(ansible: Ansible) -> None:
    """It is the module's child, and no part of the warm process."""
    (ansible.work / "go").touch()
    run = ansible.run([{"behave": {"act": "daemon", "path": "{{ work }}/go"}}])
    assert run.status == 0, run.output
    Path(ansible.work / "go").unlink()
    assert eventually((ansible.work / "go.done").exists)


def test_nothing_is_written_that_others_can_read(ansible: Ansible) -> None:
    look = "find {{ lookup('ansible.builtin.env', 'HOME') }}/.ansible/tmp/*/airas_warm -printf '%f %M\\n' | sort"
    before = os.umask(0)
    run = ansible.run([REPORT, {"ansible.builtin.raw": look}])
    os.umask(before)
    assert run.results[1]["stdout_lines"][0] == "airas_warm drwx------"


def test_what_one_run_assembles_serves_the_next(ansible: Ansible, aws: dict[str, str]) -> None:
    """Laid in the place of another module, what the first run kept is what the second one runs."""
    secret = "assembled-canary"
    tasks = [
        {"name": "ping", "ansible.builtin.ping": {"data": secret}},
        {"name": "caller", "amazon.aws.aws_caller_info": {}},
    ]
    first = ansible.run(tasks, **aws)
    assert (first.status, first.warm) == (0, 2)
    (store,) = (ansible.home / ".ansible" / "airas_warm").iterdir()
    ping, caller = sorted(store.iterdir(), key=lambda path: "ping" not in path.name)
    assert secret.encode() not in ping.read_bytes() + caller.read_bytes()

    second = ansible.run(tasks, **aws)
    assert second.result("caller")["account"] == first.result("caller")["account"]
    caller.unlink()
    caller.write_bytes(b"no module.")
    third = ansible.run(tasks, **aws)
    assert third.result("ping")["ping"] == secret
    assert third.status != 0
