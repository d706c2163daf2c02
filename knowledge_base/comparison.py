"""Compares goods by what is written of them: which is the lighter, the cheaper, the one that holds more; and field by field.

Nothing is judged that the data do not settle: amounts that overlap, or sides of which one is longer and one shorter, are shown
and left to the person; what is missing is named.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from knowledge_base.measures import Kind, Measure, extent, sides
from knowledge_base.statements import fields, grams_in_words, is_weight, variants_on_sale
from knowledge_base.wording import stems, words_of
from shop.catalogue.model import Product, Variant
from shop.money import Money


class Aspect(StrEnum):
    """What goods are compared by."""

    PRICE = "price"
    WEIGHT = "weight"
    CAPACITY = "capacity"
    SIZE = "size"
    HEIGHT = "height"
    WIDTH = "width"
    LENGTH = "length"
    DURATION = "duration"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: the most or the least of an aspect."""

    aspect: Aspect
    most: bool


WANTED: Final[Mapping[str, Wanted]] = {
    "cheaper": Wanted(Aspect.PRICE, most=False),
    "cheapest": Wanted(Aspect.PRICE, most=False),
    "dearer": Wanted(Aspect.PRICE, most=True),
    "dearest": Wanted(Aspect.PRICE, most=True),
    "lighter": Wanted(Aspect.WEIGHT, most=False),
    "lightest": Wanted(Aspect.WEIGHT, most=False),
    "heavier": Wanted(Aspect.WEIGHT, most=True),
    "heaviest": Wanted(Aspect.WEIGHT, most=True),
    "roomier": Wanted(Aspect.CAPACITY, most=True),
    "less_roomy": Wanted(Aspect.CAPACITY, most=False),
    "bigger": Wanted(Aspect.SIZE, most=True),
    "biggest": Wanted(Aspect.SIZE, most=True),
    "smaller": Wanted(Aspect.SIZE, most=False),
    "smallest": Wanted(Aspect.SIZE, most=False),
    "taller": Wanted(Aspect.HEIGHT, most=True),
    "wider": Wanted(Aspect.WIDTH, most=True),
    "longer": Wanted(Aspect.LENGTH, most=True),
    "longer_lasting": Wanted(Aspect.DURATION, most=True),
}
"""By the word that people compare with, as `nlu` names it."""

# The names under which shops keep these attributes, in the languages we speak.
CAPACITY_NAMES: Final = ("capacity", "volume", "capacidad", "volumen", "fassungsvermögen", "inhalt")
SIZE_NAMES: Final = (
    "dimensions",
    "measurements",
    "size",
    "medidas",
    "dimensiones",
    "tamaño",
    "maße",
    "größe",
)
DURATION_NAMES: Final = ("burning time", "battery life", "duration", "duración", "brenndauer")


@dataclass(frozen=True, slots=True)
class Good:
    """A product, or only some of its variants, as one side of a comparison."""

    product: Product
    variants: Sequence[Variant]  # those on sale that are meant
    label: str

    @property
    def prices(self) -> tuple[Money, Money]:
        """The lowest and the highest."""
        prices = sorted((each.price for each in self.variants), key=lambda price: price.minor)
        return prices[0], prices[-1]


@dataclass(frozen=True, slots=True)
class Reading:
    """What is written of a good under an aspect: the words to show, and the amounts in groups that are compared alike."""

    text: str
    groups: Mapping[str, Mapping[str, Measure]]  # none where the words are no amount
    fields: tuple[str, ...] = ()  # where it is written; none of its own for a price


@dataclass(frozen=True, slots=True)
class Verdict:
    """The readings in the goods' order, and which of them win; none where the data do not settle it."""

    kind: Literal["winner", "same", "unclear", "unknown"]
    readings: Sequence[Reading | None]
    winners: Sequence[int] = ()

    @property
    def missing(self) -> list[int]:
        """Of which goods nothing is written."""
        return [place for place, each in enumerate(self.readings) if each is None]


@dataclass(frozen=True, slots=True)
class Row:
    """One field of goods side by side; a value is empty where nothing is written."""

    label: str
    values: tuple[str, ...]

    @property
    def is_shared(self) -> bool:
        return len(set(self.values)) == 1


def compare(
    goods: Sequence[Good], wanted: Wanted, *, language: str, money: Callable[[Money], str]
) -> Verdict:
    """Which of the goods has the most, or the least, of the aspect."""
    readings = [reading(good, wanted.aspect, language=language, money=money) for good in goods]
    known = [(place, each) for place, each in enumerate(readings) if each is not None]
    if len(known) < 2:
        return Verdict("unknown", readings)
    winners = [
        place
        for place, each in known
        if all(_is_ahead(each, other, wanted.most) for at, other in known if at != place)
    ]
    if not winners:
        return Verdict("unclear", readings)
    return Verdict("same" if len(winners) == len(known) else "winner", readings, winners)


