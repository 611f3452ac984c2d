# Copyright: Contributors to airas.platform
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

"""Notices as Discord's embeds, within its limits: https://discord.com/developers/docs/resources/message#embed-object"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import notices
from envelopes import Item
from texts import LANGUAGES, text

TITLE, DESCRIPTION, FIELD_NAME, FIELD_VALUE, FIELDS, FOOTER = 256, 4096, 256, 1024, 25, 2048
WHOLE, EMBEDS, CONTENT, USERNAME = 6000, 10, 2000, 80
# Of more notifications than this at once each is shown in brief.
MANY = 10
_BRIEF = ("where", "since", "value", "containers", "event", "spent")
_BRIEF_TEXT = 200

_COLOURS = {"alarm": 0xD92D20, "ok": 0x12B76A, "warning": 0xF79009, "info": 0x2E90FA, "unknown": 0x98A2B3}
_ICONS = {"alarm": "🔴", "ok": "🟢", "warning": "🟠", "info": "🔵", "unknown": "⚪"}

Embed = dict[str, Any]
log = logging.getLogger()


@dataclass(frozen=True)
class Settings:
    """What the function's environment says."""

    language: str = "ja"
    stack: str = ""
    runbook: str = ""
    log_groups: tuple[str, ...] = ()
    region: str = ""

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Settings:
        language, stack = environment.get("LANGUAGE", "ja"), environment.get("STACK", "")
        groups = [each.strip() for each in environment.get("LOG_GROUPS", "").split(",") if each.strip()]
        return cls(
            language if language in LANGUAGES else "en",
            stack,
            environment.get("RUNBOOK_URL", ""),
            tuple(groups or ([f"/ecs/{stack}-backend"] if stack else [])),
            environment.get("AWS_REGION", ""),
        )


def of_item(item: Item, settings: Settings, compact: bool = False) -> Embed:
    """The embed of a notification. One that nobody foresaw is shown as it is, and never an error."""
    try:
        return _embed(notices.of_item(item, settings.language), item, settings, compact)
    except Exception:
        log.exception("a notification has a form that is not known, and is shown as it is")
        return _embed(notices.anything(item, settings.language), item, settings, compact)


def _embed(notice: notices.Notice, item: Item, settings: Settings, compact: bool) -> Embed:
    language, region = settings.language, notice.region or settings.region
    origin = " · ".join(filter(None, (settings.stack, region, notice.account))) or "AWS"
    fields = [(key, value) for key, value in notice.fields if value and (key in _BRIEF or not compact)]
    fields.append(("since", _time(item.happened)))
    if not compact:
        fields.append(("links", _links(notice, item, settings, region)))
    embed: Embed = {
        "title": clipped(f"{_ICONS[notice.state]} {text(notice.state, language)}: {notice.title}", TITLE),
        "description": clipped(notice.text, _BRIEF_TEXT if compact else DESCRIPTION),
        "color": _COLOURS[notice.state],
        "fields": [
            {"name": text(key, language), "value": clipped(value, FIELD_VALUE), "inline": len(value) <= 60}
            for key, value in fields[:FIELDS]
            if value
        ],
        "timestamp": item.happened.isoformat(),
        "footer": {"text": clipped(origin, FOOTER)},
    }
    if notice.url:
        embed["url"] = notice.url
    return _fitting({key: value for key, value in embed.items() if value})


def _time(moment: datetime) -> str:
    """Discord shows it in the reader's zone and as a distance."""
    seconds = int(moment.timestamp())
    return f"<t:{seconds}:f> (<t:{seconds}:R>)"


# -- links -----------------------------------------------------------------------------------------------------------


def _links(notice: notices.Notice, item: Item, settings: Settings, region: str) -> str:
    name = notice.anchor.removeprefix(f"{settings.stack}-") if settings.stack else notice.anchor
    groups = notice.log_groups or (settings.log_groups if notice.has_logs else ())
    links = {
        "console": notice.url,
        "runbook": f"{settings.runbook}#{quote(name)}" if settings.runbook else "",
        "logs": logs_query(region, groups, item.happened) if groups and region else "",
        "report": notice.report,
    }
    shown = [f"[{text(key, settings.language)}]({url})" for key, url in links.items() if url]
    while length(" · ".join(shown)) > FIELD_VALUE:  # half a link would lead nowhere
        shown.remove(max(shown, key=length))
    return " · ".join(shown)


