"""Finds products: by their words, forgiving typos, within the limits that a customer sets.

Full text comes from the index that the database keeps (migration 0002), the limits from the variants themselves, so price
and stock are those of this moment. When nothing fits, limits are let go one at a time, and the result says which.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Any, Final
from uuid import UUID

import numpy as np
from babel.core import Locale, UnknownLocaleError
from babel.numbers import format_currency
from rapidfuzz.distance import DamerauLevenshtein
from rapidfuzz.process import extract
from sqlalchemy import Row, Select, exists, not_, or_, select
from sqlalchemy.orm import Session, aliased

from knowledge_base import fulltext
from knowledge_base.embedding import Embedder, Vectors, unpacked
from knowledge_base.fulltext import PRODUCTS, FullText, WordMatches
from knowledge_base.model import ProductVector
from knowledge_base.wording import (
    alternatives,
    fold,
    head_word,
    price_range,
    product_words,
    singular,
    stems,
    tokens,
)
from shop.catalogue.model import Product, Variant
from shop.catalogue.queries import BASIC_COLORS, catalogue_version, kind_of
from shop.money import Money

CANDIDATES_MAX: Final = 500  # products whose variants are looked at
CUT: Final = 0.4  # a hit below this share of the best one's score is noise
EMBEDDING_WEIGHT: Final = 0.3  # NLU.md: with it, and typos in the query, recall rises from .89 to .90
# For being the thing that the words name, where all the words together give at most 1
HEAD_BONUS: Final = 1.0
NEIGHBOURS_MAX: Final = 50
NEIGHBOUR_COSINE_LEAST: Final = 0.45  # below it, a product that shares no word is not meant
OUT_OF_STOCK_FACTOR: Final = 0.85
TYPO_CANDIDATES: Final = 20
PART: Final = re.compile(r"[,;:()&/|–—+]| - ")  # what parts "Cups, set of two" and "Mugs & Cups"

IN_STOCK: Final = or_(not_(Variant.tracked), Variant.oversell, Variant.on_hand > Variant.allocated)

# Sizes that go by several names.
SIZE_NAMES: Final = {
    "extrasmall": "xs", "xsmall": "xs", "small": "s", "medium": "m", "large": "l", "extralarge": "xl",
    "xlarge": "xl", "xxlarge": "xxl", "2xl": "xxl", "3xl": "xxxl",
}  # fmt: skip
_COLORS: Final = {fold(color) for color in BASIC_COLORS}
SAME_COLOR: Final = {"gray": "grey", "weiss": "weiß"}


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
    """A product, the variant of it that fits best, and why it fits, as in ("black", "under €15", "in stock")."""

    product_id: UUID
    variant_id: UUID
    score: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One page of hits, best first; how many there are; what was read differently from how it was asked."""

    hits: tuple[Hit, ...] = ()
    total: int = 0
    corrected: Mapping[str, str] = field(default_factory=dict[str, str])
    relaxed: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class _Lexicon:
    """The catalogue's words, and its products' vectors, as of one version."""

    version: int
    words: Mapping[str, int]  # folded word → in how many products
    product_ids: tuple[UUID, ...] = ()
    vectors: Vectors = field(default_factory=lambda: unpacked([]))


