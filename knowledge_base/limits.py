"""The limits of a query, held against what is known of products; stock is not among that."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from knowledge_base.facts import Facts, NamedValues, Price
from knowledge_base.query import Limit, ProductQuery
from knowledge_base.wording import fold, stems, tokens
from shop.money import Money

TEXTS_REMEMBERED: Final = 20_000

# Sizes that go by several names.
SIZE_NAMES: Final = {
    "extrasmall": "xs", "xsmall": "xs", "small": "s", "medium": "m", "large": "l", "extralarge": "xl",
    "xlarge": "xl", "xxlarge": "xxl", "2xl": "xxl", "3xl": "xxxl",
}  # fmt: skip
SAME_COLOR: Final = {"gray": "grey", "weiss": "weiß"}

Described = Mapping[str, NDArray[np.bool_]]
"""For a material, the places of the products whose description names it."""


class Limits:
    """The limits of one query. Remembers what it found out about options, which many variants share."""

    def __init__(self, query: ProductQuery, described: Described) -> None:
        self._query = query
        self._described = described
        self._any = bool({*query.limits()} - {Limit.STOCK})
        self._category = stems(query.category or "")
        self._sizes: dict[NamedValues, str | None] = {}
        self._colors: dict[tuple[NamedValues, tuple[str, ...]], str | None] = {}

    def let_through(self, facts: Facts) -> bool:
        """Whether a variant of the product meets them all."""
        if not self._any:
            return True
        if not self._category_fits(facts):
            return False
        variants = zip(facts.options, facts.prices, strict=True)
        return any(self.fits(facts, options, price) for options, price in variants)

    def fits(self, facts: Facts, options: NamedValues, price: Price) -> bool:
        """Whether such a variant of the product meets them."""
        query = self._query
        return (
            _within(query, price)
            and (not query.sizes or self.size(options) is not None)
            and (not query.colors or self.color(facts, options, query.colors) is not None)
            and (not query.not_colors or self.color(facts, options, query.not_colors) is None)
            and (not query.materials or self.material(facts, options) is not None)
        )

    def _category_fits(self, facts: Facts) -> bool:
        wanted = self._category
        return not wanted or any(wanted <= _stems(label) for label in (facts.category, *facts.tags))

    def color(self, facts: Facts, options: NamedValues, wanted: tuple[str, ...]) -> str | None:
        """The first wanted colour that the variant has; of a product without colours to choose, what its texts say."""
        if not facts.has_colors:
            said = (*options.values, *facts.attributes.colors, *facts.tags, facts.title)
            return _named(said, wanted)
        if (options, wanted) not in self._colors:
            self._colors[options, wanted] = _named(options.colors, wanted)
        return self._colors[options, wanted]

    def size(self, options: NamedValues) -> str | None:
        """The first wanted size that the variant has."""
        if options not in self._sizes:
            there = options.sizes or options.values
            fitting = (want for want in self._query.sizes if any(same_size(size, want) for size in there))
            self._sizes[options] = next(fitting, None)
        return self._sizes[options]

    def material(self, facts: Facts, options: NamedValues) -> str | None:
        """The first wanted material that the product is of, or this variant where there is one to choose."""
        wanted = self._query.materials
        said = (*options.values, *facts.attributes.values, *facts.tags, facts.title)
        return next((want for want in wanted if _says(said, want) or self._describes(facts, want)), None)

    def _describes(self, facts: Facts, material: str) -> bool:
        """Whether only the description says so: where another variant is of it, the description speaks of that one."""
        if not self._described[material][facts.place]:
            return False
        return not any(_says(options.values, material) for options in facts.options)


def _within(query: ProductQuery, price: Price) -> bool:
    for limit, sign in ((query.at_most, 1), (query.at_least, -1)):
        if limit and (price.currency != limit.currency or sign * price.minor > sign * limit.minor):
            return False
    return True


def apart(price: Price, wanted: Money) -> int:
    """How far a price is from what was to be paid, in minor units."""
    return abs(price.minor - wanted.minor)


def _says(said: Sequence[str], material: str) -> bool:
    wanted = _stems(material)
    return any(wanted <= _stems(text) for text in said)


@lru_cache(maxsize=TEXTS_REMEMBERED)
def _stems(text: str) -> frozenset[str]:
    """Of a label, fact or option, which searches meet again and again."""
    return frozenset(stems(text))


def _named(said: Sequence[str], colors: Sequence[str]) -> str | None:
    return next((color for color in colors if any(_names_color(text, color) for text in said)), None)


def _names_color(text: str, color: str) -> bool:
    """Whether `text` names the colour: "True Black" names black, "Blackberry" does not."""
    wanted, said = _color_words(color), _color_words(text)
    if len(wanted) == 1:
        return wanted[0] in said
    return bool(wanted) and any(said[i : i + len(wanted)] == wanted for i in range(len(said)))


@lru_cache(maxsize=TEXTS_REMEMBERED)
def _color_words(text: str) -> tuple[str, ...]:
    return tuple(SAME_COLOR.get(token, token) for token in tokens(text))


def same_size(one: str, other: str) -> bool:
    """Whether two names are of one size: "Large" and "l", "54 cm" and "54"."""
    left, right = _size_name(one), _size_name(other)
    if left == right:
        return True
    shorter, longer = sorted((left, right), key=len)
    return shorter.isdigit() and longer.startswith(shorter) and longer[len(shorter) :].isalpha()


def _size_name(size: str) -> str:
    joined = "".join(fold(size).split()).replace("-", "")
    return SIZE_NAMES.get(joined, joined)
