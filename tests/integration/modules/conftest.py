"""Runs modules of the collection in this process against the embedded AWS."""

from __future__ import annotations

import contextlib
import functools
import importlib
import io
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

import botocore.session
import pytest
from ansible.module_utils.common import warnings
from ansible.module_utils.testing import patch_module_args
from botocore import hooks
from botocore.client import ClientCreator

from ansible_collections.airas.platform.plugins.plugin_utils._warm import models
from emulator.testing import EmulatorServer

Result = dict[str, Any]

_MODULES = "ansible_collections.airas.platform.plugins.modules"
_READS = ("BatchGet", "Check", "Describe", "Filter", "Get", "List", "Head")

# Making a client takes longer than all else that a module run does: read a service's model once, as a warm process
# would, and make the class of its clients once.
_loader = functools.cache(botocore.session.create_loader)
_make_class = ClientCreator._create_client_class
_classes: dict[str, type] = {}


def _client_class(self: ClientCreator, service_name: str, service_model: object) -> type:
    if service_name not in _classes:
        _classes[service_name] = _make_class(self, service_name, service_model)
    return _classes[service_name]


@pytest.fixture(scope="session", autouse=True)
def _events() -> Iterator[None]:
    """What a warm process knows about them, until these tests are over."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hooks, "accepts_kwargs", hooks.accepts_kwargs)
        patch.setattr(hooks.EventAliaser, "__init__", hooks.EventAliaser.__init__)
        models.remember_events()
        yield


class RunModule(Protocol):
    def __call__(self, name: str, args: Mapping[str, Any], check: bool = False) -> Result: ...


@pytest.fixture
def boto(emulator: EmulatorServer) -> Callable[[str], Any]:
    """``boto("ec2")``: a client of the emptied emulator, to look behind Ansible's back and to change things there."""
    return emulator.client


@pytest.fixture
def run_module(emulator: EmulatorServer, monkeypatch: pytest.MonkeyPatch) -> RunModule:
    """Runs a module's ``main`` as Ansible would, and returns its result, failures too (``failed``, ``msg``)."""
    for key, value in emulator.aws_env.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setattr(botocore.session, "create_loader", _loader)
    monkeypatch.setattr(ClientCreator, "_create_client_class", _client_class)

    def run(name: str, args: Mapping[str, Any], check: bool = False) -> Result:
        # Ansible collects these for a process, which otherwise is one module run.
        monkeypatch.setattr(warnings, "_global_warnings", {})
        monkeypatch.setattr(warnings, "_global_deprecations", {})
        # Tests of plugins turn this process into a controller, where warnings are displayed instead of returned.
        monkeypatch.setattr("ansible.module_utils._internal.is_controller", False)
        printed = io.StringIO()
        arguments = {**args, "_ansible_check_mode": check, "_ansible_diff": True}
        with patch_module_args(arguments), contextlib.redirect_stdout(printed), pytest.raises(SystemExit):
            importlib.import_module(f"{_MODULES}.{name}").main()
        result = json.loads(printed.getvalue().splitlines()[-1])
        assert "deprecations" not in result, result["deprecations"]
        return result

    return run


@pytest.fixture
def apply(run_module: RunModule) -> Callable[..., Result]:
    """Like ``run_module``, for a run that has to succeed without a warning."""

    def run(name: str, args: Mapping[str, Any], check: bool = False) -> Result:
        result = run_module(name, args, check)
        assert not result.get("failed"), result["msg"]
        assert not result.get("warnings"), result["warnings"]
        return result

    return run


@pytest.fixture
def settled(apply: Callable[..., Result]) -> Callable[..., list[Result]]:
    """Calls the module until nothing is pending, as the settle action does; returns every call's result."""

    def run(name: str, args: Mapping[str, Any]) -> list[Result]:
        results = [apply(name, args)]
        while results[-1]["pending"]:
            assert len(results) < 10, results[-1]["pending"]
            results.append(apply(name, args))
        return results

    return run


@pytest.fixture
def writes(emulator: EmulatorServer) -> Callable[[], list[str]]:
    """The write calls that AWS has carried out since the last reset: ``["ec2:CreateVpc", ...]``."""

    def read() -> list[str]:
        calls = [call for call in emulator.calls() if not call["operation"].startswith(_READS) and not call["error"]]
        return [f"{call['service']}:{call['operation']}" for call in calls]

    return read


@pytest.fixture
def changes() -> Callable[[Result], dict[str, list[str]]]:
    """What a result says changes: ``{"vpc/airas-dev": ["tags.Environment"]}``."""

    def read(result: Result) -> dict[str, list[str]]:
        return {item["resource"]: [change["path"] for change in item["changes"]] for item in result["plan"]}

    return read


@pytest.fixture
def value_changes() -> Callable[[Result], dict[str, tuple[Any, Any]]]:
    """What a result says changes, with the values: ``{"vpc/airas-dev tags.Environment": ("prod", "dev")}``."""

    def read(result: Result) -> dict[str, tuple[Any, Any]]:
        return {
            f"{plan['resource']} {change['path']}": (change["before"], change["after"])
            for plan in result["plan"]
            for change in plan["changes"]
        }

    return read


@pytest.fixture
def interrupt_each_write(
    emulator: EmulatorServer, run_module: RunModule, apply: Callable[..., Result], writes: Callable[[], list[str]]
) -> Callable[..., None]:
    """Breaks a module run at each of its writes in turn, before and after AWS carried it out, and runs it again.

    ``prepare()`` sets up an emptied account and returns the module's arguments; ``census()`` returns what must be the
    same in the end however often the run was interrupted (counts, names; no ids). The final run must change nothing.
    """

    def run(name: str, prepare: Callable[[], Mapping[str, Any]], census: Callable[[], Any]) -> None:
        def prepared() -> tuple[Mapping[str, Any], int]:
            emulator.reset()
            args = prepare()
            return args, len(writes())

        args, before = prepared()
        apply(name, args)
        expected, sequence = census(), writes()[before:]
        assert sequence, "the run wrote nothing that could be interrupted"
        for number, call in enumerate(sequence):
            for effect in ("refuse", "drop_after"):
                args, _before = prepared()
                service, operation = call.split(":")
                earlier = sequence[:number].count(call)
                rule = {"service": service, "operation": operation, "after": earlier, "times": 1, "effect": effect}
                emulator.set_faults([{**rule, "error": "UnauthorizedOperation"}])
                broken = run_module(name, args)
                assert broken.get("failed"), f"{call} number {earlier + 1} was broken ({effect}) and the run went on"
                emulator.set_faults([])
                apply(name, args)
                assert census() == expected, f"after {call} number {earlier + 1} was broken ({effect})"
                again = apply(name, args)
                assert not again["changed"], (call, effect, again["plan"])

    return run
