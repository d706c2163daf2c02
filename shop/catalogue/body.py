"""Turns a product's HTML description into plain text with paragraphs and lists, and reads facts out of it."""

import re
from html import unescape
from html.parser import HTMLParser
from typing import Final

import nh3

PARAGRAPHS: Final = {
    "p",
    "div",
    "ul",
    "ol",
    "dl",
    "table",
    "blockquote",
    "section",
    "article",
    "center",
    "pre",
}
HEADINGS: Final = {"h1", "h2", "h3", "h4", "h5", "h6", "caption"}
ROWS: Final = {"tr"}
CELLS: Final = {"td", "th"}
ITEMS: Final = {"li", "dt", "dd"}
KEPT: Final = PARAGRAPHS | HEADINGS | ROWS | CELLS | ITEMS | {"br", "hr", "thead", "tbody"}
BULLET: Final = "• "
MARKUP: Final = re.compile(r"<[a-zA-Z/!]")
BULLET_MARK: Final = re.compile(r"^\s*[-*•·▪–]\s+")
# "Material: stoneware", but not "Note that: …" with half a sentence before the colon, nor a time or an address.
FACT: Final = re.compile(r"([^\W\d_][^:\n]{0,39}?)\s*:\s+(\S[^\n]{0,199})")
LABEL_WORDS_MAX: Final = 4


def plain_text(body: str) -> str:
    """Paragraphs apart by a blank line, list items each on a line behind a bullet; no markup is left."""
    if not MARKUP.search(body):
        return _from_plain(unescape(body))
    writer = _Writer()
    # nh3 repairs the markup and drops scripts and styles with what is in them; the writer sees only known tags.
    writer.feed(nh3.clean(body, tags=set(KEPT), attributes={}, link_rel=None))
    writer.close()
    return writer.text()


def facts(text: str) -> dict[str, str]:
    """The list items of the form "Label: value", first mention first."""
    found: dict[str, str] = {}
    for line in text.split("\n"):
        if not line.startswith(BULLET):
            continue
        match = FACT.fullmatch(line.removeprefix(BULLET).strip())
        if match and len(match[1].split()) <= LABEL_WORDS_MAX:
            found.setdefault(match[1].strip(), match[2].strip())
    return found


def _from_plain(body: str) -> str:
    lines = [_squeezed(BULLET_MARK.sub(BULLET, line)) for line in body.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _squeezed(text: str) -> str:
    return " ".join(text.replace("\u200b", "").replace("\ufeff", "").split())


class _Writer(HTMLParser):
    """Collects text into lines; an empty line stands for the end of a paragraph."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._words: list[str] = []
        self._cells: list[str] = []
        self._item = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag in ("br", "hr"):
            self._end_line()
        elif tag in ITEMS:
            self._end_line()
            self._item = True
        elif tag in PARAGRAPHS | HEADINGS:
            self._end_paragraph()

    def handle_endtag(self, tag: str) -> None:
        if tag in CELLS:
            self._cells.append(_squeezed("".join(self._words)))
            self._words = []
        elif tag in ROWS:
            self._end_row()
        elif tag in ITEMS:
            self._end_line()
            self._item = False
        elif tag in PARAGRAPHS | HEADINGS:
            self._end_paragraph()

    def handle_data(self, data: str) -> None:
        self._words.append(data)

    def _end_line(self) -> None:
        text = _squeezed("".join(self._words))
        self._words = []
        if text:
            self._lines.append((BULLET if self._item else "") + BULLET_MARK.sub("", text))
            self._item = False

    def _end_row(self) -> None:
        """A row of two is a label and its value; more are set side by side."""
        cells = [cell for cell in self._cells if cell]
        self._cells = []
        if cells:
            line = f"{cells[0].rstrip(':')}: {cells[1]}" if len(cells) == 2 else " · ".join(cells)
            self._lines.append(BULLET + line)

    def _end_paragraph(self) -> None:
        if self._item:  # a paragraph inside a list item is the item
            if _squeezed("".join(self._words)):
                self._end_line()
            return
        self._end_line()
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def text(self) -> str:
        self._end_line()
        return "\n".join(self._lines).strip()
