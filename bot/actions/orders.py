"""Where an order is, and calling it off."""

from uuid import UUID

from bot.actions.payment import close_payment_page, order_facts, refund_order
from bot.dialogue.dialogue import Dialogue, Outcome, action, as_uuid
from payments import refunds
from payments.model import RefundStatus
from shop.orders import service as orders
from shop.orders.model import NotPossible, Order, OrderStatus

STATUSES = tuple(status.value for status in OrderStatus)


@action("none", "not_found", *STATUSES)
def look_up_order(dialogue: Dialogue) -> Outcome:
    """The order that is meant and its state, read now; the customer's own orders only."""
    order, problem = _meant(dialogue)
    if order is None:
        return Outcome(problem)
    sent = refunds.of_order(dialogue.session, order.id)
    facts = order_facts(order) | {
        "pay_url": order.payment_url if order.status is OrderStatus.AWAITING_PAYMENT else None,
        "native": dialogue.abilities.native_invoices,
        "option": dialogue.profile.option(order.delivery),
        "refunded": sent[-1].amount if sent else None,
        "refund_settled": bool(sent) and sent[-1].status is RefundStatus.SETTLED,
    }
    return Outcome(order.status.value, facts)


@action("none", "not_found", "ask", "too_late", "ended")
def find_order_to_cancel(dialogue: Dialogue) -> Outcome:
    """The order that is meant, if it can still be called off."""
    order, problem = _meant(dialogue)
    if order is None:
        return Outcome(problem)
    facts = order_facts(order)
    if order.status in {OrderStatus.CANCELLED, OrderStatus.EXPIRED}:
        return Outcome("ended", facts)
    if not order.can(OrderStatus.CANCELLED):
        return Outcome("too_late", facts)
    dialogue.set_slot("order_id", str(order.id))
    dialogue.set_slot("order_to_cancel", order.reference)  # an aside about orders may clear order_number
    return Outcome("ask", facts)


@action("cancelled", "refunding", "too_late")
def cancel_order(dialogue: Dialogue) -> Outcome:
    """Call it off: stock back, payment page closed, and what was paid on its way back."""
    order = orders.get(dialogue.session, as_uuid(dialogue.slot("order_id")))
    try:
        orders.cancel(dialogue.session, order, at=dialogue.now, by="customer", why="asked in the chat")
    except NotPossible:  # it was packed between the question and the answer
        return Outcome("too_late", order_facts(order))
    sent = refund_order(dialogue, order, reason="cancelled")
    close_payment_page(dialogue, order)
    return Outcome("refunding" if sent else "cancelled", order_facts(order))


def _meant(dialogue: Dialogue) -> tuple[Order | None, str]:
    """The order named by number, else the latest; or why there is none."""
    if (chosen := dialogue.slot("order_id")) is not None:
        return orders.get(dialogue.session, UUID(str(chosen))), ""
    reference = dialogue.slot("order_number")
    order = orders.find(dialogue.session, dialogue.customer, reference=reference)
    return order, "not_found" if reference else "none"
