"""Keeps the vectors of products up to date; `passages` does it for documents. The full-text index needs no care: the database keeps it.

Vectors are computed with no transaction open and written in small commits, so no customer waits for them.
They may lag behind the words; until they catch up, words alone are searched.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from knowledge_base.embedding import Embedder, packed
from knowledge_base.model import ProductVector
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


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
