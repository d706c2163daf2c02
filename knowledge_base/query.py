"""What may be asked of product search, and what it says: words, limits, hits."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from knowledge_base.reasons import Reason, ReasonKind, reasons_in_texts
from shop.catalogue.model import Product
from shop.money import Money


class Limit(StrEnum):
    """What a query may demand, in the order in which demands are let go when nothing meets them all.

    What the person probably cares least about, or we may have misread, goes first; what they
    ruled out or cannot pay goes last.
    """

    MATERIAL = "material"
    CATEGORY = "category"
    SIZE = "size"
    COLOR = "color"
    STOCK = "stock"
    PRICE = "price"
    NOT_COLOR = "not_color"


@dataclass(frozen=True, slots=True)
class ProductQuery:
    """What is looked for. `text` may hold filler, typos and a price limit; of each collection, any one will do."""

    text: str = ""
    price_max: Money | Decimal | None = None  # a plain amount is in the shop's currency
    price_min: Money | Decimal | None = None
    colors: tuple[str, ...] = ()
    not_colors: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    materials: tuple[str, ...] = ()
    category: str | None = None
    in_stock_only: bool = False
    limit: int = 10
    offset: int = 0

    @property
    def at_most(self) -> Money | None:
        """The upper limit once it is known to be money."""
        return self.price_max if isinstance(self.price_max, Money) else None

    @property
    def at_least(self) -> Money | None:
        """The lower limit once it is known to be money."""
        return self.price_min if isinstance(self.price_min, Money) else None

    def limits(self) -> list[Limit]:
        """The demands that it makes, in the order of letting go."""
        made = {
            Limit.MATERIAL: self.materials,
            Limit.CATEGORY: self.category,
            Limit.SIZE: self.sizes,
            Limit.COLOR: self.colors,
            Limit.STOCK: self.in_stock_only,
            Limit.PRICE: self.price_max is not None or self.price_min is not None,
            Limit.NOT_COLOR: self.not_colors,
        }
        return [limit for limit in Limit if made[limit]]

    def described(self) -> list[str]:
        """The demands that are words of the catalogue, enough to search by."""
        return [*self.colors, *self.materials, *filter(None, [self.category])]

    def without(self, limits: Collection[Limit]) -> "ProductQuery":
        """The same with those demands taken back."""
        empty: dict[Limit, dict[str, Any]] = {
            Limit.MATERIAL: {"materials": ()},
            Limit.CATEGORY: {"category": None},
            Limit.SIZE: {"sizes": ()},
            Limit.COLOR: {"colors": ()},
            Limit.STOCK: {"in_stock_only": False},
            Limit.PRICE: {"price_max": None, "price_min": None},
            Limit.NOT_COLOR: {"not_colors": ()},
        }
        changes = {name: value for limit in limits for name, value in empty[limit].items()}
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Hit:
    """A product, the variant of it that fits best, and the limits that it meets."""

    product_id: UUID
    variant_id: UUID
    score: float
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One page of hits, best first; how many there are; what was read differently from how it was asked."""

    hits: tuple[Hit, ...] = ()
    total: int = 0
    corrected: Mapping[str, str] = field(default_factory=dict[str, str])
    relaxed: tuple[Limit, ...] = ()
    words: tuple[str, ...] = ()  # of the query that were looked for, as the catalogue spells them


def why_found(hit: Hit, product: Product, result: SearchResult, *, language: str) -> list[Reason]:
    """Why `product` is among the hits, for its card: what it is called, the limits it meets, then a quote."""
    met = {reason.text.casefold() for reason in hit.reasons}
    said = reasons_in_texts(product, result.words, language=language)
    called = [each for each in said if each.kind is not ReasonKind.QUOTE and each.text.casefold() not in met]
    return [*called, *hit.reasons, *(each for each in said if each.kind is ReasonKind.QUOTE)]
