"""HTML style: https://core.telegram.org/bots/api#html-style."""

import re
from typing import Final

from sandbox.telegram.markup.reading import (
    Entity,
    Formatted,
    MarkupError,
    Open,
    Output,
    Source,
    date_entity,
    is_space,
    link_entity,
    shown_date_format,
)

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
# Half a character: refused, but only when nothing else is wrong with the text.
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_BROKEN_CHARACTERS: Final = "Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units"
_ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def read_html(text: str) -> Formatted:
    """HTML style: nested tags of a small set, entities &lt; &gt; &amp; &quot; and numeric ones."""
    return _Html(text).read()


class _Html:
    def __init__(self, text: str) -> None:
        self.source = Source(text)
        self.output = Output()
        self.opened: list[Open] = []

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
        if _SURROGATES.search(self.output.text):
            raise MarkupError(_BROKEN_CHARACTERS)
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
        name = source.take_while(lambda c: not is_space(c) and c != ">").translate(_ASCII_LOWER)
        if source.done:
            raise self._error("Unclosed start tag", begin)
        if name not in _HTML_KINDS:
            raise self._error(f'Unsupported start tag "{name}"', begin)
        attributes = self._attributes(name, begin)
        source.at += 1
        if name == "span" and attributes.get("class") != "tg-spoiler":
            raise self._error('Tag "span" must have class "tg-spoiler"', begin)
        self.opened.append(Open(name, begin, self.output.offset, len(self.output.text), attributes))

    def _attributes(self, tag: str, begin: int) -> dict[str, str]:
        source = self.source
        attributes: dict[str, str] = {}
        while source.take_while(is_space) or source.peek() != ">":
            if source.peek() == ">":
                break
            name = source.take_while(lambda c: not is_space(c) and c not in "=>/\"'")
            if not name:
                raise self._error(f'Empty attribute name in the tag "{tag}"', begin)
            source.take_while(is_space)
            if source.done:
                raise self._error(f'Unclosed start tag "{tag}"', begin)
            attributes[name] = self._value(tag, begin) if source.peek() == "=" else ""
        return attributes

    def _value(self, tag: str, begin: int) -> str:
        source = self.source
        source.at += 1
        source.take_while(is_space)
        if source.done:
            raise self._error(f'Unclosed start tag "{tag}"', begin)
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
        if _SURROGATES.search(value):
            raise MarkupError(_BROKEN_CHARACTERS)
        return value

    def _name_token(self) -> str:
        begin = self.source.at
        value = self.source.take_while(lambda c: c.isascii() and (c.isalnum() or c in ".-"))
        if not self.source.done and not is_space(self.source.peek()) and self.source.peek() != ">":
            raise self._error("Unexpected end of name token", begin)
        return value.translate(_ASCII_LOWER)

    def _end_tag(self) -> None:
        source, begin = self.source, self.source.at
        if not self.opened:
            raise self._error("Unexpected end tag", begin)
        source.at += 2
        name = source.take_while(lambda c: not is_space(c) and c != ">").translate(_ASCII_LOWER)
        source.take_while(is_space)
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

    def _close(self, opened: Open) -> None:
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
                date_format = shown_date_format(given.get("format", ""))
                if date_format is None:
                    raise MarkupError("Invalid date format used")
                unix = _leading_integer(given.get("unix", ""))
                self.output.mark(opened, date_entity(unix, date_format))
            case "blockquote" if "expandable" in given:
                self.output.mark(opened, {"type": "expandable_blockquote"})
            case _:
                self.output.mark(opened, {"type": kind})

    def _close_code(self, opened: Open) -> None:
        """Code inside pre (or pre inside code) of the same width is one block with a language."""
        language = opened.details.get("class", "").removeprefix("language-")
        if not opened.details.get("class", "").startswith("language-"):
            language = ""
        length = self.output.offset - opened.offset
        last = self.output.entities[-1] if self.output.entities else None
        same_place = last is not None and (last["offset"], last["length"]) == (opened.offset, length)
        if last is not None and same_place and opened.kind == "pre" and last.get("code_language"):
            last["type"], last["language"] = "pre", last.pop("code_language")
        elif last is not None and same_place and opened.kind == "code" and _is_plain_block(last) and language:
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
    return chr(code)


def _emoji_id(given: str) -> str:
    if not re.fullmatch(r"-?[0-9]{1,19}", given) or int(given) == 0:
        raise MarkupError("Invalid custom emoji identifier specified")
    return given


def _leading_integer(given: str) -> int:
    """As TDLib's to_integer<int32>: the digits it begins with, in 32 bits."""
    found = re.match(r"-?[0-9]+", given)
    number = int(found.group()) if found else 0
    return (number + 2**31) % 2**32 - 2**31


def _is_plain_block(entity: Entity) -> bool:
    return entity["type"] == "pre" and "language" not in entity
