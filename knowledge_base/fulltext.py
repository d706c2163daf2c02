"""Asks the full-text index of either database for one word, and gives both answers the same scale.

The weight of a match grows with the field it stands in (title 5, vendor, category and tags 3, text 1) and levels off
as in BM25 (k₁ = 1.2); how much a rare word counts for more than a common one is Lucene's idf, which stays
positive even in a catalogue of three products. (FTS5's own turns to nothing there, PostgreSQL's ts_rank has none.)
"""

import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

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


class FullText:
    """One index, asked over one session. Counts are remembered, so make a new one for each question."""

    def __init__(self, session: Session, index: Index) -> None:
        self._session = session
        self._index = index
        self._is_sqlite = session.get_bind().dialect.name == "sqlite"
        self._frequencies: dict[str, int] = {}
        self._rows: int | None = None

    def frequency(self, word: str) -> int:
        """In how many rows a word occurs, in any of its forms."""
        if word not in self._frequencies:
            self._frequencies[word] = self._count(table(self._index.name), self._match(word))
        return self._frequencies[word]

    def matches(self, word: str, *, within: Callable[[Any], Any] | None = None) -> WordMatches:
        """The rows that a word occurs in, the strongest few thousand of those that `within` lets through.

        `within` makes a condition from the column of the rows' keys.
        """
        frequency, rows = self.frequency(word), self._row_count()
        idf = math.log(1 + (max(rows, frequency) - frequency + 0.5) / (frequency + 0.5))
        if not frequency:
            return WordMatches(idf)
        key, statement = self._ranked(word)
        if within is not None:
            statement = statement.where(within(key))
        found = self._session.execute(statement.limit(MATCHES_MAX)).all()
        factor = self._factor(frequency, rows)
        return WordMatches(idf, {row[0]: min(1.0, factor * row[1]) for row in found})

    def _row_count(self) -> int:
        if self._rows is None:
            name = (self._is_sqlite and self._index.row_table) or self._index.name
            self._rows = self._count(table(name))
        return self._rows

    def _count(self, source: Any, *conditions: Any) -> int:
        return self._session.execute(select(func.count()).select_from(source).where(*conditions)).scalar_one()

    def _factor(self, frequency: int, rows: int) -> float:
        """What takes a rank to the scale from 0 to 1: FTS5's holds its own idf, PostgreSQL's is levelled already."""
        if not self._is_sqlite:
            return 1.0
        ratio = (rows - frequency + 0.5) / (frequency + 0.5)
        own = max(math.log(ratio), FTS5_IDF_LEAST) if ratio > 0 else FTS5_IDF_LEAST
        return 1 / own / SATURATED

    def _match(self, word: str) -> Any:
        if self._is_sqlite:
            return literal_column(self._index.name).op("MATCH")(literal(f'"{word}"'))
        return literal_column("document").op("@@")(_query(word))

    def _ranked(self, word: str) -> tuple[Any, Select[Any, Any]]:
        """The column of keys, and a statement that yields key and rank, the best first."""
        index = self._index
        if not self._is_sqlite:
            found = table(index.name, column(index.key, index.key_type))
            weights = cast("Any", literal_column(f"'{index.postgres_weights}'::float4[]"))
            once: Any = func.ts_rank(weights, literal_column("document"), _query(word)) / RANK_ONCE
            rank = once * index.postgres_most / (once * index.postgres_most + K1)
            key = found.c[index.key]
            return key, select(key, rank).where(self._match(word)).order_by(rank.desc())
        found = table(index.name, column("rowid", BigInteger()))
        rank = -func.bm25(literal_column(index.name), *index.sqlite_weights)
        if index.row_table is None:
            key = found.c.rowid
            return key, select(key, rank).where(self._match(word)).order_by(rank.desc())
        row = table(index.row_table, column("id", BigInteger()), column(index.key, index.key_type))
        key = row.c[index.key]
        joined = found.join(row, row.c.id == found.c.rowid)
        return key, select(key, rank).select_from(joined).where(self._match(word)).order_by(rank.desc())


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


def _query(word: str) -> Any:
    return func.plainto_tsquery(literal_column("'english'"), func.search_words(word))
