"""Reads measures in what a shop writes of its goods: "330 ml", "9 cm wide, 10 cm high", "250 or 350 ml", "50 × 70 cm".

A handful of units is all that goods are sold in, so they are a table here: pint knows thousands of them, takes a third of
a second to load, and reads no "9 cm wide, 10 cm high", which is the work. What is not read for sure is not a measure.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from knowledge_base.wording import fold

Kind = Literal["weight", "volume", "length", "time", "money"]
UNITS: Final[Mapping[Kind, Mapping[str, float]]] = {
    "weight": {
        "mg": 0.001, "g": 1, "gr": 1, "gram": 1, "grams": 1, "gramm": 1, "gramo": 1, "gramos": 1,
        "kg": 1000, "kilo": 1000, "kilos": 1000, "kilogram": 1000, "kilograms": 1000, "kilogramos": 1000,
        "oz": 28.349523125, "ounce": 28.349523125, "ounces": 28.349523125,
        "lb": 453.59237, "lbs": 453.59237, "pound": 453.59237, "pounds": 453.59237,
    },
    "volume": {
        "ml": 1, "cl": 10, "dl": 100, "l": 1000, "liter": 1000, "liters": 1000, "litre": 1000, "litres": 1000,
        "litro": 1000, "litros": 1000, "millilitre": 1, "millilitres": 1, "mililitros": 1,
        "fl oz": 29.5735295625, "fl. oz": 29.5735295625,
    },
    "length": {
        "mm": 1, "cm": 10, "m": 1000, "centimetre": 10, "centimetres": 10, "centimeters": 10, "centimetros": 10,
        "metre": 1000, "metres": 1000, "meters": 1000, "metros": 1000,
        "inch": 25.4, "inches": 25.4, "pulgadas": 25.4, "pulgada": 25.4, '"': 25.4, "″": 25.4,
        "ft": 304.8, "feet": 304.8, "foot": 304.8,
    },
    "time": {
        "min": 1, "minute": 1, "minutes": 1, "minuto": 1, "minutos": 1, "h": 60, "hour": 60, "hours": 60,
        "hora": 60, "horas": 60, "stunde": 60, "stunden": 60,
    },
}  # fmt: skip
BY_UNIT: Final[Mapping[str, tuple[Kind, float]]] = {
    "in": ("length", 25.4),  # where nothing follows: else it is the word
    **{unit: (kind, times) for kind, units in UNITS.items() for unit, times in units.items()},
}
SIDES: Final = {
    "wide": "width", "width": "width", "ancho": "width", "de ancho": "width", "breit": "width", "across": "width",
    "high": "height", "height": "height", "tall": "height", "alto": "height", "de alto": "height", "hoch": "height",
    "long": "length", "length": "length", "largo": "length", "de largo": "length", "lang": "length",
    "deep": "depth", "thick": "depth", "depth": "depth", "fondo": "depth", "de fondo": "depth", "tief": "depth",
}  # fmt: skip
# So that "about four hours" is read like "about 4 hours".
COUNTS: Final = {
    word: str(number)
    for words in (
        "one two three four five six seven eight nine ten eleven twelve",
        "una dos tres cuatro cinco seis siete ocho nueve diez once doce",
    )
    for number, word in enumerate(words.split(), start=1)
}
NUMBER: Final = r"(?:0[.,]\d{1,3}|\d{1,6}(?:[.,]\d{1,2})?)"  # 1.500 may be either, so it is none
TEXT_CHARACTERS_MAX: Final = 400
_AMONG: Final = r"×|x|–|-|/|,|or|to|and|o|a|y|oder|bis"  # between the numbers of one unit
_UNIT: Final = "|".join(re.escape(unit) for unit in sorted(BY_UNIT, key=len, reverse=True) if unit != "in")
_SIDE: Final = "|".join(sorted(SIDES, key=len, reverse=True))
_MEASURE: Final = re.compile(
    rf"(?<![\w.,/×])(?P<numbers>{NUMBER}(?:\s*(?:{_AMONG})\s*{NUMBER})*)"
    rf"\s*(?P<unit>{_UNIT}|in(?=\s*(?:$|[.,;)×x])))(?![\w²³])(?!\s?/\s?(?:m|l|kg|g|cm|h|ft)(?![a-z]))(?:\s+(?P<side>{_SIDE})(?!\w))?"
)
_PRODUCT: Final = re.compile(rf"{NUMBER}\s*[×x]\s*{NUMBER}")


@dataclass(frozen=True, slots=True)
class Measure:
    """How much it is, from `low` to `high`, in grams, millilitres, millimetres, minutes or a currency's minor units.

    `side` where it is named.
    """

    kind: Kind
    low: float
    high: float
    side: str = ""


def measures(text: str) -> list[Measure]:
    """All measures of a text, in order; of "50 × 70 cm" each side. Sizes of several things in one text are not told apart."""
    plain = fold(text[:TEXT_CHARACTERS_MAX])
    plain = re.sub(r"[a-z]+", lambda word: COUNTS.get(word.group(), word.group()), plain)
    if _PRODUCT.search(_MEASURE.sub(" ", plain)):  # S 30 × 20, L 48 × 32 cm
        return []
    return [each for match in _MEASURE.finditer(plain) for each in _read(match)]


def extent(text: str, kind: Kind, side: str = "") -> Measure | None:
    """From the least to the most of that kind that the text names; None where it names none.

    "250 or 350 ml" is from 250 to 350. With `side` only what is said to be that side counts.
    """
    found = [each for each in measures(text) if each.kind == kind and (not side or each.side == side)]
    if not found:
        return None
    return Measure(kind, min(each.low for each in found), max(each.high for each in found), side)


def sides(text: str) -> dict[str, Measure]:
    """The lengths of a thing: the named sides by name, others by their rank from the longest. Empty where unclear."""
    found = [each for each in measures(text) if each.kind == "length"]
    named = {each.side: each for each in found if each.side}
    bare = sorted((each for each in found if not each.side), key=lambda each: -each.high)
    if len(named) + len(bare) < len(found):  # a side twice: of two things
        return {}
    return named | {str(rank): each for rank, each in enumerate(bare)}


def _read(match: re.Match[str]) -> Iterator[Measure]:
    kind, times = BY_UNIT[match["unit"]]
    side = SIDES.get(match["side"] or "", "")
    numbers = [float(each.replace(",", ".")) * times for each in re.findall(NUMBER, match["numbers"])]
    if _PRODUCT.search(match["numbers"]):
        yield from _of_product(kind, match["numbers"], numbers)
        return
    yield Measure(kind, min(numbers), max(numbers), side)


def _of_product(kind: Kind, text: str, numbers: list[float]) -> Iterator[Measure]:
    """Each side of "50 × 70 cm"; of "3 × 250 g" all together; of "S 30 × 20, M 38 × 26 cm" nothing for sure."""
    if re.search(r"[,a-z]", re.sub(rf"{NUMBER}|x", "", text)):
        return
    if kind == "length":
        yield from (Measure(kind, number, number) for number in numbers)
    elif len(numbers) == 2:  # how often, and how much each
        count = float(re.findall(NUMBER, text)[0].replace(",", "."))
        yield Measure(kind, count * numbers[1], count * numbers[1])
