"""What search keeps of the catalogue in memory: its vocabulary, and of every product its name's length and what it is.

After a change of a product its own rows are read again, and no others (migration 0007 says which they are).
"""

import re
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, Uuid, column, select, table
from sqlalchemy.orm import Session

from knowledge_base.changes import KEYS_A_STATEMENT, changed_since
from knowledge_base.postings import Rows
from knowledge_base.spelling import Vocabulary
from knowledge_base.wording import fold, head_word, singular, tokens
from shop.catalogue.model import Product, Variant
from shop.catalogue.queries import BASIC_COLORS, catalogue_version

Places = NDArray[np.int64]

PART: Final = re.compile(r"[,;:()&/|–—+]| - ")  # what parts "Cups, set of two" and "Mugs & Cups"
LABELS_REMEMBERED: Final = 20_000
COLORS: Final = frozenset(fold(color) for color in BASIC_COLORS)

_ROW_TABLES: Final = {"sqlite": "product_search_row", "postgresql": "product_search"}


@dataclass(frozen=True, slots=True)
class _Known:
    """One product as it was read."""

    row: int
    words: tuple[str, ...]  # each once
    heads: tuple[str, ...]
    name_length: int
    published: bool


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
                for key in self._known if changed is None else changed:
                    self._forget(key)
                for product in _read(session, changed):
                    self._learn(product)
                self._shelves = _shelves(self._keys, self._known)
                self._version = version
            return self._shelves

    def being(self, names: Collection[str]) -> Places:
        """The places of products that *are* what one of the words (singular) names: bikes, not bike racks."""
        places = {place for name in names for place in tuple(self._heads.get(name, ()))}
        return np.fromiter(places, dtype=np.int64, count=len(places))

    def place(self, key: UUID) -> int | None:
        """Where the product is, if it ever was."""
        return self._places.get(key)

    def _forget(self, key: UUID) -> None:
        known = self._known.get(key)
        if known is None or not known.published:
            return
        self.vocabulary.remove(known.words)
        for head in known.heads:
            self._heads[head].discard(self._places[key])
        self._known[key] = replace(known, published=False)

    def _learn(self, product: "_Read") -> None:
        key = product.key
        if key not in self._places:
            self._places[key] = len(self._keys)
            self._keys.append(key)
        known = self._known[key] = product.known(self._language)
        if known.published:
            self.vocabulary.add(known.words)
            for head in known.heads:
                self._heads.setdefault(head, set()).add(self._places[key])


@dataclass(slots=True)
class _Read:
    """A product's texts, with the options of its published variants."""

    key: UUID
    row: int
    title: str
    vendor: str
    category: str
    tags: Sequence[str]
    published: bool
    options: set[str] = field(default_factory=set[str])
    sold: bool = False  # in some published variant

    def known(self, language: str) -> _Known:
        title = tokens(self.title)
        texts = (self.vendor, self.category, *self.tags, *self.options)
        words = {*title, *(word for text in texts for word in _tokens(text))}
        names = [*_heads(PART.split(self.title)[0], language)]
        for name in PART.split(self.category):
            names += _label_heads(name, language)
        return _Known(
            row=self.row,
            words=tuple(word for word in words if not word.isdigit()),
            heads=tuple(dict.fromkeys(names)),
            name_length=len(title),
            published=self.published and self.sold,
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
    columns = (Product.title, Product.vendor, Product.category, Product.tags, Product.published)
    products = select(Product.id, index.c.id, *columns).join_from(
        Product, index, index.c.product_id == Product.id
    )
    options = select(Variant.product_id, Variant.options).where(Variant.published)
    if keys is not None:
        products, options = products.where(Product.id.in_(keys)), options.where(Variant.product_id.in_(keys))
    found = {row[0]: _Read(*row) for row in session.execute(products.order_by(Product.id))}
    for key, values in session.execute(options):
        if key in found:
            found[key].options.update(values.values())
            found[key].sold = True
    yield from found.values()


def _shelves(keys: Sequence[UUID], known: Mapping[UUID, _Known]) -> Shelves:
    products = [known[key] for key in keys]
    rows = np.array([product.row for product in products], dtype=np.int64)
    places = np.full(int(rows.max()) + 1 if products else 0, -1, dtype=np.int64)
    # A row's number is used again after its product is gone, so what is there now comes last.
    published = np.array([product.published for product in products], dtype=np.bool_)
    gone_first = np.argsort(published, kind="stable")
    places[rows[gone_first]] = gone_first
    return Shelves(
        keys=tuple(keys),
        place_of_row=places,
        published=published,
        name_lengths=np.array([product.name_length for product in products], dtype=np.float32),
    )
