"""Telegram's three markup languages, turned into plain text and entities as the Bot API server does.

The rules are those of https://core.telegram.org/bots/api#formatting-options; the error sentences and the
corner cases were compared with TDLib's own parser (parseTextEntities).
"""

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
    "expandable_blockquote": 1,
    "pre": 11,
    "code": 20,
    "text_link": 49,
    "text_mention": 49,
    "bold": 90,
    "italic": 91,
    "underline": 92,
    "strikethrough": 93,
    "spoiler": 94,
    "date_time": 98,
    "custom_emoji": 99,
}


class MarkupError(ValueError):
    """The text breaks its markup's rules; says how and where, in Telegram's words."""


@dataclass
class Formatted:
    """Plain text and what is marked in it."""

    text: str
    entities: list[Entity] = field(default_factory=list[Entity])


def parse(text: str, mode: str) -> Formatted:
    """Read `text` in that parse_mode. Raises MarkupError; an unknown mode is an error too."""
    readers: dict[str, Callable[[str], Formatted]] = {
        "html": read_html,
        "markdown": read_markdown,
        "markdownv2": read_markdown_v2,
    }
    reader = readers.get(mode.lower())
    if reader is None:
        raise MarkupError("Unsupported parse_mode")
    return reader(text)


def utf16_length(text: str) -> int:
    """How many UTF-16 code units the text takes: what Telegram counts in."""
    return len(text) + sum(character > "\uffff" for character in text)


def in_order(entities: list[Entity]) -> list[Entity]:
    """Sorted as Telegram sends them: by place, the wider first."""
    return sorted(entities, key=lambda e: (e["offset"], -e["length"], _PRIORITY.get(e["type"], 50)))


def link_entity(url: str) -> Entity | None:
    """What a marked link becomes: a mention of a user, a link, or nothing when the URL is no URL."""
    user = mentioned_user(url)
    if user is not None:
        return {"type": "text_mention", "user": {"id": user}}
    checked = checked_link(url)
    return None if checked is None else {"type": "text_link", "url": checked}


class _Source:
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
class _Open:
    """A mark that was opened and waits for its end."""

    kind: str
    begins_at: int  # in the source
    offset: int  # in UTF-16 units of the output
    output_at: int  # in the output
    details: dict[str, str] = field(default_factory=dict[str, str])


class _Output:
    """The plain text so far."""

    def __init__(self) -> None:
        self.text = ""
        self.offset = 0
        self.entities: list[Entity] = []

    def write(self, text: str) -> None:
        self.text += text
        self.offset += utf16_length(text)

    def mark(self, opened: _Open, entity: Entity | None) -> None:
        """Note the entity from where it was opened until here; an empty one is forgotten."""
        length = self.offset - opened.offset
        if entity is not None and length > 0:
            self.entities.append({"offset": opened.offset, "length": length} | entity)

    def since(self, opened: _Open) -> str:
        return self.text[opened.output_at :]

    def result(self) -> Formatted:
        return Formatted(self.text, in_order(self.entities))


def _is_space(character: str) -> bool:
    return character in " \t\r\n\0\v"


_DATE_FORMAT = re.compile(r"r|w?[dD]?[tT]?")


def _date_entity(unix: str, date_format: str, refusal: str) -> Entity:
    if not unix.isdigit() or int(unix) == 0:
        raise MarkupError(refusal)
    if not _DATE_FORMAT.fullmatch(date_format):
        raise MarkupError("Invalid date format used")
    entity: Entity = {"type": "date_time", "unix_time": int(unix)}
    return entity | ({"date_time_format": date_format} if date_format else {})


# ── HTML ────────────────────────────────────────────────────────────────────────────────────────────

_HTML_KINDS: Final = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "u": "underline",
    "ins": "underline",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
    "a": "text_link",
    "pre": "pre",
    "code": "code",
    "blockquote": "blockquote",
}
_NAMED_CHARACTERS: Final = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_CHARACTER_REFERENCE = re.compile(r"&(?:#x(?P<hex>[0-9a-fA-F]*)|#(?P<decimal>[0-9]*)|(?P<name>[a-zA-Z]*));?")
_ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def read_html(text: str) -> Formatted:
    """HTML style: nested tags of a small set, entities &lt; &gt; &amp; &quot; and numeric ones."""
    return _Html(text).read()


