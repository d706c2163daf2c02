"""Reads of the catalogue: one product with all a card shows, categories, and the words it is described in."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import column, func, select, table
from sqlalchemy.orm import Session, selectinload

from shop.catalogue.model import Product, Variant

# The names under which shops keep these options and attributes, lowered, in the languages we speak.
COLOR_NAMES: Final = {"color", "colour", "colors", "colours", "farbe", "farben", "color(es)", "colores"}
SIZE_NAMES: Final = {"size", "sizes", "größe", "grösse", "groesse", "talla", "tallas", "tamaño", "rim size"}
MATERIAL_NAMES: Final = {"material", "materials", "fabric", "stoff", "materiales", "tejido", "composition"}

WORD: Final = re.compile(r"[^\W_]+")
# Colours by their plain names. A value such as "True Black" or "Navy/White" is of each colour that it names.
BASIC_COLORS: Final = frozenset(
    WORD.findall(
        "black white grey gray red blue green yellow orange purple pink brown beige cream navy teal turquoise gold silver"
        " bronze copper charcoal khaki olive maroon burgundy ivory indigo violet coral mint tan sand rose celeste"
        " schwarz weiß weiss grau rot blau grün gruen gelb lila rosa braun türkis"
        " negro blanco gris rojo azul verde amarillo naranja morado marrón dorado plateado"
    )
)
VALUE_CHARACTERS_MAX: Final = 60  # a longer attribute is a sentence, not a value to choose by

_VERSION = table("search_version", column("number"))


@dataclass(frozen=True, slots=True)
class ProductName:
    """What a product is called, and its handle."""

    handle: str
    title: str


@dataclass(frozen=True, slots=True)
class CategoryCount:
    """A category and how many published products it has."""

    category: str
    products: int


@dataclass(frozen=True, slots=True)
class CatalogueVocabulary:
    """The words the published catalogue uses, lowered and sorted; `version` tells one snapshot from the next."""

    version: int
    colors: tuple[str, ...]
    sizes: tuple[str, ...]
    materials: tuple[str, ...]
    categories: tuple[str, ...]
    vendors: tuple[str, ...]
    tags: tuple[str, ...]
    products: tuple[ProductName, ...]


def by_handle(session: Session, handle: str) -> Product | None:
    """The product of that handle with its variants and pictures, published or not."""
    return session.scalar(select(Product).where(Product.handle == handle).options(*_card()))


def by_id(session: Session, product_id: UUID) -> Product | None:
    """The product with its variants and pictures, published or not."""
    return session.scalar(select(Product).where(Product.id == product_id).options(*_card()))


def by_ids(session: Session, product_ids: Iterable[UUID]) -> list[Product]:
    """The products with their variants and pictures, in the order asked for; unknown ids are left out."""
    wanted = list(product_ids)
    found = session.scalars(select(Product).where(Product.id.in_(wanted)).options(*_card())).all()
    by_key = {product.id: product for product in found}
    return [by_key[key] for key in wanted if key in by_key]


def variant_by_id(session: Session, variant_id: UUID) -> Variant | None:
    """The variant with its picture, and its product as `by_id` loads it."""
    return session.scalar(
        select(Variant)
        .where(Variant.id == variant_id)
        .options(
            selectinload(Variant.picture),
            selectinload(Variant.product).options(
                selectinload(Product.variants), selectinload(Product.pictures)
            ),
        )
    )


def _card() -> tuple[Any, ...]:
    """What a product card needs, so that nothing is loaded one by one later."""
    return (
        selectinload(Product.variants).selectinload(Variant.picture),
        selectinload(Product.variants).selectinload(Variant.product),
        selectinload(Product.pictures),
    )


def reduced(session: Session, *, limit: int) -> list[Product]:
    """Products on sale that cost less than they did, those with the most off first."""
    saved = func.max((Variant.compare_at_minor - Variant.price_minor) * 1.0 / Variant.compare_at_minor)
    found = session.scalars(
        select(Variant.product_id)
        .join(Variant.product)
        .where(Product.published, Variant.published, Variant.compare_at_minor > Variant.price_minor)
        .group_by(Variant.product_id)
        .order_by(saved.desc(), Variant.product_id)
        .limit(limit)
    )
    return by_ids(session, found.all())


def categories(session: Session) -> list[CategoryCount]:
    """The categories of published products, the fullest first."""
    rows = session.execute(
        select(Product.category, func.count())
        .where(Product.published, Product.category != "")
        .group_by(Product.category)
        .order_by(func.count().desc(), Product.category)
    )
    return [CategoryCount(category, products) for category, products in rows]


def catalogue_version(session: Session) -> int:
    """A number that changes whenever a product's or a document's words do; compare it before using a snapshot."""
    return session.scalars(select(_VERSION.c.number)).one()


def vocabulary(session: Session) -> CatalogueVocabulary:
    """A snapshot of the words for the language side; take a new one when `catalogue_version` has moved."""
    words: dict[str, Counter[str]] = {kind: Counter() for kind in ("colors", "sizes", "materials")}
    found: dict[str, set[str]] = {"categories": set(), "vendors": set(), "tags": set()}
    names: list[ProductName] = []
    for row in session.execute(
        select(
            Product.handle,
            Product.title,
            Product.category,
            Product.vendor,
            Product.tags,
            Product.attributes,
        ).where(Product.published)
    ):
        names.append(ProductName(row.handle, row.title))
        found["categories"].add(row.category.casefold())
        found["vendors"].add(row.vendor.casefold())
        found["tags"].update(tag.casefold() for tag in row.tags)
        _collect(row.attributes, words)
        words["colors"].update(tag.casefold() for tag in row.tags if tag.casefold() in BASIC_COLORS)
    options = select(Variant.options).join(Variant.product).where(Variant.published, Product.published)
    for values in session.scalars(options):
        _collect(values, words)
    return CatalogueVocabulary(
        version=catalogue_version(session),
        **{kind: tuple(sorted(counts)) for kind, counts in words.items()},
        **{kind: tuple(sorted(values - {""})) for kind, values in found.items()},
        products=tuple(sorted(names, key=lambda name: name.handle)),
    )


def _collect(values: Mapping[str, Any], words: dict[str, Counter[str]]) -> None:
    for name, value in values.items():
        kind = kind_of(name)
        if kind is None or not isinstance(value, str) or len(value) > VALUE_CHARACTERS_MAX:
            continue
        words[kind].update(colors_in(value) if kind == "colors" else [value.casefold()])


def kind_of(name: str) -> str | None:
    """Whether an option or attribute of that name holds "colors", "sizes" or "materials"."""
    lowered = name.strip().casefold()
    for kind, names in (("colors", COLOR_NAMES), ("sizes", SIZE_NAMES), ("materials", MATERIAL_NAMES)):
        if lowered in names:
            return kind
    return None


def colors_in(value: str) -> Iterator[str]:
    """The value itself and each plain colour that it names: "true black" and "black"."""
    lowered = value.strip().casefold()
    yield lowered
    yield from (word for word in WORD.findall(lowered) if word in BASIC_COLORS and word != lowered)
