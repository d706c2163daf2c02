"""What the shop front shows: a few products to begin with."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from bot.messages import Picture
from shop.catalogue.model import Product, Variant
from shop.money import Money

LOOKED_AT = 80  # enough to find several categories in; the front of a big catalogue opens as fast


@dataclass(frozen=True, slots=True)
class FrontProduct:
    """A product in the window."""

    title: str
    picture: Picture
    price: Money
    several_prices: bool


def products_in_window(session: Session, *, most: int) -> list[FrontProduct]:
    """Products that can be bought and seen, of as many categories as there are."""
    found = session.scalars(
        select(Product)
        .where(Product.published, Product.pictures.any())
        .options(selectinload(Product.variants), selectinload(Product.pictures))
        .order_by(Product.handle)
        .limit(LOOKED_AT)
    ).all()
    return [_shown(product) for product in _mixed(filter(_in_stock, found))[:most]]


def _in_stock(product: Product) -> bool:
    return any(_for_sale(variant) for variant in product.variants)


def _for_sale(variant: Variant) -> bool:
    return variant.published and variant.free_units() != 0


def _mixed(products: Iterable[Product]) -> list[Product]:
    """One of each category, then the next one of each."""
    shelves: dict[str, list[Product]] = {}
    for product in products:
        shelves.setdefault(product.category, []).append(product)
    deepest = max(map(len, shelves.values()), default=0)
    return [shelf[depth] for depth in range(deepest) for shelf in shelves.values() if depth < len(shelf)]


def _shown(product: Product) -> FrontProduct:
    prices = sorted(variant.price_minor for variant in product.variants if _for_sale(variant))
    first = product.pictures[0]
    return FrontProduct(
        title=product.title,
        picture=Picture(path=first.path, url=first.url, alt=first.alt or product.title),
        price=Money(prices[0], product.variants[0].currency),
        several_prices=prices[0] != prices[-1],
    )
