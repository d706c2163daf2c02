"""What the readers of the markup languages share: the source, the plain text that comes of it, its entities."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.telegram.links import checked_link, mentioned_user

Entity = dict[str, Any]
"""A MessageEntity as JSON; offset and length count UTF-16 code units."""

# At equal places the wider kind comes first; at equal width this order decides (TDLib's priorities).
_PRIORITY: Final = {
    "blockquote": 0,
    "expandable_blockquote": 0,
    "pre": 11,
    "code": 20,
    "date_time": 48,
    "text_link": 49,
    "text_mention": 49,
    "bold": 90,
    "italic": 91,
    "underline": 92,
    "strikethrough": 93,
    "spoiler": 94,
    "custom_emoji": 99,
}


class MarkupError(ValueError):
    """The text breaks its markup's rules; says how and where, in Telegram's words."""


@dataclass
class Formatted:
    """Plain text and what is marked in it."""

    text: str
    entities: list[Entity] = field(default_factory=list[Entity])


def utf16_length(text: str) -> int:
    """How many UTF-16 code units the text takes: what Telegram counts in."""
    return len(text) + sum(character > "\uffff" for character in text)


def in_order(entities: list[Entity]) -> list[Entity]:
    """Sorted as Telegram sends them: by place, the wider first."""
    return sorted(entities, key=lambda e: (e["offset"], -e["length"], _priority(e)))


def _priority(entity: Entity) -> int:
    return _PRIORITY.get(entity["type"], 50) - ("language" in entity)


def link_entity(url: str) -> Entity | None:
    """What a marked link becomes: a mention of a user, a link, or nothing when the URL is no URL."""
    user = mentioned_user(url)
    if user is not None:
        return {"type": "text_mention", "user": {"id": user}}
    checked = checked_link(url)
    return None if checked is None else {"type": "text_link", "url": checked}


class Source:
    """The text being read, with a place in it; reading past the end gives ""."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def peek(self, ahead: int = 0) -> str:
        return self.text[self.at + ahead : self.at + ahead + 1]

    def sees(self, expected: str) -> bool:
        return self.text.startswith(expected, self.at)

    def take_while(self, wanted: Callable[[str], bool]) -> str:
        start = self.at
        while self.at < len(self.text) and wanted(self.text[self.at]):
            self.at += 1
        return self.text[start : self.at]

    def byte_offset(self, at: int) -> int:
        return len(self.text[:at].encode())

    @property
    def done(self) -> bool:
        return self.at >= len(self.text)


@dataclass
class Open:
    """A mark that was opened and waits for its end."""

    kind: str
    begins_at: int  # in the source
    offset: int  # in UTF-16 units of the output
    output_at: int  # in the output
    details: dict[str, str] = field(default_factory=dict[str, str])


class Output:
    """The plain text so far."""

    def __init__(self) -> None:
        self.text = ""
        self.offset = 0
        self.entities: list[Entity] = []

    def write(self, text: str) -> None:
        self.text += text
        self.offset += utf16_length(text)

    def mark(self, opened: Open, entity: Entity | None) -> None:
        """Note the entity from where it was opened until here; an empty one is forgotten."""
        length = self.offset - opened.offset
        if entity is not None and length > 0:
            self.entities.append({"offset": opened.offset, "length": length} | entity)

    def since(self, opened: Open) -> str:
        return self.text[opened.output_at :]

    def result(self) -> Formatted:
        return Formatted(self.text, in_order(self.entities))


def is_space(character: str) -> bool:
    return character in " \t\r\n\0\v"


_DATE_FORMAT: Final = re.compile(r"[rR]|[wdDtT]*")
_UNIX_TIME_MAX: Final = 2**31 - 1


def shown_date_format(given: str) -> str | None:
    """The format in the one order that the Bot API shows, the short forms winning; None when it is no format."""
    if not _DATE_FORMAT.fullmatch(given):
        return None
    shown = "r" if given in {"r", "R"} else "w" if "w" in given else ""
    for short, long in ("dD", "tT"):
        shown += short if short in given else long if long in given else ""
    return shown


def date_entity(unix: int, shown_format: str) -> Entity | None:
    """A date_time; nothing without a time that fits into 32 bits."""
    if not 0 < unix <= _UNIX_TIME_MAX:
        return None
    return {"type": "date_time", "unix_time": unix} | (
        {"date_time_format": shown_format} if shown_format else {}
    )


def code_entity(*, block: bool, language: str) -> Entity:
    if not block:
        return {"type": "code"}
    return {"type": "pre"} | ({"language": language} if language else {})


def block_language(source: Source) -> str:
    """The language after ```, and one line break skipped."""
    start = source.at
    language = source.take_while(lambda c: not is_space(c) and c != "`")
    if source.done or source.peek() == "`":
        source.at = start
        language = ""
    if source.peek() in {"\n", "\r"}:
        pair = source.peek(1) in {"\n", "\r"} and source.peek(1) != source.peek()
        source.at += 2 if pair else 1
    return language
