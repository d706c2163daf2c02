"""Says which variant of a product answers a query, and why. Price and stock are read from the variants, so they are of this moment."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from babel.core import Locale, UnknownLocaleError
from babel.numbers import format_currency
from sqlalchemy import Row, not_, or_, select
from sqlalchemy.orm import Session

from knowledge_base.changes import KEYS_A_STATEMENT
from knowledge_base.facts import Facts, NamedValues, Price, as_text, named_values, price
from knowledge_base.limits import Limits, apart
from knowledge_base.query import Hit, ProductQuery
from knowledge_base.wording import tokens
from shop.catalogue.model import Variant
from shop.money import Money

OUT_OF_STOCK_FACTOR: Final = 0.85

_IN_STOCK: Final = or_(not_(Variant.tracked), Variant.oversell, Variant.on_hand > Variant.allocated)


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges products for one query, by what is known of them."""

    session: Session
    query: ProductQuery
    limits: Limits
    facts: Mapping[UUID, Facts]
    words: Collection[str]  # that were asked for: of two variants, the one that says more of them
    language: str

    def in_stock(self, keys: Sequence[UUID]) -> Mapping[UUID, bool]:
        """Of these products, those with a variant that meets the limits; whether one such is in stock."""
        found: dict[UUID, bool] = {}
        for row in self._variants(keys):
            if not found.get(row.product_id) and self._fits(row):
                found[row.product_id] = bool(row.in_stock)
        return found

    def hits(self, scores: Mapping[UUID, float], *, wanted: Money | None) -> list[Hit]:
        """The products in the order of `scores`; where `wanted` could not be met, the variant whose price is next to it."""
        variants: dict[UUID, list[Row[Any]]] = {}
        for row in self._variants(list(scores)):
            if self._fits(row):
                variants.setdefault(row.product_id, []).append(row)
        return [self._hit(variants[key], score, wanted) for key, score in scores.items() if key in variants]

    def _variants(self, keys: Sequence[UUID]) -> Iterator[Row[Any]]:
        asked = select(
            Variant.id,
            Variant.product_id,
            as_text(Variant.options, "options"),
            Variant.price_minor,
            Variant.currency,
            _IN_STOCK.label("in_stock"),
        ).where(Variant.published)
        if self.query.in_stock_only:
            asked = asked.where(_IN_STOCK)
        for start in range(0, len(keys), KEYS_A_STATEMENT):
            some = asked.where(Variant.product_id.in_(keys[start : start + KEYS_A_STATEMENT]))
            yield from self.session.execute(some.order_by(Variant.product_id, Variant.position))

    def _fits(self, row: Row[Any]) -> bool:
        facts = self.facts[row.product_id]
        return self.limits.fits(facts, named_values(row.options), _price(row), colored=facts.has_colors)

    def _hit(self, variants: Sequence[Row[Any]], score: float, wanted: Money | None) -> Hit:
        def order(row: Row[Any]) -> tuple[bool, int, int]:
            far = apart(_price(row), wanted) if wanted is not None else 0
            return not row.in_stock, far, -self._shared_words(named_values(row.options))

        best = min(variants, key=order)
        weighed = round(score if best.in_stock else score * OUT_OF_STOCK_FACTOR, 6)
        return Hit(best.product_id, best.id, weighed, tuple(self._reasons(best)))

    def _shared_words(self, options: NamedValues) -> int:
        return len({*self.words} & {*tokens(" ".join(options.values))})

    def _reasons(self, row: Row[Any]) -> Iterator[str]:
        query, facts, options = self.query, self.facts[row.product_id], named_values(row.options)
        found = (
            self.limits.color(facts, options, query.colors, colored=facts.has_colors),
            self.limits.size(options) if query.sizes else None,
            self.limits.material(facts, options) if query.materials else None,
        )
        yield from (reason for reason in found if reason)
        if query.at_most:
            yield f"under {_short(query.at_most, self.language)}"
        if query.at_least:
            yield f"over {_short(query.at_least, self.language)}"
        if row.in_stock:
            yield "in stock"


def _price(row: Row[Any]) -> Price:
    return price(row.price_minor, row.currency)


def _short(amount: Money, language: str) -> str:
    """€15 rather than €15.00."""
    try:
        locale = Locale.parse(language, sep="-" if "-" in language else "_")
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")
    if amount.decimal % 1:
        return amount.format(str(locale))
    return format_currency(amount.decimal, amount.currency, "¤#,##0", locale=locale, currency_digits=False)
