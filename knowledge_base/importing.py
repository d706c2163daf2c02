"""Takes the merchant's documents in: files and folders of Markdown, HTML, PDF, DOCX, and CSV of questions and answers."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from charset_normalizer import from_bytes
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from knowledge_base.model import Document, Passage
from knowledge_base.reading.apart import ENDINGS, SeparateReader
from knowledge_base.reading.document import ParsedDocument, UnreadableDocument
from knowledge_base.reading.markdown import read_markdown
from knowledge_base.reading.questions import read_questions
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


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    source: str  # what the document is known by: the folder's name and the path in it


def import_knowledge(
    database: Database,
    paths: Sequence[Path],
    *,
    at: datetime,
    language: str = "en",
    tell: Callable[[float], None] = lambda _share: None,
) -> KnowledgeReport:
    """Take in files and folders; a file that cannot be read leaves what was known from it as it was.

    A document is known by its folder and file name: importing it again replaces it, or does nothing when it is the same. Of
    an imported folder, documents whose file is gone are removed. `language` is that of documents that do
    not say. Vectors are a second step: `indexing.refresh_passage_vectors`.
    """
    report = KnowledgeReport()
    found = [(path, *_files(path)) for path in paths]
    done, all_ = 0, sum(len(files) for _, files, _ in found)
    for path, files, problems in found:
        report = replace(report, problems=report.problems + tuple(problems))
        with SeparateReader() as reader:
            for file in files:
                report = _import_file(database, file, reader, report, at=at, language=language)
                done += 1
                tell(done / all_)
        if path.is_dir() and not any(problem.source == str(path) for problem in problems):
            keep = [file.source for file in _all_files(path)]
            removed = database.write_now(
                lambda session, path=path, keep=keep: remove_gone(session, path.resolve().name, keep)
            )
            report = replace(report, removed=report.removed + removed)
    return report


def _import_file(
    database: Database,
    file: _File,
    reader: SeparateReader,
    report: KnowledgeReport,
    *,
    at: datetime,
    language: str,
) -> KnowledgeReport:
    try:
        parsed, problems = _parse(file, reader)
    except UnreadableDocument as error:
        problem = KnowledgeProblem(file.source, str(error), error.line)
        return replace(report, problems=(*report.problems, problem))
    except OSError as error:
        problem = KnowledgeProblem(file.source, f"cannot be read: {error.strerror or error}")
        return replace(report, problems=(*report.problems, problem))
    landed = database.write_now(
        lambda session: land(session, file.source, parsed, at=at, language=language, name=file.path.stem)
    )
    return replace(
        report,
        added=report.added + (landed == "added"),
        changed=report.changed + (landed == "changed"),
        unchanged=report.unchanged + (landed == "unchanged"),
        problems=report.problems + tuple(problems),
    )


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


def _files(path: Path) -> tuple[list[_File], list[KnowledgeProblem]]:
    """What can be read of `path`, and a problem for each file that cannot."""
    if not path.exists():
        return [], [KnowledgeProblem(str(path), "there is no such file or folder")]
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
    return known, problems


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


def _parse(file: _File, reader: SeparateReader) -> tuple[ParsedDocument, list[KnowledgeProblem]]:
    ending, size = file.path.suffix.casefold(), file.path.stat().st_size
    most = TEXT_BYTES_MAX if ending in MARKDOWN | TABLES else FILE_BYTES_MAX
    if size > most:
        raise UnreadableDocument(f"is larger than {most // 1024 // 1024} MB")
    if ending in TABLES:
        parsed, faults = read_questions(file.path)
        return parsed, [KnowledgeProblem(file.source, reason, line) for line, reason in faults]
    if ending in ENDINGS:
        return reader.read(file.path), []
    parsed = read_markdown(_decoded(file.path.read_bytes()))
    if not parsed.passages:
        raise UnreadableDocument("has no text")
    return parsed, []


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
