# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The warm process: one thread that accepts requests, forks a child for each, and tells how it ended.

It ends when the controller does. When a worker goes away before its module has ended (a task's timeout, an
interrupted run), or the controller does, the module and its process group get SIGTERM.
"""

from __future__ import annotations

import contextlib
import gc
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from . import child, models, preload
from .notes import Notes
from .payload import Payload, PayloadHook, Payloads
from .protocol import Descriptors, Incoming, Request, answer, peer_is_this_user, startup_environment
from .shell import Shells

# Kinds of notes: a module that had to be compiled, a data file of botocore that had to be parsed.
_CODE = "code"
_DATA = "data"


class _Refused(Exception):
    """This process cannot run that module; the message says why."""


@dataclass(eq=False)
class _Call:
    """One worker's connection, and its module's process once there is one."""

    connection: socket.socket
    incoming: Incoming = field(default_factory=Incoming)
    pid: int = 0
    pidfd: int = -1
    notes: Notes = field(default_factory=Notes)
    payload: Payload | None = None


@dataclass(frozen=True)
class Job:
    """What a child runs, and in which environment."""

    request: Request
    descriptors: Descriptors
    environment: dict[str, str]
    payload: Payload
    notes: Notes


class Server:
    """The loop: a connection comes, a piece of a request, a worker goes away, a child has ended, the run has ended."""

    def __init__(self, listener: socket.socket, controller: int, payloads: Payloads) -> None:
        """`controller` is a pidfd."""
        self._listener = listener
        self._controller = controller
        self._payloads = payloads
        self._shells = Shells()
        self._started_with = startup_environment(os.environ)
        self._calls: set[_Call] = set()
        self._selector = selectors.DefaultSelector()
        self._watch(listener, self._accept)
        self._watch(controller, self._end)

    def serve(self) -> Job | None:
        """None: the controller has ended. A job: this is a child, which is to run it."""
        job = None
        while job is None and self._selector.get_map():
            # One event at a time: what handles it may close the source of the next.
            key, _events = self._selector.select()[0]
            job = key.data()
        return job

    def _watch(self, source: socket.socket | int, handle: Callable[[], Job | None]) -> None:
        self._selector.register(source, selectors.EVENT_READ, handle)

    def _accept(self) -> None:
        connection, _address = self._listener.accept()
        if not peer_is_this_user(connection):
            connection.close()
            return
        call = _Call(connection)
        self._calls.add(call)
        self._watch(connection, lambda: self._receive(call))

    def _receive(self, call: _Call) -> Job | None:
        try:
            received = call.incoming.feed(call.connection)
            return self._start(call, *received) if received else None
        except (_Refused, TypeError, ValueError) as error:
            _tell(call, refused=str(error))
        except (EOFError, OSError):
            pass
        self._forget(call)
        return None

    def _start(self, call: _Call, request: Request, descriptors: Descriptors) -> Job | None:
        try:
            environment = self._shells.environment(request, descriptors.directory)
        except (OSError, subprocess.SubprocessError) as error:
            raise _Refused(f"the shell does not say what environment it makes ({error})") from error
        differing = self._started_with.items() ^ startup_environment(environment).items()
        if differing:
            names = ", ".join(sorted({name for name, _value in differing}))
            raise _Refused(f"a running interpreter cannot take the task's value of {names}")
        call.payload = payload = self._payloads.recognise(request.payload)
        try:
            call.pid = os.fork()
        except OSError as error:
            raise _Refused(f"there is no room for another process ({error})") from error
        if call.pid == 0:
            self._leave(call, payload.differing)
            return Job(request, descriptors, environment, payload, call.notes)
        call.pidfd = os.pidfd_open(call.pid)
        self._watch(call.pidfd, lambda: self._reap(call))
        self._selector.modify(call.connection, selectors.EVENT_READ, lambda: self._abandon(call))
        call.incoming.close()
        return None

    def _leave(self, own: _Call, differing: str | None) -> None:
        """In a child: say that the module runs from now on, and give up what is the parent's."""
        try:
            os.setsid()
            # Only the child itself can say so in time: a worker that has not heard it runs the module by other means.
            own.connection.sendall(answer(started=os.getpid(), differing=differing))
            self._selector.close()
            self._listener.close()
            for call in self._calls:
                call.connection.close()
        except BaseException:  # noqa: BLE001 - whatever it is, it must not go on as a second server
            os._exit(1)

    def _abandon(self, call: _Call) -> None:
        self._selector.unregister(call.connection)
        _terminate(call)

    def _reap(self, call: _Call) -> None:
        _pid, status = os.waitpid(call.pid, 0)
        _tell(call, status=status)
        self._selector.unregister(call.pidfd)
        os.close(call.pidfd)
        self._forget(call)
        self._learn(call)

    def _learn(self, call: _Call) -> None:
        noted = call.notes.close()
        if call.payload:
            call.payload.missed.update(set(noted.get(_CODE, ())) - call.payload.codes.keys())
        if models.learn(noted.get(_DATA, ())):
            gc.freeze()

    def _forget(self, call: _Call) -> None:
        with contextlib.suppress(KeyError):
            self._selector.unregister(call.connection)
        call.connection.close()
        call.incoming.close()
        self._calls.discard(call)

    def _end(self) -> None:
        for call in self._calls:
            if call.pid:
                _terminate(call)
        self._selector.close()


def _tell(call: _Call, **answers: Any) -> None:
    with contextlib.suppress(OSError):  # the worker has gone
        call.connection.sendall(answer(**answers))


def _terminate(call: _Call) -> None:
    try:
        os.killpg(call.pid, signal.SIGTERM)
    except ProcessLookupError:  # it is not yet the leader of its group
        with contextlib.suppress(ProcessLookupError):
            os.kill(call.pid, signal.SIGTERM)


def _run(job: Job, payloads: Payloads) -> NoReturn:
    child.become_fresh(job.request.interpreter, job.environment, job.request.umask, job.descriptors)
    models.on_miss(lambda name: job.notes.add(_DATA, name))
    package = __name__.partition(".")[0]
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        del sys.modules[name]
    if job.payload.differing is None:
        sys.path_hooks.insert(0, PayloadHook(job.payload, payloads, lambda name: job.notes.add(_CODE, name)))
    child.run(job.request.payload)


def main(directory: str, listener: int, controller: int, roots: Sequence[str]) -> None:
    """Serve the run that keeps its socket in `directory`. `roots`: where `ansible_collections` is looked for."""
    preload.libraries()
    models.install()
    parked = preload.module_utils(roots)
    if len(list(Path("/proc/self/task").iterdir())) > 1:
        raise RuntimeError("importing boto3 and module_utils has started a thread: a fork would lose it")
    payloads = Payloads(parked)
    gc.collect()
    gc.freeze()
    job = Server(socket.socket(fileno=listener), controller, payloads).serve()
    if job:
        _run(job, payloads)
    shutil.rmtree(directory, ignore_errors=True)