QUERY = """fields @timestamp, @logStream, @message
| filter @message like /(?i)(error|exception|traceback|critical|fatal)/
| sort @timestamp desc
| limit 200"""
AROUND_S = 900


def logs_query(region: str, groups: Sequence[str], moment: datetime) -> str:
    """A page of Logs Insights with the errors of a quarter of an hour before and after.

    The console keeps the query in its address, in the notation that is called JSURL, encoded twice.
    """
    start, end = (
        datetime.fromtimestamp(moment.timestamp() + seconds, moment.tzinfo).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        for seconds in (-AROUND_S, AROUND_S)
    )
    sources = "".join(f"~'{_jsurl(group)}" for group in groups)
    detail = (
        f"~(end~'{_jsurl(end)}~start~'{_jsurl(start)}~timeType~'ABSOLUTE~tz~'UTC"
        f"~editorString~'{_jsurl(QUERY)}~source~({sources}))"
    )
    encoded = quote(detail, safe="*").replace("~", "%7E").replace("%", "$25")
    page = f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
    return f"{page}#logsV2:logs-insights$3FqueryDetail$3D{encoded}"


def _jsurl(value: str) -> str:
    return "".join(
        char if (char.isascii() and char.isalnum()) or char in "_-." else f"*{ord(char):02x}" for char in value
    )


# -- limits ----------------------------------------------------------------------------------------------------------


def length(value: str) -> int:
    """As Discord's own clients count: in units of UTF-16."""
    return len(value.encode("utf-16-le", "surrogatepass")) // 2


def clipped(value: str, limit: int) -> str:
    value = value.encode("utf-8", "replace").decode()  # half a surrogate pair is no text
    if length(value) <= limit:
        return value
    fence = "\n```" if value.startswith("```") and value.endswith("```") else ""
    kept = value[: limit - 1 - len(fence)]
    while length(kept) > limit - 1 - len(fence):
        kept = kept[:-1]
    return f"{kept}…{fence}"


def size(embed: Embed) -> int:
    """What counts for the limit of a whole message."""
    parts = [embed.get("title", ""), embed.get("description", ""), embed.get("footer", {}).get("text", "")]
    parts += [field[key] for field in embed.get("fields", []) for key in ("name", "value")]
    return sum(map(length, parts))


def _fitting(embed: Embed) -> Embed:
    """Fields go, from the last but the links, until the embed alone fits into a message."""
    while size(embed) > WHOLE:
        over = size(embed) - WHOLE
        if len(embed.get("description", "")) > over + 1:
            embed["description"] = clipped(embed["description"], length(embed["description"]) - over)
        else:
            del embed["fields"][-2 if len(embed["fields"]) > 1 else -1]
    return embed


def packed(shown: Sequence[tuple[Item, Embed]]) -> list[list[tuple[Item, Embed]]]:
    """As many embeds in each message as Discord takes, in their order."""
    messages: list[list[tuple[Item, Embed]]] = []
    left = 0
    for item, embed in shown:
        if not messages or len(messages[-1]) == EMBEDS or size(embed) > left:
            messages.append([])
            left = WHOLE
        messages[-1].append((item, embed))
        left -= size(embed)
    return messages


def payload(message: Sequence[Embed], stack: str) -> dict[str, Any]:
    """Nothing in a notification may call anybody: mentions are text."""
    name = {"username": clipped(stack, USERNAME)} if stack else {}
    return {**name, "embeds": list(message), "allowed_mentions": {"parse": []}}


def as_texts(message: Sequence[Embed]) -> Iterator[dict[str, Any]]:
    """The same without any form, for what Discord refuses as embeds."""
    for embed in message:
        lines = [embed.get("title", ""), embed.get("description", "")]
        lines += [f"{field['name']}: {field['value']}" for field in embed.get("fields", [])]
        content = clipped("\n".join(filter(None, lines)) or json.dumps(embed), CONTENT)
        yield {"content": content, "allowed_mentions": {"parse": []}}
