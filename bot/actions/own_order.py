"""Which order an outside text means, and whether it is this person's."""

from uuid import UUID

from sqlalchemy.orm import Session

from bot.dialogue.dialogue import Dialogue
from shop.orders import service as orders
from shop.orders.model import Order, OrderStatus
from shop.orders.service import NoSuchOrder


def own_order(dialogue: Dialogue, payload: str) -> Order | None:
    """The order that an invoice was for, if this person placed it."""
    order = order_of(dialogue.session, payload)
    return order if order and order.customer_id == dialogue.customer.id else None


def meant_order(dialogue: Dialogue) -> Order | None:
    """Their own order of the number that was told, else the latest; what goes along with an order is a part of it.

    An addition that still waits for its money is meant itself: it is what they would ask about.
    """
    reference = dialogue.slot("order_number")
    order = orders.find(dialogue.session, dialogue.customer, reference=reference)
    if reference or order is None or order.parent_id is None or not order.goes_along:
        return order
    if order.status is OrderStatus.AWAITING_PAYMENT:
        return order
    return orders.get(dialogue.session, order.parent_id, lock=False)


def order_of(session: Session, order_id: str | None) -> Order | None:
    """The order that an outside text names; None when it names none of ours."""
    try:
        return orders.get(session, UUID(order_id)) if order_id else None
    except (ValueError, NoSuchOrder):
        return None
