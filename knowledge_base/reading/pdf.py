"""Reads a PDF: lines become paragraphs, larger type becomes headings."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pypdf import PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError, PyPdfError

from knowledge_base.reading.document import Outline, ParsedDocument, ParsedPassage, UnreadableDocument

PAGES_MAX: Final = 500
HEADING_LARGER: Final = 1.12  # than the type of most of the text
HEADING_LETTERS_MAX: Final = 120
LEVELS_MAX: Final = 4
GAP: Final = 1.6  # times the type's size between two lines ends a paragraph
BULLET: Final = re.compile(r"^[•◦▪‣·*\-–]\s+")
REPEATED_SHARE: Final = 0.6  # of the pages: a line on so many of them is a running head or foot
PAGE_NUMBER: Final = re.compile(r"^\W*(page|página|seite)?\W*\d+(\W+\d+)?\W*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    size: float  # of its largest type, in points
    y: float  # where it stands, in points from the bottom
    page: int


def read_pdf(path: Path) -> ParsedDocument:
    """The document's title and passages. Raises UnreadableDocument."""
    try:
        reader = PdfReader(path)
        _refuse(reader)
        lines = [line for number, page in enumerate(reader.pages) for line in _lines(page, number)]
        title = str(reader.metadata.title or "").strip() if reader.metadata else ""
    except UnreadableDocument:  # a ValueError itself, and plain enough
        raise
    except (FileNotDecryptedError, DependencyError):
        raise UnreadableDocument("is protected by a password") from None
    except (PyPdfError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise UnreadableDocument(f"is damaged, or no PDF ({type(error).__name__}: {error})") from error
    lines = _without_running_heads(lines)
    if not lines:
        raise UnreadableDocument("has no text in it, only pictures; a scan has to be read by a person first")
    return ParsedDocument(tuple(_passages(lines)), title=title or None)


def _refuse(reader: PdfReader) -> None:
    """What is not read at all. Raises UnreadableDocument."""
    if reader.is_encrypted and not reader.decrypt(""):
        raise UnreadableDocument("is protected by a password")
    if len(reader.pages) > PAGES_MAX:
        raise UnreadableDocument(f"has {len(reader.pages)} pages; {PAGES_MAX} are read at most")


def _lines(page: Any, number: int) -> Iterator[_Line]:
    """A page's lines from top to bottom, as its text pieces stand side by side."""
    pieces: list[tuple[float, float, float, str]] = []

    def visit(text: str, matrix: Any, place: Any, _font: Any, size: float) -> None:
        if text.strip():
            scale = abs(float(place[3]) or float(place[0]) or 1.0) * abs(float(matrix[3]) or 1.0)
            at = float(place[5]) * (float(matrix[3]) or 1.0) + float(matrix[5])
            pieces.append((round(at, 1), float(place[4]), abs(size) * scale, text))

    page.extract_text(visitor_text=visit)
    row: list[tuple[float, float, float, str]] = []
    for piece in pieces:
        if row and abs(piece[0] - row[-1][0]) > max(1.0, row[-1][2] * 0.4):
            yield from _row(row, number)
            row = []
        row.append(piece)
    yield from _row(row, number)


def _row(row: list[tuple[float, float, float, str]], page: int) -> Iterator[_Line]:
    text = "".join(piece[3] for piece in row)
    for part in text.splitlines():
        words = " ".join(part.split())
        if words:
            yield _Line(words, max(piece[2] for piece in row), row[0][0], page)


def _without_running_heads(lines: list[_Line]) -> list[_Line]:
    pages = {line.page for line in lines}
    seen = Counter(text for text, _ in {(_shape(line.text), line.page) for line in lines})
    repeated = {
        text for text, times in seen.items() if len(pages) > 2 and times >= REPEATED_SHARE * len(pages)
    }
    return [line for line in lines if _shape(line.text) not in repeated and not PAGE_NUMBER.match(line.text)]


def _shape(text: str) -> str:
    """A running foot differs by its page number alone."""
    return re.sub(r"\d+", "#", text.casefold())


def _passages(lines: list[_Line]) -> Iterator[ParsedPassage]:
    body = _body_size(lines)
    sizes = sorted({round(line.size, 1) for line in lines if _is_heading(line, body)}, reverse=True)
    level = {size: min(place, LEVELS_MAX) for place, size in enumerate(sizes, start=1)}
    outline, before = Outline(), None
    for line in lines:
        if _is_heading(line, body):
            yield from outline.passages()
            joined = before is not None and _is_heading(before, body) and before.size == line.size
            heading = f"{outline.headings[-1][1]} {line.text}" if joined and outline.headings else line.text
            outline.enter(level[round(line.size, 1)], heading)
        else:
            _write(outline, line, before if before and not _is_heading(before, body) else None)
        before = line
    yield from outline.passages()


def _write(outline: Outline, line: _Line, before: _Line | None) -> None:
    """Add a line to its paragraph, or begin one: after a gap, or with a bullet."""
    bullet = BULLET.match(line.text)
    text = f"• {line.text[bullet.end() :]}" if bullet else line.text
    gap = before is not None and before.page == line.page and abs(before.y - line.y) > GAP * line.size
    if before is None or gap or not outline.blocks:
        outline.blocks.append(text)
    elif bullet:
        outline.blocks[-1] += f"\n{text}"
    elif outline.blocks[-1].endswith("-") and text[:1].islower():  # a word cut at the line's end
        outline.blocks[-1] = outline.blocks[-1][:-1] + text
    else:
        outline.blocks[-1] += f" {text}"


def _body_size(lines: list[_Line]) -> float:
    letters: Counter[float] = Counter()
    for line in lines:
        letters[round(line.size, 1)] += len(line.text)
    return letters.most_common(1)[0][0]


def _is_heading(line: _Line, body: float) -> bool:
    return line.size >= body * HEADING_LARGER and len(line.text) <= HEADING_LETTERS_MAX
