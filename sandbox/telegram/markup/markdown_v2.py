"""MarkdownV2 style: https://core.telegram.org/bots/api#markdownv2-style."""

import re
from typing import Final

from sandbox.telegram.links import app_link_arguments
from sandbox.telegram.markup.reading import (
    Entity,
    Formatted,
    MarkupError,
    Open,
    Output,
    Source,
    block_language,
    code_entity,
    date_entity,
    link_entity,
    shown_date_format,
)

_INTEGER: Final = re.compile(r"-?[1-9][0-9]*")
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
        self.source = Source(text)
        self.output = Output()
        self.opened: list[Open] = []
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

    def _entity(self, opened: Open) -> Entity | None:
        match opened.kind:
            case "text_link":
                return link_entity(self._link_target(opened))
            case "custom_emoji":
                return self._special_target()
            case "pre" | "pre_code":
                return code_entity(block=True, language=opened.details.get("language", ""))
            case kind:
                return {"type": kind}

    def _link_target(self, opened: Open) -> str:
        if self.source.peek() != "(":
            return self.output.since(opened)
        return self._url()

    def _special_target(self) -> Entity:
        refusal = "Invalid tg://emoji or tg://time URL specified"
        if self.source.peek() != "(":
            raise MarkupError("The entity must contain a tg://emoji or tg://time URL")
        url = self._url()
        emoji, date = app_link_arguments(url, "emoji"), app_link_arguments(url, "time")
        if emoji is not None and (number := _strict_integer(emoji.get("id", ""), bits=64)):
            return {"type": "custom_emoji", "custom_emoji_id": str(number)}
        if date is not None and (unix := _strict_integer(date.get("unix", ""), bits=32)) > 0:
            date_format = shown_date_format(date.get("format", ""))
            entity = None if date_format is None else date_entity(unix, date_format)
            if entity is not None:
                return entity
        raise MarkupError(refusal)

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
        language = block_language(self.source)
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
        self.opened.append(Open(kind, begin, self.output.offset, len(self.output.text), details or {}))

    def _unclosed(self) -> MarkupError:
        opened = self.opened[-1]
        offset = self.source.byte_offset(opened.begins_at)
        return MarkupError(f"Can't find end of {_V2_NAMES[opened.kind]} entity at byte offset {offset}")


def _strict_integer(given: str, *, bits: int) -> int:
    """As TDLib's to_integer_safe: nothing but the number in its shortest form, or else 0."""
    number = int(given) if _INTEGER.fullmatch(given) else 0
    return number if -(2 ** (bits - 1)) <= number < 2 ** (bits - 1) else 0
