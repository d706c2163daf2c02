"""Keeps the vectors of products and passages up to date. The full-text index needs no care: the database keeps it.

Vectors are computed with no transaction open and written in small commits, so no customer waits for them.
They may lag behind the words; until they catch up, words alone are searched.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import Row, delete, select
from sqlalchemy.orm import Session

from knowledge_base.embedding import Embedder, packed
from knowledge_base.model import Document, Passage, PassageVector, ProductVector
from knowledge_base.topics import topic_vectors
from knowledge_base.wording import primary_language, sentences
from shop.catalogue.model import Product
from storage.engine import Database

BATCH: Final = 64
DESCRIPTION_CHARACTERS: Final = 400  # of a product's text: the model reads about 128 words

T = TypeVar("T")
Progress = Callable[[int, int], None]


def product_text(row: Row[*tuple[Any, ...]]) -> str:
    """What of a product is embedded."""
    facts = ", ".join(f"{name}: {value}" for name, value in row.attributes.items())
    parts = (row.title, row.category, ", ".join(row.tags), facts, row.description[:DESCRIPTION_CHARACTERS])
    return ". ".join(part for part in parts if part)


def passage_texts(headings: Sequence[str], text: str, phrasings: Sequence[str]) -> list[str]:
    """What of a passage is embedded: all of it, each question it answers, and each sentence under its heading."""
    whole = f"{': '.join(headings[-2:])}. {text}" if headings else text
    parts = [sentence for sentence in sentences(text) if len(sentence.split()) > 3]
    topic = f"{headings[-1]}: " if headings else ""
    return list(dict.fromkeys([whole, *phrasings, *headings[-1:], *(topic + part for part in parts)]))


def refresh_product_vectors(
    database: Database, embedder: Embedder, *, progress: Progress = lambda _done, _all: None
) -> int:
    """Embed the published products whose text has changed since; how many there were."""
    stale = database.read(lambda session: list(_stale_products(session, embedder.name)))
    for batch in _batches(stale):
        vectors = embedder.embed([text for _, text in batch])
        rows = [
            ProductVector(
                product_id=key, model=embedder.name, content_hash=_hash(text), vector=packed(vector)
            )
            for (key, text), vector in zip(batch, vectors, strict=True)
        ]
        database.write_now(lambda session, rows=rows: _keep_products(session, rows))
        progress(stale.index(batch[-1]) + 1, len(stale))
    return len(stale)


def _stale_products(session: Session, model: str) -> Iterator[tuple[UUID, str]]:
    hashes = select(ProductVector.product_id, ProductVector.content_hash).where(ProductVector.model == model)
    known = {row.product_id: row.content_hash for row in session.execute(hashes)}
    columns = (
        Product.id,
        Product.title,
        Product.category,
        Product.tags,
        Product.attributes,
        Product.description,
    )
    for row in session.execute(select(*columns).where(Product.published).order_by(Product.id)):
        text = product_text(row)
        if known.get(row.id) != _hash(text):
            yield row.id, text


def _keep_products(session: Session, rows: Sequence[ProductVector]) -> None:
    there = set(session.scalars(select(Product.id).where(Product.id.in_([row.product_id for row in rows]))))
    for row in rows:
        if row.product_id in there:  # it may have been deleted meanwhile
            session.merge(row)


def refresh_passage_vectors(
    database: Database, embedder: Embedder, *, progress: Progress = lambda _done, _all: None
) -> int:
    """Embed the passages that have no vectors of this model; how many there were."""
    missing = database.read(lambda session: list(_passages_without(session, embedder.name)))
    done = 0
    for batch in _batches(missing):
        texts = [passage_texts(headings, text, phrasings) for _, headings, text, phrasings in batch]
        vectors = iter(embedder.embed([text for some in texts for text in some]))
        rows = [
            PassageVector(passage_id=passage[0], model=embedder.name, vector=packed(next(vectors)))
            for passage, some in zip(batch, texts, strict=True)
            for _ in some
        ]
        database.write_now(lambda session, rows=rows: _keep_passages(session, rows))
        done += len(batch)
        progress(done, len(missing))
    for language in database.read(
        lambda session: list(session.scalars(select(Document.language).distinct()))
    ):
        topic_vectors(embedder, primary_language(language))  # so that no customer waits for them
    return len(missing)


def _passages_without(session: Session, model: str) -> Iterator[tuple[int, list[str], str, list[str]]]:
    having = select(PassageVector.passage_id).where(PassageVector.model == model)
    found = select(Passage.id, Passage.headings, Passage.text, Passage.phrasings)
    for row in session.execute(found.where(Passage.id.not_in(having)).order_by(Passage.id)):
        yield row.id, row.headings, row.text, row.phrasings


def _keep_passages(session: Session, rows: Sequence[PassageVector]) -> None:
    """In place of what the passages had, of this model or an older one."""
    wanted = {row.passage_id for row in rows}
    there = set(session.scalars(select(Passage.id).where(Passage.id.in_(wanted))))
    session.execute(delete(PassageVector).where(PassageVector.passage_id.in_(there)))
    session.add_all(row for row in rows if row.passage_id in there)


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
