"""Clients made from data parsed before are the clients that botocore makes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import handlers, hooks
from botocore.loaders import JSONFileLoader, Loader

from ansible_collections.airas.platform.plugins.plugin_utils._warm import models

SERVICES = ["sts", "ec2", "s3", "rds"]


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """As in a child of a warm process that has learnt nothing; the names that this child misses."""
    monkeypatch.setattr(JSONFileLoader, "load_file", JSONFileLoader.load_file)
    monkeypatch.setattr(Loader, "list_available_services", Loader.list_available_services)
    monkeypatch.setattr(hooks, "accepts_kwargs", hooks.accepts_kwargs)
    monkeypatch.setattr(hooks.EventAliaser, "__init__", hooks.EventAliaser.__init__)
    monkeypatch.setattr(models, "_parsed", {})
    monkeypatch.setattr(models, "_services", {})
    monkeypatch.setattr(models, "_missed", models._missed)
    missed: list[str] = []
    models.install()
    models.on_miss(missed.append)
    return missed


def described(service: str) -> dict[str, Any]:
    """What makes a client: its operations, endpoint, pages and waiters."""
    session = botocore.session.Session()
    client = session.create_client(
        service, region_name="ap-northeast-1", aws_access_key_id="testing", aws_secret_access_key="testing"
    )
    model = client.meta.service_model
    return {
        "metadata": model.metadata,
        "operations": {name: model.operation_model(name).metadata for name in model.operation_names},
        "methods": sorted(name for name in dir(client) if name[0] != "_"),
        "endpoint": client.meta.endpoint_url,
        "waiters": client.waiter_names,
        "pages": [name for name in client.meta.method_to_api_mapping if client.can_paginate(name)],
        "services": session.get_available_services(),
        "loaded": session.get_component("data_loader").load_service_model(service, "service-2"),
    }


@pytest.mark.parametrize("service", SERVICES)
def test_a_client_is_the_same(service: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    stock = described(service)
    missed = request.getfixturevalue("installed")
    assert described(service) == stock
    assert any(name.startswith(f"{service}/") for name in missed)
    assert models.learn(missed)
    del missed[:]
    assert described(service) == stock
    assert missed == []
    assert not models.learn(missed)


def test_a_second_client_finds_what_the_first_has_left(installed: list[str]) -> None:
    described("s3")
    models.learn(installed)
    assert described("s3") == described("s3")


@pytest.mark.parametrize("name", ["../botocore/data/endpoints", "/etc/passwd", "no/such/file", "ec2/../endpoints", ""])
def test_only_data_of_botocore_is_learnt(installed: list[str], name: str) -> None:
    assert not models.learn([name])


def test_models_of_the_user_are_read_each_time(installed: list[str], tmp_path: Path) -> None:
    directory = tmp_path / "custom" / "2020-01-01"
    directory.mkdir(parents=True)
    for version in ("first", "second"):
        (directory / "service-2.json").write_text(json.dumps({"metadata": {"serviceId": version}}))
        loader = Loader(extra_search_paths=[str(tmp_path)])
        assert {"custom", "ec2"} <= set(loader.list_available_services("service-2"))
        assert loader.load_service_model("custom", "service-2")["metadata"]["serviceId"] == version
        models.learn(installed)
        models.learn(["ec2/2016-11-15/service-2"])
    assert "custom" not in Loader().list_available_services("service-2")
    assert not [name for name in installed if "custom" in name]


def test_events_have_the_same_names_and_handlers_the_same_arguments(request: pytest.FixtureRequest) -> None:
    class Handler:
        def __init__(self, **_settings: object) -> None: ...

        def handle(self, name: str) -> None: ...

    def found() -> list[Any]:
        aliaser = hooks.EventAliaser(hooks.HierarchicalEmitter())
        names = [aliaser._alias_event_name(name) for name, *_handler in handlers.BUILTIN_HANDLERS]
        names += [hooks.EventAliaser(None, {"one": "another"})._alias_event_name("one.two")]
        return [names, *map(hooks.accepts_kwargs, (Handler(), Handler().handle, found, lambda **kwargs: None))]

    Handler.__call__ = Handler.handle  # type: ignore[attr-defined]
    stock = found()
    request.getfixturevalue("installed")
    assert [found(), found()] == [stock, stock]
