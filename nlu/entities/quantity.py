"""How many: 2 of them, x3, a couple, a dozen, one less."""

from collections.abc import Collection, Iterator
from decimal import Decimal

from nlu.entities.number import Number, numbers
from nlu.entities.spans import Taken, any_of, compiled, entity, tokens
from nlu.entities.words import Words
from nlu.understanding import Entity

QUANTITY_MAX = 9999


class QuantityExtractor:
    """`quantity`: a whole number; `quantity_change`: +1 for "one more", −1 for "one less".

    "One more" is a quantity as well (put one more in), "one less" is not. Zero and negative numbers are
    found too, so that they can be refused with a reason. Comes last: what is taken is something else.
    """

    def __init__(self, words: Words, descriptions: Collection[str] = ()) -> None:
        """`descriptions`: words of colours, sizes and materials, as the catalogue extractor compares them."""
        known = words.numbers
        self._descriptions = descriptions
        self._language = words.language
        self._phrases = {term.casefold(): count for term, count in known.phrases.items()}
        self._phrase = compiled(any_of(tuple(known.phrases)))
        self._dozen = compiled(r"\s+", any_of(known.dozen))
        self._one = compiled(any_of(known.one))
        self._before_one = compiled(r"(?:^|[.,;:!?(]|", any_of(known.before_one), r")\s*$")
        self._unit = compiled(r"(?:\s?[-–]\s?\d+)?[\s-]?", any_of(known.units))
        self._vague_units = frozenset(known.vague_units)
        self._not_after = compiled(any_of(known.not_after), r"\s*$")
        self._more = compiled(r"\s+", any_of(known.more))
        self._less = compiled(r"\s+", any_of(known.less))

    def extract(self, text: str, taken: Taken) -> Iterator[Entity]:
        for number in numbers(text, self._language):
            if taken.free(number.start, number.end) and self._counts(text, number):
                yield from self._read(text, number, taken)
        for match in self._phrase.finditer(text):
            if taken.free(*match.span()):
                taken.claim(*match.span())
                yield entity(
                    "quantity", self._phrases[" ".join(match.group().casefold().split())], text, match.span()
                )

    def _read(self, text: str, number: Number, taken: Taken) -> Iterator[Entity]:
        value, end = int(number.value), number.end
        if dozen := self._dozen.match(text[end:]):
            value, end = value * 12, end + dozen.end()
        taken.claim(number.start, end)
        more, less = self._more.match(text[end:]), self._less.match(text[end:])
        if not less:
            yield entity("quantity", value, text, (number.start, end))
        if change := more or less:
            yield entity(
                "quantity_change", value if more else -value, text, (number.start, end + change.end())
            )

    def _counts(self, text: str, number: Number) -> bool:
        """Whether it says how many: not 30 cm, not room 5, not "the blue one", not 2.5."""
        if number.value != number.value.to_integral_value() or abs(number.value) > QUANTITY_MAX:
            return False
        before, after = text[: number.start], text[number.end :]
        if self._is_measured(after) or self._not_after.search(before):
            return False
        if not (number.spelt and number.value == Decimal(1)):
            return True
        return bool(self._one.fullmatch(text[number.start : number.end]) and self._before_one.search(before))

    def _is_measured(self, after: str) -> bool:
        """Whether a unit follows the number; before a colour or a size, "in" is none."""
        unit = self._unit.match(after)
        if unit is None:
            return False
        next_word = next(iter(tokens(after[unit.end() :])), None)
        is_vague = unit.group().strip(" -–").lower() in self._vague_units
        return not (is_vague and next_word is not None and next_word.lower in self._descriptions)
