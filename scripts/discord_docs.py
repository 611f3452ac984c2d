"""Writes docs/discord.md: each kind of notification as Discord shows it, made by the relay itself: `make docs`.

With --check it writes nothing, and ends with status 1 if the file is not what it would write.
"""

from __future__ import annotations

import argparse
import html
import importlib
import json
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
RELAY = ROOT / "functions" / "discord_relay"
SAMPLES = ROOT / "scripts" / "discord_samples.yml"
PAGE = ROOT / "docs" / "discord.md"

ENVIRONMENT = {
    "STACK": "airas-dev",
    "AWS_REGION": "ap-northeast-1",
    "RUNBOOK_URL": "https://github.com/airas-org/airas-deploy/blob/main/docs/runbook.md",
}
JST = timezone(timedelta(hours=9))

INTRODUCTION = """# What arrives in Discord

Each kind of notification as the relay writes it, in Japanese and in English (`observability_discord_language`).
`python scripts/discord_docs.py` makes this page from `functions/discord_relay` and `scripts/discord_samples.yml`, and a
test keeps it true. [ADR 7](decisions/0007-discord-relay.md) says how a notification gets there.

Discord shows the title as a link to the page of the AWS console, a stripe in the colour of the state, and times in the
reader's own zone (here that of Tokyo). Of more than ten notifications at once each is shown in brief, ten in a message.

A playbook, or anybody who may publish to the topic, can send JSON with `"source": "airas.platform"`:

| `type` | what it needs |
| --- | --- |
| `test` | `stack`, `text` if it has something else to say, and `id`, which the relay's log then names |
| `report`, `drift` | `report`, the form that the callback `plan_report` writes, and `url` of the run if there is one |
"""


def samples() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.load(SAMPLES.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - it only makes strings
    return [{**sample, "body": typed(sample["body"])} for sample in found]


def typed(value: Any) -> Any:
    """YAML without its own ideas of dates; numbers, booleans and nothing are JSON's."""
    if isinstance(value, dict):
        return {key: value if key in ("account", "AWSAccountId") else typed(value) for key, value in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    if re.fullmatch(r"null|true|false|-?\d+(\.\d+)?", value):
        return json.loads(value)
    return value


def envelope(sample: Mapping[str, Any], message_id: str = "1") -> dict[str, Any]:
    """The record of the queue in which SNS's notification of a sample comes."""
    body = sample["body"]
    notification = {
        "Type": "Notification",
        "MessageId": message_id,
        "TopicArn": "arn:aws:sns:ap-northeast-1:111122223333:airas-dev-alarms",
        "Subject": sample.get("subject"),
        "Message": body if isinstance(body, str) else json.dumps(body, ensure_ascii=False),
        "Timestamp": "2026-11-26T02:00:00.000Z",
    }
    return {"messageId": message_id, "eventSource": "aws:sqs", "body": json.dumps(notification, ensure_ascii=False)}


def page() -> str:
    sys.path.insert(0, str(RELAY))
    try:
        embeds, envelopes = importlib.import_module("embeds"), importlib.import_module("envelopes")
    finally:
        sys.path.remove(str(RELAY))
    parts = [INTRODUCTION]
    for sample in samples():
        [item] = envelopes.unwrap({"Records": [envelope(sample)]})
        parts.append(f"## {sample['name']}\n")
        for language in ("ja", "en"):
            settings = embeds.Settings.of({**ENVIRONMENT, "LANGUAGE": language})
            parts.append("\n".join(_shown(embeds.of_item(item, settings))) + "\n")
    return "\n".join(parts)


def _shown(embed: Mapping[str, Any]) -> Iterator[str]:
    """An embed as a table with a stripe: GitHub shows no colours but in pictures, and squares have them."""
    yield "<table>"
    title = html.escape(embed["title"])
    yield f"<tr><td><b>{_link(title, embed['url']) if 'url' in embed else title}</b></td></tr>"
    if embed.get("description"):
        yield f"<tr><td>{_markdown(embed['description'])}</td></tr>"
    for field in embed["fields"]:
        yield f"<tr><td><b>{html.escape(field['name'])}</b><br>{_markdown(field['value'])}</td></tr>"
    moment = datetime.fromisoformat(embed["timestamp"]).astimezone(JST)
    yield f"<tr><td><sub>{html.escape(embed['footer']['text'])} · {moment:%Y-%m-%d %H:%M}</sub></td></tr>"
    yield "</table>"


def _markdown(text: str) -> str:
    """What Discord makes of its Markdown, as HTML."""
    fence = re.fullmatch(r"```(?:json)?\n(.*?)\n?```", text, re.DOTALL)
    if fence:
        return f"<pre>{html.escape(fence[1])}</pre>"
    shown = html.escape(text, quote=False)
    shown = re.sub(r"&lt;t:(\d+):f&gt;", lambda match: f"{_moment(match[1]):%Y-%m-%d %H:%M}", shown)
    shown = re.sub(r"&lt;t:\d+:R&gt;", "…", shown)
    shown = re.sub(r"\[([^\]]+)\]\((\S+?)\)", lambda match: _link(match[1], html.unescape(match[2])), shown)
    shown = re.sub(r"(?<!\\)\*\*(.+?)\*\*", r"<b>\1</b>", shown)
    shown = re.sub(r"(?<!\\)`([^`]+)`", r"<code>\1</code>", shown)
    return re.sub(r"\\(\W)", r"\1", shown).replace("\n", "<br>")


def _moment(seconds: str) -> datetime:
    return datetime.fromtimestamp(int(seconds), JST)


def _link(text: str, url: str) -> str:
    return f'<a href="{html.escape(url)}">{text}</a>'


def main() -> int:
    parser = argparse.ArgumentParser(description="Writes docs/discord.md.")
    parser.add_argument("--check", action="store_true", help="write nothing; end with status 1 if it is not up to date")
    options = parser.parse_args()
    written = page()
    if options.check:
        return int(PAGE.read_text(encoding="utf-8") != written)
    PAGE.write_text(written, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
