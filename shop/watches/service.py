"""Waiting for goods: asked once for each thing, and over when it was told."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import not_, or_, select
from sqlalchemy.orm import Session

from shop.catalogue.model import Product, Variant
from shop.customers.model import Customer
from shop.watches.model import StockWatch


def watch(
    session: Session,
    customer: Customer,
    product: Product,
    variant: Variant | None,
    *,
    conversation: str,
    at: datetime,
) -> bool:
    """Have them told when it can be had again; False when they wait for it already."""
    variant_id = variant.id if variant is not None else None
    known = select(StockWatch.id).where(
        StockWatch.customer_id == customer.id,
        StockWatch.product_id == product.id,
        StockWatch.variant_id.is_not_distinct_from(variant_id),
        StockWatch.told_at.is_(None),
    )
    if session.scalar(known) is not None:
        return False
    session.add(
        StockWatch(
            customer_id=customer.id,
            product_id=product.id,
            variant_id=variant_id,
            conversation=conversation,
            asked_at=at,
        )
    )
    return True


def are_any_open(session: Session) -> bool:
    """Whether somebody waits for something."""
    return session.scalar(select(StockWatch.id).where(StockWatch.told_at.is_(None)).limit(1)) is not None


def fulfilled(session: Session) -> list[StockWatch]:
    """The open ones whose goods can be had now, who asked first first."""
    can_be_had = (
        select(Variant.id)
        .join(Product, Product.id == Variant.product_id)
        .where(
            Variant.product_id == StockWatch.product_id,
            or_(StockWatch.variant_id.is_(None), Variant.id == StockWatch.variant_id),
            Variant.published,
            Product.published,
            or_(not_(Variant.tracked), Variant.oversell, Variant.on_hand > Variant.allocated),
        )
        .exists()
    )
    statement = select(StockWatch).where(StockWatch.told_at.is_(None), can_be_had)
    return list(session.scalars(statement.order_by(StockWatch.asked_at, StockWatch.id)))


def find(session: Session, watch_id: UUID) -> StockWatch | None:
    """The watch, locked; None when it was deleted with its goods."""
    return session.get(StockWatch, watch_id, with_for_update=True)
