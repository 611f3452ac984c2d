"""What the containers of an image do when they are started, as no container really runs.

An images file maps image patterns to behaviours; the first pattern that fits the image's name counts:

    "*/app:broken":
      exit_code: 1                  # the container ends with this code ...
      duration_s: 2                 # ... this long after it started; 0 by default
      log_lines: [Cannot connect]   # written to the container's log stream when it starts
    "*/app:absent":
      starts: false                 # the image cannot be pulled
      stopped_reason: "CannotPullContainerError: ..."
    "*/app:sick":
      unhealthy: true               # runs, and fails every health check
    "*/app:*":
      stays: true                   # runs until it is stopped, in a task that stands alone too
      commands:
        "*alembic*": {exit_code: 0, log_lines: [Running upgrade]}   # by the task's command

Without a behaviour an image starts and is healthy: a service's container runs on, one of a task that stands alone
ends with exit code 0, as a one-off command would.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from emulator.live import ConfigurationError, LiveFile


@dataclass(frozen=True)
class Behaviour:
    """`exit_code` None: the container ends as its task's kind has it; `stopped_reason` None: AWS's usual words."""

    starts: bool = True
    stays: bool = False
    unhealthy: bool = False
    exit_code: int | None = None
    stopped_reason: str | None = None
    duration_s: float = 0.0
    log_lines: tuple[str, ...] = ()
    commands: Mapping[str, Behaviour] = field(default_factory=dict)


Images = Mapping[str, Behaviour]

_KINDS: dict[str, tuple[str, tuple[type, ...]]] = {
    "starts": ("true or false", (bool,)),
    "stays": ("true or false", (bool,)),
    "unhealthy": ("true or false", (bool,)),
    "exit_code": ("a whole number", (int,)),
    "stopped_reason": ("a text", (str,)),
    "duration_s": ("a number of seconds", (int, float)),
    "log_lines": ("a list of texts", (list,)),
    "commands": ("a mapping of commands to behaviours", (dict,)),
}


def parse_images(document: Any) -> Images:
    """Behaviours by pattern of the image's name; ConfigurationError names the entry that does not fit."""
    if document is None:
        return {}
    if not isinstance(document, Mapping):
        raise ConfigurationError(f"a mapping of images to behaviours is needed, not {document!r}")
    return {str(pattern): _behaviour(str(pattern), entry) for pattern, entry in document.items()}


def _behaviour(pattern: str, entry: Any) -> Behaviour:
    if not isinstance(entry, Mapping):
        raise ConfigurationError(f"image '{pattern}': a mapping is needed, not {entry!r}")
    for key, value in entry.items():
        if key not in _KINDS:
            raise ConfigurationError(f"image '{pattern}': unknown key '{key}'; known: {', '.join(_KINDS)}")
        wanted, types = _KINDS[key]
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise ConfigurationError(f"image '{pattern}': '{key}' must be {wanted}, not {value!r}")
    options = dict(entry)
    options["log_lines"] = tuple(map(str, entry.get("log_lines", ())))
    options["commands"] = {
        str(command): _behaviour(f"{pattern}, command {command}", nested)
        for command, nested in entry.get("commands", {}).items()
    }
    return Behaviour(**options)


def behaviour(images: Images, image: str, command: Sequence[str]) -> Behaviour | None:
    """What a container of `image` that is told to run `command` does; None if nothing is said of it."""
    found = next((known for pattern, known in images.items() if fnmatch.fnmatchcase(image, pattern)), None)
    if found is None:
        return None
    line = " ".join(command)
    by_command = (known for pattern, known in found.commands.items() if fnmatch.fnmatchcase(line, pattern))
    return next(by_command, found)


settings: LiveFile[Images] = LiveFile(parse_images)
