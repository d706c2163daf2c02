"""Reads a table of questions and answers (CSV, TSV): a passage for each answer."""

from pathlib import Path
from typing import Final

from knowledge_base.reading.document import ParsedDocument, ParsedPassage, UnreadableDocument
from shop.catalogue.sheet import Columns, UnreadableFile, open_sheet

QUESTIONS: Final = Columns(
    what="A file of questions and answers",
    names={
        "question": ("Question", "Questions", "Pregunta", "Frage"),
        "answer": ("Answer", "Answers", "Respuesta", "Antwort"),
        "language": ("Language",),
        "topic": ("Topic", "Category", "Heading"),
    },
    needed=("question", "answer"),
)

RowProblem = tuple[int | None, str]
"""The line of a row that could not be taken, and why."""


def read_questions(path: Path) -> tuple[ParsedDocument, list[RowProblem]]:
    """Questions with the same answer are phrasings of one. Raises UnreadableDocument when none is left."""
    try:
        sheet = open_sheet(path, QUESTIONS)
    except UnreadableFile as error:
        raise UnreadableDocument(str(error)) from error
    problems: list[RowProblem] = []
    asked: dict[tuple[str, str], list[str]] = {}
    languages: set[str] = set()
    for row in sheet.rows():
        fault = row.problem or next(
            (f"the {key} is empty" for key in ("question", "answer") if not row[key]), None
        )
        if fault:
            problems.append((row.line, fault))
            continue
        asked.setdefault((row["topic"], row["answer"]), []).append(row["question"])
        languages.add(row["language"])
    if not asked:
        raise UnreadableDocument("has no question with an answer")
    if len(languages - {""}) > 1:
        raise UnreadableDocument(
            f"speaks {', '.join(sorted(languages - {''}))}; make a file for each language"
        )
    passages = tuple(
        ParsedPassage(tuple(filter(None, (topic, questions[0]))), answer, tuple(dict.fromkeys(questions)))
        for (topic, answer), questions in asked.items()
    )
    return ParsedDocument(passages, language=next(iter(languages - {""}), None)), problems
