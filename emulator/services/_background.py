"""Work that goes on beside the requests: deliveries, retries, polling. It ends when the account is emptied."""

from __future__ import annotations

import sys
import threading
import time
import traceback
from collections.abc import Callable

from emulator import delays, hooks


class Abandoned(Exception):
    """The account has been emptied: what was under way is of no account any more."""


class Account:
    """The account between two resets, as the work that began in it sees it."""

    def __init__(self) -> None:
        self.emptied = threading.Event()

    def check(self) -> None:
        if self.emptied.is_set():
            raise Abandoned

    def pause(self, key: str, seconds: float) -> None:
        """Wait as long as AWS would, but no longer than the delay `key` allows at this moment."""
        begun = time.monotonic()
        while (left := begun + min(seconds, delays.seconds(key)) - time.monotonic()) > 0:
            if self.emptied.wait(min(left, 0.1)):
                break
        self.check()


_accounts = [Account()]
"""The one that there is now."""


@hooks.on_reset
def _empty() -> None:
    before, _accounts[0] = _accounts[0], Account()
    before.emptied.set()


def begin(name: str, work: Callable[[Account], None]) -> None:
    """Do `work` in a thread of its own, in the account as it is now."""
    place = _accounts[0]

    def run() -> None:
        try:
            work(place)
        except Abandoned:
            return
        except Exception:  # noqa: BLE001 - told where the emulator tells everything that goes wrong in itself
            if not place.emptied.is_set():
                traceback.print_exc(file=sys.stderr)

    threading.Thread(target=run, name=name, daemon=True).start()