class _Html:
    def __init__(self, text: str) -> None:
        self.source = _Source(text)
        self.output = _Output()
        self.opened: list[_Open] = []

    def read(self) -> Formatted:
        while not self.source.done:
            if self.source.peek() == "&":
                self.output.write(self._character())
            elif self.source.peek() != "<":
                self.output.write(self.source.take_while(lambda c: c not in "&<"))
            elif self.source.peek(1) == "/":
                self._end_tag()
            else:
                self._start_tag()
        if self.opened:
            raise MarkupError(f'Can\'t find end tag corresponding to start tag "{self.opened[-1].kind}"')
        for entity in self.output.entities:
            entity.pop("code_language", None)
        return self.output.result()

    def _character(self) -> str:
        """The character a reference stands for, or the ampersand itself when it stands for none."""
        found = _CHARACTER_REFERENCE.match(self.source.text, self.source.at)
        character = _referred(found) if found else None
        if found is None or character is None:
            self.source.at += 1
            return "&"
        self.source.at = found.end()
        return character

    def _start_tag(self) -> None:
        source, begin = self.source, self.source.at
        source.at += 1
        name = source.take_while(lambda c: not _is_space(c) and c != ">").translate(_ASCII_LOWER)
        if source.done:
            raise self._error("Unclosed start tag", begin)
        if name not in _HTML_KINDS:
            raise self._error(f'Unsupported start tag "{name}"', begin)
        attributes = self._attributes(name, begin)
        source.at += 1
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise self._error('Tag "span" must have class "tg-spoiler"', begin)
        self.opened.append(_Open(name, begin, self.output.offset, len(self.output.text), attributes))

    def _attributes(self, tag: str, begin: int) -> dict[str, str]:
        source = self.source
        attributes: dict[str, str] = {}
        while source.take_while(_is_space) or source.peek() != ">":
            if source.peek() == ">":
                break
            name = source.take_while(lambda c: not _is_space(c) and c not in "=>/\"'")
            if not name:
                raise self._error(f'Empty attribute name in the tag "{tag}"', begin)
            if source.done:
                raise self._error("Unclosed start tag", begin)
            source.take_while(_is_space)
            attributes[name.translate(_ASCII_LOWER)] = self._value(begin) if source.peek() == "=" else ""
        return attributes

    def _value(self, begin: int) -> str:
        source = self.source
        source.at += 1
        source.take_while(_is_space)
        if source.done:
            raise self._error("Unclosed start tag", begin)
        quote = source.peek()
        value = self._quoted(quote) if quote in "\"'" else self._name_token()
        if source.done:
            raise self._error("Unclosed start tag", begin)
        return value

    def _quoted(self, quote: str) -> str:
        self.source.at += 1
        value = ""
        while not self.source.done and self.source.peek() != quote:
            if self.source.peek() == "&":
                value += self._character()
            else:
                value += self.source.take_while(lambda c: c not in "&" + quote)
        self.source.at += 1
        return value

    def _name_token(self) -> str:
        begin = self.source.at
        value = self.source.take_while(lambda c: c.isascii() and (c.isalnum() or c in ".-"))
        if not self.source.done and not _is_space(self.source.peek()) and self.source.peek() != ">":
            raise self._error("Unexpected end of name token", begin)
        return value.translate(_ASCII_LOWER)

    def _end_tag(self) -> None:
        source, begin = self.source, self.source.at
        if not self.opened:
            raise self._error("Unexpected end tag", begin)
        source.at += 2
        name = source.take_while(lambda c: not _is_space(c) and c != ">").translate(_ASCII_LOWER)
        source.take_while(_is_space)
        if source.peek() != ">":
            raise self._error("Unclosed end tag", begin)
        opened = self.opened.pop()
        if name not in {"", opened.kind}:
            offset = source.byte_offset(begin)
            raise MarkupError(
                f'Unmatched end tag at byte offset {offset}, expected "</{opened.kind}>", found "</{name}>"'
            )
        source.at += 1
        if self.output.offset > opened.offset:
            self._close(opened)

    def _close(self, opened: _Open) -> None:
        kind, given = _HTML_KINDS[opened.kind], opened.details
        match opened.kind:
            case "a":
                self.output.mark(opened, link_entity(given.get("href") or self.output.since(opened)))
            case "pre" | "code":
                self._close_code(opened)
            case "tg-emoji":
                self.output.mark(
                    opened, {"type": kind, "custom_emoji_id": _emoji_id(given.get("emoji-id", ""))}
                )
            case "tg-time":
                refusal = "Invalid Unix time specified"
                self.output.mark(
                    opened, _date_entity(given.get("unix", ""), given.get("format", ""), refusal)
                )
            case "blockquote" if "expandable" in given:
                self.output.mark(opened, {"type": "expandable_blockquote"})
            case _:
                self.output.mark(opened, {"type": kind})

    def _close_code(self, opened: _Open) -> None:
        """Code inside pre (or pre inside code) of the same width is one block with a language."""
        language = opened.details.get("class", "").removeprefix("language-")
        if not opened.details.get("class", "").startswith("language-"):
            language = ""
        length = self.output.offset - opened.offset
        last = self.output.entities[-1] if self.output.entities else None
        same_place = last is not None and (last["offset"], last["length"]) == (opened.offset, length)
        if last is not None and same_place and opened.kind == "pre" and last.get("code_language"):
            last["type"], last["language"] = "pre", last.pop("code_language")
        elif last is not None and same_place and opened.kind == "code" and last["type"] == "pre" and language:
            last["language"] = language
        elif opened.kind == "code":
            self.output.mark(opened, {"type": "code", "code_language": language})
        else:
            self.output.mark(opened, {"type": "pre"})

    def _error(self, what: str, at: int) -> MarkupError:
        return MarkupError(f"{what} at byte offset {self.source.byte_offset(at)}")


