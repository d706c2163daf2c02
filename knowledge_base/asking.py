"""Reads the words of a query as the catalogue writes them: other names for the same goods, typos, words run together or torn apart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from knowledge_base.lexicon import Shelves
from knowledge_base.postings import Occurrences, occurrences
from knowledge_base.scoring import Asked, Form, Scores, scores
from knowledge_base.spelling import EDITS_MAX, Correction, Vocabulary
from knowledge_base.wording import alternatives, tokens, words_of

OTHER_WORD_WEIGHT: Final = 0.8  # for the same goods
EDIT_WEIGHT: Final = 0.85  # for each edit that takes a word to what it may have meant
KNOWN_EDIT_WEIGHT: Final = 0.6  # where the word as it is typed is one of the catalogue's
LATER_WEIGHT: Final = 0.004  # less for each likelier correction before it
CORRECTIONS_MAX: Final = 8
GUESSES_MAX: Final = 16


@dataclass(slots=True)
class Reading:
    """The words of a query in all their forms, and where in the catalogue these occur."""

    session: Session
    shelves: Shelves
    vocabulary: Vocabulary
    language: str
    parted: dict[str, str] = field(
        default_factory=dict[str, str]
    )  # written together → apart, and the other way
    _found: dict[str, Occurrences] = field(default_factory=dict[str, Occurrences])

    def read(self, words: Sequence[str]) -> list[Asked]:
        """Each word as it is or, where the catalogue has no such word, as what it was probably meant to be."""
        self._look_up([form for word in words for form in alternatives(word, self.language)])
        words = self._joined(words)
        asked: list[Asked] = []
        for word in words:
            if self._is_known(word) or word.isdigit():
                asked.append(self._known(word))
            else:
                asked += self._corrected(word)
        self._look_up([form.word for each in asked for form in each.forms])
        return asked

    def guess(self, asked: Sequence[Asked]) -> list[Asked]:
        """The same, where every word may also have been meant to be one that it is farther from."""
        bolder = [self._guessed(each) for each in asked]
        self._look_up([form.word for each in bolder for form in each.forms])
        return bolder

    def scores(self, asked: Sequence[Asked]) -> Scores:
        return scores(self.shelves, asked, self._found)

    def in_text(self, said: str) -> NDArray[np.bool_]:
        """Of every place, whether its description (or a fact or option) has all these words."""
        words = tokens(said)
        self._look_up(words)
        there = np.full(len(self.shelves.keys), bool(words))
        for word in words:
            holding = np.zeros_like(there)
            holding[self.shelves.places(self._found[word].text)] = True
            there &= holding
        return there

    def _look_up(self, words: Sequence[str]) -> None:
        new = [word for word in dict.fromkeys(words) if word not in self._found]
        if new:
            self._found.update(occurrences(self.session, new))

    def _is_known(self, word: str) -> bool:
        return any(self._occurs(form) for form in alternatives(word, self.language))

    def _occurs(self, word: str) -> bool:
        found = self._found[word]
        return any(self.shelves.places(rows).size for rows in (found.title, found.labels, found.text))

    def _known(self, word: str) -> Asked:
        first, *others = alternatives(word, self.language)
        return Asked(word, (Form(first, 1.0), *(Form(other, OTHER_WORD_WEIGHT) for other in others)))

    def _corrected(self, word: str) -> list[Asked]:
        """One word or, where two were run together, both."""
        likely = self.vocabulary.corrections(word)
        found = self._goods(likely)
        if likely and not found:
            return []  # "ofr" is "for", which says nothing about goods
        if found and " " in found[0].text:
            self.parted[word] = found[0].text
            return [Asked(half, (Form(half, 1.0),)) for half in found[0].text.split()]
        single = [each for each in found if " " not in each.text][:CORRECTIONS_MAX]
        return [Asked(word, tuple(_form(each, place) for place, each in enumerate(single)))]

    def _guessed(self, asked: Asked) -> Asked:
        if asked.word.isdigit():
            return asked
        there = {form.word for form in asked.forms} | {asked.word}
        edits, weight = (1, KNOWN_EDIT_WEIGHT) if asked.is_known else (EDITS_MAX, EDIT_WEIGHT)
        found = self._goods(self.vocabulary.corrections(asked.word, bold=True))
        new = [
            each for each in found if " " not in each.text and each.edits <= edits and each.text not in there
        ]
        forms = (
            _form(each, place, weight) for place, each in enumerate(new[:GUESSES_MAX], start=len(asked.forms))
        )
        return Asked(asked.word, (*asked.forms, *forms))

    def _goods(self, found: Sequence[Correction]) -> list[Correction]:
        """Those that are not filler: what nobody looks for."""
        filler = words_of(self.language).filler
        return [each for each in found if each.text not in filler]

    def _joined(self, words: Sequence[str]) -> list[str]:
        """Two neighbours that the catalogue writes as one word, unless it has them both."""
        joined: list[str] = []
        for word in words:
            whole = joined[-1] + word if joined else ""
            if whole in self.vocabulary and not (self._is_known(joined[-1]) and self._is_known(word)):
                self.parted[f"{joined[-1]} {word}"] = whole
                joined[-1] = whole
                self._look_up(alternatives(whole, self.language))
            else:
                joined.append(word)
        return joined


def _form(correction: Correction, place: int, edit_weight: float = EDIT_WEIGHT) -> Form:
    weight = edit_weight**correction.edits - LATER_WEIGHT * place
    return Form(correction.text, max(0.01, weight), is_correction=True)


def corrections_at(scored: Scores, place: int | None) -> Mapping[str, str]:
    """What mistyped words were read as in the product at that place; where it has none of that, as what is likeliest."""
    read: dict[str, str] = {}
    for number, asked in enumerate(scored.words):
        form = scored.form(number, place) if place is not None else None
        form = form or (asked.forms[0] if asked.forms else None)
        if form is not None and form.is_correction:
            read[asked.word] = form.word
    return read
