"""The products that may answer a query, by its words and by what it means, before anybody looks at limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from knowledge_base.asking import Reading, corrections_at
from knowledge_base.lexicon import Lexicon, Places
from knowledge_base.meaning import Meaning
from knowledge_base.scoring import NAME, STRENGTHS, Asked, Scores
from knowledge_base.wording import alternatives, singular, tokens

LOOKED_AT_MAX: Final = 5000
COMPARED_MAX: Final = 200  # candidates whose meaning is compared
EMBEDDING_WEIGHT: Final = 0.3  # NLU.md: with it, and typos in the query, recall rises from .89 to .90
NEIGHBOUR_COSINE_LEAST: Final = 0.45  # below it, a product that shares no word is not meant
# For being the thing that the words name, where all the words together give at most 1
HEAD_BONUS: Final = 1.0
NAME_WORDS_MIN: Final = 3  # so many words, all in a product's name and labels, name that very product
# For that: more than for the thing itself, also where it is sold out; less where the words had to be corrected
NAME_BONUS: Final = 1.5

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Products with their scores, the best first."""

    scores: Mapping[UUID, float] = field(default_factory=dict[UUID, float])
    worded: frozenset[UUID] = (
        frozenset()
    )  # those that share a word with the query; the others are near in meaning
    words: tuple[str, ...] = ()  # of the query, as the catalogue has them
    corrected: Mapping[str, str] = field(default_factory=dict[str, str])
    names_one: bool = False  # the words name one product in full, so what they mean adds nothing


def by_words(
    reading: Reading, lexicon: Lexicon, words: Sequence[str], *, head: str | None, least: float
) -> Candidates:
    """Those that hold any of the words; `head` is the one of them that names the thing itself, if one does.

    Left out is what scores less than that share of the best.
    """
    asked = reading.read(words)
    scored = reading.scores(asked)
    if len(asked) > 1 and scored.held.max(initial=0) < len(asked):
        scored, total = _guessing(reading, lexicon, asked, scored, head)
    else:
        total = _with_bonus(scored, lexicon, asked, head, reading.language)
    places = np.flatnonzero(total)
    best = int(places[np.argmax(total[places])]) if places.size else None
    corrected = corrections_at(scored, best)
    total[_only_doubtful(scored, corrected)] = 0
    order = _best(total, least)
    found: list[int] = order.tolist()
    keys = [reading.shelves.keys[place] for place in found]
    meant = tuple(
        corrected.get(each.word, each.word)
        for each, word in zip(asked, scored.by_word, strict=True)
        if word.found
    )
    return Candidates(
        dict(zip(keys, total[order].tolist(), strict=True)),
        frozenset(keys),
        meant,
        {**corrected, **reading.parted},
        names_one=len(asked) >= NAME_WORDS_MIN and best is not None and bool(scored.names_all[best]),
    )


def with_meaning(candidates: Candidates, meaning: Meaning, text: str) -> Candidates:
    """The same, where what is near in meaning scores more, and the nearest of the rest are candidates too."""
    corrected = candidates.corrected
    meant = meaning.of(" ".join(corrected.get(token, token) for token in tokens(text)) if corrected else text)
    first = list(candidates.scores)[:COMPARED_MAX]
    near = meaning.nearest(meant) | meaning.cosines(meant, first)
    scores = dict(candidates.scores)
    for key, cosine in near.items():
        if key in scores or cosine >= NEIGHBOUR_COSINE_LEAST:
            scores[key] = scores.get(key, 0.0) + EMBEDDING_WEIGHT * max(0.0, cosine)
    ordered = sorted(scores.items(), key=lambda found: (-found[1], found[0]))
    return Candidates(dict(ordered), candidates.worded, candidates.words, candidates.corrected)


def _best(total: Array, least: float) -> Places:
    """The places of the best scores, the best first, however many are equal; those of the first few whatever they are."""
    places = np.flatnonzero(total > 0)
    order = places[np.argsort(-total[places], kind="stable")][:LOOKED_AT_MAX]
    worth = int(np.count_nonzero(total[order] >= least * total[order[0]])) if order.size else 0
    return order[: max(worth, COMPARED_MAX)]


def _with_bonus(
    scored: Scores, lexicon: Lexicon, asked: Sequence[Asked], head: str | None, language: str
) -> Array:
    """More for products that *are* what is looked for, rather than something for it: a bike, not a bike rack."""
    bonus = np.zeros(len(scored.total), dtype=np.float32)
    if head is not None:
        bonus[_being(lexicon, asked, head, language)] = HEAD_BONUS
    if len(asked) >= NAME_WORDS_MIN:
        whole = NAME_BONUS * scored.total / STRENGTHS[NAME]
        bonus = np.where(scored.names_all, np.maximum(whole, bonus), bonus)
    return np.where(scored.held > 0, scored.total + bonus, 0)


def _being(lexicon: Lexicon, asked: Sequence[Asked], head: str, language: str) -> Places:
    forms = next((each.forms for each in asked if each.word == head), ())
    words = [form.word for form in forms] or alternatives(head, language)
    return lexicon.being({singular(word) for word in words})


def _guessing(
    reading: Reading, lexicon: Lexicon, asked: Sequence[Asked], known: Scores, head: str | None
) -> tuple[Scores, Array]:
    """Where no product has all the words, the products that would have if more of them were mistyped count too."""
    bolder = reading.guess(asked)
    scored = reading.scores(bolder)
    confirmed = (scored.held == len(bolder)) & (scored.known_replaced() <= 1)
    if not confirmed.any():
        return known, _with_bonus(known, lexicon, asked, head, reading.language)
    guessed = _with_bonus(scored, lexicon, bolder, head, reading.language)
    total = _with_bonus(known.out_of(scored.weight), lexicon, asked, head, reading.language)
    return scored, np.where(confirmed, np.maximum(guessed, total), total)


def _only_doubtful(scored: Scores, corrected: Mapping[str, str]) -> NDArray[np.bool_]:
    """Places that hold but one of the words, and that as something else than what it was corrected to."""
    doubtful = np.zeros(len(scored.total), dtype=np.bool_)
    for asked, word in zip(scored.words, scored.by_word, strict=True):
        for number, form in enumerate(asked.forms):
            if form.is_correction and form.word != corrected.get(asked.word):
                doubtful |= word.forms == number
    return doubtful & (scored.held <= 1)
