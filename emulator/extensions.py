"""The one way in which moto is changed: `@patch`, checked at start.

    @patch(ECSResponse, "put_account_setting_default", added=True,
           aws="https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PutAccountSettingDefault.html")
    def put_account_setting_default(self):
        \"\"\"Account-wide ECS defaults can be set and hold for later clusters.\"\"\"

    @patch(VPCBackend, "delete_vpc", aws="https://docs.aws.amazon.com/...")
    def delete_vpc(original, self, vpc_id):
        \"\"\"A VPC with subnets is not deleted: DependencyViolation.\"\"\"

An `added` symbol must not exist in moto; any other must, and its replacement receives the original first. The first
line of the docstring is the AWS behaviour that the patch restores. A module `emulator/services/<name>.py` is found by
itself; nothing else needs to know of it.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


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
_PROBLEMS: list[str] = []


def patch(owner: Any, symbol: str, *, aws: str, added: bool = False) -> Callable[[F], F]:
    """Put the decorated function (or property) in moto's class or module `owner`, as `symbol`.

    What does not fit is remembered, so that `load()` can report every problem at once.
    """

    def apply(replacement: F) -> F:
        behaviour = (replacement.__doc__ or "").strip().split("\n")[0]
        module = getattr(replacement, "__module__", None) or replacement.fget.__module__  # type: ignore[attr-defined]
        extension = Extension(owner, symbol, added, behaviour, aws, module)
        problem = _problem(extension)
        if problem:
            _PROBLEMS.append(problem)
            return replacement
        if added or isinstance(replacement, property):
            setattr(owner, symbol, replacement)
        else:
            setattr(owner, symbol, _around(owner, symbol, replacement))
        REGISTRY.append(extension)
        return replacement

    return apply


def _around(owner: Any, symbol: str, replacement: Callable[..., Any]) -> Callable[..., Any]:
    original = getattr(owner, symbol)

    @functools.wraps(original)
    def patched(*args: Any, **kwargs: Any) -> Any:
        return replacement(original, *args, **kwargs)

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
    for module in sorted(info.name for info in pkgutil.iter_modules(parent.__path__)):
        try:
            importlib.import_module(f"{package}.{module}")
        except (ImportError, AttributeError) as error:
            _PROBLEMS.append(f"{package}.{module} does not import against this moto: {error}")
    if _PROBLEMS:
        raise ExtensionError("moto is not what the extensions expect:\n  " + "\n  ".join(_PROBLEMS))
    return REGISTRY
