"""Planning, starting and ending sales. A sale that was due while the shop was closed starts or ends when it opens."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from shop.catalogue.model import Variant
from shop.errors import Refused
from shop.sales.model import Sale, SaleState


class NotLower(Refused):
    """A sale's price has to be below the regular one."""


class Overlapping(Refused):
    """Another sale of the same thing is planned or running at that time."""


def plan(
    session: Session, variant: Variant, price_minor: int, *, starts_at: datetime, ends_at: datetime
) -> Sale:
    """Have the variant cost that much for a while. Raises NotLower or Overlapping."""
    if price_minor >= _regular(session, variant):
        raise NotLower(regular=_regular(session, variant), asked=price_minor)
    same_time = select(Sale.id).where(
        Sale.variant_id == variant.id,
        Sale.state != SaleState.OVER,
        Sale.starts_at < ends_at,
        Sale.ends_at > starts_at,
    )
    if session.scalar(same_time) is not None:
        raise Overlapping(title=variant.label)
    sale = Sale(variant_id=variant.id, price_minor=price_minor, starts_at=starts_at, ends_at=ends_at)
    session.add(sale)
    session.flush()
    return sale


def run_due(session: Session, *, at: datetime) -> int:
    """End the sales that are over, then start those that are due; how many changed."""
    over = select(Sale).where(Sale.state != SaleState.OVER, Sale.ends_at <= at)
    due = select(Sale).where(Sale.state == SaleState.PLANNED, Sale.starts_at <= at)
    changed = 0
    for sale, variant in _with_variants(session, session.scalars(over).all()):
        end(sale, variant)
        changed += 1
    session.flush()
    for sale, variant in _with_variants(session, session.scalars(due).all()):
        _start(sale, variant)
        changed += 1
    session.flush()
    return changed


def end(sale: Sale, variant: Variant) -> None:
    """The regular price holds again. The variant is locked by the caller."""
    if sale.state is SaleState.RUNNING and sale.regular_minor is not None:
        variant.price_minor, variant.compare_at_minor = sale.regular_minor, sale.before_minor
    sale.state = SaleState.OVER


def end_now(session: Session, product_id: UUID) -> int:
    """End every sale of the product, also those that are still to come; how many that were."""
    of_product = (
        select(Sale)
        .join(Variant, Variant.id == Sale.variant_id)
        .where(Variant.product_id == product_id, Sale.state != SaleState.OVER)
    )
    found = [*_with_variants(session, session.scalars(of_product).all())]
    for sale, variant in found:
        end(sale, variant)
    return len(found)


def keep_running(session: Session, product_ids: Collection[UUID]) -> None:
    """An import said what these products cost without a sale: that is kept for later, and running sales go on.

    One whose price is no longer lower is over.
    """
    running = (
        select(Sale)
        .join(Variant, Variant.id == Sale.variant_id)
        .where(Variant.product_id.in_(product_ids), Sale.state == SaleState.RUNNING)
    )
    for sale, variant in _with_variants(session, session.scalars(running).all()):
        untouched = variant.compare_at_minor == sale.regular_minor  # the file names no former price
        before = sale.before_minor if untouched else variant.compare_at_minor
        if variant.price_minor == sale.price_minor:  # nor a price
            sale.before_minor, variant.compare_at_minor = before, sale.regular_minor
            continue
        variant.compare_at_minor = before
        if variant.price_minor < sale.price_minor:
            sale.state = SaleState.OVER
        else:
            _start(sale, variant)
    session.flush()


def next_change(session: Session) -> datetime | None:
    """When the next sale starts or ends; None where none is planned or running."""
    moment = case((Sale.state == SaleState.PLANNED, Sale.starts_at), else_=Sale.ends_at)
    return session.scalar(select(func.min(moment)).where(Sale.state != SaleState.OVER))


def listed(session: Session) -> list[tuple[Sale, Variant]]:
    """What is planned or running, the earliest first."""
    sales = session.scalars(
        select(Sale).where(Sale.state != SaleState.OVER).order_by(Sale.starts_at, Sale.id)
    ).all()
    return [(sale, session.get_one(Variant, sale.variant_id)) for sale in sales]


def _start(sale: Sale, variant: Variant) -> None:
    sale.regular_minor, sale.before_minor = variant.price_minor, variant.compare_at_minor
    variant.price_minor, variant.compare_at_minor = sale.price_minor, variant.price_minor
    sale.state = SaleState.RUNNING


def _regular(session: Session, variant: Variant) -> int:
    running = select(Sale.regular_minor).where(Sale.variant_id == variant.id, Sale.state == SaleState.RUNNING)
    return session.scalar(running) or variant.price_minor


def _with_variants(session: Session, sales: Sequence[Sale]) -> Iterator[tuple[Sale, Variant]]:
    """Each with its variant, locked in id order, as orders do."""
    locked = session.scalars(
        select(Variant)
        .where(Variant.id.in_({sale.variant_id for sale in sales}))
        .order_by(Variant.id)
        .with_for_update(key_share=True)
    )
    variants = {variant.id: variant for variant in locked}
    yield from ((sale, variants[sale.variant_id]) for sale in sales if sale.variant_id in variants)
