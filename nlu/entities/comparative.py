"""Wishes by comparison: cheaper, bigger, the lightest."""

from collections.abc import Iterator

from nlu.entities.spans import Taken, any_of, compiled, entity
from nlu.entities.words import Words
from nlu.understanding import Entity


class ComparativeExtractor:
    """`comparative`: the field's own word, the same in every language ("cheaper", "bigger", "cheapest")."""

    def __init__(self, words: Words) -> None:
        self._patterns = [(name, compiled(any_of(terms))) for name, terms in words.comparatives.items()]

    def extract(self, text: str, taken: Taken) -> Iterator[Entity]:
        for name, pattern in self._patterns:
            for match in pattern.finditer(text):
                if taken.free(*match.span()):
                    taken.claim(*match.span())
                    yield entity("comparative", name, text, match.span())
