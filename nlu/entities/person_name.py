"""Names of people: my name is Ana Ruiz, I'm Bo, it's for Anna Berg."""

import re
from collections.abc import Iterator

from nlu.entities.spans import Taken, any_of, compiled, entity
from nlu.entities.words import Words
from nlu.understanding import Entity

WORDS_MAX = 4

_PART = r"[^\W\d_](?:[^\W\d_]|['’.-](?=[^\W\d_]))*\.?"


class PersonNameExtractor:
    """`person_name`: as written; a name typed in lower case after "my name is" gets its capitals.

    `never` are words that are no name after a mere "I'm" or "it's", such as the shop's colours: "it's Black".
    """

    def __init__(self, words: Words, never: frozenset[str] = frozenset()) -> None:
        names = words.names
        self._no_names = frozenset(word.casefold() for word in names.not_names)
        self._never = never | self._no_names
        self._particles = {word.casefold() for term in names.particles for word in term.split()}
        after = rf"[\s:,]+(?P<name>{_PART}(?:\s+{_PART}){{0,{WORDS_MAX + 1}}})"
        self._sure = compiled(any_of(tuple(term.rstrip(":") for term in names.sure)), after)
        relation = rf"(?:\s+{any_of(names.my)}\s+\w+)?"  # it's for my mother, Elena
        self._likely = compiled(any_of(names.likely), relation, after)
        self._full = compiled(any_of(names.full), relation, after)

    def extract(self, text: str, taken: Taken) -> Iterator[Entity]:
        shouting = text.isupper()
        for pattern, words_min, capitals in (
            (self._sure, 1, False),
            (self._likely, 1, True),
            (self._full, 2, True),
        ):
            for match in pattern.finditer(text):
                if capitals and shouting:
                    continue
                end = self._end(match["name"], capitals=capitals, words_min=words_min)
                start = match.start("name")
                if end and taken.free(start, start + end):
                    taken.claim(start, start + end)
                    yield entity(
                        "person_name", _capitalised(text[start : start + end]), text, (start, start + end)
                    )

    def _end(self, words: str, *, capitals: bool, words_min: int) -> int:
        """How much of the words is a name: 0 for none of it."""
        end = counted = 0
        for part in re.finditer(_PART, words):
            word = part.group()
            particle = word.casefold() in self._particles
            no_names = self._never if capitals else self._no_names
            if word.rstrip(".").casefold() in no_names or (
                capitals and not particle and not word[0].isupper()
            ):
                break
            if counted == WORDS_MAX or (counted and end < part.start() and "." in words[end : part.start()]):
                break
            if not particle:
                end, counted = part.start() + len(word.rstrip(".")), counted + 1
        return end if counted >= words_min else 0


def _capitalised(name: str) -> str:
    return name.title() if name.islower() else name
