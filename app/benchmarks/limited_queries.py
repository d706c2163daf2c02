"""Queries that say what it shall be and how, and that some product is known to answer: its category, within limits that it meets."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from knowledge_base.query import Hit, ProductQuery
from shop.catalogue.model import Product, Variant
from shop.catalogue.queries import kind_of
from shop.money import Money

SEED: Final = 20261124
LIMITS_MAX: Final = 2  # at once, which is what people say
PARTS: Final = re.compile(r"[/>,&|]")
WORD: Final = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Sold:
    """A variant that is on sale, and what its product is."""

    category: str
    attributes: Mapping[str, Any]
    options: Mapping[str, str]
    price: Money


def sold(session: Session) -> list[Sold]:
    """Every variant on sale whose product has a category."""
    asked = select(
        Product.category, Product.attributes, Variant.options, Variant.price_minor, Variant.currency
    ).join_from(Variant, Product, Product.id == Variant.product_id)
    on_sale = asked.where(Product.published, Variant.published, Product.category != "").order_by(Variant.id)
    return [Sold(*row[:3], Money(row.price_minor, row.currency)) for row in session.execute(on_sale)]


def limited_queries(variants: Sequence[Sold], count: int, *, seed: int = SEED) -> list[ProductQuery]:
    """So many queries, each from a variant: the last part of its category, with one or two limits that it meets."""
    chance = Random(seed)  # noqa: S311 - the same every time is what is wanted
    chosen = [chance.choice(variants) for _ in range(count if variants else 0)]
    return [_limited(chance, variant) for variant in chosen]


def _limited(chance: Random, variant: Sold) -> ProductQuery:
    limits = list(_limits(variant).items())
    chosen = chance.sample(limits, min(len(limits), chance.randint(1, LIMITS_MAX)))
    return ProductQuery(PARTS.split(variant.category)[-1].strip(), **dict(chosen))


def _limits(variant: Sold) -> dict[str, Any]:
    """All that could be demanded of it."""
    found: dict[str, Any] = {"price_max": variant.price}
    facts = {name: value for name, value in variant.attributes.items() if kind_of(name) == "materials"}
    for name, value in (*variant.options.items(), *facts.items()):
        kind = kind_of(name)
        if kind is not None and isinstance(value, str) and WORD.search(value):
            found.setdefault(kind, (value.casefold(),))
    return found


def meets(session: Session, query: ProductQuery, hit: Hit) -> bool:
    """Whether what was found is within the limits, by the variant itself; of what it is made, its product's texts may say."""
    variant = session.get_one(Variant, hit.variant_id)
    options = " ".join(variant.options.values()).casefold()
    wanted = {word for text in (*query.colors, *query.sizes) for word in WORD.findall(text)}
    within = query.at_most is None or variant.price_minor <= query.at_most.minor
    return within and wanted <= {*WORD.findall(options)}
