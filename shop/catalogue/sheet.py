"""Delimited text files as people export them: whatever the encoding, the separator and the order of columns.

A file that cannot be taken in as a whole raises UnreadableFile. A row that cannot is handed on with its
`problem`, so that its line can be named and the rest still read. Lines are the file's own: a cell with line
breaks spans several.
"""

import codecs
import csv
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from charset_normalizer import from_bytes
from rapidfuzz import fuzz, process

SAMPLE_BYTES: Final = 256 * 1024
ROW_CHARACTERS_MAX: Final = 1_000_000  # a row longer than this is refused
FILE_ROW_CHARACTERS_MAX: Final = 64_000_000  # and here reading stops, before memory does
FIELD_LIMIT: Final = 2**31 - 1  # the csv module's own limit: ours comes first
DELIMITERS: Final = ",;\t|"
BOMS: Final = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
# What a byte-a-character file may be when it is not the usual Windows-1252.
LEGACY_ENCODINGS: Final = ["cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "mac_roman", "cp850"]
KNOWN_BINARIES: Final = {
    b"PK\x03\x04": "an Excel workbook or a ZIP archive; save it as CSV first",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save it as CSV first",
    b"%PDF": "a PDF, not a table; export the products as CSV",
    b"\x89PNG": "a picture, not a table",
    b"\xff\xd8\xff": "a picture, not a table",
    b"GIF8": "a picture, not a table",
    b"\x1f\x8b": "a compressed file; unpack it first",
}


class UnreadableFile(ValueError):  # noqa: N818 - reads as what happened
    """The file as a whole cannot be taken in; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `cells` by the column's key, `others` by the header of a column nobody asked for."""

    line: int
    cells: Mapping[str, str] = field(default_factory=dict[str, str])
    others: Mapping[str, str] = field(default_factory=dict[str, str])
    problem: str | None = None

    def __getitem__(self, key: str) -> str:
        """The trimmed cell; empty when the file has no such column."""
        return self.cells.get(key, "")


@dataclass(frozen=True, slots=True)
class Columns:
    """What a kind of file consists of: keys with the headers they go by, and which of them it cannot do without."""

    what: str  # "A product file"
    names: Mapping[str, Sequence[str]]  # key → accepted headers, the usual one first
    needed: Sequence[str]

    def key_of(self, header: str) -> str | None:
        wanted = _squeezed(header)
        return next((key for key, names in self.names.items() if wanted in map(_squeezed, names)), None)


@dataclass(frozen=True, slots=True)
class Sheet:
    """An opened file whose header is understood."""

    path: Path
    encoding: str
    delimiter: str
    header_line: int  # the first line after the header, from which rows are read
    headers: tuple[str, ...]
    keys: tuple[str | None, ...]  # for each header, its key or None
    lines_total: int

    def has(self, key: str) -> bool:
        return key in self.keys

    def rows(self) -> Iterator[Row]:
        """Every row that is not blank, good or bad, in order. Raises UnreadableFile where reading must stop."""
        with _opened(self.path, self.encoding) as file:
            lines = _Lines(file)
            for _ in range(self.header_line - 1):
                next(lines)
            reader = csv.reader(lines, delimiter=self.delimiter)
            while True:
                first = lines.count + 1
                lines.start_row()
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield Row(first, problem=f"the row cannot be read: {error}")
                    continue
                row = self._row(cells, first, lines)
                if row is not None:
                    yield row

    def _row(self, cells: list[str], first: int, lines: "_Lines") -> Row | None:
        texts = [cell.strip().strip("\ufeff\xa0") for cell in cells]
        if not any(texts):
            return None
        problem = self._problem(texts, first, lines)
        if problem:
            return Row(first, self._keyed(texts), problem=problem)
        others = {
            header: text
            for header, key, text in zip(self.headers, self.keys, texts, strict=False)
            if key is None
        }
        return Row(first, self._keyed(texts), others)

    def _keyed(self, texts: list[str]) -> dict[str, str]:
        return {key: text for key, text in zip(self.keys, texts, strict=False) if key is not None}

    def _problem(self, texts: list[str], first: int, lines: "_Lines") -> str | None:
        if lines.characters > ROW_CHARACTERS_MAX:
            longest = max(range(len(texts)), key=lambda i: len(texts[i]))
            name = self.headers[longest] if longest < len(self.headers) else f"column {longest + 1}"
            return f"{name} has {len(texts[longest]):,} characters; a row may have {ROW_CHARACTERS_MAX:,}"
        if lines.quotes % 2:
            return f'a quotation mark (") is opened here and never closed: lines {first}–{lines.count} were read as one row'
        spans = f" (lines {first}–{lines.count} were read as one row: is a quotation mark missing?)"
        over = [text for text in texts[len(self.headers) :] if text]
        if over or (len(texts) < len(self.headers) and lines.count > first):
            return f"the row has {len(texts)} cells, the header {len(self.headers)}" + (
                spans if lines.count > first else ""
            )
        if "\ufffd" in "".join(texts):
            return f"a character cannot be read as {self.encoding}; save the file as UTF-8"
        return None


class _Lines:
    """The file's lines, counted; quotation marks and characters since the row began."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self.count = 0
        self.start_row()

    def start_row(self) -> None:
        self.quotes = 0
        self.characters = 0
        self._first = self.count + 1

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._file.readline(FILE_ROW_CHARACTERS_MAX)
        if not line:
            raise StopIteration
        self.count += 1
        self.quotes += line.count('"')
        self.characters += len(line)
        if self.characters >= FILE_ROW_CHARACTERS_MAX:
            raise UnreadableFile(
                f"line {self._first}: a row of more than {FILE_ROW_CHARACTERS_MAX:,} characters; is a quotation mark left open there?"
            )
        return line.replace("\0", "")


def open_sheet(path: Path, columns: Columns) -> Sheet:
    """Find out the encoding, the separator and what each column is. Raises UnreadableFile."""
    csv.field_size_limit(FIELD_LIMIT)
    if path.is_dir():
        raise UnreadableFile(f"{path} is a folder; name the file")
    try:
        encoding = _encoding(path)
        line, sample = _header_text(path, encoding)
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror or error}") from error
    delimiter, headers, used = _header(sample, columns)
    sheet = Sheet(
        path=path,
        encoding=encoding,
        delimiter=delimiter,
        header_line=line + used,
        headers=tuple(headers),
        keys=tuple(columns.key_of(header) for header in headers),
        lines_total=_lines_total(path),
    )
    _check(sheet, columns, line)
    return sheet


def _check(sheet: Sheet, columns: Columns, line: int) -> None:
    place = f"{sheet.path.name}, line {line}"
    for key in columns.names:
        if sheet.keys.count(key) > 1:
            twice = [
                header for header, is_key in zip(sheet.headers, sheet.keys, strict=True) if is_key == key
            ]
            raise UnreadableFile(f"{place}: {' and '.join(map(repr, twice))} mean the same column; keep one")
    missing = [columns.names[key][0] for key in columns.needed if key not in sheet.keys]
    if not missing:
        return
    unknown = [
        header for header, key in zip(sheet.headers, sheet.keys, strict=True) if key is None and header
    ]
    parts = [_missing(name, unknown) for name in missing]
    needed = ", ".join(columns.names[key][0] for key in columns.needed)
    raise UnreadableFile(
        f"{place}: {'; '.join(parts)}. {columns.what} needs the columns {needed} in its first line"
    )


def _missing(name: str, headers: list[str]) -> str:
    nearest = process.extractOne(name, headers, scorer=fuzz.ratio, processor=_squeezed, score_cutoff=60)
    hint = f" (nearest: {nearest[0]!r})" if nearest else ""
    return f"no column {name!r}{hint}"


def _squeezed(header: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", header).strip("\ufeff").casefold().split())


def _opened(path: Path, encoding: str) -> IO[str]:
    return path.open(encoding=encoding, errors="replace", newline="")


def _header_text(path: Path, encoding: str) -> tuple[int, str]:
    """The first line that says something, with a little after it in case a header has line breaks."""
    with _opened(path, encoding) as file:
        sample = file.read(SAMPLE_BYTES)
    line = 1
    while sample:
        first, _, rest = sample.partition("\n")
        if first.strip().strip("\ufeff") and not first.lower().startswith("sep="):
            return line, sample
        sample, line = rest, line + 1
    raise UnreadableFile(f"{path.name} is empty")


def _header(sample: str, columns: Columns) -> tuple[str, list[str], int]:
    """The separator under which most headers are known, the headers, and how many lines they take."""
    best: tuple[tuple[int, int], str, list[str], int] | None = None
    for delimiter in DELIMITERS:
        reader = csv.reader(sample.splitlines(keepends=True), delimiter=delimiter)
        headers = [header.strip().strip("\ufeff\xa0") for header in next(reader)]
        while headers and not headers[-1]:
            headers.pop()
        known = sum(columns.key_of(header) is not None for header in headers)
        found = ((known, len(headers)), delimiter, headers, reader.line_num)
        if best is None or found[0] > best[0]:
            best = found
    assert best is not None
    return best[1], best[2], best[3]


def _lines_total(path: Path) -> int:
    """How many lines there are, to show progress by; within one of the truth is enough."""
    with path.open("rb") as file:
        return 1 + sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(SAMPLE_BYTES), b""))


def _encoding(path: Path) -> str:
    """UTF-8 when all of it is; by its mark when it has one; else the most plausible older one."""
    with path.open("rb") as file:
        head = file.read(SAMPLE_BYTES)
        for bom, name in BOMS.items():
            if head.startswith(bom):
                return name
        _refuse_binary(path, head)
        zeros = _zeros(head)
        if zeros:
            return zeros
        decoder = codecs.getincrementaldecoder("utf-8")()
        chunk = head
        try:
            while chunk:
                decoder.decode(chunk)
                if b"\0" in chunk:
                    raise UnreadableFile(f"{path.name} is not a text file; save it as CSV in UTF-8")
                chunk = file.read(SAMPLE_BYTES)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return _legacy(head if b"\0" not in chunk else chunk)
    return "utf-8"


def _refuse_binary(path: Path, head: bytes) -> None:
    for mark, what in KNOWN_BINARIES.items():
        if head.startswith(mark):
            raise UnreadableFile(f"{path.name} is {what}")
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1a" for byte in head)
    if controls > len(head) // 100 and not _zeros(head):
        raise UnreadableFile(f"{path.name} is not a text file; save it as CSV in UTF-8")


def _zeros(head: bytes) -> str | None:
    """UTF-16 without its mark: nearly every other byte of western text is zero."""
    if len(head) < 4:
        return None
    for name, half in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
        if half.count(0) > 0.7 * len(half) and head.count(0) < 1.1 * half.count(0):
            return name
    return None


def _legacy(head: bytes) -> str:
    guess = from_bytes(head, cp_isolation=LEGACY_ENCODINGS).best()
    return guess.encoding if guess else "cp1252"