def _referred(found: re.Match[str]) -> str | None:
    if found["name"] is not None:
        return _NAMED_CHARACTERS.get(found["name"])
    digits = found["hex"] if found["hex"] is not None else found["decimal"]
    code = int(digits, 16 if found["hex"] is not None else 10) if digits else 0
    if not 0 < code < 0x10FFFF or len(found.group().rstrip(";")) >= 10:
        return None
    if 0xD800 <= code <= 0xDFFF:
        raise MarkupError(
            "Text contains invalid Unicode characters after decoding HTML entities,"
            " check for unmatched surrogate code units"
        )
    return chr(code)


def _emoji_id(given: str) -> str:
    if not re.fullmatch(r"-?[0-9]{1,19}", given) or int(given) == 0:
        raise MarkupError("Invalid custom emoji identifier specified")
    return given


# ── Markdown, the old one ───────────────────────────────────────────────────────────────────────────

_MARKDOWN_KINDS: Final = {"_": "italic", "*": "bold"}


def read_markdown(text: str) -> Formatted:
    """Legacy Markdown: *bold*, _italic_, `code`, ```pre``` and [links](…); nothing nests."""
    source, output = _Source(text), _Output()
    while not source.done:
        character = source.peek()
        if character == "\\" and source.peek(1) and source.peek(1) in "_*`[":
            output.write(source.peek(1))
            source.at += 2
        elif character in "_*`[":
            _read_markdown_entity(source, output)
        else:
            output.write(character)
            source.at += 1
    return output.result()


def _read_markdown_entity(source: _Source, output: _Output) -> None:
    begin, character = source.at, source.peek()
    block = source.sees("```")
    source.at += 3 if block else 1
    language = _block_language(source) if block else ""
    end = "```" if block else {"[": "]"}.get(character, character)
    closes_at = source.text.find(end, source.at)
    if closes_at < 0:
        offset = source.byte_offset(begin)
        raise MarkupError(f"Can't find end of the entity starting at byte offset {offset}")
    opened = _Open(character, begin, output.offset, len(output.text))
    output.write(source.text[source.at : closes_at])
    source.at = closes_at + len(end)
    if character == "[" and output.since(opened):
        output.mark(opened, link_entity(_markdown_url(source) or output.since(opened)))
    elif character == "`":
        output.mark(opened, _code_entity(block=block, language=language))
    elif character != "[":
        output.mark(opened, {"type": _MARKDOWN_KINDS[character]})


