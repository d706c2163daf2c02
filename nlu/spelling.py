"""Misspelt words are read as the taught word they are nearest to, before a sentence is scored.

One slip of a finger takes a word's meaning from a sentence embedding. Only words that neither the examples nor the
embedding model know are touched, and only for finding the intent: entities are looked for in what was really written.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

LETTERS_MIN: Final = 4  # shorter words have too many neighbours
LONG: Final = 9  # from so many letters on, two slips are forgiven; in fewer, "cancelar" would be "cancel"
TAUGHT_MAX: Final = 20_000  # words to compare with; a message must not take long
REMEMBERED: Final = 4096

_WORD: Final = re.compile(r"[^\W\d_]+")


class Speller:
    """Knows the words of the examples, the most frequent first. `knows` tells which others are words, too.

    Safe to share between threads.
    """

    def __init__(self, words: Iterable[str], knows: Callable[[str], bool]) -> None:
        self.words = tuple(words)[:TAUGHT_MAX]
        self._taught = frozenset(self.words)
        self._choices = [word for word in self.words if len(word) >= LETTERS_MIN]
        self._knows = knows
        self._nearest = lru_cache(REMEMBERED)(self._look_up)

    def mend(self, text: str) -> str:
        """The text with its misspelt words as they are taught. Any text, in bounded time."""
        return _WORD.sub(self._mend, text)

    def _mend(self, found: re.Match[str]) -> str:
        word = found[0].lower()
        if len(word) < LETTERS_MIN or word in self._taught or self._knows(word):
            return found[0]
        return self._nearest(word) or found[0]

    def _look_up(self, word: str) -> str | None:
        """The nearest taught word; of equally near ones the more frequent."""
        slips = 2 if len(word) >= LONG else 1
        nearest = process.extractOne(
            word, self._choices, scorer=DamerauLevenshtein.distance, score_cutoff=slips
        )
        return nearest[0] if nearest else None


def taught_words(texts: Iterable[str]) -> tuple[str, ...]:
    """Every word of these texts in lower case, the most frequent first."""
    counts = Counter(word for text in texts for word in _WORD.findall(text.lower()))
    return tuple(sorted(counts, key=lambda word: (-counts[word], word)))
