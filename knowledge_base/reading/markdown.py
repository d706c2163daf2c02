"""Reads a Markdown document: its front matter, and its sections as passages under their headings.

A comment in a section, `<!-- asked: How much is shipping? | What does delivery cost? -->`, says how people ask for it;
readers of the document do not see it, questions find the section by it.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Final, cast

from markdown_it import MarkdownIt
from markdown_it.token import Token
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from knowledge_base.reading.document import Outline, ParsedDocument, ParsedPassage, UnreadableDocument

BULLET: Final = "• "
ASKED: Final = re.compile(r"<!--\s*asked:(.*?)-->", re.IGNORECASE | re.DOTALL)


def read_markdown(source: str) -> ParsedDocument:
    """Front matter (title, language, owner, updated, review, url) and passages. Raises UnreadableDocument."""
    values, body = _front_matter(source)
    tokens = MarkdownIt("commonmark").enable("table").parse(body)
    passages = tuple(_passages(tokens))
    first = next((p.headings[0] for p in passages if p.headings), None)
    return ParsedDocument(
        passages=passages,
        title=_text(values, "title") or first,
        language=_text(values, "language"),
        owner=_text(values, "owner") or "",
        url=_text(values, "url"),
        updated=_moment(values, "updated"),
        review=_moment(values, "review"),
    )


def _front_matter(source: str) -> tuple[dict[str, Any], str]:
    """The YAML between two lines of dashes at the top, and the rest."""
    lines = source.lstrip("\ufeff").splitlines()
    if not lines or lines[0].rstrip() != "---":
        return {}, source
    end = next((i for i, line in enumerate(lines[1:], start=1) if line.rstrip() in ("---", "...")), None)
    if end is None:
        raise UnreadableDocument("the front matter is opened with --- and never closed", line=1)
    try:
        values: Any = YAML(typ="safe").load("\n".join(lines[1:end]))  # pyright: ignore[reportUnknownMemberType] - untyped
    except MarkedYAMLError as caught:
        error: Any = caught
        line = error.problem_mark.line + 2 if error.problem_mark else 1
        raise UnreadableDocument(
            f"the front matter is not valid YAML: {error.problem}", line=line
        ) from caught
    except (YAMLError, ValueError) as error:  # a date such as 2026-13-45, a character that YAML has not
        raise UnreadableDocument(f"the front matter cannot be read: {error}", line=1) from error
    if values is not None and not isinstance(values, dict):
        raise UnreadableDocument("the front matter must be lines of the form key: value", line=2)
    found = cast("dict[str, Any]", values or {})
    return found, "\n".join([*[""] * (end + 1), *lines[end + 1 :]])


def _text(values: dict[str, Any], key: str) -> str | None:
    value = values.get(key)
    return str(value).strip() or None if value is not None else None


def _moment(values: dict[str, Any], key: str) -> datetime | None:
    value = values.get(key)
    if value is None:
        return None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            raise UnreadableDocument(f"{key}: {value!r} is no date such as 2026-11-21", line=1) from None
    if isinstance(value, datetime):
        return value.replace(tzinfo=value.tzinfo or UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    raise UnreadableDocument(f"{key}: {value!r} is no date such as 2026-11-21", line=1)


def _passages(tokens: Sequence[Token]) -> Iterator[ParsedPassage]:
    outline = Outline()
    heading: int | None = None
    reader = _Blocks(outline.blocks)
    for token in tokens:
        if token.type == "heading_open":
            yield from outline.passages()
            reader = _Blocks(outline.blocks)
            heading = int(token.tag[1:])
        elif token.type == "inline" and heading is not None:
            outline.enter(heading, _inline(token))
            heading = None
        elif token.type == "html_block":
            asked = [question for match in ASKED.findall(token.content) for question in match.split("|")]
            outline.asked += [" ".join(question.split()) for question in asked if question.strip()]
        else:
            reader.take(token)
    yield from outline.passages()


class _Blocks:
    """Gathers paragraphs, list items and table rows as plain text."""

    def __init__(self, blocks: list[str]) -> None:
        self._blocks = blocks
        self._lists = 0
        self._cells: list[str] | None = None
        self._header: list[str] = []
        self._fresh_list = False

    def take(self, token: Token) -> None:
        if token.type in ("bullet_list_open", "ordered_list_open"):
            self._fresh_list = self._lists == 0
            self._lists += 1
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            self._lists -= 1
        elif token.type == "tr_open":
            self._cells = []
        elif token.type == "tr_close":
            self._end_row()
        elif token.type == "thead_open":
            self._fresh_list = True
        elif token.type == "inline":
            self._write(_inline(token))
        elif token.type in ("fence", "code_block"):
            self._write(token.content.strip())

    def _write(self, text: str) -> None:
        if self._cells is not None:
            self._cells.append(text)
        elif text and self._lists:
            self._line(BULLET + text)
        elif text:
            self._blocks.append(text)

    def _end_row(self) -> None:
        """A row says its columns' names, so that it can be understood alone."""
        cells, self._cells = self._cells or [], None
        if not self._header:
            self._header = cells
            return
        named = [
            f"{name}: {cell}" if name else cell
            for name, cell in zip(self._header[1:], cells[1:], strict=False)
            if cell
        ]
        self._line(BULLET + (f"{cells[0]} – {', '.join(named)}" if named else cells[0]))

    def _line(self, line: str) -> None:
        """Items stay together as one block."""
        if self._fresh_list or not self._blocks:
            self._blocks.append(line)
        else:
            self._blocks[-1] += "\n" + line
        self._fresh_list = False


def _inline(token: Token) -> str:
    parts: list[str] = []
    for child in token.children or []:
        if child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
        elif child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type == "image":
            parts.append(child.content)  # its description
    return " ".join("".join(parts).split())
