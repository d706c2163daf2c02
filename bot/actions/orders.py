"""Where an order is, calling it off, and the same once more."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from bot.actions.cart import cart_facts
from bot.actions.own_order import meant_order
from bot.actions.payment import (
    close_payment_page,
    let_go,
    order_facts,
    refund_order,
    refund_words,
)
from bot.actions.returns import return_facts
from bot.actions.transfers import transfer_facts
from bot.dialogue.dialogue import Dialogue, Outcome, action, as_uuid
from bot.events import TimerFired
from payments import refunds
from payments.model import Refund
from shop.cart import service as carts
from shop.cart.model import TooMany
from shop.catalogue.model import OutOfStock
from shop.money import Money
from shop.orders import additions
from shop.orders import service as orders
from shop.orders.model import NotPossible, Order, OrderLine, OrderStatus
from shop.payment_methods import PaymentKind
from shop.returns import service as returns
from shop.returns.model import OPEN
from shop.shipments import service as shipments
from shop.shipments.model import Shipment

STATUSES = tuple(status.value for status in OrderStatus)


@action("none", "not_found", "returning", *STATUSES)
def look_up_order(dialogue: Dialogue) -> Outcome:
    """The order that is meant and its state, read now; the customer's own orders only."""
    order, problem = _meant(dialogue)
    if order is None:
        return Outcome(problem)
    if (
        coming := [each for each in returns.of_order(dialogue.session, order.id) if each.status in OPEN]
    ) != []:
        newest = coming[-1]
        wish = {"wish": newest.wish.value}
        return Outcome("returning", order_facts(order) | return_facts(order, newest) | wish)
    sent = refunds.of_order(dialogue.session, order.id)
    facts = order_facts(order) | {
        "shipments": [shipment_facts(order, each) for each in shipments.of_order(dialogue.session, order.id)],
        "left": [{"title": line.name, "units": line.left} for line in order.lines if line.left],
        "pay_url": order.payment_url if order.status is OrderStatus.AWAITING_PAYMENT else None,
        "native": order.payment_method is PaymentKind.INVOICE,
        **transfer_facts(dialogue, order),
        "option": dialogue.profile.option(order.delivery, order.country),
        "refund": refund_words(dialogue, sent[-1]) if sent else "",
    }
    return Outcome(order.status.value, facts)


def shipment_facts(order: Order, shipment: Shipment) -> dict[str, Any]:
    """What sentences about a shipment of the order may say."""
    names = {line.id: line.name for line in order.lines}
    return {
        "number": shipment.number,
        "carrier": shipment.carrier,
        "tracking": shipment.tracking,
        "link": shipment.link,
        "is_delivered": shipment.delivered_at is not None,
        "items": [{"title": names[line.order_line_id], "units": line.units} for line in shipment.lines],
    }


def on_completion_due(dialogue: Dialogue, event: TimerFired) -> None:
    """It arrived a while ago and nothing came of it: the order is done."""
    order = orders.get(dialogue.session, UUID(event.arguments["order"]))
    if returns.has_open(dialogue.session, order.id):  # the end of the return decides
        again = dialogue.now + timedelta(days=dialogue.shop.complete_after_days)
        dialogue.turn.set_timer(
            event.timer, f"{event.timer}:{order.id}", due_at=again, arguments=event.arguments
        )
    elif order.can(OrderStatus.COMPLETED):
        why = f"delivered {dialogue.shop.complete_after_days} days ago"
        shipments.complete(dialogue.session, order, at=dialogue.now, by="timer", why=why)


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
    along = additions.of(dialogue.session, order)
    named = " + ".join(each.reference for each in (order, *along))
    dialogue.set_slot("order_to_cancel", named)  # an aside about orders may clear order_number
    return Outcome("ask", facts)


@action("cancelled", "refunding", "too_late")
def cancel_order(dialogue: Dialogue) -> Outcome:
    """Call it off, and what goes along with it: stock back, payment page closed, and what was paid on its way back."""
    order = orders.get(dialogue.session, as_uuid(dialogue.slot("order_id")))
    try:
        sent = _call_off(dialogue, order)
    except NotPossible:  # it was packed between the question and the answer
        return Outcome("too_late", order_facts(order))
    for addition in additions.of(dialogue.session, order):
        sent += _call_off(dialogue, addition)
    back = Money(sum(refund.amount_minor for refund in sent), order.currency)
    return Outcome("refunding" if sent else "cancelled", order_facts(order) | {"back": back})


def _call_off(dialogue: Dialogue, order: Order) -> list[Refund]:
    orders.cancel(dialogue.session, order, at=dialogue.now, by="customer", why="asked in the chat")
    let_go(dialogue, order)
    close_payment_page(dialogue, order)
    return refund_order(dialogue, order, reason="cancelled")


@action("withdrawn", "placed", "none")
def withdraw_unpaid_order(dialogue: Dialogue) -> Outcome:
    """Something about it shall be different: as long as it is not paid, its goods go back into the cart."""
    latest = orders.find(dialogue.session, dialogue.customer)
    if latest is None or not latest.can(OrderStatus.CANCELLED):
        return Outcome("none")
    order = orders.get(dialogue.session, latest.id)  # locked: it may be paid at this very moment
    if order.status is not OrderStatus.AWAITING_PAYMENT or order.parent_id is not None:
        return Outcome("placed")  # what follows another order was no cart of its own
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
    return meant_order(dialogue), "not_found" if dialogue.slot("order_number") else "none"
