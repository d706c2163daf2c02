"""How well products hold the words that somebody asked for, for the whole catalogue at once.

A word counts for more the rarer it is (Lucene's idf, which stays positive in a catalogue of three products) and the weightier
the field it stands in: name 5, maker and labels 3, text 1, levelling off as in BM25 (k₁ = 1.2). A text that repeats the name
adds nothing: wordy goods are no better. A mistyped word counts for each thing that it may have meant, a little less than if it
had been typed so; which one it was, the other words decide.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge_base.lexicon import Places, Shelves
from knowledge_base.postings import Occurrences

K1: Final = 1.2
NAME, LABELS, TEXT = 4, 2, 1  # a bit for each place that a word stands in
WEIGHTS: Final = {NAME: 5.0, LABELS: 3.0, TEXT: 1.0}
NAME_SHARE_WEIGHT: Final = 0.05  # for the share of a name that was asked for: of two equal ones, the shorter


def _strengths() -> NDArray[np.float32]:
    """By the places that a word stands in, 0 to 1."""
    told = [bits & ~TEXT if bits & NAME else bits for bits in range(8)]
    sums = [sum(weight for bit, weight in WEIGHTS.items() if bits & bit) for bits in told]
    return np.array([weight / (weight + K1) for weight in sums], dtype=np.float32)


STRENGTHS: Final = _strengths()


@dataclass(frozen=True, slots=True)
class Form:
    """One thing to look for: the word as typed, another word for the same goods, or what it may have meant."""

    word: str
    weight: float
    is_correction: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """One word of a query, and the forms in which it counts; the likeliest first."""

    word: str
    forms: tuple[Form, ...]

    @property
    def is_known(self) -> bool:
        """Whether the catalogue has it as it is typed, or by another name."""
        return any(not form.is_correction for form in self.forms)


@dataclass(frozen=True, slots=True)
class WordScore:
    """Of every place: how strongly it holds one word, in which form (-1: not at all), and whether by name or label."""

    idf: float
    strengths: NDArray[np.float32]
    forms: NDArray[np.int8]
    named: NDArray[np.bool_]
    titled: NDArray[np.bool_]

    @property
    def found(self) -> bool:
        """Whether any product has it."""
        return bool(self.forms.max(initial=-1) >= 0)


@dataclass(frozen=True, slots=True)
class Scores:
    """Of every place: how much of the words' whole weight it holds (0 to 1, and a little for a short name)."""

    words: Sequence[Asked]
    by_word: Sequence[WordScore]
    weight: float  # the sum of the words' idf, as far as any product has them
    total: NDArray[np.float32]
    held: NDArray[np.int16]  # how many of the words
    names_all: NDArray[np.bool_]  # every word stands in its name or labels

    def out_of(self, weight: float) -> "Scores":
        """The same, as shares of another whole weight."""
        return replace(self, total=self.total * np.float32(self.weight / weight), weight=weight)

    def known_replaced(self) -> NDArray[np.int16]:
        """Of every place: how many words it holds as something else, although the catalogue has them as they are."""
        count = np.zeros(len(self.total), dtype=np.int16)
        for asked, word in zip(self.words, self.by_word, strict=True):
            replaced = [number for number, form in enumerate(asked.forms) if form.is_correction]
            if asked.is_known and replaced:
                count += word.forms >= replaced[0]
        return count

    def form(self, word: int, place: int) -> Form | None:
        """What a word was found as in one product."""
        number = int(self.by_word[word].forms[place])
        return self.words[word].forms[number] if number >= 0 else None


def scores(shelves: Shelves, words: Sequence[Asked], found: Mapping[str, Occurrences]) -> Scores:
    """Of products on the shelves; `found` has every form's word."""
    by_word = [_word_score(shelves, asked, found) for asked in words]
    size = len(shelves.keys)
    whole = sum(word.idf for word in by_word if word.found) or 1.0
    total = np.zeros(size, dtype=np.float32)
    held, titled = np.zeros(size, dtype=np.int16), np.zeros(size, dtype=np.int16)
    names_all = np.ones(size, dtype=np.bool_)
    for word in by_word:
        total += word.idf / whole * word.strengths
        held += word.forms >= 0
        titled += word.titled
        names_all &= word.named
    total += NAME_SHARE_WEIGHT * np.minimum(1, titled / np.maximum(1, shelves.name_lengths)).astype(
        np.float32
    )
    return Scores(words, by_word, whole, total, held, names_all)


def _word_score(shelves: Shelves, asked: Asked, found: Mapping[str, Occurrences]) -> WordScore:
    size = len(shelves.keys)
    strengths = np.zeros(size, dtype=np.float32)
    forms = np.full(size, -1, dtype=np.int8)
    named, titled = np.zeros(size, dtype=np.bool_), np.zeros(size, dtype=np.bool_)
    commonest = 0
    for number, form in enumerate(asked.forms):
        bits, places = _places(shelves, found[form.word])
        if not form.is_correction or not commonest:
            commonest = max(commonest, len(places))
        weighed = form.weight * STRENGTHS[bits[places]]
        better = weighed > strengths[places]
        places, weighed = places[better], weighed[better]
        strengths[places], forms[places] = weighed, number
        named[places], titled[places] = bits[places] >= LABELS, bits[places] >= NAME
    return WordScore(_idf(int(shelves.published.sum()), commonest), strengths, forms, named, titled)


def _places(shelves: Shelves, word: Occurrences) -> tuple[NDArray[np.uint8], Places]:
    """For every place, where in it the word stands; and the places that hold it."""
    bits = np.zeros(len(shelves.keys), dtype=np.uint8)
    for rows, bit in ((word.title, NAME), (word.labels, LABELS), (word.text, TEXT)):
        bits[shelves.places(rows)] |= bit
    return bits, np.flatnonzero(bits)


def _idf(products: int, holding: int) -> float:
    return math.log(1 + (max(products, holding) - holding + 0.5) / (holding + 0.5))
