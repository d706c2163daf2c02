"""Asks the database's full-text index which products hold a word, and where: in the name, in its labels or in the text.

Only the numbers of rows come back, a list for each place. FTS5 answers that from its index alone, some ten times faster than
with its own bm25(); and the two databases, whose ranking functions have little in common, give the same answer.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

Rows = NDArray[np.int64]

WORDS_A_STATEMENT: Final = 40  # SQLite's compound SELECT takes 500 parts (sqlite.org/limits.html)
# FTS5's column filters (sqlite.org/fts5.html, 3.7)
SQLITE_FIELDS: Final = ("{title}", "{vendor labels}", "{facets body}")
SQLITE_PART: Final = "SELECT {part} AS part, group_concat(rowid) AS rows FROM product_search WHERE product_search MATCH :asked_{part}"
# A label after a lexeme matches only where the index has that weight (PostgreSQL, datatype-textsearch.html).
POSTGRES_FIELDS: Final = ("A", "BC", "D")
POSTGRES_PART: Final = (
    "SELECT {part} AS part, string_agg(id::text, ',') AS rows FROM product_search"
    " WHERE document @@ to_tsquery('english', :asked_{part})"
)


@dataclass(frozen=True, slots=True)
class Occurrences:
    """The rows of the index that hold a word: in the title; in maker, category or tags; in description, facts or options."""

    title: Rows
    labels: Rows
    text: Rows

    def __bool__(self) -> bool:
        return bool(self.title.size or self.labels.size or self.text.size)


def occurrences(session: Session, words: Sequence[str]) -> Mapping[str, Occurrences]:
    """Where each word occurs, in any of its forms. Words are folded tokens: letters and digits only."""
    found: dict[str, Occurrences] = {}
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    for start in range(0, len(words), WORDS_A_STATEMENT):
        some = words[start : start + WORDS_A_STATEMENT]
        asked = _asked_sqlite(some) if is_sqlite else _asked_postgres(some)
        parts = {f"asked_{part}": match for part, match in enumerate(asked)}
        rows = session.execute(_statement(SQLITE_PART if is_sqlite else POSTGRES_PART, len(parts)), parts)
        lists = {row.part: _read(row.rows) for row in rows}
        for place, word in enumerate(some):
            found[word] = Occurrences(*(lists[3 * place + field] for field in range(3)))
    return found


def _asked_sqlite(words: Sequence[str]) -> Iterator[str]:
    yield from (f'{field} : "{word}"' for word in words for field in SQLITE_FIELDS)


def _asked_postgres(words: Sequence[str]) -> Iterator[str]:
    yield from (f"'{word}':{field}" for word in words for field in POSTGRES_FIELDS)


@cache
def _statement(part: str, count: int) -> TextClause:
    return text(" UNION ALL ".join(part.format(part=number) for number in range(count)))


def _read(rows: str | None) -> Rows:
    """A list of numbers as the database wrote it."""
    return np.fromstring(rows, dtype=np.int64, sep=",") if rows else np.zeros(0, dtype=np.int64)
