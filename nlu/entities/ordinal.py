"""Places in a list: the second one, number 3, the last."""

from collections.abc import Iterator

from nlu.entities.spans import Taken, any_of, compiled, entity
from nlu.entities.words import Words
from nlu.understanding import Entity

PLACES_MAX = 99


class OrdinalExtractor:
    """`ordinal`: 1 for the first, −1 for the last. "One second", "last week" and "first of all" are none."""

    def __init__(self, words: Words) -> None:
        ordinals = words.ordinals
        self._places = {term.casefold(): place for term, place in ordinals.words.items()}
        self._ordinal = compiled(any_of(tuple(ordinals.words)))
        self._numbered = compiled(any_of(ordinals.numbered), r"\s?(?P<place>\d{1,2})(?![\w.,/]\w|\w)")
        self._not_before = compiled(r"\s+", any_of(ordinals.not_before))
        self._not_after = compiled(any_of(ordinals.not_after), r"\s+$")

    def extract(self, text: str, taken: Taken) -> Iterator[Entity]:
        for match in self._numbered.finditer(text):
            place = int(match["place"])
            if 0 < place <= PLACES_MAX and taken.free(*match.span()):
                taken.claim(*match.span())
                yield entity("ordinal", place, text, match.span())
        for match in self._ordinal.finditer(text):
            elsewhere = self._not_before.match(text[match.end() :]) or self._not_after.search(
                text[: match.start()]
            )
            if not elsewhere and taken.free(*match.span()):
                taken.claim(*match.span())
                yield entity("ordinal", self._places[match.group().casefold()], text, match.span())
