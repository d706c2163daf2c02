"""Price ranges: under 15 euros, between 20 and 30, 15–20 €, around 25."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from nlu.entities.number import Number, numbers
from nlu.entities.spans import Taken, any_of, compiled, entity
from nlu.entities.words import Words
from nlu.understanding import Entity

AROUND = Decimal("0.2")  # "around 25" is 20 to 30


class PriceExtractor:
    """`price_max`, `price_min` and, for an amount without a bound, `price`; each a decimal string ("14.90").

    A number is a price when a currency stands beside it, or a bound before it that speaks of nothing else.
    """

    def __init__(self, words: Words) -> None:
        prices = words.prices
        self._language = words.language
        self._currency_before = compiled(any_of(prices.currencies), r"\s?$")
        self._currency_after = compiled(r"\s?", any_of(prices.currencies))
        self._bounds = {
            bound: compiled(any_of(terms), r"\s*$")
            for bound, terms in (("max", prices.below), ("min", prices.above), ("around", prices.around))
        }
        self._between = compiled(any_of(prices.between), r"\s*$")
        self._and = compiled(r"\s*", any_of((*prices.and_, "-")), r"\s*")
        self._vague = compiled(any_of(prices.vague), r"\s*$")
        self._phrase_ends = compiled(r"\s*(?:$|[^\w\s%°]|", any_of(prices.may_follow), ")")
        self._after = compiled(r"\s*", any_of(prices.after))
        self._units = compiled(r"\s?", any_of(words.numbers.units))

    def extract(self, text: str, taken: Taken) -> Iterator[Entity]:
        found = [n for n in numbers(text, self._language) if n.value >= 0 and taken.free(n.start, n.end)]
        position = 0
        while position < len(found):
            pair = found[position : position + 2]
            entities = list(self._range(text, pair))
            step = 2 if entities else 1
            entities = entities or list(self._single(text, found[position]))
            if entities:
                taken.claim(entities[0].start, entities[0].end)
            yield from entities
            position += step

    def _range(self, text: str, pair: Sequence[Number]) -> Iterator[Entity]:
        if len(pair) < 2 or pair[0].value >= pair[1].value:
            return
        low, high = pair
        low_start, low_end, low_priced = self._with_currency(text, low)
        high_start, end, high_priced = self._with_currency(text, high)
        if low_end > high_start or not self._and.fullmatch(text[low_end:high_start]):
            return
        between = self._between.search(text[:low_start])
        measured = self._units.match(text[high.end :]) and not high_priced
        if not (low_priced or high_priced) and (not between or measured or high.value > 100_000):
            return
        start = between.start() if between else low_start
        yield entity("price_min", _decimal(low.value), text, (start, end))
        yield entity("price_max", _decimal(high.value), text, (start, end))

    def _single(self, text: str, number: Number) -> Iterator[Entity]:
        start, end, priced = self._with_currency(text, number)
        bound, begin = self._bound(text, start)
        if not priced and not (bound and self._speaks_of_money(text, start, end, number)):
            return
        if bound is None and (after := self._bound_after(text, end)):
            bound, end = "max", after
        for name, value in _limits(bound, number.value):
            yield entity(name, _decimal(value), text, (begin, end))

    def _with_currency(self, text: str, number: Number) -> tuple[int, int, bool]:
        """The number's span together with a currency beside it, and whether there is one."""
        before = self._currency_before.search(text[: number.start])
        after = self._currency_after.match(text[number.end :])
        start = before.start() if before else number.start
        return start, number.end + (after.end() if after else 0), bool(before or after)

    def _bound(self, text: str, start: int) -> tuple[str | None, int]:
        matches = [
            (bound, found)
            for bound, pattern in self._bounds.items()
            if (found := pattern.search(text[:start]))
        ]
        if not matches:
            return None, start
        bound, longest = min(
            matches, key=lambda match: match[1].start()
        )  # "not more than" before "more than"
        return bound, longest.start()

    def _bound_after(self, text: str, end: int) -> int | None:
        """Where "15 euros max" ends, if that is what stands there."""
        match = self._after.match(text[end:])
        return end + match.end() if match else None

    def _speaks_of_money(self, text: str, start: int, end: int, number: Number) -> bool:
        """Without a currency: under 15 does; about 5 mugs, under 30 cm do not."""
        if self._units.match(text[end:]):
            return False
        vague = self._vague.search(text[:start])
        return not vague or (number.value >= 5 and bool(self._phrase_ends.match(text[end:])))


def _limits(bound: str | None, value: Decimal) -> list[tuple[str, Decimal]]:
    if bound == "around":
        return [("price_min", value * (1 - AROUND)), ("price_max", value * (1 + AROUND))]
    return [("price" if bound is None else f"price_{bound}", value)]


def _decimal(value: Decimal) -> str:
    """Plain digits: 15, 14.90, never 1E+3; cents are written with both digits."""
    whole = value == value.to_integral_value()
    return f"{value.quantize(Decimal(1) if whole else Decimal('0.01'))}"
