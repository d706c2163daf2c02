"""Numbers in a message, written with digits or with words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import text_to_num
from price_parser import Price

NUMBER_LANGUAGES = frozenset({"en", "es", "fr", "de", "it", "pt", "nl"})  # what text2num knows of

NUMBERS_MAX = 40  # in one message; nobody orders more at once

# Digits that stand alone: not in a word, a date, a fraction, a time, a range's minus; "x3" and "3x" count.
_DIGITS = re.compile(
    r"(?<![\w/:#@])(?<!\d[.,])(?P<sign>(?<!\S)-)?(?:[x×*]\s?)?(?P<digits>\d{1,12}(?:[.,]\d{1,3})*)"
    r"(?P<thousand>k)?(?:x\b|×)?(?![\w/@])(?![.,:]\d)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+|\d+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Number:
    """A number at text[start:end]."""

    value: Decimal
    start: int
    end: int
    spelt: bool  # in words


class _Word:
    """A token for text2num; a hyphen between two words joins them (twenty-five)."""

    def __init__(self, match: re.Match[str]) -> None:
        self.start, self.end = match.span()
        self._text = match.group().lower()

    def text(self) -> str:
        return self._text

    def nt_separated(self, _previous: "_Word") -> bool:
        return False

    def not_a_number_part(self) -> bool:
        return self._text.isdigit()


def numbers(text: str, language: str) -> list[Number]:
    """The first numbers of the text in their order."""
    written = [*_with_digits(text), *_with_words(text, language)]
    return sorted(written, key=lambda number: number.start)[:NUMBERS_MAX]


def _with_digits(text: str) -> Iterator[Number]:
    for match in _DIGITS.finditer(text):
        amount = Price.fromstring(match["digits"]).amount
        if amount is None:
            continue
        if match["thousand"]:
            amount *= 1000
        yield Number(-amount if match["sign"] else amount, match.start(), match.end(), spelt=False)


def _with_words(text: str, language: str) -> Iterator[Number]:
    if language not in NUMBER_LANGUAGES:
        return
    words = [
        _Word(match) for match in _WORD.finditer(text) if match.group() != "-" or not _joins(text, match)
    ]
    library: Any = text_to_num  # ships no types
    found: Any = library.find_numbers(words, language, 0.0)
    for occurrence in found:
        if not occurrence.is_ordinal:
            first: _Word = words[int(occurrence.start)]
            last: _Word = words[int(occurrence.end) - 1]
            yield Number(Decimal(str(occurrence.value)).normalize(), first.start, last.end, spelt=True)


def _joins(text: str, hyphen: re.Match[str]) -> bool:
    before, after = text[: hyphen.start()], text[hyphen.end() :]
    return before[-1:].isalpha() and after[:1].isalpha()
