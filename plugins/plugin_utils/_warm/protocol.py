# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What travels between a worker and the warm process, over a Unix-domain stream socket.

A worker sends one frame (the lengths of header and payload, a JSON header, the payload) with four file descriptors:
the module's stdin, stdout and stderr, and its working directory. Answers are JSON lines: either `{"refused":
reason}`, and nothing has run; or `{"started": pid, "differing": name or null}` from the module's own process, which
then goes on, and `{"status": wait status}` from its parent once it has ended.
"""

from __future__ import annotations

import json
import os
import socket
import struct
from collections.abc import Mapping
from typing import Any, NamedTuple

SOCKET = "socket"
LOG = "log"

_LENGTHS = struct.Struct("!II")
_CREDENTIALS = struct.Struct("3i")  # struct ucred: pid, uid, gid
_DESCRIPTORS = 4
_CHUNK = 1 << 18

# Read by the dynamic linker, the C library or the interpreter when a process starts, or by boto3 and module_utils
# when they are imported: a process that is already running cannot take another value for them. The unit tests compare
# this list with what the preloaded modules really read.
_STARTUP_NAMES = frozenset(
    {"BOTO_DISABLE_CRT", "GCONV_PATH", "HOME", "LANG", "LANGUAGE", "LOCPATH", "NLSPATH", "UNIXCONFDIR", "UNIXUSRLIBDIR"}
)
_STARTUP_PREFIXES = ("COVERAGE_", "GLIBC_", "LC_", "LD_", "MALLOC_", "OPENSSL_", "PYTHON")


class Descriptors(NamedTuple):  # no dataclass: each worker imports this anew, and those take a millisecond to make
    """Of the module: its standard streams and its working directory."""

    stdin: int
    stdout: int
    stderr: int
    directory: int


class Request(NamedTuple):
    """One module to run.

    `environment` is the worker's own; `assignments` are what the task adds to it. `shell` and `probe` name the shell
    and the command line that `local` would have used, with the interpreter replaced by a program that prints its
    environment. `payload` is the program, as it would have come on stdin.
    """

    interpreter: str
    environment: Mapping[str, str]
    assignments: Mapping[str, str]
    shell: str
    probe: str
    umask: int
    payload: bytes


def startup_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The part of an environment that counts when a process starts, and cannot be changed in it later."""
    return {
        name: value
        for name, value in environment.items()
        if name in _STARTUP_NAMES or name.startswith(_STARTUP_PREFIXES)
    }


def peer_is_this_user(connection: socket.socket) -> bool:
    """Whether the process at the other end belongs to the user of this one."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _pid, uid, _gid = _CREDENTIALS.unpack(credentials)
    return bool(uid == os.geteuid())


def send_request(connection: socket.socket, request: Request, descriptors: Descriptors) -> None:
    fields = request._asdict()
    payload = fields.pop("payload")
    header = json.dumps(fields).encode("ascii")  # escapes keep what is not UTF-8 in an environment
    frame = memoryview(b"".join((_LENGTHS.pack(len(header), len(payload)), header, payload)))
    sent = socket.send_fds(connection, [frame[:_CHUNK]], descriptors)
    if sent < len(frame):  # else the other end may have answered and gone already, and sending nothing fails, too
        connection.sendall(frame[sent:])


class Incoming:
    """A request that arrives in pieces; `feed` never blocks for longer than one of them takes to copy."""

    def __init__(self) -> None:
        self._data = bytearray()
        self.fds: list[int] = []

    def feed(self, connection: socket.socket) -> tuple[Request, Descriptors] | None:
        """The request once it is complete. EOFError: the worker has gone. ValueError: this is no request."""
        data, fds, _flags, _address = socket.recv_fds(connection, _CHUNK, _DESCRIPTORS)
        self.fds += fds
        for fd in fds:
            os.set_inheritable(fd, False)
        if not data:
            raise EOFError
        self._data += data
        if len(self._data) < _LENGTHS.size:
            return None
        header_size, payload_size = _LENGTHS.unpack_from(self._data)
        if len(self._data) < _LENGTHS.size + header_size + payload_size:
            return None
        if len(self.fds) != _DESCRIPTORS:
            raise ValueError(f"{_DESCRIPTORS} file descriptors belong to a request, {len(self.fds)} came")
        header = bytes(self._data[_LENGTHS.size : _LENGTHS.size + header_size])
        payload = bytes(self._data[_LENGTHS.size + header_size :])
        self._data.clear()
        return Request(**json.loads(header), payload=payload), Descriptors(*self.fds)

    def close(self) -> None:
        """Close the descriptors that came."""
        for fd in self.fds:
            os.close(fd)
        self.fds.clear()


def answer(**fields: Any) -> bytes:
    return json.dumps(fields).encode("ascii") + b"\n"
