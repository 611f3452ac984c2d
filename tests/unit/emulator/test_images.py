"""What an images file says of containers."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.images import Behaviour, behaviour, parse_images
from emulator.live import ConfigurationError


def test_the_first_pattern_that_fits_counts() -> None:
    images = parse_images({"*/app:1": {"exit_code": 3, "log_lines": ["a", 1]}, "*": {"starts": False}})
    assert behaviour(images, "example.com/app:1", []) == Behaviour(exit_code=3, log_lines=("a", "1"))
    assert behaviour(images, "example.com/app:2", []) == Behaviour(starts=False)
    assert behaviour(parse_images(None), "example.com/app:1", []) is None


def test_a_command_may_behave_in_its_own_way() -> None:
    images = parse_images({"*": {"unhealthy": True, "commands": {"*migrate*": {"exit_code": 0}}}})
    assert behaviour(images, "app", ["python", "migrate.py"]) == Behaviour(exit_code=0)
    found = behaviour(images, "app", ["serve"])
    assert found is not None
    assert (found.unhealthy, found.exit_code) == (True, None)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (["app"], "a mapping of images to behaviours"),
        ({"app": 1}, "image 'app': a mapping is needed"),
        ({"app": {"exits": 1}}, "unknown key 'exits'; known: starts, stays"),
        ({"app": {"exit_code": True}}, "'exit_code' must be a whole number"),
        ({"app": {"starts": "no"}}, "'starts' must be true or false"),
        ({"app": {"commands": {"x": {"y": 1}}}}, "image 'app, command x': unknown key 'y'"),
    ],
)
def test_what_does_not_fit_is_named(document: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        parse_images(document)
