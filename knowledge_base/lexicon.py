"""What search keeps of the catalogue in memory: its vocabulary, and of every product its name's length, what it is, and its facts.

After a change of a product its own rows are read again, and no others (migration 0007 says which they are).
"""

import gc
import re
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, Uuid, column, select, table
from sqlalchemy.orm import Session

from knowledge_base.changes import KEYS_A_STATEMENT, changed_since
from knowledge_base.facts import Facts, NamedValues, Price, as_text, named_values, price, texts
from knowledge_base.postings import Rows
from knowledge_base.spelling import Vocabulary
from knowledge_base.wording import fold, head_word, singular, tokens
from shop.catalogue.model import Product, Variant
from shop.catalogue.queries import BASIC_COLORS, catalogue_version

Places = NDArray[np.int64]

PART: Final = re.compile(r"[,;:()&/|–—+]| - ")  # what parts "Cups, set of two" and "Mugs & Cups"
LABELS_REMEMBERED: Final = 20_000
MANY: Final = 5000  # products; collecting garbage among fewer takes no time that anybody notices
COLORS: Final = frozenset(fold(color) for color in BASIC_COLORS)

_ROW_TABLES: Final = {"sqlite": "product_search_row", "postgresql": "product_search"}


@dataclass(frozen=True, slots=True)
class _Known:
    """One product as it was read. Of one that is not on sale nothing is told."""

    row: int
    words: tuple[str, ...] = ()  # each once
    heads: tuple[str, ...] = ()
    name_length: int = 0
    facts: Facts | None = None


@dataclass(frozen=True, slots=True)
class Shelves:
    """The products of one moment. Their places, 0 to `len(keys)`, are what scores are counted by."""

    keys: Sequence[UUID]
    place_of_row: Places  # -1: no product's
    published: NDArray[np.bool_]
    name_lengths: NDArray[np.float32]

    def places(self, rows: Rows) -> Places:
        """Of the published products with these rows in the full-text index."""
        found = self.place_of_row[rows[rows < len(self.place_of_row)]]
        found = found[found >= 0]
        return found[self.published[found]]


class Lexicon:
    """Follows the catalogue. May be shared by threads."""

    def __init__(self, *, language: str) -> None:
        """`language` is the one that the catalogue is written in."""
        self.vocabulary = Vocabulary()
        self._language = language
        self._lock = threading.Lock()
        self._version = -1
        self._known: dict[UUID, _Known] = {}
        self._places: dict[UUID, int] = {}
        self._keys: list[UUID] = []
        self._heads: dict[str, set[int]] = {}
        self._shelves = _shelves([], {})

    def refresh(self, session: Session) -> Shelves:
        """Catch up with the catalogue as the session sees it, and give its products."""
        with self._lock:
            version = catalogue_version(session)
            if version > self._version:
                changed = changed_since(session, self._version, kept=len(self._keys))
                self._read_again(session, changed)
                self._shelves = _shelves(self._keys, self._known)
                self._version = version
                if changed is None and len(self._keys) >= MANY:
                    _spare_the_collector()
            return self._shelves

    def being(self, names: Collection[str]) -> Places:
        """The places of products that *are* what one of the words (singular) names: bikes, not bike racks."""
        places = {place for name in names for place in tuple(self._heads.get(name, ()))}
        return np.fromiter(places, dtype=np.int64, count=len(places))

    def place(self, key: UUID) -> int | None:
        """Where the product is, if it ever was."""
        return self._places.get(key)

    def facts(self, key: UUID) -> Facts | None:
        """What is known of a product that is on sale."""
        known = self._known.get(key)
        return known.facts if known is not None else None

    def currency(self) -> str | None:
        """What the shop sells in; None where nothing is on sale."""
        found = (self.facts(key) for key in self._shelves.keys)
        return next((facts.prices[0].currency for facts in found if facts is not None), None)

    def _read_again(self, session: Session, changed: Collection[UUID] | None) -> None:
        """These products, also where they are gone; or all."""
        left = set(self._known if changed is None else changed)
        for product in _read(session, changed):
            left.discard(product.key)
            self._learn(product)
        for key in left & self._known.keys():
            self._keep(key, _Known(row=self._known[key].row))

    def _learn(self, product: "_Read") -> None:
        if product.key not in self._places:
            self._places[product.key] = len(self._keys)
            self._keys.append(product.key)
        self._keep(product.key, product.known(self._places[product.key], self._language))

    def _keep(self, key: UUID, known: _Known) -> None:
        before, place = self._known.get(key, known), self._places[key]
        self._known[key] = known
        if before is known or before.words != known.words:
            self.vocabulary.add(known.words)
            self.vocabulary.remove(() if before is known else before.words)
        for head in before.heads:
            self._heads.get(head, set()).discard(place)
        for head in known.heads:
            self._heads.setdefault(head, set()).add(place)


