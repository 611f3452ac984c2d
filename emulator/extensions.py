"""The one way in which moto is changed: `@patch`, checked at start.

    @patch(ECSResponse, "put_account_setting_default", added=True,
           aws="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PutAccountSettingDefault.html")
    def put_account_setting_default(self):
        \"\"\"Account-wide ECS defaults can be set and hold for later clusters.\"\"\"

    @patch(SubnetBackend, "create_subnet", aws="https://docs.aws.amazon.com/...")
    def create_subnet(original, self, cidr_block, **others):
        \"\"\"A subnet is no larger than /16 and no smaller than /28: InvalidSubnet.Range.\"\"\"
        ...
        return original(self, cidr_block=cidr_block, **others)

    @serve("accessanalyzer", "get_analyzer", aws="https://docs.aws.amazon.com/...")
    def get_analyzer(place, params):
        \"\"\"An analyzer is told by its name.\"\"\"
        return {"analyzer": ...}

An `added` symbol must not exist in moto; any other must, and its replacement receives the original first and all
arguments by name, however moto passes them. `serve` is for operations that moto gives no address, above all those of
a service that it lacks. The first line of the docstring is the AWS behaviour that the patch restores. A module
`emulator/services/<name>.py` is found by itself; nothing else needs to know of it (a name with a leading underscore is
a helper of its neighbours).
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
Served = Callable[["Place", Mapping[str, Any]], "Mapping[str, Any] | None"]


@dataclass(frozen=True)
class Place:
    """The account and region that a call is made in."""

    account_id: str
    region: str


class ExtensionError(Exception):
    """moto is not what an extension expects; the message says what moved and where to mend it."""


@dataclass(frozen=True)
class Extension:
    """One patch: `owner.symbol` of moto now behaves as `behaviour` says, as AWS documents at `aws`."""

    owner: type[Any] | Any
    symbol: str
    added: bool
    behaviour: str
    aws: str
    defined_in: str

    @property
    def target(self) -> str:
        return f"{_name(self.owner)}.{self.symbol}"


REGISTRY: list[Extension] = []
SERVED: dict[tuple[str, str], Served] = {}
"""What answers an operation in moto's place, by service and operation: it gets the parameters and returns the answer,
both in botocore's spelling."""
ADDED_SERVICES: set[str] = set()
"""Services of which moto has nothing."""
_PROBLEMS: list[str] = []


def patch(
    owner: Any,
    symbol: str,
    *,
    aws: str,
    added: bool = False,
    attribute: bool = False,
    setter: Callable[[Any, Any], None] | None = None,
) -> Callable[[F], F]:
    """Put the decorated function in moto's class `owner` as its method `symbol`.

    With `attribute` it computes a value that is read (and with `setter` written) as `owner().symbol`. What does not
    fit is remembered, so that `load()` can report every problem at once.
    """

    def apply(replacement: F) -> F:
        behaviour = (replacement.__doc__ or "").strip().split("\n")[0]
        extension = Extension(owner, symbol, added, behaviour, aws, replacement.__module__)
        problem = _problem(extension)
        if problem:
            _PROBLEMS.append(problem)
            return replacement
        if attribute:
            setattr(owner, symbol, property(replacement, setter))
        elif added:
            setattr(owner, symbol, replacement)
        else:
            setattr(owner, symbol, _around(owner, symbol, replacement))
        REGISTRY.append(extension)
        return replacement

    return apply


def serve(service: str, operation: str, *, aws: str) -> Callable[[Served], Served]:
    """Let the decorated function answer `operation` (in snake_case) of `service` (by botocore's name)."""

    def apply(function: Served) -> Served:
        behaviour = (function.__doc__ or "").strip().split("\n")[0]
        extension = Extension(_responses(service), operation, True, behaviour, aws, function.__module__)
        problem = _problem(extension)
        if problem:
            _PROBLEMS.append(problem)
        else:
            SERVED[service, operation] = function
            REGISTRY.append(extension)
        return function

    return apply


def _responses(service: str) -> Any:
    """moto's class that answers for a service, or what stands for it where moto has none."""
    if importlib.util.find_spec(f"moto.{service}") is None:
        ADDED_SERVICES.add(service)
        return SimpleNamespace(__name__=service)
    module = importlib.import_module(f"moto.{service}.responses")
    classes = (item for item in vars(module).values() if inspect.isclass(item) and item.__module__ == module.__name__)
    return next(item for item in classes if item.__name__.endswith("Response"))


def _around(owner: Any, symbol: str, replacement: Callable[..., Any]) -> Callable[..., Any]:
    original = getattr(owner, symbol)
    names = [p.name for p in inspect.signature(original).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]

    @functools.wraps(original)
    def patched(self: Any, *args: Any, **kwargs: Any) -> Any:
        return replacement(original, self, **dict(zip(names[1:], args, strict=False)), **kwargs)

    return patched


def _problem(extension: Extension) -> str | None:
    exists = hasattr(extension.owner, extension.symbol)
    if not extension.behaviour:
        return f"{extension.defined_in}: the patch of {extension.target} has no docstring saying what AWS does"
    if not extension.aws.startswith("https://docs.aws.amazon.com/"):
        return f"{extension.defined_in}: the patch of {extension.target} has no docs.aws.amazon.com link"
    if extension.added and exists:
        return (
            f"{extension.target} now exists in moto: compare it with AWS, then delete the addition in "
            f"{extension.defined_in} or make it a replacement"
        )
    if not extension.added and not exists:
        return f"{extension.target} is gone from moto: find what replaced it and mend {extension.defined_in}"
    return None


def _name(owner: Any) -> str:
    module = getattr(owner, "__module__", None)
    return f"{module}.{owner.__qualname__}" if module else str(owner.__name__)


def check_moto(expected: str, found: str) -> None:
    if found != expected:
        raise ExtensionError(
            f"the embedded AWS is written for moto {expected}, but moto {found} is installed: run 'make setup', or "
            "change MOTO_VERSION in emulator/__init__.py and mend what the start-up check then names"
        )


def load(package: str = "emulator.services") -> list[Extension]:
    """Import every extension module of `package`; raise ExtensionError naming all that does not fit this moto."""
    parent = importlib.import_module(package)
    names = sorted(info.name for info in pkgutil.iter_modules(parent.__path__) if not info.name.startswith("_"))
    for module in names:
        try:
            importlib.import_module(f"{package}.{module}")
        except (ImportError, AttributeError) as error:
            _PROBLEMS.append(f"{package}.{module} does not import against this moto: {error}")
    if _PROBLEMS:
        raise ExtensionError("moto is not what the extensions expect:\n  " + "\n  ".join(_PROBLEMS))
    return REGISTRY
