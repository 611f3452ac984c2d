# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Sends to Discord what alarms, events, budgets and playbooks have to say (docs/decisions/0007-discord-relay.md).

Lambda calls handler() with a batch of the relay's queue. A notification that SNS, EventBridge or a person hands over
directly works as well. What could not be sent is answered as failed, or raised, and never lost.
"""

from __future__ import annotations

import functools
import logging
import os
import re
import time
from collections.abc import Iterable, Iterator
from typing import Any

import boto3
import discord
import embeds
import envelopes

# What urllib takes; its errors would quote anything else. Plain HTTP is for tests.
ADDRESS = re.compile(r"(https://|http://127\.0\.0\.1:)[!-~]+")
SECRET_KEPT_S = 300
# Lambda needs the rest to answer.
RESERVE_S = 3.0

log = logging.getLogger()
log.setLevel(logging.INFO)


class Webhook:
    """The address, read from its secret and kept for five minutes. It is a password, and never written anywhere."""

    def __init__(self) -> None:
        self._url, self._until = "", 0.0

    def url(self) -> str:
        if time.monotonic() >= self._until:
            self._url, self._until = self._read(), time.monotonic() + SECRET_KEPT_S
        return self._url

    def forget(self) -> None:
        self._until = 0.0

    def _read(self) -> str:
        name = os.environ["WEBHOOK_SECRET_ID"]
        try:
            value = _secrets().get_secret_value(SecretId=name)["SecretString"].strip()
        except _secrets().exceptions.ResourceNotFoundException:
            raise discord.BadWebhook(f"the secret {name} has no value: set it with playbooks/set_secrets.yml") from None
        if not ADDRESS.fullmatch(value):
            raise discord.BadWebhook(f"the secret {name} holds no address of a webhook")
        return str(value)


@functools.cache
def _secrets() -> Any:
    return boto3.client("secretsmanager")


webhook = Webhook()
sender = discord.Sender()


def handler(event: Any, context: Any) -> dict[str, Any]:
    deadline = time.monotonic() + context.get_remaining_time_in_millis() / 1000 - RESERVE_S
    items = envelopes.unwrap(event)
    settings = embeds.Settings.of(os.environ)
    shown = [(item, embeds.of_item(item, settings, compact=len(items) > embeds.MANY)) for item in items]
    waiting = embeds.packed(shown)
    sent = 0
    try:
        while waiting:
            _send([embed for _item, embed in waiting[0]], deadline)
            done = waiting.pop(0)
            sent += len(done)
            for test in _tests(item for item, _embed in done):
                log.info("the test %s is sent", test)
    except discord.NotSent as error:
        left = [item for message in waiting for item, _embed in message]
        log.warning("%s of %s notifications are not sent: %s", len(left), len(items), error)
        for test in _tests(left):
            log.warning("the test %s is not sent: %s", test, error)
        failed = [item.message_id for item in left]
        if not sent or not all(failed):
            raise
        return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}
    log.info("%s notifications are sent", sent)
    return {"batchItemFailures": []}


def _tests(items: Iterable[envelopes.Item]) -> Iterator[str]:
    """The ids of playbooks/notify_test.yml, which looks for them in the log."""
    for item in items:
        if isinstance(item.body, dict) and item.body.get("type") == "test" and item.body.get("id"):
            yield str(item.body["id"])


def _send(message: list[embeds.Embed], deadline: float) -> None:
    """One message. A webhook that was replaced is read again, and embeds that Discord refuses are sent as text."""
    payload = embeds.payload(message, os.environ.get("STACK", ""))
    url = webhook.url()
    try:
        sender.send(url, payload, deadline)
    except discord.BadWebhook:
        webhook.forget()
        if webhook.url() == url:
            raise
        sender.send(webhook.url(), payload, deadline)
    except discord.Refused as error:
        log.warning("Discord refuses the form of a message, which is sent as text: %s", error)
        for text in embeds.as_texts(message):
            sender.send(url, text, deadline)
