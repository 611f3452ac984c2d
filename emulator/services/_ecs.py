"""What the ECS extensions share."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from moto.ecs.models import Cluster

from emulator import delays
from emulator.protocol import AwsError

API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference"
GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

Document = dict[str, Any]
"""A structure of ECS's API, in its spelling."""


def client_error(message: str) -> AwsError:
    return AwsError("ClientException", message)


def invalid(message: str) -> AwsError:
    return AwsError("InvalidParameterException", message)


def active_cluster(backend: Any, name: str | None) -> Cluster:
    cluster: Cluster = backend._get_cluster(name or "default")
    if cluster.status != "ACTIVE":
        raise AwsError("ClusterNotFoundException", "Cluster not found.")
    return cluster


def one_at_a_time(operation: F) -> F:
    """Serve `operation` while no transition runs, as services and tasks change in both."""

    @functools.wraps(operation)
    def served(*args: Any, **kwargs: Any) -> Any:
        with delays.lock:
            return operation(*args, **kwargs)

    return served  # type: ignore[return-value]


class _Chain:
    """The steps that follow at once on the transition that is running. Guarded by `delays.lock`."""

    def __init__(self) -> None:
        self.running = False
        self.steps: deque[Callable[[], None]] = deque()

    def run(self, step: Callable[[], None]) -> None:
        self.running = True
        self.steps.append(step)
        try:
            while self.steps:
                self.steps.popleft()()
        finally:
            self.running = False
            self.steps.clear()


_chain = _Chain()


def after(key: str, step: Callable[[], None], least: float = 0.0) -> None:
    """Do `step` when `key`'s delay and `least` seconds have passed.

    Of a chain of steps without delays the first waits for the next request, and the others follow on it at once.
    """
    if _chain.running and not least and not delays.seconds(key):
        _chain.steps.append(step)
    else:
        later(key, step, least)


def later(key: str, step: Callable[[], None], least: float = 0.0) -> None:
    """Do `step` when `key`'s delay and `least` seconds have passed, and not before the next request."""
    delays.schedule(key, lambda: _chain.run(step), least)


def page(params: Mapping[str, Any], found: Sequence[T], largest: int, usual: int | None = None) -> tuple[list[T], Any]:
    """The page of `found` that `nextToken` and `maxResults` ask for, with the token of the next."""
    token = params.get("nextToken") or "0"
    if not str(token).isdigit():
        raise invalid("Invalid token.")
    start, size = int(token), min(params.get("maxResults") or usual or largest, largest)
    return list(found[start : start + size]), str(start + size) if start + size < len(found) else None


def as_mapping(tags: Sequence[Mapping[str, str]] | None) -> dict[str, str]:
    return {tag["key"]: tag.get("value", "") for tag in tags or ()}


def as_tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": value} for key, value in tags.items()]
