"""How well questions get the passage that answers them, or are refused, beside full text alone in the same run.

The documents go into a scratch database. The first file of questions may have helped to choose settings, and BM25's
best threshold is chosen on it; the others are only asked.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
from sqlalchemy.orm import Session

from app.benchmarks.passage_words import PassageWords
from app.benchmarks.questions import Question, QuestionSet, asked_in, read_questions
from app.benchmarks.scratch import taken_in
from knowledge_base.answers import Policy, answer, ranked_passages
from knowledge_base.means import Means
from knowledge_base.wording import content_words

FIRST: Final = 3  # recall is measured at

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """What one question got."""

    wanted: frozenset[int]  # the passages that answer it; none: it must be refused
    given: int | None  # the passage that it was answered with
    first: tuple[int, ...]  # the passages that were ranked first, answered or not
    milliseconds: float
    score: float = 0.0

    @property
    def right(self) -> bool:
        return self.given in self.wanted if self.wanted else self.given is None


@dataclass(frozen=True, slots=True)
class AnswerFigures:
    """What a way of answering got on a file of questions. Shares, 0 to 1."""

    questions: str
    method: str
    answerable: int
    unanswerable: int
    top_1: float  # of the answerable: answered from the right passage; refused is wrong
    ranked_first: float  # of the answerable: the right passage is the best one, answered or not
    recall_at_3: float
    answered_wrongly: float  # of the answerable
    refused: float  # of the unanswerable
    p50_ms: float
    p99_ms: float


def measure(
    files: Sequence[Path],
    documents: Path,
    *,
    means: Means,
    languages: Sequence[str],
    at: datetime,
    tell: Progress,
) -> list[AnswerFigures]:
    """Every file of questions, asked of Parley and of full text alone; the documents are in the first of `languages`.

    Raises MissingData.
    """
    tell(f"Knowledge: importing {documents}")
    with taken_in(documents, means, language=languages[0], at=at) as database:
        return database.read(lambda session: list(_measure(session, files, means, languages, tell)))


def _measure(
    session: Session, files: Sequence[Path], means: Means, languages: Sequence[str], tell: Progress
) -> Iterator[AnswerFigures]:
    sets = [(read_questions(session, file), asked_in(file, languages)) for file in files]
    least: float | None = None
    with closing(PassageWords(session)) as index:
        for known, language in sets:
            tell(f"Knowledge: {known.name}")
            asked = [_ask(session, each, means, language, languages[0]) for each in known.questions]
            yield _figures(known, "Parley", asked)
            words = [_ask_words(index, question, language) for question in known.questions]
            least = _best_threshold(words) if least is None else least
            yield _figures(known, "BM25 alone", [_from(least, each) for each in words])


def _ask(session: Session, question: Question, means: Means, language: str, main: str) -> Asked:
    began = time.perf_counter()
    found = answer(session, question.text, language=language, means=means, main=main)
    milliseconds = 1000 * (time.perf_counter() - began)
    ranked = ranked_passages(session, question.text, language=language, means=means, main=main)
    given = found.passage_id if isinstance(found, Policy) else None
    return Asked(question.passages, given, tuple(ranked[:FIRST]), milliseconds)


def _ask_words(index: PassageWords, question: Question, language: str) -> Asked:
    began = time.perf_counter()
    scores = _bm25(index, question.text, language)
    ranked = sorted(scores, key=lambda key: (-scores[key], key))
    milliseconds = 1000 * (time.perf_counter() - began)
    best = ranked[0] if ranked else None
    score = scores[best] if best is not None else 0.0
    return Asked(question.passages, best, tuple(ranked[:FIRST]), milliseconds, score)


def _bm25(index: PassageWords, text: str, language: str) -> dict[int, float]:
    """The sum over the question's words of idf × how strongly a passage holds the word."""
    scores: dict[int, float] = {}
    for word in content_words(text, language):
        for key, score in index.scores(word).items():
            scores[key] = scores.get(key, 0.0) + score
    return scores


def _best_threshold(asked: Sequence[Asked]) -> float:
    """The score from which answering serves best: the mean of right answers and of right refusals is highest."""
    candidates = [0.0, *sorted({each.score for each in asked})]
    return max(candidates, key=lambda least: _worth([_from(least, each) for each in asked]))


def _worth(asked: Sequence[Asked]) -> float:
    answerable = [each.right for each in asked if each.wanted]
    others = [each.right for each in asked if not each.wanted]
    return float(np.mean(answerable) + np.mean(others))


def _from(least: float, asked: Asked) -> Asked:
    """The same, refused below a score."""
    return asked if asked.score > least else replace(asked, given=None)


def _figures(known: QuestionSet, method: str, asked: Sequence[Asked]) -> AnswerFigures:
    answerable = [each for each in asked if each.wanted]
    others = [each for each in asked if not each.wanted]
    times = [each.milliseconds for each in asked]
    return AnswerFigures(
        questions=known.name,
        method=method,
        answerable=len(answerable),
        unanswerable=len(others),
        top_1=_share([each.right for each in answerable]),
        ranked_first=_share([bool(each.wanted & {*each.first[:1]}) for each in answerable]),
        recall_at_3=_share([bool(each.wanted & {*each.first}) for each in answerable]),
        answered_wrongly=_share([each.given is not None and not each.right for each in answerable]),
        refused=_share([each.right for each in others]),
        p50_ms=float(np.percentile(times, 50)),
        p99_ms=float(np.percentile(times, 99)),
    )


def _share(held: Sequence[bool]) -> float:
    return sum(held) / len(held)
