"""Says whether a product meets the limits of a query, with which variant, and why.

Price and stock are read from the variants themselves, so they are those of this moment.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Final
from uuid import UUID

from babel.core import Locale, UnknownLocaleError
from babel.numbers import format_currency
from sqlalchemy import ColumnElement, Row, Select, Text, case, cast, func, literal, not_, or_, select
from sqlalchemy.orm import Session

from knowledge_base.changes import KEYS_A_STATEMENT
from knowledge_base.query import Hit, ProductQuery
from knowledge_base.wording import fold, stems, tokens
from shop.catalogue.model import Product, Variant
from shop.catalogue.queries import kind_of
from shop.money import Money

OUT_OF_STOCK_FACTOR: Final = 0.85
TEXTS_REMEMBERED: Final = 20_000

# Sizes that go by several names.
SIZE_NAMES: Final = {
    "extrasmall": "xs", "xsmall": "xs", "small": "s", "medium": "m", "large": "l", "extralarge": "xl",
    "xlarge": "xl", "xxlarge": "xxl", "2xl": "xxl", "3xl": "xxxl",
}  # fmt: skip
SAME_COLOR: Final = {"gray": "grey", "weiss": "weiß"}

_IN_STOCK: Final = or_(not_(Variant.tracked), Variant.oversell, Variant.on_hand > Variant.allocated)


@dataclass(frozen=True, slots=True)
class Judged:
    """A product that meets the limits, by its best variant; what that costs in minor units."""

    product_id: UUID
    score: float
    price_minor: int
    hit: Callable[[], Hit]  # with its reasons, which take longer to say than to find


def on_sale(session: Session, query: ProductQuery, keys: Sequence[UUID]) -> Mapping[UUID, bool]:
    """Of these products, those with a variant on sale within the query's price and stock; whether one is in stock."""
    in_stock = func.max(case((_IN_STOCK, 1), else_=0))
    asked = select(Variant.product_id, in_stock).where(*_sold(query)).group_by(Variant.product_id)
    found: dict[UUID, bool] = {}
    for start in range(0, len(keys), KEYS_A_STATEMENT):
        some = asked.where(Variant.product_id.in_(keys[start : start + KEYS_A_STATEMENT]))
        found |= {key: bool(stocked) for key, stocked in session.execute(some)}
    return found


def any_on_sale(session: Session, query: ProductQuery, *, limit: int) -> Sequence[UUID]:
    """Products with a variant on sale within the query's price and stock, the first ones made."""
    asked = (
        select(Variant.product_id).join(Product, Product.id == Variant.product_id).where(Product.published)
    )
    # By the variants' index on products: where few are within a price, no product is asked for its own variants.
    sold = asked.where(*_sold(query)).distinct().order_by(Variant.product_id)
    return session.scalars(sold.limit(limit)).all()


def _sold(query: ProductQuery) -> list[ColumnElement[bool]]:
    """That a variant is on sale within the query's price and stock."""
    conditions: list[ColumnElement[bool]] = [Variant.published.is_(True)]
    for limit, at_most in ((query.at_most, True), (query.at_least, False)):
        if limit is not None:
            within = Variant.price_minor <= limit.minor if at_most else Variant.price_minor >= limit.minor
            conditions += [Variant.currency == limit.currency, within]
    if query.in_stock_only:
        conditions.append(_IN_STOCK)
    return conditions


def judge(
    session: Session,
    query: ProductQuery,
    scores: Mapping[UUID, float],
    *,
    words: Collection[str],
    language: str,
) -> list[Judged]:
    """The products that meet the query's limits, in the order of `scores`; what is sold out scores less."""
    keys = list(scores)
    products = {row.id: row for row in session.execute(_product_rows(keys, with_text=bool(query.materials)))}
    variants: dict[UUID, list[Row[Any]]] = {}
    for row in session.execute(_variant_rows(list(products))):
        variants.setdefault(row.product_id, []).append(row)
    judged = (
        _Judge(query, words, language, products[key], variants[key]).judged(scores[key])
        for key in keys
        if key in products and key in variants
    )
    return [each for each in judged if each is not None]


def _product_rows(keys: Sequence[UUID], *, with_text: bool) -> Select[*tuple[Any, ...]]:
    """Texts are long; only a material is looked for in them."""
    text = Product.description if with_text else literal("").label("description")
    tags, attributes = _as_text(Product.tags, "tags"), _as_text(Product.attributes, "attributes")
    columns = (Product.title, Product.category, tags, attributes, text)
    return select(Product.id, *columns).where(Product.id.in_(keys), Product.published)


def _variant_rows(keys: Sequence[UUID]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Variant.id,
            Variant.product_id,
            _as_text(Variant.options, "options"),
            Variant.price_minor,
            Variant.currency,
            _IN_STOCK.label("in_stock"),
        )
        .where(Variant.product_id.in_(keys), Variant.published)
        .order_by(Variant.product_id, Variant.position)
    )


