from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator import MOTO_VERSION, extensions
from emulator.extensions import ExtensionError, Place, check_moto, load, patch, serve

AWS = "https://docs.aws.amazon.com/example"


class Response:
    """Stands for one of moto's classes."""

    def describe(self, name: str, limit: int = 10) -> list[Any]:
        return [name, limit]

    @property
    def state(self) -> str:
        return "active"


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(extensions, "REGISTRY", [])
    monkeypatch.setattr(extensions, "SERVED", {})
    monkeypatch.setattr(extensions, "ADDED_SERVICES", set())
    monkeypatch.setattr(extensions, "_PROBLEMS", [])
    before = dict(vars(Response))
    yield
    for name in set(vars(Response)) - set(before):
        delattr(Response, name)
    for name in ("describe", "state"):
        setattr(Response, name, before[name])


@pytest.fixture
def empty_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "no_extensions").mkdir()
    (tmp_path / "no_extensions" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    return "no_extensions"


def test_a_replacement_receives_the_original_and_every_argument_by_name() -> None:
    @patch(Response, "describe", aws=AWS)
    def describe(original: Any, self: Any, name: str, **others: Any) -> list[Any]:
        """Names are shouted."""
        return [*original(self, name=name.upper(), **others), sorted(others)]

    assert Response().describe("a") == ["A", 10, []]
    assert Response().describe("a", 5) == ["A", 5, ["limit"]]
    [extension] = extensions.REGISTRY
    assert (extension.behaviour, extension.aws, extension.added) == ("Names are shouted.", AWS, False)
    assert extension.target.endswith(".Response.describe")


def test_added_methods_and_properties() -> None:
    @patch(Response, "create", added=True, aws=AWS)
    def create(_self: Any) -> str:
        """It can be created."""
        return "created"

    def remember(self: Any, value: Any) -> None:
        self.told = value

    @patch(Response, "state", attribute=True, setter=remember, aws=AWS)
    def state(_self: Any) -> str:
        """It is pending first."""
        return "pending"

    response: Any = Response()
    response.state = "deleted"
    assert (response.create(), response.state, response.told) == ("created", "pending", "deleted")
    assert [e.behaviour for e in extensions.REGISTRY] == ["It can be created.", "It is pending first."]


def test_an_operation_of_a_service_that_moto_lacks() -> None:
    @serve("lacking", "get_thing", aws=AWS)
    def get_thing(place: Place, params: Any) -> dict[str, Any]:
        """A thing is told by its name."""
        return {"thing": f"{params['name']} in {place.region}"}

    served = extensions.SERVED["lacking", "get_thing"]
    assert served(Place("1", "here"), {"name": "a"}) == {"thing": "a in here"}
    assert list(extensions.ADDED_SERVICES) == ["lacking"]
    assert [(e.target, e.added) for e in extensions.REGISTRY] == [("lacking.get_thing", True)]


def test_an_operation_that_moto_serves_itself_is_named_at_start(empty_package: str) -> None:
    @serve("guardduty", "list_detectors", aws=AWS)
    def list_detectors(_place: Place, _params: Any) -> None:
        """Detectors are listed."""

    with pytest.raises(ExtensionError, match="list_detectors now exists in moto"):
        load(empty_package)
    assert not extensions.SERVED
    assert not extensions.ADDED_SERVICES


def _documented(_self: Any) -> None:
    """It does something."""


def _undocumented(_self: Any) -> None: ...


@pytest.mark.parametrize(
    ("symbol", "added", "function", "aws", "problem"),
    [
        (
            "describe_all",
            False,
            _documented,
            AWS,
            "Response.describe_all is gone from moto: find what replaced it and mend",
        ),
        ("describe", True, _documented, AWS, "Response.describe now exists in moto: compare it with AWS"),
        ("create", True, _undocumented, AWS, "Response.create has no docstring saying what AWS does"),
        ("create", True, _documented, "https://example.com", "Response.create has no docs.aws.amazon.com link"),
    ],
)
def test_what_does_not_fit_is_named_at_start(
    empty_package: str, symbol: str, added: bool, function: Any, aws: str, problem: str
) -> None:
    patch(Response, symbol, added=added, aws=aws)(function)
    with pytest.raises(ExtensionError) as caught:
        load(empty_package)
    assert problem in str(caught.value)
    assert __name__ in str(caught.value)
    assert extensions.REGISTRY == []


def test_a_module_that_no_longer_imports_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "extension_package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "good.py").write_text("")
    (package / "_helper.py").write_text("raise RuntimeError('a helper is not loaded by itself')")
    (package / "moved.py").write_text("from moto.ec2.models import Vanished")
    (package / "gone.py").write_text("import moto.vanished")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ExtensionError) as caught:
        load("extension_package")
    for name in ("gone", "moved"):
        assert f"extension_package.{name} does not import against this moto" in str(caught.value)
    assert "extension_package.good" in sys.modules


def test_another_moto_is_refused() -> None:
    check_moto(MOTO_VERSION, MOTO_VERSION)
    with pytest.raises(ExtensionError, match=r"written for moto 5\.2\.5, but moto 9\.9\.9 is installed"):
        check_moto("5.2.5", "9.9.9")
