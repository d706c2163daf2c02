"""Where an order is, calling it off, and the same once more."""

from datetime import timedelta
from uuid import UUID

from bot.actions.cart import cart_facts
from bot.actions.payment import close_payment_page, order_facts, refund_order
from bot.dialogue.dialogue import Dialogue, Outcome, action, as_uuid
from payments import refunds
from payments.model import RefundStatus
from shop.cart import service as carts
from shop.cart.model import TooMany
from shop.catalogue.model import OutOfStock
from shop.orders import service as orders
from shop.orders.model import NotPossible, Order, OrderLine, OrderStatus

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


@action("withdrawn", "placed", "none")
def withdraw_unpaid_order(dialogue: Dialogue) -> Outcome:
    """Something about it shall be different: as long as it is not paid, its goods go back into the cart."""
    latest = orders.find(dialogue.session, dialogue.customer)
    if latest is None or not latest.can(OrderStatus.CANCELLED):
        return Outcome("none")
    order = orders.get(dialogue.session, latest.id)  # locked: it may be paid at this very moment
    if order.status is not OrderStatus.AWAITING_PAYMENT:
        return Outcome("placed")
    orders.cancel(dialogue.session, order, at=dialogue.now, by="customer", why="changed in the chat")
    close_payment_page(dialogue, order)
    orders.return_to_cart(dialogue.session, order, at=dialogue.now)
    return Outcome("withdrawn", order_facts(order))


@action("none", "not_found", "unpaid", "in_cart", "nothing_left")
def order_again(dialogue: Dialogue) -> Outcome:
    """The goods of the order that is meant into the cart, at today's prices; what cannot be had is named."""
    order, problem = _meant(dialogue)
    if order is None:
        return Outcome(problem)
    if order.status is OrderStatus.AWAITING_PAYMENT:  # what it holds would be bought twice
        return Outcome("unpaid")
    missing = [line.title for line in order.lines if not _put_again(dialogue, line)]
    facts = {"order": order.reference, "missing": missing, **cart_facts(dialogue)}
    return Outcome("nothing_left" if len(missing) == len(order.lines) else "in_cart", facts)


def _put_again(dialogue: Dialogue, line: OrderLine) -> bool:
    """Whether as many of it are in the cart now as were ordered then."""
    variant = carts.find_variant(dialogue.session, line.variant_id) if line.variant_id else None
    if variant is None:
        return False
    try:
        carts.add(
            dialogue.session,
            dialogue.customer,
            variant,
            units=line.units,
            at=dialogue.now + timedelta(microseconds=line.position),  # the cart keeps the order's order
        )
    except (OutOfStock, TooMany):
        return False
    return True


def _meant(dialogue: Dialogue) -> tuple[Order | None, str]:
    """The order named by number, else the latest; or why there is none."""
    if (chosen := dialogue.slot("order_id")) is not None:
        return orders.get(dialogue.session, UUID(str(chosen))), ""
    reference = dialogue.slot("order_number")
    order = orders.find(dialogue.session, dialogue.customer, reference=reference)
    return order, "not_found" if reference else "none"