def _as_text(column: Any, name: str) -> ColumnElement[str]:
    """JSON that is read only where it matters, and once for all that have the same."""
    return cast(column, Text).label(name)


@lru_cache(maxsize=TEXTS_REMEMBERED)
def _read(written: str) -> Any:
    return json.loads(written)


@dataclass(frozen=True, slots=True)
class _Judge:
    """Says whether a product meets a query's limits, with which variant, and why."""

    query: ProductQuery
    words: Collection[str]  # that were asked for: of two variants, the one that says more of them
    language: str
    product: Row[Any]
    variants: Sequence[Row[Any]]

    def judged(self, score: float) -> Judged | None:
        if not self._category_fits():
            return None
        fitting = [row for row in self.variants if self._fits(row)]
        if not fitting:
            return None
        best = min(fitting, key=lambda row: (not row.in_stock, -self._shared_words(row)))
        weighed = round(score if best.in_stock else score * OUT_OF_STOCK_FACTOR, 6)
        return Judged(self.product.id, weighed, best.price_minor, partial(self._hit, best, weighed))

    def _hit(self, variant: Row[Any], score: float) -> Hit:
        return Hit(self.product.id, variant.id, score, tuple(self._reasons(variant)))

    def _category_fits(self) -> bool:
        wanted = stems(self.query.category or "")
        labels = [self.product.category, *_read(self.product.tags)]
        return not wanted or any(wanted <= stems(label) for label in labels)

    def _fits(self, row: Row[Any]) -> bool:
        query = self.query
        return (
            _price_fits(query, row)
            and (row.in_stock or not query.in_stock_only)
            and (not query.colors or self._color(row, query.colors) is not None)
            and (not query.not_colors or self._color(row, query.not_colors) is None)
            and (not query.sizes or self._size(row) is not None)
            and (not query.materials or self._material(row) is not None)
        )

    def _shared_words(self, row: Row[Any]) -> int:
        return len({*self.words} & {*tokens(" ".join(_read(row.options).values()))})

    def _color(self, row: Row[Any], wanted: Sequence[str]) -> str | None:
        """The first wanted colour that the variant has; of a product without colours to choose, what its texts say."""
        if any(kind_of(name) == "colors" for variant in self.variants for name in _read(variant.options)):
            texts = [value for name, value in _read(row.options).items() if kind_of(name) == "colors"]
        else:
            facts = [str(v) for k, v in _read(self.product.attributes).items() if kind_of(k) == "colors"]
            texts = [*_read(row.options).values(), *facts, *_read(self.product.tags), self.product.title]
        return next((color for color in wanted if any(_names_color(text, color) for text in texts)), None)

    def _size(self, row: Row[Any]) -> str | None:
        sizes = [value for name, value in _read(row.options).items() if kind_of(name) == "sizes"]
        return next(
            (
                w
                for w in self.query.sizes
                if any(same_size(s, w) for s in sizes or _read(row.options).values())
            ),
            None,
        )

    def _material(self, row: Row[Any]) -> str | None:
        facts = [str(value) for value in _read(self.product.attributes).values()]
        texts = [
            *_read(row.options).values(),
            *facts,
            *_read(self.product.tags),
            self.product.title,
            self.product.description,
        ]
        return next((w for w in self.query.materials if any(stems(w) <= stems(text) for text in texts)), None)

    def _reasons(self, row: Row[Any]) -> Iterator[str]:
        query = self.query
        found = (
            self._color(row, query.colors),
            self._size(row) if query.sizes else None,
            self._material(row) if query.materials else None,
        )
        yield from (reason for reason in found if reason)
        if query.at_most:
            yield f"under {_short(query.at_most, self.language)}"
        if query.at_least:
            yield f"over {_short(query.at_least, self.language)}"
        if row.in_stock:
            yield "in stock"


def _price_fits(query: ProductQuery, row: Row[Any]) -> bool:
    for limit, sign in ((query.at_most, 1), (query.at_least, -1)):
        if limit and (row.currency != limit.currency or sign * row.price_minor > sign * limit.minor):
            return False
    return True


def _names_color(text: str, color: str) -> bool:
    """Whether `text` names the colour: "True Black" names black, "Blackberry" does not."""
    wanted, said = _color_words(color), _color_words(text)
    if len(wanted) == 1:
        return wanted[0] in said
    return bool(wanted) and any(said[i : i + len(wanted)] == wanted for i in range(len(said)))


@lru_cache(maxsize=TEXTS_REMEMBERED)
def _color_words(text: str) -> tuple[str, ...]:
    """Of an option, tag or title, which searches meet again and again."""
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


def _short(amount: Money, language: str) -> str:
    """€15 rather than €15.00."""
    try:
        locale = Locale.parse(language, sep="-" if "-" in language else "_")
    except (UnknownLocaleError, ValueError):
        locale = Locale("en")
    if amount.decimal % 1:
        return amount.format(str(locale))
    return format_currency(amount.decimal, amount.currency, "¤#,##0", locale=locale, currency_digits=False)
