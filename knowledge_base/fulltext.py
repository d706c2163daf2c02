"""Asks the full-text index of either database for one word, and gives both answers the same scale.

The weight of a match grows with the field it stands in (title 5, vendor, category and tags 3, text 1) and levels off
as in BM25 (k₁ = 1.2); how much a rare word counts for more than a common one is Lucene's idf, which stays
positive even in a catalogue of three products. (FTS5's own turns to nothing there, PostgreSQL's ts_rank has none.)
"""

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import BigInteger, Select, Uuid, column, func, literal, literal_column, select, table
from sqlalchemy.orm import Session

K1: Final = 1.2
SATURATED: Final = K1 + 1  # what a match approaches as it repeats
RANK_ONCE: Final = 6 / math.pi**2  # ts_rank of one occurrence with weight 1 (PostgreSQL, tsrank.c)
MATCHES_MAX: Final = 2000
OTHER_WORD_FACTOR: Final = 0.8
FTS5_IDF_LEAST: Final = 1e-6  # what FTS5 takes when a word is in more than half of all rows


@dataclass(frozen=True, slots=True)
class Index:
    """A full-text table: its columns' weights on SQLite, the weights of D, C, B, A on PostgreSQL."""

    name: str
    key: str
    key_type: Any
    sqlite_weights: tuple[float, ...]
    postgres_weights: str
    postgres_most: float  # how often a weight of 1 counts
    row_table: str | None = None  # on SQLite: maps full-text rows to keys that are no integers


PRODUCTS: Final = Index(
    name="product_search",
    key="product_id",
    key_type=Uuid(),
    sqlite_weights=(5, 3, 3, 1, 1),
    postgres_weights="{0.2, 0.6, 0.6, 1}",
    postgres_most=5,
    row_table="product_search_row",
)
PASSAGES: Final = Index(
    name="passage_search",
    key="passage_id",
    key_type=BigInteger(),
    sqlite_weights=(3, 4, 1),
    postgres_weights="{0.25, 0.25, 0.75, 1}",
    postgres_most=4,
)


@dataclass(frozen=True, slots=True)
class WordMatches:
    """Where one word occurs: how rare it is, and how strongly it occurs in each (0–1)."""

    idf: float
    strengths: Mapping[Any, float] = field(default_factory=dict[Any, float])


def count(session: Session, index: Index) -> int:
    """How many rows are indexed."""
    name = index.row_table if _is_sqlite(session) and index.row_table else index.name
    return session.execute(select(func.count()).select_from(table(name))).scalar_one()


def occurs(session: Session, index: Index, word: str) -> int:
    """In how many rows a word occurs, in any of its forms."""
    found = table(index.name)
    return session.execute(
        select(func.count()).select_from(found).where(_match(session, index, word))
    ).scalar_one()


def matches(
    session: Session, index: Index, word: str, *, rows: int, within: Select[Any] | None = None
) -> WordMatches:
    """The rows that a word occurs in, of those whose key `within` selects; the strongest few thousand."""
    frequency = occurs(session, index, word)
    idf = math.log(1 + (rows - frequency + 0.5) / (frequency + 0.5)) if frequency <= rows else 0.0
    if not frequency:
        return WordMatches(idf)
    statement = _ranked(session, index, word)
    if within is not None:
        statement = statement.where(statement.selected_columns[0].in_(within))
    found = session.execute(statement.limit(MATCHES_MAX)).all()
    if _is_sqlite(session):
        own = (
            max(math.log((rows - frequency + 0.5) / (frequency + 0.5)), FTS5_IDF_LEAST)
            if rows > frequency
            else FTS5_IDF_LEAST
        )
        return WordMatches(idf, {key: min(1.0, rank / own / SATURATED) for key, rank in found})
    return WordMatches(idf, {key: _levelled(rank / RANK_ONCE * index.postgres_most) for key, rank in found})


def either(words: list[WordMatches]) -> WordMatches:
    """A word and others for the same thing, as one: as rare as the commonest of them, the word itself a little stronger."""
    found = [word for word in words if word.strengths] or words[:1]
    strengths: dict[Any, float] = {}
    for word in found:
        factor = 1.0 if word is words[0] else OTHER_WORD_FACTOR
        for key, strength in word.strengths.items():
            strengths[key] = max(factor * strength, strengths.get(key, 0.0))
    return WordMatches(min(word.idf for word in found), strengths)


def combined(words: list[WordMatches]) -> dict[Hashable, float]:
    """For each row, the share (0–1) of the words' whole weight that it holds."""
    whole = sum(word.idf for word in words)
    scores: dict[Hashable, float] = {}
    for word in words:
        for key, strength in word.strengths.items():
            scores[key] = scores.get(key, 0.0) + word.idf * strength / whole
    return scores


def _levelled(frequency: float) -> float:
    return frequency * SATURATED / (frequency + K1) / SATURATED


def _is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _match(session: Session, index: Index, word: str) -> Any:
    if _is_sqlite(session):
        return literal_column(index.name).op("MATCH")(literal(f'"{word}"'))
    return literal_column("document").op("@@")(_query(word))


def _query(word: str) -> Any:
    return func.plainto_tsquery(literal_column("'english'"), func.search_words(word))


def _ranked(session: Session, index: Index, word: str) -> Select[Any, Any]:
    if not _is_sqlite(session):
        found = table(index.name, column(index.key, index.key_type))
        rank: Any = func.ts_rank(
            literal_column(f"'{index.postgres_weights}'::float4[]"), literal_column("document"), _query(word)
        )
        return select(found.c[index.key], rank).where(_match(session, index, word)).order_by(rank.desc())
    found = table(index.name, column("rowid", BigInteger()))
    rank = -func.bm25(literal_column(index.name), *index.sqlite_weights)
    if index.row_table is None:
        return select(found.c.rowid, rank).where(_match(session, index, word)).order_by(rank.desc())
    row = table(index.row_table, column("id", BigInteger()), column(index.key, index.key_type))
    joined = found.join(row, row.c.id == found.c.rowid)
    return (
        select(row.c[index.key], rank)
        .select_from(joined)
        .where(_match(session, index, word))
        .order_by(rank.desc())
    )
