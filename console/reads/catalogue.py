"""The catalogue as staff see it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from bot.messages import Picture
from console.reads.listing import Listed, contains, count_and_cut
from shop.catalogue.model import Product, Variant
from shop.money import Money
from shop.tasks import service as tasks
from shop.tasks.model import Task, TaskKind


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


@dataclass(frozen=True, slots=True)
class RunningLow:
    """A notice: one kind of a product of which hardly any is `free` to sell. None: there is no limit any more."""

    task: UUID
    title: str
    free: int | None
    since: datetime


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


def running_low(session: Session) -> list[RunningLow]:
    """The notices that wait, the oldest first, with what is left today."""
    waiting = {UUID(task.facts["variant"]): task for task in tasks.open_tasks(session, {TaskKind.LOW_STOCK})}
    loaded = select(Variant).where(Variant.id.in_(waiting)).options(joinedload(Variant.product))
    variants = {variant.id: variant for variant in session.scalars(loaded)}
    return [
        _running_low(variants[variant_id], task)
        for variant_id, task in waiting.items()
        if variant_id in variants
    ]


def _running_low(variant: Variant, task: Task) -> RunningLow:
    title = f"{variant.product.title} ({variant.label})" if variant.label else variant.product.title
    return RunningLow(task.id, title, variant.free_units(), task.opened_at)


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
