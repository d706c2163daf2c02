"""SQLite's full-text index of passages, asked for one word: what answers from documents are measured beside.

A match weighs the more the better the field it stands in (phrasings 4, headings 3, text 1) and levels off as in BM25; how much a rare
word counts for more is Lucene's idf, as FTS5's own turns to nothing among few passages (sqlite.org/fts5.html, 5.1).
"""

import math
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

SATURATED: Final = 1.2 + 1  # what a match approaches in BM25 as it repeats: k₁ + 1
FTS5_IDF_LEAST: Final = 1e-6  # what FTS5 takes when a word is in more than half of all rows

_MATCHES: Final = text(
    "SELECT rowid, -bm25(passage_search, 3, 4, 1) FROM passage_search WHERE passage_search MATCH :word"
)
_COUNT: Final = text("SELECT count(*) FROM passage_search")


def word_scores(session: Session, word: str) -> dict[int, float]:
    """For each passage that holds the word, idf × how strongly (0 to 1). The word is a folded token."""
    found = session.execute(_MATCHES, {"word": f'"{word}"'}).all()
    rows, holding = session.execute(_COUNT).scalar_one(), len(found)
    idf = math.log(1 + (rows - holding + 0.5) / (holding + 0.5))
    own = max(math.log((rows - holding + 0.5) / (holding + 0.5)), FTS5_IDF_LEAST)
    return {row[0]: idf * min(1.0, row[1] / own / SATURATED) for row in found}
