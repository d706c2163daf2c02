"""Keeps what the documents' passages mean up to date: the texts of each that questions are compared with, as vectors.

Vectors are computed with no transaction open and written in small commits, so no customer waits for them.
They may lag behind the words; until they catch up, words alone are searched.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from knowledge_base.embedding import Embedder, Vectors, packed
from knowledge_base.means import Means
from knowledge_base.model import Document, Passage, PassageVector
from knowledge_base.topics import TopicReader, Topics
from knowledge_base.wording import primary_language, sentences
from storage.engine import Database

BATCH: Final = 16
LAYOUT: Final = 2  # raised when `passage_texts` changes: vectors of older texts are made anew

Embed = Callable[[Sequence[str]], Vectors]
Progress = Callable[[int, int], None]


def passage_texts(headings: Sequence[str], text: str, phrasings: Sequence[str]) -> list[str]:
    """What of a passage is compared: all of it, each sentence under its heading, the heading, each listed question."""
    nearest = headings[-1:]
    whole = f"{': '.join(headings[-2:])}. {text}" if headings else text
    return [whole, *(": ".join((*nearest, part)) for part in sentences(text)), *nearest, *phrasings]


@dataclass(frozen=True, slots=True)
class Nearness:
    """How near each text of a passage is to a question (cosines), in the order of `passage_texts`."""

    cosines: Vectors
    sentences: int  # how many of the texts are sentences

    @property
    def whole(self) -> float:
        return float(self.cosines[0])

    @property
    def by_sentence(self) -> Vectors:
        return self.cosines[1 : 1 + self.sentences]

    @property
    def sentence(self) -> float:
        """Of the nearest sentence."""
        return float(self.by_sentence.max(initial=-1.0)) if self.sentences else self.whole

    @property
    def nearest(self) -> float:
        """Of the nearest text of any kind."""
        return float(self.cosines.max())

    @property
    def nearest_two(self) -> float:
        """The mean of the nearest two texts of any kind: one alone may be near by chance."""
        return float(np.sort(self.cosines)[-2:].mean())


def stored_as(name: str) -> str:
    """What the vectors of that embedder or reader are stored under."""
    return f"{name}/{LAYOUT}"


def refresh_passage_vectors(
    database: Database, means: Means, *, progress: Progress = lambda _done, _all: None
) -> int:
    """Make the vectors that passages lack, of the embedders and of their language's topics; how many passages lacked some.

    None do where there is no embedder.
    """
    embedders = means.embedders
    if not embedders:
        return 0
    readers = _readers(database, means.topics)
    kept = [stored_as(each.name) for each in (*embedders, *readers.values())]
    missing = database.read(lambda session: list(_passages_without(session, embedders, readers)))
    for start in range(0, len(missing), BATCH):
        batch = missing[start : start + BATCH]
        rows = [
            row for passage in batch for row in _vectors(passage, embedders, readers.get(passage.language))
        ]
        database.write_now(lambda session, rows=rows: _keep(session, rows, kept))
        progress(start + len(batch), len(missing))
    return len(missing)


@dataclass(frozen=True, slots=True)
class _Stale:
    """A passage without all its vectors."""

    id: int
    language: str
    texts: list[str]


def _readers(database: Database, topics: Topics | None) -> dict[str, TopicReader]:
    """By the documents' languages."""
    if topics is None:
        return {}
    spoken = database.read(lambda session: list(session.scalars(select(Document.language).distinct())))
    found = ((language, topics.reader(primary_language(language))) for language in spoken)
    return {language: reader for language, reader in found if reader is not None}


def _passages_without(
    session: Session, embedders: Sequence[Embedder], readers: dict[str, TopicReader]
) -> Iterator[_Stale]:
    having: dict[int, set[str]] = {}
    for key, model in session.execute(select(PassageVector.passage_id, PassageVector.model)):
        having.setdefault(key, set()).add(model)
    found = select(Passage.id, Passage.headings, Passage.text, Passage.phrasings, Document.language)
    for row in session.execute(found.join(Passage.document).order_by(Passage.id)):
        reader = readers.get(row.language)
        wanted = {stored_as(each.name) for each in (*embedders, reader) if each is not None}
        if not wanted <= having.get(row.id, set()):
            yield _Stale(row.id, row.language, passage_texts(row.headings, row.text, row.phrasings))


def _vectors(
    passage: _Stale, embedders: Sequence[Embedder], reader: TopicReader | None
) -> Iterator[PassageVector]:
    for embedder in embedders:
        yield _row(passage, embedder.name, embedder.embed(passage.texts))
    if reader is not None:
        yield _row(passage, reader.name, reader.read(passage.texts).rows)


def _row(passage: _Stale, name: str, vectors: Vectors) -> PassageVector:
    return PassageVector(passage_id=passage.id, model=stored_as(name), vector=packed(vectors))


def _keep(session: Session, rows: Sequence[PassageVector], kept: Sequence[str]) -> None:
    """In place of what the passages had of these models, or of any that is not in use."""
    wanted = {row.passage_id for row in rows}
    there = set(session.scalars(select(Passage.id).where(Passage.id.in_(wanted))))
    of_them = PassageVector.passage_id.in_(there)
    written = {row.model for row in rows}
    session.execute(delete(PassageVector).where(of_them, PassageVector.model.not_in(set(kept) - written)))
    session.add_all(row for row in rows if row.passage_id in there)
