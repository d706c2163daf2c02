"""Finds documents that say different figures of the same thing: 30 days here, 14 days there.

Two sentences of different documents are of the same thing when they are near in meaning with their figures left out,
each under its heading. What counts as a figure has a unit (days, euros, °C …); of the same thing, no figure of a unit is
shared; and of all in the other's document each is the other's nearest. Sections that are told apart by their headings ("Standard delivery", "Express delivery") are of two things.
Precise rather than complete: who is warned of nothing three times does not read the fourth.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from knowledge_base.embedding import Embedder, Vectors
from knowledge_base.model import Document, Passage
from knowledge_base.wording import content_words, fold, primary_language, sentences, singular, words_of

SAME_LEAST: Final = 0.72  # the cosine of two sentences without their figures, to be of the same thing
STATEMENTS_MAX: Final = 3000  # of a language; of more, the first
SIGNS: Final = {"€": "eur", "$": "usd", "£": "gbp", "%": "%", "°c": "°c", "°": "°c"}
NUMBER: Final = r"\d+(?:[.,]\d+)?"
FIGURE: Final = re.compile(
    rf"(?P<sign>[€$£])?\s?(?P<low>{NUMBER})(?:\s?[–-]\s?(?P<high>{NUMBER}))?\s?(?P<unit>%|°\s?c?|[^\W\d_]+(?:\s[^\W\d_]+)?)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is said."""

    document: str  # its source: folder and file, or address
    heading: str
    says: str  # the sentence

    def __str__(self) -> str:
        return f"{self.document} › {self.heading}: “{self.says}”"


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two places that say different figures of the same thing."""

    first: Place
    second: Place
    likeness: float  # of the two sentences without their figures, 0 to 1

    def __str__(self) -> str:
        return f"{self.first} but {self.second}"


@dataclass(frozen=True, slots=True)
class _Statement:
    place: Place
    masked: str
    figures: dict[str, frozenset[float]]  # by unit

    def counts_with(self, other: "_Statement") -> bool:
        """Both count something in the same unit."""
        return bool(self.figures.keys() & other.figures.keys())

    def differs(self, other: "_Statement") -> bool:
        """Both count the same, and none of the figures is the same."""
        common = self.figures.keys() & other.figures.keys()
        return any(self.figures[unit].isdisjoint(other.figures[unit]) for unit in common)


def contradictions(session: Session, embedder: Embedder) -> list[Contradiction]:
    """All there are between documents of one language, the surest first."""
    languages = session.scalars(select(Document.language).distinct().order_by(Document.language))
    found = [each for language in languages for each in _of_language(session, embedder, language)]
    return sorted(found, key=lambda each: -each.likeness)


def _of_language(session: Session, embedder: Embedder, language: str) -> Iterator[Contradiction]:
    rows: Any = (
        select(Passage.headings, Passage.text, Document.source)
        .join(Passage.document)
        .where(Document.language == language)
        .order_by(Document.source, Passage.position)
    )
    said = [each for row in session.execute(rows) for each in _statements(row, language)][:STATEMENTS_MAX]
    vectors = embedder.embed([each.masked for each in said])
    nearest = _nearest(said, vectors)
    for (place, _), (likeness, other) in nearest.items():
        first, second = said[place], said[other]
        mutual = nearest.get((other, first.place.document)) == (likeness, place)
        if not mutual or place > other or _told_apart(first.place.heading, second.place.heading, language):
            continue
        if first.differs(second):
            yield Contradiction(first.place, second.place, round(likeness, 3))


def _nearest(said: Sequence[_Statement], vectors: Vectors) -> dict[tuple[int, str], tuple[float, int]]:
    """The nearest statement that counts the same, of each statement in each other document: its likeness and place."""
    found: dict[tuple[int, str], tuple[float, int]] = {}
    for place, first in enumerate(said):
        likeness = vectors @ vectors[place]
        for other in np.flatnonzero(likeness >= SAME_LEAST).tolist():
            second = said[other]
            if second.place.document != first.place.document and first.counts_with(second):
                key, near = (place, second.place.document), (round(float(likeness[other]), 4), other)
                found[key] = max(found.get(key, near), near)
    return found


def _statements(row: Row[Any], language: str) -> Iterator[_Statement]:
    heading = row.headings[-1] if row.headings else ""
    for sentence in sentences(row.text):
        figures = _figures(sentence, language)
        if figures:
            masked = re.sub(NUMBER, "…", sentence)
            yield _Statement(Place(row.source, heading, sentence), f"{heading}: {masked}", figures)


def _figures(sentence: str, language: str) -> dict[str, frozenset[float]]:
    found: dict[str, set[float]] = {}
    for match in FIGURE.finditer(sentence):
        unit = _unit(match["sign"] or match["unit"] or "", language)
        if unit:
            name, times = unit
            values = [match["low"], *([match["high"]] if match["high"] else [])]
            whole = sum(float(value.replace(",", ".")) for value in values) * times
            found.setdefault(name, set()).add(round(whole, 1))
    return {unit: frozenset(values) for unit, values in found.items()}


def _unit(text: str, language: str) -> tuple[str, float] | None:
    """What is counted, and how much of it one is: a week is seven days, a working day is another thing."""
    words = fold(text).split()
    if "".join(words) in SIGNS:
        return SIGNS["".join(words)], 1.0
    known = _measures(primary_language(language))
    if len(words) > 1 and words[0] not in known and words[1] in known:  # "working days"
        name, times = known[words[1]]
        return f"{words[0]} {name}", times
    return known.get(words[0]) if words else None


@cache
def _measures(language: str) -> dict[str, tuple[str, float]]:
    """Each form of a unit: its name, and how much of it one is."""
    return {
        fold(form): (name, times)
        for name, forms in words_of(language).measures.items()
        for form, times in forms.items()
    }


def _told_apart(first: str, second: str, language: str) -> bool:
    """Headings with a word in common and one that only the one or the other has: of two kinds of a thing."""
    one, other = ({singular(word) for word in content_words(each, language)} for each in (first, second))
    return bool(one & other) and bool(one - other) and bool(other - one)
