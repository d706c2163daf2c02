"""The catalogue as staff see it."""

from dataclasses import dataclass

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, selectinload

from bot.messages import Picture
from console.reads.listing import Listed, contains, count_and_cut
from shop.catalogue.model import Product, Variant
from shop.money import Money


@dataclass(frozen=True, slots=True)
class ProductRow:
    """One product. `free` is how many units can still be sold; None when there is no limit."""

    title: str
    category: str
    picture: Picture | None
    lowest: Money | None
    highest: Money | None
    variants: int
    free: int | None
    promised: int
    published: bool


def listed(session: Session, *, page: int, search: str, sold_out: bool) -> Listed[ProductRow]:
    """Products by title. `search` looks at title, maker, category and SKU; `sold_out` leaves those that are."""
    statement = (
        select(Product)
        .options(selectinload(Product.variants), selectinload(Product.pictures))
        .order_by(Product.title, Product.id)
    )
    if search:
        sku = Product.variants.any(contains(Variant.sku, search))
        columns = (Product.title, Product.vendor, Product.category)
        statement = statement.where(or_(sku, *(contains(column, search) for column in columns)))
    if sold_out:
        can_be_had = or_(~Variant.tracked, Variant.oversell, Variant.on_hand > Variant.allocated)
        statement = statement.where(
            Product.published, ~Product.variants.any(and_(Variant.published, can_be_had))
        )
    total, shown, cut = count_and_cut(session, statement, page)
    return Listed([_row(product) for product in session.scalars(cut)], shown, total)


def _row(product: Product) -> ProductRow:
    variants = [variant for variant in product.variants if variant.published]
    prices = sorted((variant.price for variant in variants), key=lambda price: price.minor)
    free = [variant.free_units() for variant in variants]
    first = next(iter(product.pictures), None)
    return ProductRow(
        title=product.title,
        category=product.category,
        picture=Picture(path=first.path, url=first.url) if first else None,
        lowest=prices[0] if prices else None,
        highest=prices[-1] if prices else None,
        variants=len(variants),
        free=None if None in free else sum(units or 0 for units in free),
        promised=sum(variant.allocated for variant in variants),
        published=product.published,
    )
