"""The words that a catalogue uses, and which of them a mistyped word probably was.

A word is compared with those whose letters are nearly its own, so a vocabulary of tens of thousands takes a fraction of a millisecond.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Final

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA
from rapidfuzz.process import extract

CORRECTABLE_LETTERS_MIN: Final = 4  # of a shorter word nearly every other is one letter away
TWO_EDITS_LETTERS_MIN: Final = 6
THREE_EDITS_LETTERS_MIN: Final = 9
EDITS_MAX: Final = 3
BEGINNINGS_MAX: Final = 3
HALF_LETTERS_MIN: Final = 3
BITS: Final = 64


@dataclass(frozen=True, slots=True)
class Correction:
    """What a word may have been meant to be: a known word, or two ("rain jacket"), so many edits away."""

    text: str
    edits: int


class Vocabulary:
    """How many products have each word. Not to be changed by two threads at once; may be read meanwhile."""

    def __init__(self, counts: Mapping[str, int] | None = None) -> None:
        self._counts = Counter(counts or {})
        self._changes = 0
        self._letters: tuple[int, list[str], NDArray[np.uint64]] | None = None  # as of so many changes

    def __contains__(self, word: str) -> bool:
        return word in self._counts

    def __len__(self) -> int:
        return len(self._counts)

    def products(self, word: str) -> int:
        """In how many it is."""
        return self._counts[word]

    def add(self, words: Iterable[str]) -> None:
        """One more product has these."""
        for word in words:
            self._changes += word not in self._counts
            self._counts[word] += 1

    def remove(self, words: Iterable[str]) -> None:
        """One product fewer has these."""
        for word in words:
            self._counts[word] -= 1
            if self._counts[word] <= 0:
                del self._counts[word]
                self._changes += 1

    def corrections(self, word: str, *, bold: bool = False) -> list[Correction]:
        """What it may have been meant to be, the likeliest first; nothing where that would be a guess.

        `bold` guesses: an edit more, and an edit in words of two letters. Good where other words confirm it.
        """
        edits = _edits_guessed(word) if bold else _edits_forgiven(word)
        near = [Correction(known, distance) for known, distance in self._near(word, edits)]
        if not bold:
            near = [found for found in near if _is_likely(word, found)]
        near.sort(
            key=lambda found: (found.edits, found.text[0] != word[0], -self._counts[found.text], found.text)
        )
        one = [found for found in near if found.edits <= 1]
        halves = list(self._halves(word))
        others = [found for found in near if found.edits > 1]
        found = [*self._beginning_with(word), *one, *halves, *others]
        return list({each.text: each for each in reversed(found) if each.text != word}.values())[::-1]

    def _near(self, word: str, edits: int) -> Iterator[tuple[str, int]]:
        """Known words at most so many insertions, deletions, replacements and swaps of neighbours away."""
        if edits <= 0:
            return
        words, letters = self._with_letters()
        # An edit puts in a letter, takes one out, or both: so many letters may be of one word only.
        apart = np.bitwise_count(letters ^ np.uint64(_letter_bits(word)))
        similar = [words[place] for place in np.flatnonzero(apart <= 2 * edits)]
        for known, distance, _ in extract(word, similar, scorer=OSA.distance, score_cutoff=edits, limit=None):
            yield known, int(distance)

    def _with_letters(self) -> tuple[list[str], NDArray[np.uint64]]:
        letters, changes = self._letters, self._changes
        if letters is None or letters[0] != changes:
            words = sorted(self._counts)
            letters = changes, words, np.array([_letter_bits(word) for word in words], dtype=np.uint64)
            self._letters = letters
        return letters[1:]

    def _beginning_with(self, word: str) -> list[Correction]:
        if len(word) < CORRECTABLE_LETTERS_MIN:
            return []
        words = self._with_letters()[0]
        begin = bisect_left(words, word)
        found = list(takewhile(lambda known: known.startswith(word), islice(words, begin, None)))
        found.sort(key=lambda known: (self._counts[known], known), reverse=True)
        return [Correction(known, 1) for known in found[:BEGINNINGS_MAX]]

    def _halves(self, word: str) -> Iterator[Correction]:
        cuts = range(HALF_LETTERS_MIN, len(word) - HALF_LETTERS_MIN + 1)
        halves = ((word[:cut], word[cut:]) for cut in cuts)
        yield from (Correction(f"{a} {b}", 1) for a, b in halves if a in self._counts and b in self._counts)


def _edits_forgiven(word: str) -> int:
    if len(word) < CORRECTABLE_LETTERS_MIN:
        return int(len(word) == CORRECTABLE_LETTERS_MIN - 1)
    return 1 if len(word) < TWO_EDITS_LETTERS_MIN else 2


def _edits_guessed(word: str) -> int:
    if len(word) < CORRECTABLE_LETTERS_MIN:
        return int(len(word) > 1)
    return 2 if len(word) < THREE_EDITS_LETTERS_MIN else EDITS_MAX


def _is_likely(word: str, found: Correction) -> bool:
    """People rarely mistype the first letter: of two edits, one there is too many. Three letters may only be swapped."""
    if len(word) < CORRECTABLE_LETTERS_MIN:
        return sorted(word) == sorted(found.text)
    return len(found.text) > 2 and (found.edits < 2 or found.text[0] == word[0])


def _letter_bits(word: str) -> int:
    """A bit for every letter that the word has; rare letters share one."""
    bits = 0
    for letter in word:
        bits |= 1 << (ord(letter) % BITS)
    return bits