class ProductSearch:
    """Searches the catalogue. Keeps words and vectors in memory until the catalogue changes; may be shared by threads."""

    def __init__(self, *, embedder: Embedder | None = None, language: str = "en") -> None:
        """`language` is the one that the catalogue is written in."""
        self._embedder = embedder
        self._language = language
        self._words: _Lexicon | None = None
        self._vectors: _Lexicon | None = None

    def find(self, session: Session, query: ProductQuery, *, language: str = "en") -> SearchResult:
        """The products that answer `query`. Takes any text whatever; a price limit in the text counts like one given apart."""
        query = _with_prices(session, query, language)
        words = [word for word in product_words(query.text, language) if word not in _limit_words(query)]
        index = FullText(session, PRODUCTS)
        unknown = [word for word in words if not word.isdigit() and not _occurs(index, word, language)]
        corrected = self._corrections(session, unknown)
        # A correction may be two words ("raincoat" → "rain coat").
        meant = [part for word in words for part in corrected.get(word, word).split()]
        nearby = self._neighbours(session, query.text) if words else {}
        asked = len(meant)
        meant = [word for word in meant if _occurs(index, word, language)]
        if asked and not meant and not nearby and not (query.colors or query.category or query.materials):
            return SearchResult(corrected=corrected)
        head = head_word(query.text, language, besides=_COLORS | _limit_words(query))
        head = corrected.get(head, head).split()[-1] if head else None
        plan = _Plan(index, meant, head, nearby, language, catalogue_language=self._language)
        for relaxed in _relaxations(query.limits()):
            found = _Attempt(session, query.without(relaxed), plan).run()
            if found:
                found = _sorted(found, relaxed, query)
                page = tuple(hit for hit, _ in found[query.offset :][: max(0, query.limit)])
                return SearchResult(page, len(found), corrected, relaxed)
        return SearchResult(corrected=corrected)

    def _corrections(self, session: Session, unknown: Sequence[str]) -> dict[str, str]:
        """For each word that no product has, the one of the catalogue's that was probably meant."""
        if not unknown:
            return {}
        words = self._lexicon(session).words
        return {word: better for word in unknown if (better := nearest_word(word, words))}

    def _lexicon(self, session: Session) -> _Lexicon:
        version = catalogue_version(session)
        known = self._words
        if known is None or known.version != version:
            known = self._words = _Lexicon(version, _catalogue_words(session))
        return known

    def _neighbours(self, session: Session, text: str) -> dict[UUID, float]:
        """The products nearest to the text in meaning, with their cosines."""
        if self._embedder is None or not text.strip():
            return {}
        known = self._with_vectors(session, self._embedder.name)
        if not known.product_ids:
            return {}
        cosines = known.vectors @ self._embedder.embed([text])[0]
        best = np.argsort(-cosines)[:NEIGHBOURS_MAX]
        return {known.product_ids[i]: float(cosines[i]) for i in best}

    def _with_vectors(self, session: Session, model: str) -> _Lexicon:
        version = catalogue_version(session)
        known = self._vectors
        if known is None or known.version != version:
            stored = select(ProductVector.product_id, ProductVector.vector).where(
                ProductVector.model == model
            )
            found = session.execute(stored).all()
            vectors = unpacked([vector for _, vector in found])
            known = self._vectors = _Lexicon(version, {}, tuple(key for key, _ in found), vectors)
        return known


def _occurs(index: FullText, word: str, language: str) -> bool:
    return any(index.frequency(other) for other in alternatives(word, language))


def nearest_word(word: str, words: Mapping[str, int]) -> str | None:
    """The known word that `word` begins, or is a typo or two away from, or the two that it runs together."""
    if len(word) < 4:
        return next((known for known in words if len(word) == 3 and _is_swapped(word, known)), None)
    if beginnings := [known for known in words if known.startswith(word)]:
        return max(beginnings, key=lambda known: (words[known], known))
    distance = 1 if len(word) < 6 else 2
    near = extract(
        word,
        words.keys(),
        scorer=DamerauLevenshtein.distance,
        score_cutoff=distance,
        limit=TYPO_CANDIDATES,
    )
    # People rarely mistype the first letter: of two edits, one there is too many.
    likely = [
        (edits, known) for known, edits, _ in near if len(known) > 2 and (edits < 2 or known[0] == word[0])
    ]
    if likely:
        return min(likely, key=lambda found: (found[0], found[1][0] != word[0], -words[found[1]], found[1]))[
            1
        ]
    halves = ((word[:i], word[i:]) for i in range(3, len(word) - 2))
    return next((f"{left} {right}" for left, right in halves if left in words and right in words), None)


def _is_swapped(word: str, known: str) -> bool:
    """Whether two neighbouring letters changed places, the one typo that a word of three letters is forgiven."""
    return sorted(word) == sorted(known) and DamerauLevenshtein.distance(word, known) == 1


def _catalogue_words(session: Session) -> dict[str, int]:
    """Each word of titles, makers, categories, tags and options, and how many products have it."""
    found: dict[str, int] = {}
    texts = session.execute(
        select(Product.title, Product.vendor, Product.category, Product.tags).where(Product.published)
    )
    options = session.scalars(select(Variant.options).where(Variant.published))
    for text in (*(_joined(row) for row in texts), *(" ".join(values.values()) for values in options)):
        for token in set(tokens(text)):
            if not token.isdigit():
                found[token] = found.get(token, 0) + 1
    return found


def _joined(row: Row[str, str, str, list[str]]) -> str:
    title, vendor, category, tags = row
    return " ".join((title, vendor, category, *tags))


def _with_prices(session: Session, query: ProductQuery, language: str) -> ProductQuery:
    """Limits as money; the one that the text names, unless one is given apart. The text without it either way."""
    currency = session.scalar(select(Variant.currency).limit(1))
    if currency is None:
        return query
    said = price_range(query.text, language=language, currency=currency)
    if query.price_max is None and query.price_min is None:
        return replace(query, text=said.rest, price_max=said.at_most, price_min=said.at_least)
    return replace(
        query,
        text=said.rest,
        price_max=_money(query.price_max, currency),
        price_min=_money(query.price_min, currency),
    )


