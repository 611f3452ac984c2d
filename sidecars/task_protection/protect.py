# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Keeps the task that it runs in from being stopped by a deployment or by scaling in, while the application has work.

It asks the application how many jobs run, and renews or releases ECS task protection accordingly. It runs beside the
application, in a container of the same task, with nothing but Python's standard library:

    python -c "$(cat protect.py)"

Environment:
    ECS_AGENT_URI            set by ECS in every container
    PROTECT_JOBS_URL         answers with JSON: {"running": 3}, or a list of what runs
    PROTECT_INTERVAL_S       seconds between two questions; 30
    PROTECT_EXPIRES_MINUTES  how long one grant lasts, 1 to 2880; 120. A dead sidecar protects no longer than that

An application that does not answer keeps the protection that it has, until that expires: it may be busy. An agent that
fails is asked again. https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection-endpoint.html
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from types import FrameType
from typing import Any

LONGEST_MINUTES = 2880
TIMEOUT_S = 5.0
# ECS waits for stopTimeout seconds, and nothing of ours is worth waiting for.
LAST_TIMEOUT_S = 1.0
# A grant is renewed when so much of it is over.
RENEW_AFTER = 0.25


class Stopped(BaseException):
    """ECS stops the task."""


class Unanswered(Exception):
    """The other side cannot be reached, or answers something else than it should."""


@dataclass(frozen=True)
class Settings:
    agent: str
    jobs: str
    interval_s: float
    minutes: int

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Settings:
        """Raises KeyError or ValueError for what is missing or makes no sense."""
        minutes = int(environment.get("PROTECT_EXPIRES_MINUTES", "120"))
        if not 1 <= minutes <= LONGEST_MINUTES:
            raise ValueError(f"PROTECT_EXPIRES_MINUTES is {minutes}, and ECS grants 1 to {LONGEST_MINUTES}")
        return cls(
            agent=environment["ECS_AGENT_URI"].rstrip("/") + "/task-protection/v1/state",
            jobs=environment["PROTECT_JOBS_URL"],
            interval_s=float(environment.get("PROTECT_INTERVAL_S", "30")),
            minutes=minutes,
        )


class Protection:
    """The task's protection as far as we know it: granted until when, released, or (at first) unknown."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._granted_at: float | None = None
        self._released = False

    def follow(self, running: int) -> None:
        """Grants, renews or releases; does nothing where it is as it should be. Raises Unanswered."""
        if running and self._due():
            self._put(True)
            self._granted_at, self._released = time.monotonic(), False
            say(f"protected for {self._settings.minutes} minutes: {running} running")
        elif not running and not self._released:
            self.release()
            say("not protected: nothing runs")

    def release(self, timeout: float = TIMEOUT_S) -> None:
        self._put(False, timeout)
        self._granted_at, self._released = None, True

    def _due(self) -> bool:
        age = time.monotonic() - self._granted_at if self._granted_at is not None else None
        return age is None or age >= self._settings.minutes * 60 * RENEW_AFTER

    def _put(self, enabled: bool, timeout: float = TIMEOUT_S) -> None:
        body: dict[str, Any] = {"ProtectionEnabled": enabled}
        if enabled:
            body["ExpiresInMinutes"] = self._settings.minutes
        answer = ask(self._settings.agent, body, timeout)
        # The agent also answers 200 when ECS refused.
        if not isinstance(answer, dict) or answer.get("failure") or answer.get("error") or "protection" not in answer:
            raise Unanswered(f"the agent answers {json.dumps(answer)}")


def ask(url: str, body: Mapping[str, Any] | None = None, timeout: float = TIMEOUT_S) -> Any:
    """The JSON that a GET, or a PUT of the body, is answered with; raises Unanswered."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method="PUT" if data else "GET")
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise Unanswered(f"{url} answers {error.code}: {error.read(500).decode(errors='replace')}") from error
    except (OSError, ValueError) as error:
        raise Unanswered(f"{url}: {error}") from error


def running_jobs(url: str) -> int:
    """How many jobs the application reports; raises Unanswered."""
    answer = ask(url)
    found = answer.get("running") if isinstance(answer, dict) else answer
    if isinstance(found, list):
        return len(found)
    if isinstance(found, int) and not isinstance(found, bool) and found >= 0:
        return found
    raise Unanswered(f'{url} answers {json.dumps(answer)[:200]} instead of {{"running": <number>}}')


def say(text: str) -> None:
    print(f"task protection: {text}", flush=True)


def stop(_signal: int, _frame: FrameType | None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Stopped


def protect(settings: Settings) -> None:
    """Returns when ECS stops the task; each problem is said once, until it is another one or over."""
    protection, problem = Protection(settings), ""
    signal.signal(signal.SIGTERM, stop)
    try:
        while True:
            try:
                protection.follow(running_jobs(settings.jobs))
                problem = ""
            except Unanswered as error:
                if str(error) != problem:
                    problem = str(error)
                    say(problem)
            time.sleep(settings.interval_s)
    except Stopped:
        try:
            protection.release(LAST_TIMEOUT_S)
        except Unanswered as error:
            say(f"not released: {error}")


def main() -> int:
    try:
        settings = Settings.read(os.environ)
    except KeyError as error:
        say(f"{error.args[0]} is not set")
        return 2
    except ValueError as error:
        say(str(error))
        return 2
    protect(settings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