def rows(goods: Sequence[Good], *, language: str) -> list[Row]:
    """Every field of which at least one of the goods has a value, in the order of the first that has it."""
    told = [
        {each.field: each.value for each in fields(good.product, language, good.variants)} for good in goods
    ]
    names = dict.fromkeys(name for each in told for name in each)
    return [Row(name, tuple(each.get(name, "") for each in told)) for name in names]


def reading(good: Good, aspect: Aspect, *, language: str, money: Callable[[Money], str]) -> Reading | None:
    """What is written of it under that aspect; None where nothing is, or nothing that can be read as an amount."""
    match aspect:
        case Aspect.PRICE:
            low, high = good.prices
            text = money(low) if low == high else f"{money(low)}–{money(high)}"
            return Reading(text, {"price": {"price": Measure("money", low.minor, high.minor)}})
        case Aspect.WEIGHT:
            return _weight(good, language)
        case Aspect.CAPACITY:
            return _amount(good, CAPACITY_NAMES, ("volume", "weight"))
        case Aspect.DURATION:
            return _amount(good, DURATION_NAMES, ("time",))
        case Aspect.SIZE:
            return _size(good)
        case _:
            return _side(good, aspect.value)


def _is_ahead(this: Reading, other: Reading, most: bool) -> bool:
    """Whether it has as much (or as little) in everything that both tell in the same way, and they do so at all."""
    common = [
        (this.groups[name], other.groups[name])
        for name in this.groups.keys() & other.groups.keys()
        if this.groups[name].keys() == other.groups[name].keys()
    ]
    pairs = [(ours[key], theirs[key]) for ours, theirs in common for key in ours]
    return bool(pairs) and all(
        (ours.low, ours.high) == (theirs.low, theirs.high)
        or (ours.low >= theirs.high if most else ours.high <= theirs.low)
        for ours, theirs in pairs
    )


# ---------------------------------------------------------------------- reading fields


def _weight(good: Good, language: str) -> Reading | None:
    """By the merchant's own field for it; else as the catalogue weighs what is sent."""
    for name, value in good.product.attributes.items():
        if is_weight(name, language):
            amount = extent(str(value), "weight")
            return Reading(str(value), {"weight": {"weight": amount}} if amount else {}, (name,))
    grams = [each.weight_grams or 0 for each in good.variants]
    if not grams or not min(grams):
        return None
    low, high = min(grams), max(grams)
    text, sent = grams_in_words(low, high, language), words_of(language).weight
    return Reading(text, {"sent": {"sent": Measure("weight", low, high)}}, (sent,))


def _amount(good: Good, names: Sequence[str], kinds: Sequence[Kind]) -> Reading | None:
    for name, text in _told(good, names):
        for kind in kinds:
            if (amount := extent(text, kind)) is not None:
                return Reading(text, {kind: {kind: amount}}, (name,))
    return None


def _side(good: Good, side: str) -> Reading | None:
    for name, text in _told(good, SIZE_NAMES):
        if sides(text) and (amount := extent(text, "length", side)) is not None:
            return Reading(text, {side: {side: amount}}, (name,))
    return None


def _size(good: Good) -> Reading | None:
    """By its sides and by how much it holds."""
    found = [
        Reading(text, {"sides": each}, (name,))
        for name, text in _told(good, SIZE_NAMES)
        if (each := sides(text))
    ][:1]
    if (held := _amount(good, CAPACITY_NAMES, ("volume",))) is not None:
        found.append(held)
    if not found:
        return None
    return Reading(
        " · ".join(dict.fromkeys(each.text for each in found)),
        {name: group for each in found for name, group in each.groups.items()},
        tuple(name for each in found for name in each.fields),
    )


def _told(good: Good, names: Sequence[str]) -> list[tuple[str, str]]:
    """What says it, by field: the chosen kinds' own options, then the attributes of these names."""
    chosen: dict[str, str] = {}
    for name in dict.fromkeys(name for each in good.variants for name in each.options):
        values = dict.fromkeys(each.options[name] for each in good.variants if name in each.options)
        chosen[name] = ", ".join(values)
    whole = len(good.variants) == len(variants_on_sale(good.product))
    wanted = [stems(name) for name in names]
    said = [(name, str(value)) for name, value in good.product.attributes.items() if stems(name) in wanted]
    if whole and len(good.variants) > 1:
        return [*said, *chosen.items()]
    return [*chosen.items(), *said]
