"""Forgetting a person: who they are goes, the books stay.

Orders, payments and postings are kept, since the law wants books kept for years; nothing in them says any more whose
they were. What a country wants on an invoice is for the merchant to print before.
"""

from datetime import datetime
from typing import Final

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session, selectinload

from shop.cart.model import CartLine
from shop.customers.model import ChannelAccount, Customer, CustomerAddress
from shop.orders.model import Order, OrderStatus
from shop.promotions.model import CouponGuess
from shop.returns.model import OPEN, Return
from shop.shipments import service as shipments
from shop.tasks.model import Task
from shop.watches.model import StockWatch

FORGOTTEN: Final = "forgotten"
"""In the place of a name, and of a conversation."""

_OVER: Final = frozenset(
    {
        OrderStatus.DELIVERED,
        OrderStatus.COMPLETED,
        OrderStatus.PART_RETURNED,
        OrderStatus.RETURNED,
        OrderStatus.CANCELLED,
        OrderStatus.EXPIRED,
    }
)


def open_orders(session: Session, customer: Customer) -> list[Order]:
    """Their orders that something is still to come of: on its way, coming back, disputed, or with a task for staff."""
    with_staff = select(Task.order_id).where(Task.closed_at.is_(None), Task.order_id.is_not(None))
    coming_back = select(Return.order_id).where(Return.status.in_(OPEN))
    found = select(Order).where(
        Order.customer_id == customer.id,
        or_(
            Order.status.not_in(_OVER),
            Order.frozen.is_not(None),
            Order.id.in_(with_staff),
            Order.id.in_(coming_back),
        ),
    )
    return list(session.scalars(found.order_by(Order.placed_at, Order.id)))


def forget(session: Session, customer: Customer, *, at: datetime) -> None:
    """Take out of orders and of the customer whatever says who they are; cart, addresses and watches go.

    Their channel accounts go, too: whoever writes from one of them is somebody new. Nothing of theirs is open.
    """
    theirs = select(Order).where(Order.customer_id == customer.id).order_by(Order.id)
    for order in session.scalars(theirs.options(selectinload(Order.lines)).with_for_update()):
        if order.status is OrderStatus.DELIVERED:  # nobody is left who could send it back
            shipments.complete(session, order, at=at, by=FORGOTTEN, why="the customer is forgotten")
        order.name, order.phone, order.email, order.address = FORGOTTEN, "", None, None
        order.note = order.gift_message = None
        order.conversation = FORGOTTEN
    mine = select(Order.id).where(Order.customer_id == customer.id)
    session.execute(update(Task).where(Task.order_id.in_(mine)).values(conversation=None))
    for table in (CartLine, CustomerAddress, CouponGuess, StockWatch, ChannelAccount):
        session.execute(delete(table).where(table.customer_id == customer.id))
    customer.name = customer.phone = customer.email = customer.address = None
    customer.wants_person = False
