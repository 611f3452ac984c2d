"""Settings files that are read live, and what the world file holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from emulator import world
from emulator.live import ConfigurationError, LiveFile


def _whole(document: Any) -> Any:
    if document == "bad":
        raise ConfigurationError("bad content")
    return document or {}


def test_a_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "settings.yml"
    settings = LiveFile(_whole, path)
    assert settings.value() == {}
    path.write_text("a: 1\n")
    assert settings.value() == {"a": 1}
    new = tmp_path / "new"
    new.write_text("a: 2\n")
    new.replace(path)  # same size, maybe the same time: another file all the same
    assert settings.value() == {"a": 2}
    path.unlink()
    assert settings.value() == {}


def test_an_unchanged_file_is_not_read_again(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text('{"a": 1}')
    settings = LiveFile(_whole, path)
    assert settings.value() is settings.value()


@pytest.mark.parametrize(("text", "message"), [("bad", "bad content"), ("{", "not valid YAML or JSON")])
def test_errors_name_the_file(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "settings.yml"
    path.write_text(text)
    settings = LiveFile(_whole, path)
    for _ in range(2):  # and not only once
        with pytest.raises(ConfigurationError) as caught:
            settings.value()
        assert str(path) in str(caught.value)
        assert message in str(caught.value)


IMAGE = {"name": "a", "owner": "568608671756", "architecture": "arm64"}


def test_world(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "QUOTAS", {})
    key = world.declare_quota("ec2/L-1", "Things", "EC2", 5)
    found = world.parse_world({"quotas": {key: 7}, "images": [{**IMAGE, "creation_date": "2026-03-01T00:00:00.000Z"}]})
    assert found.quotas == {"ec2/L-1": 7.0}
    assert found.images[0].creation_date == "2026-03-01T00:00:00.000Z"
    assert world.quota(key) == 5.0


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"quota": {}}, "a mapping with 'quotas' and 'images' is needed"),
        ({"quotas": {"ec2/L-1": 1}}, "unknown quota 'ec2/L-1'"),
        ({"images": [IMAGE]}, "an image needs exactly architecture, creation_date, name, owner"),
    ],
)
def test_bad_world(monkeypatch: pytest.MonkeyPatch, document: Any, message: str) -> None:
    monkeypatch.setattr(world, "QUOTAS", {})
    with pytest.raises(ConfigurationError) as caught:
        world.parse_world(document)
    assert message in str(caught.value)
