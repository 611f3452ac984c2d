"""What the extensions of several services share."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from emulator.protocol import AwsError

T = TypeVar("T")


def state_of(backend: Any, name: str, initial: Callable[[], T]) -> T:
    """State that an extension keeps for one account and region: it lives in moto's backend, and is reset with it."""
    attribute = f"_emulator_{name}"
    if attribute not in backend.__dict__:
        backend.__dict__[attribute] = initial()
    state: T = backend.__dict__[attribute]
    return state


def once(backend: Any, operation: str, params: Mapping[str, Any], make: Callable[[], T]) -> T:
    """`make()`, or what it made when the same ClientToken came before.

    The same token with other parameters is an error:
    https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
    """
    token = params.get("ClientToken")
    if not token:
        return make()
    made: dict[tuple[str, str], tuple[Any, T]] = state_of(backend, "client_tokens", dict)
    key = (operation, str(token))
    if key in made:
        earlier, result = made[key]
        if earlier != params:
            raise AwsError(
                "IdempotentParameterMismatch",
                "The client token you provided is associated with a different set of parameters",
            )
        return result
    asked = copy.deepcopy(dict(params))
    result = make()
    made[key] = (asked, result)
    return result
