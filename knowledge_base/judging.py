"""Says which variant of a product answers a query, and why. Price and stock are read from the variants, so they are of this moment."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from babel.core import Locale, UnknownLocaleError
from babel.numbers import format_currency
from sqlalchemy import Row, Select, bindparam, not_, or_, select
from sqlalchemy.orm import Session

from knowledge_base.changes import KEYS_A_STATEMENT
from knowledge_base.facts import Facts, NamedValues, Price, as_text, named_values, price
from knowledge_base.limits import Limits, apart
from knowledge_base.query import Hit, ProductQuery
from knowledge_base.reasons import Reason, ReasonKind
from knowledge_base.wording import tokens
from shop.catalogue.model import Variant
from shop.money import Money

OUT_OF_STOCK_FACTOR: Final = 0.85

_IN_STOCK: Final = or_(not_(Variant.tracked), Variant.oversell, Variant.on_hand > Variant.allocated)
_ON_SALE: Final[Select[*tuple[Any, ...]]] = (
    select(
        Variant.id,
        Variant.product_id,
        as_text(Variant.options, "options"),
        Variant.price_minor,
        Variant.currency,
        _IN_STOCK.label("in_stock"),
    )
    .where(Variant.published, Variant.product_id.in_(bindparam("keys", expanding=True)))
    .order_by(Variant.product_id, Variant.position)
)
_IN_STOCK_ONLY: Final[Select[*tuple[Any, ...]]] = _ON_SALE.where(_IN_STOCK)


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges products for one query, by what is known of them."""

    session: Session
    query: ProductQuery
    limits: Limits
    facts: Mapping[UUID, Facts]
    words: Collection[str]  # that were asked for: of two variants, the one that says more of them
    language: str
    _variants: dict[UUID, list[Row[Any]]] = field(default_factory=dict[UUID, list[Row[Any]]])

    def in_stock(self, keys: Sequence[UUID]) -> Mapping[UUID, bool]:
        """Of these products, those with a variant that meets the limits; whether one such is in stock."""
        self._read_variants(keys)
        found = ((key, self._variants[key]) for key in keys)
        return {key: any(row.in_stock for row in variants) for key, variants in found if variants}

    def hits(self, scores: Mapping[UUID, float], *, wanted: Money | None) -> list[Hit]:
        """The products in the order of `scores`; where `wanted` could not be met, the variant whose price is next to it."""
        self._read_variants(list(scores))
        found = ((self._variants[key], score) for key, score in scores.items())
        return [self._hit(variants, score, wanted) for variants, score in found if variants]

    def _read_variants(self, keys: Sequence[UUID]) -> None:
        """The variants of these products that meet the limits, each product's once."""
        new = [key for key in keys if key not in self._variants]
        self._variants.update((key, []) for key in new)
        asked = _IN_STOCK_ONLY if self.query.in_stock_only else _ON_SALE
        for start in range(0, len(new), KEYS_A_STATEMENT):
            some = {"keys": new[start : start + KEYS_A_STATEMENT]}
            for row in self.session.execute(asked, some):
                if self._fits(row):
                    self._variants[row.product_id].append(row)

    def _fits(self, row: Row[Any]) -> bool:
        return self.limits.fits(self.facts[row.product_id], named_values(row.options), _price(row))

    def _hit(self, variants: Sequence[Row[Any]], score: float, wanted: Money | None) -> Hit:
        def order(row: Row[Any]) -> tuple[bool, int, int]:
            far = apart(_price(row), wanted) if wanted is not None else 0
            return not row.in_stock, far, -self._shared_words(named_values(row.options))

        best = min(variants, key=order)
        weighed = round(score if best.in_stock else score * OUT_OF_STOCK_FACTOR, 6)
        return Hit(best.product_id, best.id, weighed, tuple(self._reasons(best)))

    def _shared_words(self, options: NamedValues) -> int:
        return len({*self.words} & {*tokens(" ".join(options.values))})

    def _reasons(self, row: Row[Any]) -> Iterator[Reason]:
        query, facts, options = self.query, self.facts[row.product_id], named_values(row.options)
        found = (
            self.limits.color(facts, options, query.colors),
            self.limits.size(options) if query.sizes else None,
            self.limits.material(facts, options) if query.materials else None,
        )
        yield from (Reason(ReasonKind.LIMIT, text) for text in found if text)
        if query.at_most:
            yield Reason(ReasonKind.AT_MOST, _short(query.at_most, self.language))
        if query.at_least:
            yield Reason(ReasonKind.AT_LEAST, _short(query.at_least, self.language))


def _price(row: Row[Any]) -> Price:
    return price(row.price_minor, row.currency)


def _short(amount: Money, language: str) -> str:
    """€15 rather than €15.00, 15 € where it is written so."""
    try:
        locale = Locale.parse(language, sep="-" if "-" in language else "_")
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")
    if amount.decimal % 1:
        return amount.format(str(locale))
    whole = locale.currency_formats["standard"].pattern.replace(".00", "")
    return format_currency(amount.decimal, amount.currency, whole, locale=locale, currency_digits=False)
