"""What limits are held against: of every product its name, labels and facts, of its variants their options and prices.

Search keeps this in memory (`lexicon.py`). What many products share is kept once. Stock changes with every order, so it is not
here: it is read when it is asked for (`judging.py`).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Text, cast

from shop.catalogue.queries import kind_of

REMEMBERED: Final = 50_000  # texts and prices, of which a catalogue of that many products has far fewer


@dataclass(frozen=True, slots=True, eq=False)
class NamedValues:
    """The options of a variant, or the facts of a product. There is one object for all that have the same."""

    values: tuple[str, ...]
    colors: tuple[str, ...]
    sizes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Price:
    """What a variant costs."""

    minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Facts:
    """One product that is on sale."""

    place: int  # on the shelves
    title: str
    category: str
    tags: tuple[str, ...]
    attributes: NamedValues
    options: tuple[NamedValues, ...]  # of its published variants, in their order
    prices: tuple[Price, ...]  # the same
    has_colors: bool  # to choose from


def as_text(column: Any, name: str) -> ColumnElement[str]:
    """JSON as it is written, which is read once for all that have the same."""
    return cast(column, Text).label(name)


@lru_cache(maxsize=REMEMBERED)
def named_values(written: str) -> NamedValues:
    """Of a JSON object."""
    read: Mapping[str, Any] = json.loads(written)
    kinds = {name: kind_of(name) for name in read}
    return NamedValues(
        values=_texts(read.values()),
        colors=_texts(value for name, value in read.items() if kinds[name] == "colors"),
        sizes=_texts(value for name, value in read.items() if kinds[name] == "sizes"),
    )


@lru_cache(maxsize=REMEMBERED)
def texts(written: str) -> tuple[str, ...]:
    """Of a JSON array."""
    read: Sequence[Any] = json.loads(written)
    return _texts(read)


@lru_cache(maxsize=REMEMBERED)
def price(minor: int, currency: str) -> Price:
    """The same object for the same price."""
    return Price(minor, currency)


def _texts(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(map(str, values))