def _markdown_url(source: _Source) -> str:
    """The (url) after a link's text; an unclosed one runs to the end, as Telegram has it."""
    if source.peek() != "(":
        return ""
    source.at += 1
    url = source.take_while(lambda c: c != ")")
    source.at += 1
    return url


def _code_entity(*, block: bool, language: str) -> Entity:
    if not block:
        return {"type": "code"}
    return {"type": "pre"} | ({"language": language} if language else {})


def _block_language(source: _Source) -> str:
    """The language after ```, and one line break skipped."""
    start = source.at
    language = source.take_while(lambda c: not _is_space(c) and c != "`")
    if source.done or source.peek() == "`":
        source.at = start
        language = ""
    if source.peek() in {"\n", "\r"}:
        pair = source.peek(1) in {"\n", "\r"} and source.peek(1) != source.peek()
        source.at += 2 if pair else 1
    return language


# ── MarkdownV2 ──────────────────────────────────────────────────────────────────────────────────────

_RESERVED: Final = "_*[]()~`>#+-=|{}.!\n"
_V2_NAMES: Final = {
    "bold": "Bold",
    "italic": "Italic",
    "underline": "Underline",
    "strikethrough": "Strikethrough",
    "spoiler": "Spoiler",
    "code": "Code",
    "pre": "Pre",
    "pre_code": "PreCode",
    "text_link": "TextUrl",
    "custom_emoji": "CustomEmoji",
    "blockquote": "BlockQuote",
}
_V2_ENDS: Final = {
    "bold": "*",
    "italic": "_",
    "underline": "__",
    "strikethrough": "~",
    "spoiler": "||",
    "code": "`",
    "pre": "```",
    "pre_code": "```",
    "text_link": "]",
    "custom_emoji": "]",
}


def read_markdown_v2(text: str) -> Formatted:
    """MarkdownV2: marks nest, every reserved character outside them must be escaped."""
    return _MarkdownV2(text).read()


