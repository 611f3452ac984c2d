"""The relay against a webhook that behaves as Discord's does: limited, slow, failing, gone."""

from __future__ import annotations

import contextlib
import importlib
import logging
import socket
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from .discord_receiver import Receiver

SOURCE = Path(__file__).parents[3] / "functions" / "discord_relay"
MODULES = tuple(path.stem for path in SOURCE.glob("*.py"))


class Context:
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        yield server


class Relay:
    """The function in this process, with the receiver's address in its secret."""

    def __init__(self, modules: SimpleNamespace, url: str) -> None:
        self.modules, self.url, self.reads = modules, url, 0
        modules.handler._secrets = lambda: self
        modules.discord.FIRST_PAUSE_S = 0.01

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803
        assert SecretId == "airas-dev/discord-webhook-url"
        self.reads += 1
        return {"SecretString": f"{self.url}\n"}

    class exceptions:  # noqa: N801
        class ResourceNotFoundException(Exception):
            pass

    def handle(self, *names: str, seconds: float = 30) -> Any:
        """A batch of notifications of these names, in the order of their sending; returns what failed."""
        records = [
            {
                "messageId": name,
                "eventSource": "aws:sqs",
                "body": f'{{"source": "test", "detail-type": "{name}", "time": "2026-11-26T00:00:{number % 60:02}Z"}}',
            }
            for number, name in enumerate(names)
        ]
        answer = self.modules.handler.handler({"Records": records}, Context(seconds))
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


@pytest.fixture
def relay(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    monkeypatch.syspath_prepend(str(SOURCE))
    monkeypatch.setenv("WEBHOOK_SECRET_ID", "airas-dev/discord-webhook-url")
    monkeypatch.setenv("LANGUAGE", "en")
    monkeypatch.setenv("STACK", "airas-dev")
    yield Relay(SimpleNamespace(**{name: importlib.import_module(name) for name in MODULES}), receiver.url)
    for name in MODULES:
        sys.modules.pop(name, None)


def titles(receiver: Receiver) -> list[str]:
    return [embed["title"].removeprefix("🔵 Notice: ") for embed in receiver.embeds]


def test_a_notification_arrives_once(relay: Relay, receiver: Receiver) -> None:
    assert relay.handle("one") == []
    assert titles(receiver) == ["one"]
    assert receiver.messages[0][1]["username"] == "airas-dev"


def test_the_rate_limit_is_kept_and_the_order_too(relay: Relay, receiver: Receiver) -> None:
    """More messages than the limit, each told by its headers when the next window begins."""
    names = [f"n{number:02}" for number in range(60)]
    for start in range(0, 60, 5):
        assert relay.handle(*names[start : start + 5]) == []
    assert titles(receiver) == names
    assert receiver.refusals == []


def test_somebody_else_uses_up_the_limit(relay: Relay, receiver: Receiver) -> None:
    receiver.limit, receiver.window_s = 0, 0.2
    threading.Timer(0.3, lambda: setattr(receiver, "limit", 5)).start()
    assert relay.handle("one") == []
    assert set(receiver.refusals) == {429}
    assert titles(receiver) == ["one"]


@pytest.mark.parametrize("answers", [[500], [502, 503, 500]])
def test_a_failing_discord_is_tried_again(relay: Relay, receiver: Receiver, answers: list[int]) -> None:
    receiver.answers = list(answers)
    assert relay.handle("one") == []
    assert receiver.refusals == answers
    assert titles(receiver) == ["one"]


def test_a_discord_that_is_down_loses_nothing(relay: Relay, receiver: Receiver) -> None:
    receiver.answers = [500] * 5
    with pytest.raises(Exception, match="Discord fails: 500"):
        relay.handle("one", "two")
    assert relay.handle("one", "two") == []
    assert titles(receiver) == ["one", "two"]


def test_nothing_answers(relay: Relay, receiver: Receiver) -> None:
    with Receiver() as other:
        url = other.url
    relay.url = url
    with pytest.raises(Exception, match="no answer"):
        relay.handle("one")


def test_a_slow_discord_is_given_up_in_time(relay: Relay, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay.modules.handler, "RESERVE_S", 0.0)
    receiver.slow_s = 0.4
    with pytest.raises(Exception, match=r"time of this invocation is over|no answer|asks to wait"):
        relay.handle("one", seconds=0.2)
    receiver.slow_s = 0.0


def test_what_was_not_sent_before_the_time_was_over_is_told(
    relay: Relay, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eleven notifications are two messages; Discord asks to wait too long before the second."""
    receiver.limit, receiver.window_s = 1, 25
    names = [f"n{number:02}" for number in range(11)]
    assert relay.handle(*names, seconds=60) == names[10:]
    assert titles(receiver) == names[:10]


def test_a_webhook_that_is_gone_is_an_error_that_does_not_name_it(
    relay: Relay, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.gone = True
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Exception, match=r"Discord does not accept the webhook: 404 Unknown Webhook") as caught:
        relay.handle("one")
    assert "secret-token" not in caplog.text
    assert "secret-token" not in str(caught.getrepr(style="long"))


def test_a_webhook_that_was_replaced_is_read_again(relay: Relay, receiver: Receiver) -> None:
    assert relay.handle("one") == []
    assert relay.handle("two") == []
    assert relay.reads == 1
    with Receiver() as other:
        receiver.gone, relay.url = True, other.url
        assert relay.handle("three") == []
        assert titles(other) == ["three"]
    assert relay.reads == 2


def test_a_message_that_discord_refuses_is_sent_as_text(relay: Relay, receiver: Receiver) -> None:
    receiver.answers = [400]
    assert relay.handle("one", "two") == []
    assert [message["content"].partition("\n")[0] for _moment, message in receiver.messages] == [
        "🔵 Notice: one",
        "🔵 Notice: two",
    ]


@pytest.mark.parametrize(
    "value",
    [
        "",
        "ftp://example.com",
        "secret-token",
        "https://a.example/secret-token x",
        "https://a.example/secret-token\u00e9",
    ],
)
def test_a_secret_that_holds_no_address_is_an_error(relay: Relay, value: str, caplog: pytest.LogCaptureFixture) -> None:
    relay.url = value
    wrong = "the secret airas-dev/discord-webhook-url holds no address of a webhook"
    with pytest.raises(Exception, match=wrong) as caught:
        relay.handle("one")
    assert "secret-token" not in caplog.text + "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("host", "answer"),
    [
        ("127.0.0.1:secret-token", b""),  # no port
        ("", b"nonsense\r\n\r\n"),
        ("", b"HTTP/1.1 500 No\r\nContent-Length: 9\r\n\r\n{"),  # broken off
        ("", b"HTTP/1.1 302 Away\r\nLocation: ftp://a.example/secret-token\r\n\r\n"),
    ],
)
def test_whatever_goes_wrong_on_the_way_names_no_address(
    relay: Relay, caplog: pytest.LogCaptureFixture, host: str, answer: bytes
) -> None:
    caplog.set_level(logging.DEBUG)
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_answer_all, args=(server, answer), daemon=True).start()
        relay.url = f"http://{host or '127.0.0.1:' + str(server.getsockname()[1])}/api/webhooks/1/secret-token"
        with pytest.raises(Exception, match="Discord") as caught:
            relay.handle("one")
    assert "secret-token" not in caplog.text + "".join(traceback.format_exception(caught.value))


def _answer_all(server: socket.socket, answer: bytes) -> None:
    with contextlib.suppress(OSError):  # the test is over
        while True:
            connection, _address = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)
