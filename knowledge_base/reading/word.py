"""Reads a Word document (DOCX): its headings, paragraphs, lists and tables."""

import zipfile
from pathlib import Path
from typing import Any, Final

import mammoth
from bs4 import BeautifulSoup

from knowledge_base.reading.document import ParsedDocument, UnreadableDocument
from knowledge_base.reading.markdown import read_markdown
from knowledge_base.reading.web import to_markdown

UNPACKED_BYTES_MAX: Final = 200 * 1024 * 1024
TEXT_BYTES_MAX: Final = 20 * 1024 * 1024  # of the part that holds the words: a book has two
WORDS_IN: Final = "word/document.xml"


def read_docx(path: Path) -> ParsedDocument:
    """The document's passages. Raises UnreadableDocument."""
    _check(path)
    try:
        with path.open("rb") as file:
            converted: Any = mammoth.convert_to_html(file, convert_image=_no_picture)  # pyright: ignore[reportUnknownMemberType] - untyped
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise UnreadableDocument(f"is not a Word document that can be read ({error})") from error
    parsed = read_markdown(to_markdown(BeautifulSoup(str(converted.value), "html.parser")))
    if not parsed.passages:
        raise UnreadableDocument("has no text in it")
    return parsed


def _check(path: Path) -> None:
    """Nothing is unpacked before it is known how much that would be: a few kilobytes can become gigabytes."""
    try:
        with zipfile.ZipFile(path) as packed:
            sizes = {part.filename: part.file_size for part in packed.infolist()}
    except zipfile.BadZipFile:
        raise UnreadableDocument("is not a Word document, or it is protected by a password") from None
    if sum(sizes.values()) > UNPACKED_BYTES_MAX or sizes.get(WORDS_IN, 0) > TEXT_BYTES_MAX:
        raise UnreadableDocument(
            f"would unpack to {sum(sizes.values()) // 1024 // 1024} MB; no document is that long"
        )


def _no_picture(_picture: Any) -> list[Any]:
    return []
