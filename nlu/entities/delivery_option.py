"""How it should come: standard, express or pickup."""

from collections.abc import Iterator

from nlu.entities.spans import Taken, any_of, compiled, entity
from nlu.entities.words import Words
from nlu.understanding import Entity


class DeliveryOptionExtractor:
    """`delivery_option`: "standard", "express" or "pickup"."""

    def __init__(self, words: Words) -> None:
        self._patterns = [(option, compiled(any_of(terms))) for option, terms in words.delivery.items()]

    def extract(self, text: str, taken: Taken) -> Iterator[Entity]:
        for option, pattern in self._patterns:
            for match in pattern.finditer(text):
                if taken.free(*match.span()):
                    yield entity("delivery_option", option, text, match.span())
