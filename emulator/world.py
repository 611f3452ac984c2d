"""What an account finds around it and cannot set itself: its service quotas, and images that others published.

quotas:
  ec2/L-0263D0A3: 2             # service code / quota code; the default is AWS's
images:
  - name: fck-nat-al2023-hvm-1.5.0-20260301-arm64-ebs
    owner: "568608671756"
    architecture: arm64
    creation_date: "2026-03-01T00:00:00.000Z"
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from emulator.live import ConfigurationError, LiveFile

QUOTA_DEFAULTS: dict[str, float] = {}
"""AWS's default values by `service/code`; the extension that enforces a quota declares it here."""


@dataclass(frozen=True)
class PublicImage:
    """An AMI published by another account. `creation_date` as AWS writes it: 2026-03-01T00:00:00.000Z."""

    name: str
    owner: str
    architecture: str
    creation_date: str


@dataclass(frozen=True)
class World:
    quotas: Mapping[str, float] = field(default_factory=dict)
    images: tuple[PublicImage, ...] = ()


def parse_world(document: Any) -> World:
    if document is None:
        return World()
    if not isinstance(document, dict) or set(document) - {"quotas", "images"}:
        raise ConfigurationError("a mapping with 'quotas' and 'images' is needed")
    return World(_quotas(document.get("quotas") or {}), tuple(map(_image, document.get("images") or [])))


def _quotas(document: Any) -> dict[str, float]:
    for key, value in document.items():
        if key not in QUOTA_DEFAULTS:
            raise ConfigurationError(f"unknown quota '{key}'; enforced: {', '.join(sorted(QUOTA_DEFAULTS))}")
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            raise ConfigurationError(f"quota '{key}' must be a number, 0 or more, not {value!r}")
    return {key: float(value) for key, value in document.items()}


def _image(entry: Any) -> PublicImage:
    wanted = {"name", "owner", "architecture", "creation_date"}
    if not isinstance(entry, dict) or set(entry) != wanted:
        raise ConfigurationError(f"an image needs exactly {', '.join(sorted(wanted))}, not {entry!r}")
    date = entry["creation_date"]
    if isinstance(date, dt.datetime):  # YAML reads an unquoted timestamp as one
        date = date.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return PublicImage(str(entry["name"]), str(entry["owner"]), str(entry["architecture"]), str(date))


settings: LiveFile[World] = LiveFile(parse_world)


def quota(key: str) -> float:
    """The account's value of the quota `service/code` at this moment."""
    return settings.value().quotas.get(key, QUOTA_DEFAULTS[key])
