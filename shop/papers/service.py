"""Giving invoices their numbers."""

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.papers.model import Invoice, InvoiceYear
from storage.inserts import insert_new


def issue(session: Session, order_id: UUID, *, at: datetime) -> Invoice:
    """The order's invoice; the next number of the year (UTC) the first time it is asked for.

    The order is locked by the caller. The year's row is locked until the transaction ends, and what is undone gives
    its number back: so there are no gaps.
    """
    known = session.get(Invoice, order_id)
    if known is not None:
        return known
    year = at.astimezone(UTC).year
    insert_new(session, InvoiceYear, {"year": year, "last": 0})
    counter = session.scalars(
        select(InvoiceYear)
        .where(InvoiceYear.year == year)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    counter.last += 1
    invoice = Invoice(order_id=order_id, year=year, number=counter.last, issued_at=at)
    session.add(invoice)
    session.flush()
    return invoice
