# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A worker's side: have one warm process for the run, and run one module in it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import selectors
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from .command import NotServed
from .protocol import LOG, SOCKET, Descriptors, Request, peer_is_this_user, send_request, startup_environment

_BACKLOG = 128
_CHUNK = 1 << 16
_STARTING = f"{SOCKET}.new"


class Run(NamedTuple):
    """One ansible-playbook run: its controller's process id, and the directory for what belongs to its warm process."""

    controller: int
    directory: Path


class Outcome(NamedTuple):
    """What a module wrote, and its wait status; `differing`: which of its module_utils was not the parked one."""

    stdout: bytes
    stderr: bytes
    status: int
    differing: str | None


def start(run: Run, roots: Sequence[str], cwd: str | None) -> bool:
    """Start the run's warm process unless that was done before; does not wait until it is ready.

    `roots`: where `ansible_collections` is looked for. True: this worker started it. NotServed: it cannot be started.
    """
    if (run.directory / SOCKET).exists():
        return False
    try:
        run.directory.mkdir(mode=0o700, exist_ok=True)
        with _opened(run.directory) as directory:
            fcntl.flock(directory, fcntl.LOCK_EX)
            if (run.directory / SOCKET).exists():
                return False
            _launch(run, directory, roots, cwd)
    except (OSError, subprocess.SubprocessError) as error:
        raise NotServed(f"the warm process cannot be started: {error}") from error
    return True


def _launch(run: Run, directory: int, roots: Sequence[str], cwd: str | None) -> None:
    with contextlib.ExitStack() as stack:
        controller = os.pidfd_open(run.controller)
        stack.callback(os.close, controller)
        listener = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        with contextlib.suppress(FileNotFoundError):  # of a worker that got no further than this
            os.unlink(_STARTING, dir_fd=directory)
        listener.bind(_address(directory, _STARTING))
        listener.listen(_BACKLOG)
        log = stack.enter_context((run.directory / LOG).open("wb"))
        descriptors = (listener.fileno(), controller)
        program = Path(__file__).with_name("__main__.py")
        subprocess.run(  # it forks at once, and is no child of this worker
            [sys.executable, str(program), str(run.directory), *map(str, descriptors), *roots],
            cwd=cwd,
            env=startup_environment(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=descriptors,
            start_new_session=True,
            check=True,
        )
        # Connections wait in the socket until the process is ready: from here on it counts as started.
        os.rename(_STARTING, SOCKET, src_dir_fd=directory, dst_dir_fd=directory)


def execute(run: Run, request: Request, cwd: str | None) -> Outcome:
    """Run one module. NotServed: nothing of it has run. Any other exception on the way ends the module as well."""
    with contextlib.ExitStack() as ours:
        connection = ours.enter_context(_connected(run))
        with contextlib.ExitStack() as theirs:
            stdin, stdin_of_nobody = os.pipe()
            theirs.callback(os.close, stdin)
            os.close(stdin_of_nobody)  # so that stdin is at its end, as it is when the program came on it
            stdout, stdout_of_module = _pipe(ours, theirs)
            stderr, stderr_of_module = _pipe(ours, theirs)
            directory = theirs.enter_context(_opened(cwd or "."))
            descriptors = Descriptors(stdin, stdout_of_module, stderr_of_module, directory)
            try:
                send_request(connection, request, descriptors)
            except OSError as error:
                raise NotServed(_ended(run)) from error
        return _collect(run, connection, stdout, stderr)


def _pipe(reader: contextlib.ExitStack, writer: contextlib.ExitStack) -> tuple[int, int]:
    read, write = os.pipe()
    reader.callback(os.close, read)
    writer.callback(os.close, write)
    return read, write


@contextlib.contextmanager
def _opened(path: str | Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _address(directory: int, name: str) -> str:
    """A socket's address by its directory's descriptor: the path itself may be longer than the 108 bytes allowed."""
    return f"/proc/self/fd/{directory}/{name}"


@contextlib.contextmanager
def _connected(run: Run) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        try:
            with _opened(run.directory) as directory:
                state = os.fstat(directory)
                if state.st_uid != os.geteuid() or stat.S_IMODE(state.st_mode) & 0o077:
                    raise NotServed(f"{run.directory} is not this user's alone; make it so: chmod 700")
                connection.connect(_address(directory, SOCKET))
        except OSError as error:
            raise NotServed(_ended(run)) from error
        if not peer_is_this_user(connection):
            raise NotServed(f"the socket in {run.directory} is another user's")
        yield connection


def _ended(run: Run) -> str:
    """That there is no warm process, and the last thing it said."""
    last: list[str] = []
    with contextlib.suppress(OSError):
        last = (run.directory / LOG).read_text(errors="replace").splitlines()[-1:]
    return ": ".join(["the warm process has ended", *last])


def _collect(run: Run, connection: socket.socket, stdout: int, stderr: int) -> Outcome:
    """Read until both streams are at their end and the module's status is known, as communicate() does."""
    written, complained, answers = bytearray(), bytearray(), bytearray()
    sinks = {stdout: written, stderr: complained, connection.fileno(): answers}
    said: dict[str, Any] = {}
    with selectors.DefaultSelector() as selector:
        for source in sinks:
            selector.register(source, selectors.EVENT_READ)
        while selector.get_map():
            for key, _events in selector.select():
                data = _read(key.fd)
                sinks[key.fd] += data
                if not data:
                    selector.unregister(key.fd)
                if key.fd == connection.fileno():
                    said |= _lines(answers)
                    _follow(run, said, ended=not data)
    return Outcome(bytes(written), bytes(complained), said["status"], said["differing"])


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _CHUNK)
    except ConnectionResetError:  # the warm process died with something unread
        return b""


def _lines(answers: bytearray) -> dict[str, Any]:
    said: dict[str, Any] = {}
    *lines, rest = answers.split(b"\n")
    for line in lines:
        said |= json.loads(line)
    answers[:] = rest
    return said


def _follow(run: Run, said: dict[str, Any], *, ended: bool) -> None:
    """Act on what the warm process has said so far; `ended`: it says no more."""
    if "refused" in said:
        raise NotServed(said["refused"])
    if ended and "started" not in said:
        raise NotServed(_ended(run))
    if ended and "status" not in said:
        # It died in the middle. The module may have done anything, so it fails as one that was killed, and is killed.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(said["started"], signal.SIGKILL)
        said["status"] = int(signal.SIGKILL)
