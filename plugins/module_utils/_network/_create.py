# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""What EC2's create calls share: tokens that keep a killed run from making a second thing, and mends for refusals."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from .._aws import AwsError

# Shorter than the hour for which EC2 goes on listing what is gone, longer than a run that is killed and started again.
_TOKEN_WINDOW_S = 1800


def client_token(request: Mapping[str, Any], gone: Iterable[str], now: float | None = None) -> str:
    """The ClientToken (64 characters, all that EC2 takes) of a create call: the same for the same attempt.

    EC2 may not list a resource in the seconds after it was made. A run that was killed just then is followed by one
    that sends the same request with the same token, and gets the resource that is there. ``gone`` names the earlier
    ones that EC2 still lists as deleted or failed: the attempt after them is another one, with another token. EC2
    forgets them after about an hour, but not their tokens, which is why time takes part, too.

    https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
    """
    window = int((time.time() if now is None else now) // _TOKEN_WINDOW_S)
    attempt = json.dumps([request, sorted(gone), window], sort_keys=True)
    return hashlib.sha256(attempt.encode()).hexdigest()


@contextmanager
def mending(mends: Mapping[str, str]) -> Iterator[None]:
    """Adds to an AWS error, by its code, what a person can do about it."""
    try:
        yield
    except AwsError as error:
        error.mend = mends.get(error.code, error.mend)
        raise
