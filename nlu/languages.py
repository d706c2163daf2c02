"""Which language a message is in, learnt from the training data of each; and which one somebody asks for.

Nothing is written for it by hand: a language is known by the words of its own examples. On the held-out messages
of both languages that is as good as libraries of a hundred megabytes, which know no shop talk and no typos of ours.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, cast

from babel import Locale, UnknownLocaleError

from nlu.entities.words import words
from nlu.text import CHARACTERS_MAX, folded
from nlu.training_data import TrainingData

WORD_TRUST: Final = 0.9  # no word is trusted more, so that one alone is never clear and two are
UNKNOWN_WORD_TRUST: Final = 0.6  # nor, by its letters, a word that no example has: it may be a name
POINTS: Final = 0.8  # from here on the words point to a language …
CLEAR: Final = 0.98  # … and from here on there is no doubt
NAMES_INTENTS: Final = frozenset(
    {"inform"}
)  # their examples hold people's names and streets, which are of no language
WORDS_MAX: Final = 60  # of a message; more say nothing new

_WORD: Final = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Spoken:
    """What the words say of their language: None when they may be of any; `clear` when there is no doubt."""

    language: str | None
    clear: bool = False


class LanguageDetector:
    """Tells the languages of `data` apart by their words, and words it has never seen by their letters."""

    def __init__(self, data: Mapping[str, TrainingData]) -> None:
        self._words = {language: _counted(each) for language, each in data.items()}
        self._letters = {
            language: Counter(part for word in counts for part in _letters(word))
            for language, counts in self._words.items()
        }

    def detect(self, text: str) -> Spoken:
        """The language of a message; names, addresses and goods should have been taken out of it."""
        said = list(dict.fromkeys(_words(text)))[:WORDS_MAX]
        if len(self._words) < 2 or not said:
            return Spoken(None)
        logs = dict.fromkeys(self._words, 0.0)
        for word in said:
            for language, share in self._shares(word).items():
                logs[language] += math.log(share)
        best = max(logs, key=lambda language: logs[language])
        share = 1 / sum(math.exp(each - logs[best]) for each in logs.values())
        return Spoken(best if share >= POINTS else None, clear=share >= CLEAR)

    def _shares(self, word: str) -> dict[str, float]:
        """How probably the word is of each language, within what is trusted."""
        if any(word in counts for counts in self._words.values()):
            return _limited(_shares_of([word], self._words), WORD_TRUST)
        return _limited(_shares_of(_letters(word), self._letters), UNKNOWN_WORD_TRUST)


def named_languages(text: str, known: Sequence[str]) -> list[str]:
    """The languages that a text names, in its order: "inglés", "English", "castellano". Codes such as "en".

    Names are understood in each of the `known` languages, and in the named language itself (CLDR).
    """
    names = _names(tuple(known))
    found: list[str] = []
    for word in _words(text):
        code = names.get(word)
        if code is not None and code not in found:
            found.append(code)
    return found


def name_of(language: str, *, in_language: str) -> str:
    """What `language` is called: "inglés" for English in Spanish."""
    return _language_names(in_language).get(language, language)


def _language_names(language: str) -> dict[str, str]:
    """Codes of languages to their names in this one (CLDR)."""
    return dict(cast("Any", Locale.parse(language)).languages)  # babel leaves it untyped


@cache
def _names(known: tuple[str, ...]) -> dict[str, str]:
    names: dict[str, str] = {}
    for language in known:
        for code, name in _language_names(language).items():
            if len(code) == 2:
                names.setdefault(folded(name), code)
        names |= {folded(name): code for name, code in words(language).language_names.items()}
    for code in set(names.values()):
        if own := _own_name(code):
            names.setdefault(folded(own), code)
    return {name: code for name, code in names.items() if _WORD.fullmatch(name)}


def _own_name(code: str) -> str | None:
    try:
        return Locale.parse(code).get_language_name(code)
    except UnknownLocaleError:  # CLDR has a name for it, and no words in it
        return None


def _counted(data: TrainingData) -> Counter[str]:
    """In how many examples each word is."""
    return Counter(
        word
        for example in data.examples
        if example.intent not in NAMES_INTENTS
        for word in set(_words(example.text))
    )


def _words(text: str) -> list[str]:
    """Its words as they are written: the name of an emoji is English, and the emoji of no language."""
    return _WORD.findall(folded(unicodedata.normalize("NFKC", text[:CHARACTERS_MAX])))


def _letters(word: str) -> list[str]:
    """Runs of three letters, with the word's ends."""
    ended = f" {word} "
    return [ended[start : start + 3] for start in range(len(ended) - 2)]


def _shares_of(parts: Iterable[str], counts: Mapping[str, Counter[str]]) -> dict[str, float]:
    """How the parts share out over the languages, by how often each has them (Laplace, half a count)."""
    found = list(parts)
    logs = {
        language: sum(math.log((each[part] + 0.5) / (each.total() + 0.5)) for part in found)
        for language, each in counts.items()
    }
    highest = max(logs.values())
    sizes = {language: math.exp(log - highest) for language, log in logs.items()}
    return {language: size / sum(sizes.values()) for language, size in sizes.items()}


def _limited(shares: dict[str, float], trust: float) -> dict[str, float]:
    """The shares, none above `trust`, the others sharing the rest as they did."""
    best = max(shares, key=lambda language: shares[language])
    if shares[best] <= trust or len(shares) < 2:
        return shares
    rest = 1 - shares[best]
    return {
        language: trust
        if language == best
        else (1 - trust) * (share / rest if rest else 1 / (len(shares) - 1))
        for language, share in shares.items()
    }
