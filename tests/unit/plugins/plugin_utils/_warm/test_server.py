"""The warm process as its workers meet it: a real one, with real payloads, without Ansible around it."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.airas.platform.plugins.plugin_utils._warm import client
from ansible_collections.airas.platform.plugins.plugin_utils._warm.command import NotServed
from ansible_collections.airas.platform.plugins.plugin_utils._warm.protocol import LOG, SOCKET
from tests.processes import eventually, is_alive

from .conftest import Builder, Warm, processes

HANG = "open(module.params['path'], 'w').write(str(os.getpid())); time.sleep(600)"


def result(outcome: client.Outcome) -> dict[str, Any]:
    assert outcome.status == 0, outcome
    returned: dict[str, Any] = json.loads(outcome.stdout)
    return returned


def in_background(call: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=call)
    thread.start()
    return thread


def test_a_module(warm: Warm, build: Builder) -> None:
    payload = build("module.exit_json(here=os.getcwd(), parent=os.getppid(), name=module.params['name'])", name="ü")
    outcome = warm.execute(payload)
    assert result(outcome)["here"] == str(Path.cwd())
    assert result(outcome)["parent"] == warm.pid
    assert result(outcome)["name"] == "ü"
    assert outcome.stderr == b""
    assert outcome.differing is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("print('x'); sys.exit()", 0),
        ("sys.exit(3)", 3),
        ("sys.exit(256 + 4)", 4),
        ("sys.exit(-1)", 255),
        ("sys.exit('why')", 1),
        ("print('lost or not'); os._exit(5)", 5),
        ("print('x', flush=True); os.kill(os.getpid(), 9)", -9),
        ("sys.stdout = None; sys.exit(2)", 2),
        ("import atexit; atexit.register(print, 'last'); print('first'); sys.exit(6)", 6),
        ("import atexit; atexit.register(os._exit, 7); sys.exit()", 7),
        ("import threading; threading.Timer(0.1, print, ['thread']).start(); print('main'); sys.exit(9)", 9),
        ("class Late:\n    def __del__(self): os.write(1, b'deleted')\nlate = Late()\nlate.self = late\nsys.exit()", 0),
        ("os.write(2, b'e' * 500000); os.write(1, b'o' * 500000); sys.exit()", 0),
        ("print(sys.stdin.read(), os.read(0, 1)); sys.exit()", 0),
        ("pid = os.fork()\nprint(pid > 0)\nsys.exit(os.waitstatus_to_exitcode(os.wait()[1]) if pid else 4)", 4),
    ],
)
def test_ways_to_end(warm: Warm, build: Builder, body: str, status: int) -> None:
    """As in an interpreter of its own, whose exit status is written down here, too."""
    payload = build(body)
    fresh = subprocess.run([sys.executable], input=payload, capture_output=True, env=warm.environment, check=False)
    outcome = warm.execute(payload)
    assert os.waitstatus_to_exitcode(outcome.status) == fresh.returncode == status
    assert outcome.stdout == fresh.stdout
    assert outcome.stderr == fresh.stderr


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_what_cannot_be_flushed(warm: Warm, build: Builder, stream: str) -> None:
    outcome = warm.execute(build(f"sys.{stream}.write('x'); os.close(sys.{stream}.fileno()); sys.exit(3)"))
    assert os.waitstatus_to_exitcode(outcome.status) == 120


def test_each_call_has_its_own_environment(warm: Warm, build: Builder) -> None:
    payload = build("module.exit_json(env={k: v for k, v in os.environ.items() if k.startswith('AWS_')})")
    for secret in ("first", "second"):
        assert result(warm.execute(payload, AWS_SECRET_ACCESS_KEY=secret))["env"]["AWS_SECRET_ACCESS_KEY"] == secret
    assert result(warm.execute(payload))["env"] == {}


def test_no_secret_in_the_environment_or_arguments_of_any_process(warm: Warm, build: Builder, tmp_path: Path) -> None:
    payload = build(HANG, path=str(tmp_path / "pid"), token="in-an-argument")
    thread = in_background(lambda: warm.execute(payload, TOKEN="in-the-environment"))
    assert eventually(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    for pid in (warm.pid, int((tmp_path / "pid").read_text())):
        for name in ("environ", "cmdline"):
            assert b"in-" not in Path(f"/proc/{pid}/{name}").read_bytes()
    assert not [file for file in warm.run.directory.rglob("*") if file.is_file() and b"in-" in file.read_bytes()]
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    thread.join()


@pytest.mark.parametrize("name", ["PYTHONPATH", "HOME", "LC_ALL", "LD_PRELOAD", "BOTO_DISABLE_CRT"])
def test_what_a_running_interpreter_cannot_take(warm: Warm, build: Builder, name: str) -> None:
    with pytest.raises(NotServed, match=f"cannot take the task's value of {name}"):
        warm.execute(build("module.exit_json()"), **{name: "C"})


def test_what_is_no_payload(warm: Warm) -> None:
    with pytest.raises(NotServed, match="no AnsiballZ module"):
        warm.execute(b"print('hello')")


def test_a_shell_that_cannot_be_asked(warm: Warm, build: Builder) -> None:
    request = warm.request(build("module.exit_json()"))._replace(probe="/bin/sh -c 'exit 1'")
    with pytest.raises(NotServed, match="what environment it makes"):
        client.execute(warm.run, request, None)


def test_modules_run_side_by_side(warm: Warm, build: Builder, tmp_path: Path) -> None:
    """Each waits until all are there."""
    body = (
        "open(module.params['dir'] + '/%d' % module.params['number'], 'w').close()\n"
        "while len(os.listdir(module.params['dir'])) < 5: time.sleep(0.01)\n"
        "module.exit_json(number=module.params['number'])"
    )
    payloads = [build(body, dir=str(tmp_path), number=number) for number in range(5)]
    with ThreadPoolExecutor(5) as pool:
        outcomes = list(pool.map(warm.execute, payloads))
    assert [result(outcome)["number"] for outcome in outcomes] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_that_dies_takes_its_module_along(warm: Warm, build: Builder, tmp_path: Path, end: int) -> None:
    payload = build(f"import subprocess; subprocess.Popen(['sleep', '600']); {HANG}", path=str(tmp_path / "pid"))
    worker = multiprocessing.get_context("fork").Process(target=warm.execute, args=(payload,))
    worker.start()
    assert eventually(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    pid = int((tmp_path / "pid").read_text())
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    assert len(children) == 1
    assert worker.pid
    os.kill(worker.pid, end)
    worker.join()
    assert eventually(lambda: not is_alive(pid) and not is_alive(int(children[0])))
    assert result(warm.execute(build("module.exit_json(still=True)")))["still"]


def test_a_worker_that_gives_up_ends_its_module(warm: Warm, build: Builder, tmp_path: Path) -> None:
    class GivesUpError(Exception):
        pass

    def give_up(*_args: object) -> None:
        raise GivesUpError

    before = signal.signal(signal.SIGALRM, give_up)
    pid = tmp_path / "pid"
    in_background(lambda: eventually(lambda: pid.exists() and pid.read_text()) and os.kill(os.getpid(), signal.SIGALRM))
    with pytest.raises(GivesUpError):
        warm.execute(build(HANG, path=str(pid)))
    signal.signal(signal.SIGALRM, before)
    assert eventually(lambda: not is_alive(int(pid.read_text())))


def test_a_daemon_outlives_its_module_and_keeps_nobody_waiting(warm: Warm, build: Builder, tmp_path: Path) -> None:
    body = (
        "pid = os.fork()\n"
        "if not pid:\n"
        "    [os.close(stream) for stream in (0, 1, 2)]\n"
        "    time.sleep(600)\n"
        "module.exit_json(pid=pid)"
    )
    pid = result(warm.execute(build(body)))["pid"]
    assert is_alive(pid)
    os.kill(pid, signal.SIGKILL)


def test_module_utils_of_its_own(warm: Warm, build: Builder, tmp_path: Path) -> None:
    """A payload with another version of a module_util than the installed one gets what it has brought along."""
    from ansible.module_utils.common import process

    (tmp_path / "common").mkdir()
    (tmp_path / "common" / "process.py").write_text(f"{Path(process.__file__).read_text()}\nCHANGED = True\n")
    imports = "from ansible.module_utils import basic\nfrom ansible.module_utils.common import process"
    body = "module.exit_json(of_its_own=process.CHANGED, used=basic.get_bin_path is process.get_bin_path)"
    outcome = warm.execute(build(body, imports=imports, module_utils=str(tmp_path)))
    assert result(outcome)["of_its_own"]
    assert result(outcome)["used"]
    assert outcome.differing == "ansible.module_utils.common.process"


def test_many_workers_start_one_process(fragile: Warm, build: Builder) -> None:
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=fragile.start) for _number in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert [worker.exitcode for worker in workers] == [0] * 6
    assert result(fragile.execute(build("module.exit_json(served=True)")))["served"]
    assert len(processes(fragile.run.directory)) == 1


def test_only_this_user_can_open_the_socket(fragile: Warm, build: Builder) -> None:
    fragile.start()
    directory = fragile.run.directory
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    directory.chmod(0o755)
    with pytest.raises(NotServed, match="not this user's alone"):
        fragile.execute(build("module.exit_json()"))


def test_a_long_path(fragile: Warm, build: Builder, tmp_path: Path) -> None:
    directory = tmp_path / ("x" * 100) / ("y" * 100)
    directory.mkdir(parents=True)
    fragile.run = client.Run(fragile.controller.pid, directory / "run")
    fragile.start()
    assert result(fragile.execute(build("module.exit_json(served=True)")))["served"]


def test_it_ends_with_the_controller(fragile: Warm, build: Builder, tmp_path: Path) -> None:
    fragile.start()
    failures: list[Exception] = []

    def hang() -> None:
        try:
            fragile.execute(build(HANG, path=str(tmp_path / "pid")))
        except NotServed as error:
            failures.append(error)

    thread = in_background(hang)
    assert eventually(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    pids = processes(fragile.run.directory)
    assert len(pids) == 2
    fragile.end()
    thread.join()
    assert eventually(lambda: not [pid for pid in pids if is_alive(pid)])
    assert not fragile.run.directory.exists()
    assert failures == []


def test_it_dies_before_a_module_has_begun(fragile: Warm, build: Builder) -> None:
    fragile.start()
    assert result(fragile.execute(build("module.exit_json(served=True)")))["served"]
    os.kill(fragile.pid, signal.SIGKILL)
    with pytest.raises(NotServed, match="the warm process has ended"):
        fragile.execute(build("module.exit_json()"))


def test_it_dies_while_a_module_runs(fragile: Warm, build: Builder, tmp_path: Path) -> None:
    """The module has failed, as if killed; and it is killed, since nobody would know what it does."""
    fragile.start()
    body = f"print('so far', flush=True); open(module.params['path'] + '.count', 'a').write('.'); {HANG}"
    outcomes: list[client.Outcome] = []
    payload = build(body, path=str(tmp_path / "pid"))
    thread = in_background(lambda: outcomes.append(fragile.execute(payload)))
    assert eventually(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    os.kill(fragile.pid, signal.SIGKILL)
    thread.join()
    assert os.waitstatus_to_exitcode(outcomes[0].status) == -signal.SIGKILL
    assert outcomes[0].stdout == b"so far\n"
    assert eventually(lambda: not is_alive(int((tmp_path / "pid").read_text())))
    assert (tmp_path / "pid.count").read_text() == "."


def test_it_does_not_start(fragile: Warm, build: Builder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "boto3.py").write_text("raise RuntimeError('broken on purpose')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    fragile.start()
    assert eventually(lambda: b"Error" in (fragile.run.directory / LOG).read_bytes())
    with pytest.raises(NotServed, match="the warm process has ended: RuntimeError: broken on purpose"):
        fragile.execute(build("module.exit_json()"))


def test_there_is_no_place_to_start_it(fragile: Warm, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    fragile.run = client.Run(fragile.controller.pid, tmp_path / "file" / "run")
    with pytest.raises(NotServed, match="cannot be started"):
        fragile.start()


def test_a_thousand_calls(fragile: Warm, build: Builder) -> None:
    """They leave no process, descriptor, file or growing memory behind."""
    fragile.start()
    payload = build("module.exit_json(parent=os.getppid())")

    def calls(number: int) -> None:
        for _call in range(number):
            assert result(fragile.execute(payload))["parent"] == pid

    def state() -> tuple[list[int], int, list[str]]:
        descriptors = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        return (
            processes(fragile.run.directory),
            descriptors,
            sorted(entry.name for entry in fragile.run.directory.iterdir()),
        )

    def memory() -> int:
        fields = dict(line.split(":") for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
        return int(fields["Private_Dirty"].split()[0]) + int(fields["Shared_Dirty"].split()[0])

    pid = fragile.pid
    calls(20)
    before, memory_before = state(), memory()
    threads = [in_background(lambda: calls(245)) for _thread in range(4)]
    for thread in threads:
        thread.join()
    assert eventually(lambda: state() == before)
    assert before[0] == [pid]
    assert before[2] == sorted([LOG, SOCKET])
    assert memory() - memory_before < 2048  # KiB: a page for each call would be twice that
