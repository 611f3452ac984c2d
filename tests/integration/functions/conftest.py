"""The functions behind DATABASE_URL, run in this process, with a real PostgreSQL 16 behind TLS and a fake of AWS."""

from __future__ import annotations

import importlib
import secrets
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pg8000.native
import pytest

from emulator.testing import EmulatorServer
from tests.integration.database_url_stack import SOURCE, make_instance

MODULES = ("database", "handler", "bootstrap")


@dataclass(frozen=True)
class Instance:
    """An instance of RDS: its endpoint, the administrator's secret, and the file with the CA of its certificate."""

    host: str
    port: int
    administrator: str
    ca_file: str


@pytest.fixture(scope="session")
def instance() -> Iterator[Instance]:
    """One for all tests, each of which has a database of its own in it."""
    with EmulatorServer() as emulator:
        told = make_instance(emulator)
        held = emulator.client("secretsmanager").get_secret_value(SecretId=told["MasterUserSecret"]["SecretArn"])
        endpoint = told["Endpoint"]
        yield Instance(endpoint["Address"], endpoint["Port"], held["SecretString"], str(emulator.database_ca))


@pytest.fixture
def functions(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """``functions("handler")``: a module of the package as Lambda imports it."""
    monkeypatch.syspath_prepend(str(SOURCE))
    monkeypatch.setenv("RDS_CA_FILE", instance.ca_file)
    yield importlib.import_module
    for name in MODULES:
        sys.modules.pop(name, None)


class Missing(Exception):
    """ResourceNotFoundException of the fake."""


@dataclass
class FakeSecrets:
    """Secrets Manager with one secret for the URL, and the administrator's."""

    administrator: str
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
            return {"SecretString": self.administrator}
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
            url.user,
            host=url.host,
            port=url.port,
            password=url.password,
            database=url.database,
            ssl_context=self.functions("database").trust(),
        )

    def bootstrap(self) -> dict[str, Any]:
        made: dict[str, Any] = self.functions("bootstrap").run(self.secrets, self.settings, "url")
        return made


@pytest.fixture
def unprepared(functions: Callable[[str], ModuleType], instance: Instance) -> Stack:
    """A server where nothing of the stack is there yet."""
    name = f"t{uuid.uuid4().hex[:12]}"
    settings = functions("database").Settings(
        instance.host, instance.port, name, f"{name}_app", (f"{name}_app_a", f"{name}_app_b"), "administrator"
    )
    return Stack(functions, settings, FakeSecrets(instance.administrator), FakeEcs())


@pytest.fixture
def stack(unprepared: Stack) -> Stack:
    """The same with the first URL."""
    unprepared.bootstrap()
    return unprepared
