"""Where entities are in a message, and which characters are spoken for."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from nlu.understanding import Entity

TOKEN = re.compile(r"\w+(?:'\w+)?")


class Taken:
    """Characters that an entity has claimed: a number in an address is no quantity."""

    def __init__(self) -> None:
        self._spans: list[tuple[int, int]] = []

    def claim(self, start: int, end: int) -> None:
        self._spans.append((start, end))

    def free(self, start: int, end: int) -> bool:
        """Whether no claimed span overlaps text[start:end]."""
        return all(end <= begin or start >= stop for begin, stop in self._spans)


class Extractor(Protocol):
    """Finds entities of one kind."""

    def extract(self, text: str, taken: Taken) -> Iterable[Entity]:
        """Entities outside what is taken; claims the characters that nothing after it may read as something else."""
        ...


@dataclass(frozen=True, slots=True)
class Token:
    """A word of the text and where it stands."""

    text: str
    start: int
    end: int

    @property
    def lower(self) -> str:
        return self.text.lower()


def tokens(text: str) -> list[Token]:
    """The words of a text; an apostrophe stays inside (don't), a hyphen parts (t-shirt)."""
    return [Token(match.group(), match.start(), match.end()) for match in TOKEN.finditer(text)]


def entity(name: str, value: Any, text: str, span: tuple[int, int]) -> Entity:
    """An entity that stands at text[span[0]:span[1]]."""
    return Entity(name, value, text[slice(*span)], *span)


@cache
def any_of(terms: Sequence[str]) -> str:
    """A regular expression for any of the terms as whole words, the longest first, any white space within.

    Of no terms at all it is one that matches nothing.
    """
    if not terms:
        return "(?!)"
    ordered = sorted(terms, key=len, reverse=True)
    return "(?:" + "|".join(_whole(term) for term in ordered) + ")"


def _whole(term: str) -> str:
    pattern = r"\s+".join(re.escape(word) for word in term.split())
    before = r"(?<!\w)" if term[0].isalnum() else ""
    after = r"(?!\w)" if term[-1].isalnum() else ""
    return f"{before}{pattern}{after}"


def compiled(*parts: str) -> re.Pattern[str]:
    """The parts one after the other, in any case."""
    return re.compile("".join(parts), re.IGNORECASE)