def _money(amount: Money | Decimal | None, currency: str) -> Money | None:
    return Money.from_decimal(amount, currency) if isinstance(amount, Decimal) else amount


def _limit_words(query: ProductQuery) -> set[str]:
    """Words of the text that the limits already say."""
    said = [*query.colors, *query.not_colors, *query.sizes, *query.materials]
    return {token for text in said for token in tokens(text)}


def _relaxations(limits: Sequence[Limit]) -> Iterator[tuple[Limit, ...]]:
    """All limits first, then each one let go alone, then more and more of them together."""
    yield ()
    yield from ((limit,) for limit in limits)
    yield from (tuple(limits[:count]) for count in range(2, len(limits) + 1))


def _sorted(
    found: list[tuple[Hit, int]], relaxed: tuple[Limit, ...], query: ProductQuery
) -> list[tuple[Hit, int]]:
    """Best first; where the price had to be let go, the nearest to it first."""
    if Limit.PRICE not in relaxed:
        return sorted(found, key=lambda item: (-item[0].score, item[0].product_id))
    wanted = query.at_most or query.at_least
    assert wanted is not None
    return sorted(found, key=lambda item: (abs(item[1] - wanted.minor), -item[0].score, item[0].product_id))


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is looked for, whatever the limits."""

    index: FullText
    words: Sequence[str]  # known to the catalogue
    head: str | None  # the one that names the thing itself
    nearby: Mapping[UUID, float]  # products near in meaning, with their cosines
    language: str
    catalogue_language: str

    def names_head(self, product: Row[Any]) -> bool:
        """Whether the product *is* what is looked for, rather than something for it: a bike, not a bike rack."""
        if self.head is None:
            return False
        wanted = {singular(word) for word in alternatives(self.head, self.language)}
        names = [*PART.split(product.title)[:1], *PART.split(product.category)]
        heads = [head_word(name, self.catalogue_language, besides=_COLORS) for name in names]
        return any(singular(head) in wanted for head in heads if head)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One search with one set of limits."""

    session: Session
    query: ProductQuery
    plan: _Plan

    def run(self) -> list[tuple[Hit, int]]:
        """Every hit, with its variant's price in minor units; in no order."""
        scores, worded = self._scores()
        best = sorted(scores, key=lambda key: (-scores[key], key))[:CANDIDATES_MAX]
        products = {row.id: row for row in self.session.execute(_product_rows(best))}
        variants: dict[UUID, list[Row[Any]]] = {}
        for row in self.session.execute(_variant_rows(list(products))):
            variants.setdefault(row.product_id, []).append(row)
        hits: list[tuple[Hit, int]] = []
        for key in best:
            if key in products and key in variants:
                bonus = HEAD_BONUS if self.plan.names_head(products[key]) else 0.0
                judged = _Judge(self.query, self.plan, products[key], variants[key])
                hits += judged.hits(scores[key] + bonus)
        if self.plan.words and not any(hit.product_id in worded for hit, _ in hits):
            return []  # what is only near in meaning must not hide that a limit keeps the named thing out
        least = CUT * max((hit.score for hit, _ in hits), default=0)
        return [(hit, price) for hit, price in hits if hit.score >= least]

    def _scores(self) -> tuple[dict[UUID, float], Collection[UUID]]:
        """Every candidate with its score, and those among them that share a word with the query."""
        words = self.plan.words or sorted({t for text in self._limit_texts() for t in tokens(text)})
        if not words and not self.plan.nearby:
            first = select(Product.id).where(_eligible(self.query, Product.id)).order_by(Product.id)
            return dict.fromkeys(self.session.scalars(first.limit(CANDIDATES_MAX)), 1.0), ()
        matches = [self._matches(word) for word in words]
        scores: dict[Any, float] = dict(fulltext.combined([match for match in matches if match.strengths]))
        worded = set(scores)
        for key, cosine in self.plan.nearby.items():
            if key in scores or cosine >= NEIGHBOUR_COSINE_LEAST:
                scores[key] = scores.get(key, 0.0) + EMBEDDING_WEIGHT * max(0.0, cosine)
        return scores, worded

    def _matches(self, word: str) -> WordMatches:
        within = partial(_eligible, self.query)
        others = alternatives(word, self.plan.language)
        return fulltext.either([self.plan.index.matches(other, within=within) for other in others])

    def _limit_texts(self) -> list[str]:
        return [*self.query.colors, *self.query.materials, *filter(None, [self.query.category])]