def _spare_the_collector() -> None:
    """Have it pass over what was just read, which stays, and of which nothing refers to itself.

    It looks at all there is every now and then, and so much takes it a good part of a second, in the middle of somebody's turn.
    """
    gc.collect()
    gc.freeze()


@dataclass(slots=True)
class _Read:
    """A product's texts, with the options and prices of its published variants."""

    key: UUID
    row: int
    title: str
    vendor: str
    category: str
    tags: str  # as they are written, like the facts
    attributes: str
    published: bool
    options: list[NamedValues] = field(default_factory=list[NamedValues])
    prices: list[Price] = field(default_factory=list[Price])

    def known(self, place: int, language: str) -> _Known:
        if not (self.published and self.options):
            return _Known(self.row)
        title = tokens(self.title)
        facts = self._facts(place)
        said = (self.vendor, self.category, *facts.tags, *(v for o in {*facts.options} for v in o.values))
        words = {*title, *(word for text in said for word in _tokens(text))}
        names = [*_heads(PART.split(self.title)[0], language)]
        for name in PART.split(self.category):
            names += _label_heads(name, language)
        return _Known(
            row=self.row,
            words=tuple(sorted(word for word in words if not word.isdigit())),
            heads=tuple(dict.fromkeys(names)),
            name_length=len(title),
            facts=facts,
        )

    def _facts(self, place: int) -> Facts:
        return Facts(
            place=place,
            title=self.title,
            category=self.category,
            tags=texts(self.tags),
            attributes=named_values(self.attributes),
            options=tuple(self.options),
            prices=tuple(self.prices),
            has_colors=any(options.colors for options in self.options),
        )


@lru_cache(maxsize=LABELS_REMEMBERED)
def _tokens(text: str) -> tuple[str, ...]:
    """Of a maker, tag or option, which many products share."""
    return tuple(tokens(text))


@lru_cache(maxsize=LABELS_REMEMBERED)
def _label_heads(name: str, language: str) -> tuple[str, ...]:
    return _heads(name, language)


def _heads(name: str, language: str) -> tuple[str, ...]:
    """The word that says what the thing is, without its plural."""
    head = head_word(name, language, besides=COLORS)
    return (singular(head),) if head else ()


def _read(session: Session, only: Collection[UUID] | None) -> Iterator[_Read]:
    """The products with these keys, or all there are."""
    if only is None:
        yield from _read_some(session, None)
        return
    keys = sorted(only)
    for start in range(0, len(keys), KEYS_A_STATEMENT):
        yield from _read_some(session, keys[start : start + KEYS_A_STATEMENT])


def _read_some(session: Session, keys: Sequence[UUID] | None) -> Iterator[_Read]:
    name = _ROW_TABLES[session.get_bind().dialect.name]
    index = table(name, column("id", BigInteger()), column("product_id", Uuid()))
    tags, attributes = as_text(Product.tags, "tags"), as_text(Product.attributes, "attributes")
    columns = (Product.title, Product.vendor, Product.category, tags, attributes, Product.published)
    products = select(Product.id, index.c.id, *columns).join_from(
        Product, index, index.c.product_id == Product.id
    )
    options = as_text(Variant.options, "options")
    variants = select(Variant.product_id, options, Variant.price_minor, Variant.currency)
    variants = variants.where(Variant.published).order_by(Variant.product_id, Variant.position)
    if keys is not None:
        products, variants = (
            products.where(Product.id.in_(keys)),
            variants.where(Variant.product_id.in_(keys)),
        )
    found = {row[0]: _Read(*row) for row in session.execute(products.order_by(Product.id))}
    for key, written, minor, currency in session.execute(variants):
        if key in found:
            found[key].options.append(named_values(written))
            found[key].prices.append(price(minor, currency))
    yield from found.values()


def _shelves(keys: Sequence[UUID], known: Mapping[UUID, _Known]) -> Shelves:
    products = [known[key] for key in keys]
    rows = np.array([product.row for product in products], dtype=np.int64)
    places = np.full(int(rows.max()) + 1 if products else 0, -1, dtype=np.int64)
    # A row's number is used again after its product is gone, so what is there now comes last.
    published = np.array([product.facts is not None for product in products], dtype=np.bool_)
    gone_first = np.argsort(published, kind="stable")
    places[rows[gone_first]] = gone_first
    return Shelves(
        keys=tuple(keys),
        place_of_row=places,
        published=published,
        name_lengths=np.array([product.name_length for product in products], dtype=np.float32),
    )
