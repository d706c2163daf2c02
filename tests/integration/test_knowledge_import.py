"""Documents come in, change and go, on both databases."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from knowledge_base.importing import KnowledgeReport, import_knowledge
from knowledge_base.model import Document, Passage, PassageVector
from storage.engine import Database

AT = datetime(2026, 11, 21, tzinfo=UTC)
RETURNS = "---\ntitle: Returns\nlanguage: en\nowner: Joris\nupdated: 2026-10-01\n---\n# Returns\n\nThirty days.\n\n## Broken\nSend a photo.\n"
QUESTIONS = (
    "question,answer\nDo you wrap gifts?,Yes.\nCan it be a present?,Yes.\nAre you open on Sunday?,No.\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "knowledge"
    (folder / "more").mkdir(parents=True)
    (folder / "returns.md").write_text(RETURNS)
    (folder / "more" / "faq.csv").write_text(QUESTIONS)
    return folder


@pytest.fixture
def bring(database: Database) -> Callable[..., KnowledgeReport]:
    return lambda *paths, **options: import_knowledge(database, paths, **({"at": AT} | options))


def documents(database: Database) -> dict[str, list[str]]:
    """The passages' texts by document."""

    def work(session):
        rows = session.execute(
            select(Document.source, Passage.text)
            .join(Passage.document)
            .order_by(Document.source, Passage.position)
        )
        found: dict[str, list[str]] = {}
        for source, passage in rows:
            found.setdefault(source, []).append(passage)
        return found

    return database.read(work)


def counts(report: KnowledgeReport) -> tuple[int, int, int, int]:
    return report.added, report.changed, report.unchanged, report.removed


def test_a_folder_of_documents_comes_in(bring, folder: Path, database: Database) -> None:
    report = bring(folder)
    assert counts(report) == (2, 0, 0, 0)
    assert report.problems == ()
    assert documents(database) == {
        "knowledge/more/faq.csv": ["Yes.", "No."],
        "knowledge/returns.md": ["Thirty days.", "Send a photo."],
    }
    document = database.read(
        lambda s: [
            (d.title, d.language, d.owner, d.updated_at)
            for d in s.scalars(select(Document).order_by(Document.source))
        ]
    )
    assert document == [("faq", "en", "", AT), ("Returns", "en", "Joris", datetime(2026, 10, 1, tzinfo=UTC))]


def test_questions_with_one_answer_are_phrasings_of_it(bring, folder: Path, database: Database) -> None:
    bring(folder / "more" / "faq.csv")
    phrasings = database.read(lambda s: list(s.scalars(select(Passage.phrasings).order_by(Passage.position))))
    assert phrasings == [["Do you wrap gifts?", "Can it be a present?"], ["Are you open on Sunday?"]]


def test_the_same_again_changes_nothing(bring, folder: Path, database: Database) -> None:
    bring(folder)
    before = database.read(lambda s: list(s.scalars(select(Passage.id).order_by(Passage.id))))
    assert counts(bring(folder)) == (0, 0, 2, 0)
    assert database.read(lambda s: list(s.scalars(select(Passage.id).order_by(Passage.id)))) == before


def test_a_changed_document_is_replaced(bring, folder: Path, database: Database) -> None:
    bring(folder)
    (folder / "returns.md").write_text(RETURNS.replace("Thirty", "Sixty"))
    assert counts(bring(folder)) == (0, 1, 1, 0)
    assert documents(database)["knowledge/returns.md"] == ["Sixty days.", "Send a photo."]


def test_a_document_whose_file_is_gone_is_removed_with_its_passages(
    bring, folder: Path, database: Database
) -> None:
    bring(folder)
    (folder / "returns.md").unlink()
    assert counts(bring(folder)) == (0, 0, 1, 1)
    assert list(documents(database)) == ["knowledge/more/faq.csv"]
    left = database.read(lambda s: s.scalar(select(func.count()).select_from(Passage)))
    assert left == 2


def test_one_file_alone_removes_nothing_and_is_the_same_document(bring, folder: Path) -> None:
    bring(folder)
    assert counts(bring(folder / "returns.md")) == (0, 0, 1, 0)


def test_another_folders_documents_are_left_alone(
    bring, folder: Path, tmp_path: Path, database: Database
) -> None:
    bring(folder)
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.md").write_text("# A\n\ntext")
    assert counts(bring(other)) == (1, 0, 0, 0)
    assert len(documents(database)) == 3


def test_what_cannot_be_read_is_one_line_each_and_the_rest_comes_in(bring, folder: Path) -> None:
    (folder / "terms.pdf").write_bytes(b"%PDF-1.7")
    (folder / "LICENSE").write_text("words")
    (folder / "binary.md").write_bytes(b"\0\1\2")
    (folder / "broken.md").write_text("---\ntitle: x\n")
    (folder / "empty.md").write_text("\n")
    (folder / "wrong.csv").write_text("ask,reply\na,b\n")
    (folder / "half.csv").write_text("question,answer\nWhy?,\nHow?,So.\n")
    (folder / ".hidden").write_text("not looked at")
    report = bring(folder)
    assert report.added == 3
    assert sorted(str(problem) for problem in report.problems) == [
        "knowledge/LICENSE: a file without an ending is not read; .csv, .docx, .htm, .html, .markdown, .md, .pdf, .tsv are",
        "knowledge/binary.md: is not a text file",
        "knowledge/broken.md:1: the front matter is opened with --- and never closed",
        "knowledge/empty.md: has no text",
        "knowledge/half.csv:2: the answer is empty",
        "knowledge/terms.pdf: is damaged, or no PDF (PdfStreamError: Stream has ended unexpectedly)",
        "knowledge/wrong.csv: wrong.csv, line 1: no column 'Question'; no column 'Answer'. A file of questions and answers needs the columns Question, Answer in its first line",
    ]


def test_a_document_that_became_unreadable_stays_as_it_was(bring, folder: Path, database: Database) -> None:
    bring(folder)
    (folder / "returns.md").write_text("---\nbroken")
    report = bring(folder)
    assert counts(report) == (0, 0, 1, 0)
    assert documents(database)["knowledge/returns.md"] == ["Thirty days.", "Send a photo."]


def test_a_path_that_is_not_there_is_named_and_removes_nothing(bring, folder: Path, tmp_path: Path) -> None:
    bring(folder)
    report = bring(tmp_path / "none", folder)
    assert "there is no such file or folder" in str(report.problems[0])
    assert counts(report) == (0, 0, 2, 0)


def test_a_language_is_taken_from_the_document_else_from_the_import(
    bring, folder: Path, database: Database
) -> None:
    (folder / "more" / "faq.csv").write_text("Pregunta;Respuesta\n¿Abren?;Sí\n")
    bring(folder, language="es")
    assert database.read(lambda s: set(s.scalars(select(Document.language)))) == {"en", "es"}


def test_vectors_go_with_their_passages(bring, folder: Path, database: Database) -> None:
    bring(folder)

    def add(session):
        ids = session.scalars(select(Passage.id)).all()
        session.add_all(PassageVector(passage_id=key, model="m", vector=b"\0" * 4) for key in ids)

    database.write_now(add)
    (folder / "more" / "faq.csv").unlink()
    bring(folder)
    assert database.read(lambda s: s.scalar(select(func.count()).select_from(PassageVector))) == 2
