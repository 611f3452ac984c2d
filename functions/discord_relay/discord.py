# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""A Discord webhook: its rate limits, its refusals, and the times when it is down.

https://discord.com/developers/docs/topics/rate-limits
https://discord.com/developers/docs/resources/webhook#execute-webhook
"""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

# Discord's front end turns away what does not name itself in this form.
USER_AGENT = "DiscordBot (https://github.com/airas-org/airas-deploy, 1)"
ANSWER_S = 10.0
# Discord is not waited for longer than this at a time: the queue keeps what is left.
LONGEST_WAIT_S = 20.0
FIRST_PAUSE_S = 0.5
ATTEMPTS = 5


class NotSent(Exception):
    """The message is not sent, and a later attempt may work. No message of an error names the webhook."""


class BadWebhook(NotSent):
    """There is no such webhook, or it may not be used: somebody has to mend the secret."""


class Refused(NotSent):
    """Discord does not take the message in this form."""


class Sender:
    """One after the other, as fast as Discord allows."""

    def __init__(self) -> None:
        self._not_before = 0.0

    def send(self, url: str, payload: Mapping[str, Any], deadline: float) -> None:
        """Raises NotSent where the message is not sent before ``deadline`` (monotonic seconds)."""
        failures = 0
        while True:
            _wait(self._not_before - time.monotonic(), deadline)
            status, headers, body = _post(url, payload, deadline)
            if 200 <= status < 300:
                self._remember(headers)
                return
            if status == 429:
                asked = _number(body.get("retry_after"), _number(headers.get("Retry-After"), FIRST_PAUSE_S))
                self._not_before = time.monotonic() + asked
                continue
            said = f"{status} {body.get('message', '')} (code {body.get('code', 0)})".strip()
            if status in (401, 403, 404):
                raise BadWebhook(f"Discord does not accept the webhook: {said}")
            if 400 <= status < 500:
                raise Refused(f"Discord refuses the message: {said}")
            failures += 1
            if failures == ATTEMPTS:
                raise NotSent(f"Discord fails: {said}")
            self._not_before = time.monotonic() + FIRST_PAUSE_S * 2 ** (failures - 1)

    def _remember(self, headers: Mapping[str, str]) -> None:
        """The last message of a window says when the next one begins."""
        if headers.get("X-RateLimit-Remaining") == "0":
            self._not_before = time.monotonic() + _number(headers.get("X-RateLimit-Reset-After"), 0.0)


def _wait(seconds: float, deadline: float) -> None:
    if seconds <= 0:
        return
    if seconds > LONGEST_WAIT_S or time.monotonic() + seconds >= deadline:
        raise NotSent(f"Discord asks to wait {seconds:.1f} s")
    time.sleep(seconds)


def _post(url: str, payload: Mapping[str, Any], deadline: float) -> tuple[int, Mapping[str, str], dict[str, Any]]:
    """Status, headers and body; 0 where nothing answers."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise NotSent("the time of this invocation is over")
    request = urllib.request.Request(
        f"{url}?wait=true",
        data=json.dumps(payload, ensure_ascii=False).encode("utf-8", "replace"),
        headers={"Content-Type": "application/json", "User-Agent": USER_AGENT},
    )
    try:
        with urllib.request.urlopen(request, timeout=min(ANSWER_S, left)) as answer:
            return answer.status, answer.headers, _body(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, _body(error)
    except (OSError, ValueError, http.client.HTTPException) as error:  # the latter two may quote the address
        return 0, {}, {"message": f"no answer: {type(error).__name__}"}


def _body(answer: Any) -> dict[str, Any]:
    try:
        parsed = json.loads(answer.read())
    except (OSError, ValueError, http.client.HTTPException):
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _number(value: Any, otherwise: float) -> float:
    try:
        return max(float(value), 0.0)
    except (TypeError, ValueError):
        return otherwise