def _eligible(query: ProductQuery, key: Any) -> Any:
    """That `key` is of a published product which has a published variant within price and stock."""
    product = aliased(Product)
    conditions: list[Any] = []
    for limit, at_most in ((query.at_most, True), (query.at_least, False)):
        if limit is not None:
            within = Variant.price_minor <= limit.minor if at_most else Variant.price_minor >= limit.minor
            conditions += [Variant.currency == limit.currency, within]
    if query.in_stock_only:
        conditions.append(IN_STOCK)
    if conditions:
        conditions = [exists().where(Variant.product_id == product.id, Variant.published, *conditions)]
    return exists().where(product.id == key, product.published, *conditions)


def _product_rows(keys: Sequence[UUID]) -> Select[*tuple[Any, ...]]:
    return select(
        Product.id, Product.title, Product.category, Product.tags, Product.attributes, Product.description
    ).where(Product.id.in_(keys), Product.published)


def _variant_rows(keys: Sequence[UUID]) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Variant.id,
            Variant.product_id,
            Variant.options,
            Variant.price_minor,
            Variant.currency,
            or_(not_(Variant.tracked), Variant.oversell, Variant.on_hand > Variant.allocated).label(
                "in_stock"
            ),
        )
        .where(Variant.product_id.in_(keys), Variant.published)
        .order_by(Variant.product_id, Variant.position)
    )


@dataclass(frozen=True, slots=True)
class _Judge:
    """Says whether a product meets a query's limits, with which variant, and why."""

    query: ProductQuery
    plan: _Plan
    product: Row[Any]
    variants: Sequence[Row[Any]]

    def hits(self, score: float) -> list[tuple[Hit, int]]:
        """None or one."""
        if not self._category_fits():
            return []
        fitting = [row for row in self.variants if self._fits(row)]
        if not fitting:
            return []
        best = min(fitting, key=lambda row: (not row.in_stock, -self._shared_words(row)))
        weighed = score if best.in_stock else score * OUT_OF_STOCK_FACTOR
        hit = Hit(self.product.id, best.id, round(weighed, 6), tuple(self._reasons(best)))
        return [(hit, best.price_minor)]

    def _category_fits(self) -> bool:
        wanted = stems(self.query.category or "")
        labels = [self.product.category, *self.product.tags]
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
        return len({*self.plan.words} & {*tokens(" ".join(row.options.values()))})

    def _color(self, row: Row[Any], wanted: Sequence[str]) -> str | None:
        """The first wanted colour that the variant has; of a product without colours to choose, what its texts say."""
        if any(kind_of(name) == "colors" for variant in self.variants for name in variant.options):
            texts = [value for name, value in row.options.items() if kind_of(name) == "colors"]
        else:
            facts = [str(v) for k, v in self.product.attributes.items() if kind_of(k) == "colors"]
            texts = [*row.options.values(), *facts, *self.product.tags, self.product.title]
        return next((color for color in wanted if any(_names_color(text, color) for text in texts)), None)

    def _size(self, row: Row[Any]) -> str | None:
        sizes = [value for name, value in row.options.items() if kind_of(name) == "sizes"]
        return next(
            (w for w in self.query.sizes if any(same_size(s, w) for s in sizes or row.options.values())), None
        )

    def _material(self, row: Row[Any]) -> str | None:
        facts = [str(value) for value in self.product.attributes.values()]
        texts = [
            *row.options.values(),
            *facts,
            *self.product.tags,
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
            yield f"under {_short(query.at_most, self.plan.language)}"
        if query.at_least:
            yield f"over {_short(query.at_least, self.plan.language)}"
        if row.in_stock:
            yield "in stock"


def _price_fits(query: ProductQuery, row: Row[Any]) -> bool:
    for limit, sign in ((query.at_most, 1), (query.at_least, -1)):
        if limit and (row.currency != limit.currency or sign * row.price_minor > sign * limit.minor):
            return False
    return True


def _names_color(text: str, color: str) -> bool:
    """Whether `text` names the colour: "True Black" names black, "Blackberry" does not."""
    wanted = [SAME_COLOR.get(token, token) for token in tokens(color)]
    said = [SAME_COLOR.get(token, token) for token in tokens(text)]
    if len(wanted) == 1:
        return wanted[0] in said
    return bool(wanted) and any(said[i : i + len(wanted)] == wanted for i in range(len(said)))


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
