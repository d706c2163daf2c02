"""Takes the merchant's documents in: files and folders of Markdown, HTML, PDF, DOCX, and CSV of questions and answers."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Protocol
from urllib.parse import urlsplit

from charset_normalizer import from_bytes
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from knowledge_base.model import Document, Passage
from knowledge_base.reading.apart import ENDINGS, SeparateReader
from knowledge_base.reading.document import ParsedDocument, UnreadableDocument
from knowledge_base.reading.markdown import read_markdown
from knowledge_base.reading.questions import read_questions
from knowledge_base.reading.site import Page, Site
from storage.engine import Database

FILE_BYTES_MAX: Final = 50 * 1024 * 1024
TEXT_BYTES_MAX: Final = 5 * 1024 * 1024  # of a file that is all text
MARKDOWN: Final = {".md", ".markdown"}
TABLES: Final = {".csv", ".tsv"}
READ: Final = MARKDOWN | TABLES | ENDINGS


@dataclass(frozen=True, slots=True)
class KnowledgeProblem:
    """What could not be taken in, and why; `line` where it is known."""

    source: str
    reason: str
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.source}:{self.line}: {self.reason}" if self.line else f"{self.source}: {self.reason}"


@dataclass(frozen=True, slots=True)
class KnowledgeReport:
    """What an import did to the documents, and everything that could not be read."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    removed: int = 0
    problems: tuple[KnowledgeProblem, ...] = ()


class _Item(Protocol):
    """One document to be: `source` is what it is known by, `name` its title where it has none."""

    @property
    def source(self) -> str: ...

    @property
    def name(self) -> str: ...

    def read(self, reader: SeparateReader) -> tuple[ParsedDocument, list[KnowledgeProblem]]:
        """Raises UnreadableDocument and OSError."""
        ...


@dataclass(frozen=True, slots=True)
class _Place:
    """What one file, folder or site holds. Of a `whole` one, documents that are not among `keep` are gone."""

    name: str
    items: Sequence[_Item] = ()
    problems: tuple[KnowledgeProblem, ...] = ()
    whole: bool = False
    keep: tuple[str, ...] = ()


def import_knowledge(
    database: Database,
    places: Sequence[Path | str],
    *,
    at: datetime,
    language: str = "en",
    tell: Callable[[float], None] = lambda _share: None,
) -> KnowledgeReport:
    """Take in files, folders, and sites by the address of their sitemap.

    What cannot be read leaves what was known from it as it was. A document is known by its folder and file name, or its
    address: importing it again replaces it, or does nothing when it is the same. Of a folder or a site, documents that
    are gone are removed. `language` is that of documents that do not say. Vectors are a second step:
    `passages.refresh_passage_vectors`.
    """
    report, done = KnowledgeReport(), 0
    with ExitStack() as open_sites, SeparateReader() as reader:
        found = [_site(place, open_sites) if isinstance(place, str) else _local(place) for place in places]
        all_ = sum(len(place.items) for place in found)
        for place in found:
            report = replace(report, problems=report.problems + place.problems)
            for item in place.items:
                report = _import(database, item, reader, report, at=at, language=language)
                done += 1
                tell(done / all_)
            if place.whole:
                report = replace(report, removed=report.removed + _remove_gone(database, place))
    return report


def _import(
    database: Database,
    item: _Item,
    reader: SeparateReader,
    report: KnowledgeReport,
    *,
    at: datetime,
    language: str,
) -> KnowledgeReport:
    try:
        parsed, problems = item.read(reader)
    except UnreadableDocument as error:
        problem = KnowledgeProblem(item.source, str(error), error.line)
        return replace(report, problems=(*report.problems, problem))
    except OSError as error:
        problem = KnowledgeProblem(item.source, f"cannot be read: {error.strerror or error}")
        return replace(report, problems=(*report.problems, problem))
    landed = database.write_now(
        lambda session: land(session, item.source, parsed, at=at, language=language, name=item.name)
    )
    return replace(
        report,
        added=report.added + (landed == "added"),
        changed=report.changed + (landed == "changed"),
        unchanged=report.unchanged + (landed == "unchanged"),
        problems=report.problems + tuple(problems),
    )


def _remove_gone(database: Database, place: _Place) -> int:
    return database.write_now(lambda session: remove_gone(session, place.name, place.keep))


