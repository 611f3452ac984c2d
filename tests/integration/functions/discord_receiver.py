"""A webhook that behaves as Discord's does: it checks each message, limits their rate, and can be told to fail.

https://discord.com/developers/docs/topics/rate-limits
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

LIMITS = {"title": 256, "description": 4096}
PATH = "/api/webhooks/1/secret-token"


class Receiver:
    """``messages`` are those that it took, with the time; ``refusals`` are the statuses of the others."""

    def __init__(self, limit: int = 5, window_s: float = 0.2) -> None:
        self.limit, self.window_s = limit, window_s
        self.messages: list[tuple[float, dict[str, Any]]] = []
        self.refusals: list[int] = []
        self.answers: list[int] = []
        """Statuses to answer with before it behaves again."""
        self.gone = False
        self.slow_s = 0.0
        self._lock = threading.Lock()
        self._window, self._used = 0.0, 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}{PATH}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def embeds(self) -> list[dict[str, Any]]:
        """Every embed that arrived, in order."""
        return [embed for _moment, message in self.messages for embed in message.get("embeds", [])]

    def take(self, path: str, agent: str, body: bytes) -> tuple[int, dict[str, str], dict[str, Any]]:
        """The answer to a request: status, headers, body."""
        time.sleep(self.slow_s)
        with self._lock:
            status, headers, answer = self._judge(path, agent, body)
            if status >= 300:
                self.refusals.append(status)
            return status, headers, answer

    def _judge(self, path: str, agent: str, body: bytes) -> tuple[int, dict[str, str], dict[str, Any]]:
        if self.gone or path.partition("?")[0] != PATH:
            return 404, {}, {"message": "Unknown Webhook", "code": 10015}
        if not agent.startswith("DiscordBot ("):
            return 403, {}, {"message": "error code: 1010"}
        if self.answers:
            status = self.answers.pop(0)
            return status, {}, {"message": f"told to answer {status}", "code": 0}
        now = time.monotonic()
        if now - self._window >= self.window_s:
            self._window, self._used = now, 0
        left = self._window + self.window_s - now
        if self._used >= self.limit:
            limited = {"message": "You are being rate limited.", "retry_after": round(left, 3), "global": False}
            return 429, {"Retry-After": str(left), "X-RateLimit-Scope": "user"}, limited
        self._used += 1
        message = json.loads(body)
        if wrong := problem(message):
            return 400, {}, {"message": "Invalid Form Body", "code": 50035, "errors": wrong}
        self.messages.append((now, message))
        remaining = {"X-RateLimit-Limit": str(self.limit), "X-RateLimit-Remaining": str(self.limit - self._used)}
        return 200, {**remaining, "X-RateLimit-Reset-After": f"{left:.3f}"}, {"id": str(len(self.messages))}


def problem(message: Mapping[str, Any]) -> str:
    """What Discord does not take: https://discord.com/developers/docs/resources/message#embed-object-embed-limits"""
    embeds = message.get("embeds", [])
    if not embeds and not message.get("content"):
        return "an empty message"
    if (
        length(message.get("content", "")) > 2000
        or len(embeds) > 10
        or message.get("allowed_mentions") != {"parse": []}
    ):
        return "content, embeds or mentions"
    for embed in embeds:
        fields = embed.get("fields", [])
        if any(length(embed.get(key, "")) > limit for key, limit in LIMITS.items()) or len(fields) > 25:
            return "an embed is too long"
        for field in fields:
            if not 0 < length(field["name"]) <= 256 or not 0 < length(field["value"]) <= 1024:
                return f"a field: {field}"
        if not 0 < length(embed["footer"]["text"]) <= 2048:
            return "the footer"
    return "all embeds together" if sum(map(_size, embeds)) > 6000 else ""


def length(value: str) -> int:
    return len(value.encode("utf-16-le")) // 2


def _size(embed: Mapping[str, Any]) -> int:
    parts = [embed.get("title", ""), embed.get("description", ""), embed["footer"]["text"]]
    return sum(map(length, parts + [field[key] for field in embed.get("fields", []) for key in ("name", "value")]))


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, headers, answer = receiver.take(self.path, self.headers.get("User-Agent", ""), body)
            written = json.dumps(answer).encode()
            self.send_response(status)
            for key, value in {
                **headers,
                "Content-Type": "application/json",
                "Content-Length": str(len(written)),
            }.items():
                self.send_header(key, value)
            with contextlib.suppress(ConnectionError):  # nobody waits for the answer any more
                self.end_headers()
                self.wfile.write(written)

        def log_message(self, format: str, *arguments: Any) -> None:
            """Say nothing."""

    return Handler
