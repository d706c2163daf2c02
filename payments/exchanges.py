"""Paying an order with what came back of another."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments import funds
from payments.ledger import posting
from payments.model import Payment, PaymentTransfer
from shop.money import Money
from shop.orders import service as orders
from shop.orders.model import Order
from storage.sums import total

PAYS: Final = "exchange"  # who pays an order whose whole price is what came back


def pay_with(session: Session, order: Order, value: Money, *, parent: Order, at: datetime) -> None:
    """Let so much of what `parent` was paid with pay for `order`: at once if that is all of it, else towards it.

    Both are locked; `parent` is credited by the caller. Raises ValueError where less than `value` is left of its money.
    """
    assert value <= order.due, f"{value} for an order that costs {order.due}"
    funds.transfer(session, value, from_order_id=parent.id, to_order_id=order.id, at=at)
    order.exchanged_minor += value.minor
    session.flush()
    if not order.due:
        orders.pay(session, order, at=at, by=PAYS)
        posting.earned(session, order, shares_of(session, order.id), at=at)


def shares_of(session: Session, order_id: UUID) -> list[tuple[Payment, int]]:
    """What an unpaid order has of other orders' payments, in minor units; nothing where it was given back already."""
    rows = session.execute(
        select(Payment, total(PaymentTransfer.amount_minor))
        .join(PaymentTransfer, PaymentTransfer.payment_id == Payment.id)
        .join(Order, Order.id == PaymentTransfer.to_order_id)
        .where(PaymentTransfer.to_order_id == order_id, Order.exchanged_minor > 0)
        .group_by(Payment.id)
        .order_by(Payment.received_at)
    )
    return [(payment, minor) for payment, minor in rows]