def land(
    session: Session, source: str, parsed: ParsedDocument, *, at: datetime, language: str, name: str
) -> str:
    """Add or replace one document: "added", "changed", or "unchanged" when it is the same as before."""
    content_hash = hashlib.sha256(repr((parsed, language, name)).encode()).hexdigest()
    document = session.scalar(select(Document).where(Document.source == source))
    if document is not None and document.content_hash == content_hash:
        return "unchanged"
    landed = "added" if document is None else "changed"
    if document is None:
        document = Document(source=source)
        session.add(document)
    document.title = parsed.title or name
    document.language = (parsed.language or language).casefold()
    document.owner = parsed.owner
    document.url = parsed.url
    document.content_hash = content_hash
    document.updated_at = parsed.updated or at
    document.review_at = parsed.review
    session.flush()
    session.execute(delete(Passage).where(Passage.document_id == document.id))
    session.add_all(
        Passage(
            document_id=document.id,
            position=position,
            headings=list(passage.headings),
            text=passage.text,
            phrasings=list(passage.phrasings),
        )
        for position, passage in enumerate(parsed.passages)
    )
    session.flush()
    return landed


def remove_gone(session: Session, folder: str, keep: Iterable[str]) -> int:
    """Remove the folder's documents that are not among `keep`; how many there were."""
    kept = set(keep)
    found = session.scalars(
        select(Document).where(Document.source.startswith(f"{folder}/", autoescape=True))
    ).all()
    gone = [document.id for document in found if document.source not in kept]
    session.execute(delete(Document).where(Document.id.in_(gone)))
    return len(gone)


# ---------------------------------------------------------------------- files and folders


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    source: str  # the folder's name and the path in it

    @property
    def name(self) -> str:
        return self.path.stem

    def read(self, reader: SeparateReader) -> tuple[ParsedDocument, list[KnowledgeProblem]]:
        ending, size = self.path.suffix.casefold(), self.path.stat().st_size
        most = TEXT_BYTES_MAX if ending in MARKDOWN | TABLES else FILE_BYTES_MAX
        if size > most:
            raise UnreadableDocument(f"is larger than {most // 1024 // 1024} MB")
        if ending in TABLES:
            parsed, faults = read_questions(self.path)
            return parsed, [KnowledgeProblem(self.source, reason, line) for line, reason in faults]
        if ending in ENDINGS:
            return reader.read(self.path), []
        parsed = read_markdown(_decoded(self.path.read_bytes()))
        if not parsed.passages:
            raise UnreadableDocument("has no text")
        return parsed, []


def _local(path: Path) -> _Place:
    """What can be read of a file or folder, and a problem for each file that cannot."""
    name = path.resolve().name
    if not path.exists():
        return _Place(name, problems=(KnowledgeProblem(str(path), "there is no such file or folder"),))
    found = _all_files(path) if path.is_dir() else [_file(path.resolve(), path.resolve().parent)]
    known = [file for file in found if file.path.suffix.casefold() in READ]
    problems = [
        KnowledgeProblem(
            file.source,
            f"{file.path.suffix or 'a file without an ending'} is not read; {', '.join(sorted(READ))} are",
        )
        for file in found
        if file not in known
    ]
    if not found:
        problems.append(KnowledgeProblem(str(path), "the folder is empty"))
    return _Place(
        name,
        known,
        tuple(problems),
        whole=path.is_dir() and bool(found),  # an empty one is rather a mistake than the end of all documents
        keep=tuple(file.source for file in found),
    )


def _all_files(folder: Path) -> list[_File]:
    """Every file below that is not hidden, in order."""
    root = folder.resolve()
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    return [
        _file(path, root)
        for path in paths
        if not any(part.startswith(".") for part in path.relative_to(root).parts)
    ]


def _file(path: Path, root: Path) -> _File:
    return _File(path, f"{root.name}/{path.relative_to(root).as_posix()}")


# ---------------------------------------------------------------------- sites


@dataclass(frozen=True, slots=True)
class _WebPage:
    site: Site
    page: Page

    @property
    def source(self) -> str:
        return self.page.url

    @property
    def name(self) -> str:
        return self.page.url.rstrip("/").rpartition("/")[2]

    def read(self, reader: SeparateReader) -> tuple[ParsedDocument, list[KnowledgeProblem]]:
        with TemporaryDirectory() as folder:
            file = Path(folder) / "page.html"
            file.write_bytes(self.site.fetch(self.page.url))
            parsed = reader.read(file)
        return replace(parsed, url=self.page.url, updated=self.page.updated or parsed.updated), []


def _site(sitemap: str, open_sites: ExitStack) -> _Place:
    site = open_sites.enter_context(Site(sitemap))
    name = f"{urlsplit(sitemap).scheme}://{site.host}"
    try:
        pages = [_WebPage(site, page) for page in site.pages()]
    except UnreadableDocument as error:
        return _Place(name, problems=(KnowledgeProblem(sitemap, str(error)),))
    return _Place(name, pages, whole=True, keep=tuple(page.source for page in pages))


def _decoded(content: bytes) -> str:
    if b"\0" in content and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableDocument("is not a text file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        guess = from_bytes(content).best()
    if guess is None:
        raise UnreadableDocument("has an unknown encoding; save it as UTF-8")
    return str(guess)
