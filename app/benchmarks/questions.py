"""Files of questions with the passages that answer them: CSV with the columns question, document, heading.

`document` is the name of a file that was imported, `heading` the nearest one above the passage; both empty means that
nothing written down answers, so the question must be refused. Where several passages answer, their documents and
headings stand beside each other: `Coupons|Free delivery`. A name such as `tuning_es.csv` says which language is asked in.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.benchmarks.data_sets import MissingData
from knowledge_base.model import Document, Passage

COLUMNS: Final = ("question", "document", "heading")
OR: Final = "|"


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the ids of the passages that answer it; none: it must be refused."""

    text: str
    passages: frozenset[int]


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """One file of questions."""

    name: str
    questions: tuple[Question, ...]

    @property
    def answerable(self) -> list[Question]:
        return [question for question in self.questions if question.passages]

    @property
    def unanswerable(self) -> list[Question]:
        return [question for question in self.questions if not question.passages]


def asked_in(file: Path, languages: Sequence[str]) -> str:
    """The language of a file's questions: one of `languages` that its name ends with, else the first."""
    ending = file.stem.rpartition("_")[2]
    return ending if ending in languages else languages[0]


def read_questions(session: Session, file: Path) -> QuestionSet:
    """The file's questions against the documents that are there. Raises MissingData with file and line."""
    places = [(source, headings, key) for key, source, headings in session.execute(_PLACES)]
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            found = tuple(_questions(csv.DictReader(lines), file, places))
    except (OSError, UnicodeDecodeError) as error:
        raise MissingData(f"{file} cannot be read: {error}") from error
    known = QuestionSet(file.stem, found)
    if not known.answerable or not known.unanswerable:
        raise MissingData(f"{file} must hold questions that the documents answer and some that they do not")
    return known


_PLACES: Final = select(Passage.id, Document.source, Passage.headings).join(Passage.document)


def _questions(
    rows: "csv.DictReader[str]", file: Path, places: list[tuple[str, list[str], int]]
) -> Iterator[Question]:
    if missing := [name for name in COLUMNS if name not in (rows.fieldnames or ())]:
        raise MissingData(f"{file}:1: the columns are {', '.join(COLUMNS)}; missing: {', '.join(missing)}")
    for row in rows:
        document, heading = _parts(row["document"]), _parts(row["heading"])
        passages = frozenset(
            key
            for source, headings, key in places
            if source.rpartition("/")[2] in document and headings and headings[-1] in heading
        )
        if (document or heading) and not passages:
            raise MissingData(
                f"{file}:{rows.line_num}: there is no passage “{row['heading']}” in {row['document']}"
            )
        yield Question(row["question"], passages)


def _parts(names: str | None) -> set[str]:
    return {name.strip() for name in (names or "").split(OR) if name.strip()}
