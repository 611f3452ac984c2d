"""Which way the plugin goes, and that it says why: the warm process and the local connection are not started here."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace
from typing import Any

import ansible.constants as C  # noqa: N812
import pytest
from ansible.playbook.play_context import PlayContext
from ansible.plugins.connection.local import Connection as LocalConnection

from ansible_collections.airas.platform.plugins.connection import warm_local
from ansible_collections.airas.platform.plugins.plugin_utils._warm import client
from ansible_collections.airas.platform.plugins.plugin_utils._warm.command import NotServed, parse

COMMAND = f"/bin/sh -c 'ADDED=yes {sys.executable} && sleep 0'"
LOCALLY = (0, b"locally", b"")


class Seen:
    """What reached the warm process, and what was said."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.started: list[client.Run] = []
        self.said: list[str] = []
        self.outcome = client.Outcome(b"warm", b"", 0, None)
        self.refusal: str | None = None

    def start(self, run: client.Run, _roots: object, _cwd: object) -> bool:
        self.started.append(run)
        return False

    def execute(self, run: client.Run, request: Any, cwd: str | None) -> client.Outcome:
        if self.refusal:
            raise NotServed(self.refusal)
        self.requests.append((request, cwd))
        return self.outcome


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    seen = Seen()
    monkeypatch.setattr(warm_local, "AnsibleCollectionConfig", SimpleNamespace(collection_paths=["/collections"]))
    monkeypatch.setattr(client, "start", seen.start)
    monkeypatch.setattr(client, "execute", seen.execute)
    monkeypatch.setattr(warm_local.display, "vvv", lambda message, host: seen.said.append(message))
    monkeypatch.setattr(LocalConnection, "exec_command", lambda *_args, **_kwargs: LOCALLY)
    return seen


@pytest.fixture
def connection() -> warm_local.Connection:
    connection = warm_local.Connection(PlayContext(), shell=SimpleNamespace())
    connection._options = {"warm": True, "pipelining": False}
    connection.cwd = b"/"
    return connection


def aside(seen: Seen) -> list[str]:
    prefix = "WARM LOCAL STEPS ASIDE: "
    return [said.removeprefix(prefix) for said in seen.said if said.startswith(prefix)]


def test_a_module(connection: warm_local.Connection, seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    before = os.umask(0o027)
    assert connection.exec_command(COMMAND, b"program") == (0, b"warm", b"")
    os.umask(before)
    request, cwd = seen.requests[0]
    assert (request.interpreter, request.payload, request.umask, cwd) == (sys.executable, b"program", 0o027, "/")
    assert request.environment["AWS_SECRET_ACCESS_KEY"] == "secret"
    assert request.assignments == {"ADDED": "yes"}
    assert aside(seen) == []
    assert connection.connected


def test_the_run_is_the_controllers(connection: warm_local.Connection, seen: Seen) -> None:
    connection.exec_command(COMMAND, b"program")
    assert seen.started == [client.Run(os.getpid(), warm_local.Path(C.DEFAULT_LOCAL_TMP, "airas_warm"))]


@pytest.mark.parametrize(
    ("command", "in_data", "reason"),
    [
        (COMMAND, None, "a command, and no pipelined module"),
        (COMMAND, b"", "a command, and no pipelined module"),
        ("/bin/sh -c 'cd /; /usr/bin/python3'", b"program", "no module's command line"),
        ("/bin/sh -c '/usr/bin/perl && sleep 0'", b"program", "the interpreter is /usr/bin/perl"),
    ],
)
def test_what_is_no_module_of_this_interpreter(
    connection: warm_local.Connection, seen: Seen, command: str, in_data: bytes | None, reason: str
) -> None:
    assert connection.exec_command(command, in_data) == LOCALLY
    assert [reason in said for said in aside(seen)] == [True]
    assert seen.requests == []


def test_become(connection: warm_local.Connection, seen: Seen) -> None:
    connection.become = SimpleNamespace(pipelining=True)
    assert connection.exec_command(COMMAND, b"program") == LOCALLY
    assert not connection.is_pipelining_enabled()
    assert aside(seen) == ["the task uses become"] * 2
    assert seen.started == []


def test_another_platform(connection: warm_local.Connection, seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert connection.exec_command(COMMAND, b"program") == LOCALLY
    assert not connection.is_pipelining_enabled()
    assert aside(seen) == ["it needs Linux, and this is darwin"] * 2
    assert seen.started == []


def test_a_refusal(connection: warm_local.Connection, seen: Seen) -> None:
    seen.refusal = "there is no room"
    assert connection.exec_command(COMMAND, b"program") == LOCALLY
    assert aside(seen) == ["there is no room"]


def test_pipelining_starts_the_process(connection: warm_local.Connection, seen: Seen) -> None:
    assert connection.is_pipelining_enabled()
    assert len(seen.started) == 1
    assert aside(seen) == []


def test_asynchronous_tasks(connection: warm_local.Connection, seen: Seen) -> None:
    assert not connection.is_pipelining_enabled(wrap_async=True)
    assert aside(seen) == ["the task is asynchronous"]
    assert seen.started == []


def test_files_are_to_be_kept(connection: warm_local.Connection, seen: Seen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(C, "DEFAULT_KEEP_REMOTE_FILES", True)
    assert not connection.is_pipelining_enabled()


@pytest.mark.parametrize("pipelining", [True, False])
def test_switched_off_it_is_local(connection: warm_local.Connection, seen: Seen, pipelining: bool) -> None:
    connection._options = {"warm": False, "pipelining": pipelining}
    assert connection.exec_command(COMMAND, b"program") == LOCALLY
    assert connection.is_pipelining_enabled() == pipelining
    assert (seen.started, seen.requests, aside(seen)) == ([], [], [])


def test_it_is_local_to_whoever_asks(connection: warm_local.Connection) -> None:
    """Action plugins look at the name: the reboot of the controller is refused, paths are not templated twice."""
    assert connection.transport == "local"


def test_a_killed_module_is_reported_as_the_shell_reports_it(connection: warm_local.Connection, seen: Seen) -> None:
    seen.outcome = client.Outcome(b"so far", b"so bad", 9, None)
    status, said = parse(COMMAND).killed("/bin/sh", 9)
    assert connection.exec_command(COMMAND, b"program") == (status, b"so far", b"so bad" + said)
    assert status in (137, -9)


def test_a_module_that_has_its_own_module_utils(connection: warm_local.Connection, seen: Seen) -> None:
    seen.outcome = client.Outcome(b"warm", b"", 0, "ansible.module_utils.basic")
    assert connection.exec_command(COMMAND, b"program") == (0, b"warm", b"")
    assert seen.said[-1] == "WARM LOCAL IMPORTS ANEW: ansible.module_utils.basic has changed"
