"""What extensions want done when the account is emptied, and when the server ends."""

from __future__ import annotations

from collections.abc import Callable

Hook = Callable[[], None]

_reset_hooks: list[Hook] = []
_exit_hooks: list[Hook] = []


def on_reset(hook: Hook) -> Hook:
    """Run `hook` after POST /moto-api/reset and before the server ends; usable as a decorator."""
    _reset_hooks.append(hook)
    return hook


def on_exit(hook: Hook) -> Hook:
    """Run `hook` once, when the server ends; usable as a decorator."""
    _exit_hooks.append(hook)
    return hook


def run_reset_hooks() -> None:
    for hook in _reset_hooks:
        hook()


def run_exit_hooks() -> None:
    for hook in [*_reset_hooks, *_exit_hooks]:
        hook()
