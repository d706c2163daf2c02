"""SQLite's full-text index of passages, asked for one word: what answers from documents are measured beside.

A match weighs the more the better the field it stands in (phrasings 4, headings 3, text 1) and levels off as in BM25; how much a rare
word counts for more is Lucene's idf, as FTS5's own turns to nothing among few passages (sqlite.org/fts5.html, 5.1).
"""

import math
import sqlite3
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge_base.model import Passage

SATURATED: Final = 1.2 + 1  # what a match approaches in BM25 as it repeats: k₁ + 1
FTS5_IDF_LEAST: Final = 1e-6  # what FTS5 takes when a word is in more than half of all rows


class PassageWords:
    """An index of the passages as they are now, in a database of its own in memory."""

    def __init__(self, session: Session) -> None:
        self._index = sqlite3.connect(":memory:")
        self._index.execute(
            "CREATE VIRTUAL TABLE passage USING fts5 (headings, phrasings, body, tokenize = 'porter unicode61 remove_diacritics 2')"
        )
        rows = session.execute(select(Passage.id, Passage.headings, Passage.phrasings, Passage.text))
        self._index.executemany(
            "INSERT INTO passage (rowid, headings, phrasings, body) VALUES (?, ?, ?, ?)",
            [
                (key, " . ".join(headings), " . ".join(phrasings), body)
                for key, headings, phrasings, body in rows
            ],
        )
        (self._passages,) = self._index.execute("SELECT count(*) FROM passage").fetchone()

    def close(self) -> None:
        self._index.close()

    def scores(self, word: str) -> dict[int, float]:
        """For each passage that holds the word, idf × how strongly (0 to 1). The word is a folded token."""
        asked = "SELECT rowid, -bm25(passage, 3, 4, 1) FROM passage WHERE passage MATCH ?"
        found = self._index.execute(asked, (f'"{word}"',)).fetchall()
        rows, holding = self._passages, len(found)
        idf = math.log(1 + (rows - holding + 0.5) / (holding + 0.5))
        own = max(math.log((rows - holding + 0.5) / (holding + 0.5)), FTS5_IDF_LEAST)
        return {row[0]: idf * min(1.0, row[1] / own / SATURATED) for row in found}
