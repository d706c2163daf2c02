"""The passages as questions are compared with them, kept in memory until any of them changes.

Whether something changed is one small query: the number that triggers raise, and how many
vectors there are up to which id.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np
from sqlalchemy import Row, column, func, select, table
from sqlalchemy.orm import Session

from knowledge_base.embedding import Vectors
from knowledge_base.model import Document, Passage, PassageVector
from knowledge_base.overlap import words_of_passage

SHELVES_MAX: Final = 8  # of a database: languages, and models that are exchanged
_VERSION: Final = table("search_version", column("number"))


@dataclass(frozen=True, slots=True)
class Shelf:
    """The passages that questions of a language are answered from; vectors by what they are stored under, and by passage."""

    rows: Sequence[Row[Any]]
    words: Sequence[frozenset[str]]
    vectors: Mapping[str, Mapping[int, Vectors]]


class Library:
    """Shelves of any databases. May be shared by threads; what it hands out is never changed."""

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[Any, OrderedDict[Any, Shelf]] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def shelf(self, session: Session, language: str, models: Mapping[str, int]) -> Shelf:
        """As the session sees them. `models` are the vectors wanted: what they are stored under, and their dimensions."""
        key = (_version(session), language, tuple(models))
        with self._lock:
            shelves = self._kept.setdefault(session.get_bind(), OrderedDict())
            if key in shelves:
                shelves.move_to_end(key)
                return shelves[key]
        found = _read(session, language, models)
        with self._lock:
            shelves[key] = found
            while len(shelves) > SHELVES_MAX:
                shelves.popitem(last=False)
        return found


def _version(session: Session) -> tuple[Any, ...]:
    vectors = select(func.count(), func.max(PassageVector.id)).select_from(PassageVector)
    return (session.scalar(select(_VERSION.c.number)), *session.execute(vectors).one())


def _read(session: Session, language: str, models: Mapping[str, int]) -> Shelf:
    rows = _rows(session, language)
    words = [words_of_passage(" ".join((row.title, *row.headings, row.text, *row.phrasings))) for row in rows]
    found = select(PassageVector.passage_id, PassageVector.model, PassageVector.vector)
    vectors: dict[str, dict[int, Vectors]] = {}
    for key, model, content in session.execute(found.where(PassageVector.model.in_(models))):
        matrix = np.frombuffer(content, dtype="<f4").reshape(-1, models[model])
        vectors.setdefault(model, {})[key] = matrix
    return Shelf(rows, words, vectors)


def _rows(session: Session, language: str) -> Sequence[Row[Any]]:
    """Those of the language, else of any: an answer in another one is better than none."""
    found: Any = select(
        Passage.id,
        Passage.headings,
        Passage.text,
        Passage.phrasings,
        Document.title,
        Document.language,
        Document.url,
        Document.owner,
        Document.updated_at,
    ).join(Passage.document)
    own = found.where(Document.language.startswith(language, autoescape=True))
    return session.execute(own).all() or session.execute(found).all()