class _MarkdownV2:
    def __init__(self, text: str) -> None:
        self.source = _Source(text)
        self.output = _Output()
        self.opened: list[_Open] = []
        self.in_quote = False
        self.at_line_start = True

    def read(self) -> Formatted:
        source = self.source
        while not source.done:
            if self._escaped():
                escaped = source.peek(1)
                self._write(escaped, skip=2)
                self.at_line_start = escaped == "\n"
            elif source.peek() not in self._reserved():
                self._write(source.peek(), skip=1)
            elif self._ends_quote():
                self._end_quote()
            elif self._ends_mark():
                self._end_mark()
            else:
                self._begin()
        self._finish_quote()
        if self.opened:
            raise self._unclosed()
        return self.output.result()

    @property
    def _inner(self) -> str:
        return self.opened[-1].kind if self.opened else ""

    def _escaped(self) -> bool:
        following = self.source.peek(1)
        return self.source.peek() == "\\" and "\0" < following <= "~"

    def _reserved(self) -> str:
        return "`" if self._inner in {"code", "pre", "pre_code"} else _RESERVED

    # Block quotes: lines that begin with ">", even after marks that hold nothing ("**>" begins another quote);
    # "||" at the end makes it expandable.

    def _ends_quote(self) -> bool:
        source = self.source
        if not self.in_quote:
            return False
        at_end = source.at + 1 >= len(source.text)
        if source.peek() == "\n":
            return at_end or source.peek(1) != ">"
        ends_line = source.peek(2) == "" or (source.peek(2) == "\n" and source.peek(3) != ">")
        return source.sees("||") and self._inner != "spoiler" and ends_line

    def _end_quote(self) -> None:
        source = self.source
        if self._inner != "blockquote":
            raise self._unclosed()
        expandable = source.sees("||")
        if expandable:
            source.at += 2
        if not source.done:
            self._break_line()
        self._close_quote(expandable=expandable)

    def _close_quote(self, *, expandable: bool) -> None:
        self.in_quote = False
        kind = "expandable_blockquote" if expandable else "blockquote"
        self.output.mark(self.opened.pop(), {"type": kind})

    def _finish_quote(self) -> None:
        if self.in_quote and self._inner == "blockquote":
            self._close_quote(expandable=False)

    # Marks.

    def _ends_mark(self) -> bool:
        end = _V2_ENDS.get(self._inner)
        if end is None or not self.source.sees(end):
            return False
        return not (end == "_" and self.source.sees("__"))

    def _end_mark(self) -> None:
        opened = self.opened.pop()
        self.source.at += len(_V2_ENDS[opened.kind])
        self.output.mark(opened, self._entity(opened))

    def _entity(self, opened: _Open) -> Entity | None:
        match opened.kind:
            case "text_link":
                return link_entity(self._link_target(opened))
            case "custom_emoji":
                return self._special_target()
            case "pre" | "pre_code":
                return _code_entity(block=True, language=opened.details.get("language", ""))
            case kind:
                return {"type": kind}

    def _link_target(self, opened: _Open) -> str:
        if self.source.peek() != "(":
            return self.output.since(opened)
        return self._url()

    def _special_target(self) -> Entity:
        refusal = "Invalid tg://emoji or tg://time URL specified"
        if self.source.peek() != "(":
            raise MarkupError("The entity must contain a tg://emoji or tg://time URL")
        url = self._url()
        emoji = re.fullmatch(r"tg:(?://)?emoji\?id=(-?\d+)", url, re.IGNORECASE)
        if emoji:
            return {"type": "custom_emoji", "custom_emoji_id": _emoji_id(emoji.group(1))}
        date = re.fullmatch(r"tg:(?://)?time\?unix=(\d+)(?:&format=(\w*))?", url, re.IGNORECASE)
        if not date or not _DATE_FORMAT.fullmatch(date.group(2) or ""):
            raise MarkupError(refusal)
        return _date_entity(date.group(1), date.group(2) or "", refusal)

    def _url(self) -> str:
        source = self.source
        source.at += 1
        begin, url = source.at, ""
        while not source.done and source.peek() != ")":
            if self._escaped():
                source.at += 1
            url += source.peek()
            source.at += 1
        if source.done:
            raise MarkupError(f"Can't find end of a URL at byte offset {source.byte_offset(begin)}")
        source.at += 1
        return url

    def _begin(self) -> None:
        source = self.source
        if source.peek() == "\n":
            self._break_line()
        elif source.peek() == ">" and self.at_line_start:
            source.at += 1
            if not self.in_quote:
                self._open("blockquote", source.at - 1)
        elif source.sees("```"):
            self._begin_block()
        else:
            self._begin_mark()

    def _break_line(self) -> None:
        self._write("\n", skip=1)
        self.at_line_start = True

    def _write(self, text: str, *, skip: int) -> None:
        self.output.write(text)
        self.source.at += skip
        self.at_line_start = False

    def _begin_block(self) -> None:
        begin = self.source.at
        self.source.at += 3
        language = _block_language(self.source)
        self._open("pre_code" if language else "pre", begin, {"language": language})

    def _begin_mark(self) -> None:
        source = self.source
        for start, kind in (
            ("__", "underline"),
            ("_", "italic"),
            ("*", "bold"),
            ("~", "strikethrough"),
            ("||", "spoiler"),
            ("[", "text_link"),
            ("`", "code"),
            ("![", "custom_emoji"),
        ):
            if source.sees(start):
                begin = source.at
                source.at += len(start)
                return self._open(kind, begin)
        raise MarkupError(
            f"Character '{source.peek()}' is reserved and must be escaped with the preceding '\\'"
        )

    def _open(self, kind: str, begin: int, details: dict[str, str] | None = None) -> None:
        self.in_quote = self.in_quote or kind == "blockquote"
        self.opened.append(_Open(kind, begin, self.output.offset, len(self.output.text), details or {}))

    def _unclosed(self) -> MarkupError:
        opened = self.opened[-1]
        offset = self.source.byte_offset(opened.begins_at)
        return MarkupError(f"Can't find end of {_V2_NAMES[opened.kind]} entity at byte offset {offset}")
