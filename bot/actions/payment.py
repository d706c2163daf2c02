"""The money's way through a conversation: asking for it, hearing of it, giving it back.

None of this waits: a provider call is queued with the turn and its answer is an event of its own.
"""

from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from bot.dialogue.dialogue import Dialogue
from bot.events import CallReturned, Event, InvoiceChecked, InvoicePaid, ProviderNotified, TimerFired
from bot.messages import AnswerInvoiceCheck, PriceLine, Receipt, ReceiptLine, SendInvoice, ShowTyping
from payments import refunds, settlement
from payments.model import Refund, RefundStatus
from payments.settlement import Outcome as Settled
from payments.stripe_gateway import checkout_arguments
from shop.money import Money
from shop.orders import service as orders
from shop.orders.model import Order, OrderStatus
from shop.orders.service import NoSuchOrder

INVOICE_TITLE_LETTERS_MAX = 32  # Bot API sendInvoice
SESSION_PAID = {"checkout.session.completed", "checkout.session.async_payment_succeeded"}

log = structlog.get_logger()


def order_facts(order: Order) -> dict[str, Any]:
    """What sentences about an order may say."""
    return {
        "order": order.reference,
        "total": order.total,
        "status": order.status.value,
        "tracking": order.tracking,
        "items": [{"title": line.name, "units": line.units} for line in order.lines],
    }


def ask_for_payment(dialogue: Dialogue, order: Order) -> bool:
    """Send a native invoice where the channel has one (True); else have Stripe make a payment page (False)."""
    if dialogue.abilities.native_invoices:
        dialogue.send(_invoice(dialogue, order))
        return True
    lines = [(line.name, line.unit_price_minor, line.units) for line in order.lines]
    if order.delivery_minor:
        lines.append((dialogue.words("words_delivery"), order.delivery_minor, 1))
    arguments = checkout_arguments(
        lines=lines,
        currency=order.currency,
        order_id=str(order.id),
        conversation=dialogue.conversation,
        expires_at=order.hold_until,
        return_url=dialogue.return_url,
    )
    dialogue.turn.call("create_checkout", arguments, dedupe=f"checkout:{order.id}")
    dialogue.turn.send(ShowTyping())
    return False


def _invoice(dialogue: Dialogue, order: Order) -> SendInvoice:
    lines = [
        PriceLine(label=f"{line.units} × {line.name}"[:60], amount_minor=line.unit_price_minor * line.units)
        for line in order.lines
    ]
    if order.delivery_minor:
        lines.append(PriceLine(label=dialogue.words("words_delivery"), amount_minor=order.delivery_minor))
    title = dialogue.words("words_invoice_title", **order_facts(order))[:INVOICE_TITLE_LETTERS_MAX]
    return SendInvoice(
        title=title,
        description=dialogue.words("words_invoice_description", **order_facts(order)),
        payload=str(order.id),
        currency=order.currency,
        lines=tuple(lines),
    )


# ---------------------------------------------------------------------- native invoices


def check_invoice(dialogue: Dialogue, event: InvoiceChecked) -> None:
    """The last place to say no before money moves: the order waits, is theirs, and costs this."""
    problem = _invoice_problem(dialogue, event)
    dialogue.turn.send(
        AnswerInvoiceCheck(query=event.query, error=dialogue.words(problem) if problem else None),
        dedupe=f"invoice-check:{event.query}",
    )


def _invoice_problem(dialogue: Dialogue, event: InvoiceChecked) -> str | None:
    order = _own_order(dialogue, event.payload)
    if order is None:
        return "words_invoice_unknown"
    if order.status is OrderStatus.PAID:
        return "words_invoice_paid"
    if order.status is not OrderStatus.AWAITING_PAYMENT or order.hold_until <= dialogue.now:
        return "words_invoice_late"  # its stock may be gone: nobody is charged for what we cannot send
    if Money(event.amount_minor, event.currency) != order.total:
        return "words_invoice_changed"
    return None


def take_invoice_payment(dialogue: Dialogue, event: InvoicePaid) -> None:
    """Telegram says the money moved: it pays their order, or goes back."""
    _settle(
        dialogue,
        _own_order(dialogue, event.payload),
        provider="telegram",
        reference=event.charge,
        amount=Money(event.amount_minor, event.currency),
    )


def _own_order(dialogue: Dialogue, payload: str) -> Order | None:
    """The order that an invoice was for, if this person placed it."""
    order = _order(dialogue.session, payload)
    return order if order and order.customer_id == dialogue.customer.id else None


def _order(session: Session, order_id: str | None) -> Order | None:
    """The order that an outside text names; None when it names none of ours."""
    try:
        return orders.get(session, UUID(order_id)) if order_id else None
    except (ValueError, NoSuchOrder):
        return None


# ---------------------------------------------------------------------- Stripe


def on_call_returned(dialogue: Dialogue, event: CallReturned) -> None:
    """A call is done, or was given up."""
    match event.call:
        case "create_checkout":
            _on_checkout(dialogue, event)
        case "send_invoice":
            _take_back(dialogue, UUID(event.arguments["payload"]), f"no invoice: {event.error}")
        case "refund":
            _on_refund_call(dialogue, event)
        case "expire_checkout" if event.result is not None:
            # It was paid before we closed it: the notice may be lost.
            _on_session_paid(dialogue, event.result)
        case _:
            pass


def _on_checkout(dialogue: Dialogue, event: CallReturned) -> None:
    """The payment page is there (or will not be): give the link, or take the order back."""
    order_id = UUID(event.arguments["client_reference_id"])
    if event.result is None:
        _take_back(dialogue, order_id, f"no payment page: {event.error}")
        return
    order = orders.get(dialogue.session, order_id)
    order.payment_session, order.payment_url = event.result["id"], event.result["url"]
    if order.status is not OrderStatus.AWAITING_PAYMENT:  # it ended, or was paid, while we waited for Stripe
        close_payment_page(dialogue, order)
        return
    dialogue.say("utter_pay_link", url=order.payment_url, **order_facts(order))


def _take_back(dialogue: Dialogue, order_id: UUID, why: str) -> None:
    """They cannot be asked for the money: no order, and the goods are in the cart again."""
    order = orders.get(dialogue.session, order_id)
    if order.status is not OrderStatus.AWAITING_PAYMENT:  # it ended before
        return
    orders.cancel(dialogue.session, order, at=dialogue.now, by="provider", why=why)
    orders.return_to_cart(dialogue.session, order, at=dialogue.now)
    dialogue.say("utter_no_payment_page", purpose="order_update", **order_facts(order))


def on_provider_notified(dialogue: Dialogue, event: ProviderNotified) -> None:
    """A verified Stripe notice: in any order, late or twice."""
    match event.type:
        case type_ if type_ in SESSION_PAID:
            _on_session_paid(dialogue, event.object)
        case "refund.created" | "refund.updated" | "refund.failed":
            _on_refund(dialogue, event.object)
        case _:
            pass  # facts that we do not act on


def _on_session_paid(dialogue: Dialogue, session: dict[str, Any]) -> None:
    if session["payment_status"] != "paid":  # a slow method: its own notice follows
        return
    _settle(
        dialogue,
        _order(dialogue.session, session.get("client_reference_id")),
        provider="stripe",
        reference=session["payment_intent"],
        amount=Money(session["amount_total"], session["currency"].upper()),
    )


def buyer(session: Session, event: Event) -> UUID | None:
    """The customer whose order a notice is about, for when the conversation it names knows nobody."""
    if not isinstance(event, ProviderNotified) or event.type not in SESSION_PAID:
        return None
    order = _order(session, event.object.get("client_reference_id"))
    return order.customer_id if order else None


def _settle(dialogue: Dialogue, order: Order | None, *, provider: str, reference: str, amount: Money) -> None:
    """Money has moved: it pays its order or goes back, and the customer hears which."""
    payment: Any = {"provider": provider, "reference": reference, "amount": amount, "at": dialogue.now}
    if order is not None:
        _tell(dialogue, settlement.settle(dialogue.session, order.id, **payment))
        return
    refund = settlement.give_back(dialogue.session, **payment)
    if refund is not None:
        log.error("payment.no_order", reference=reference, conversation=dialogue.conversation)
        dialogue.say("utter_payment_no_order", purpose="order_update", amount=amount)
        send_refund(dialogue, refund)


def _tell(dialogue: Dialogue, result: settlement.Settlement) -> None:
    """Thank them, or say why the money goes back and send it."""
    if result.outcome is Settled.KNOWN:
        return
    if result.outcome is Settled.PAID:
        dialogue.say("utter_thank_you", purpose="order_update", **order_facts(result.order))
        if dialogue.abilities.receipts:
            dialogue.turn.send(_receipt(result.order))
        return
    dialogue.say(f"utter_payment_{result.outcome.value}", purpose="order_update", **order_facts(result.order))
    assert result.refund is not None, "money we cannot use goes back"
    send_refund(dialogue, result.refund)


def _receipt(order: Order) -> Receipt:
    return Receipt(
        order=order.reference,
        name=order.name,
        currency=order.currency,
        payment="Stripe",
        lines=tuple(
            ReceiptLine(title=line.name, units=line.units, unit_price_minor=line.unit_price_minor)
            for line in order.lines
        ),
        delivery_minor=order.delivery_minor,
        total_minor=order.total_minor,
    )


# ---------------------------------------------------------------------- giving back


def send_refund(dialogue: Dialogue, refund: Refund) -> None:
    """Queue the provider call; its key is the refund's own id, so that a repeat gives back nothing twice."""
    arguments = refunds.call_arguments(dialogue.session, refund, conversation=dialogue.conversation)
    dialogue.turn.call("refund", arguments, dedupe=f"refund:{refund.id}")


def refund_order(dialogue: Dialogue, order: Order, *, reason: str) -> list[Refund]:
    """Give back everything that was paid for an order."""
    asked = refunds.ask_all(dialogue.session, order.id, reason=reason, at=dialogue.now)
    for refund in asked:
        send_refund(dialogue, refund)
    return asked


def _on_refund_call(dialogue: Dialogue, event: CallReturned) -> None:
    refund_id = UUID(event.arguments["metadata"]["refund"])
    if event.result is None:
        _tell_refund(dialogue, refunds.fail(dialogue.session, refund_id, error=event.error or "refused"))
    else:
        _tell_refund(dialogue, refunds.record(dialogue.session, refund_id, event.result, at=dialogue.now))


def _on_refund(dialogue: Dialogue, provider: dict[str, Any]) -> None:
    metadata: dict[str, Any] = provider.get("metadata") or {}
    refund_id: str | None = metadata.get("refund")
    if refund_id is not None:
        _tell_refund(dialogue, refunds.record(dialogue.session, UUID(refund_id), provider, at=dialogue.now))


def _tell_refund(dialogue: Dialogue, refund: Refund | None) -> None:
    if refund is None:
        return
    if refund.status is RefundStatus.SETTLED:
        dialogue.say("utter_refund_sent", purpose="order_update", amount=refund.amount)
        return
    dialogue.say("utter_refund_failed", purpose="order_update", amount=refund.amount)
    dialogue.customer.wants_person = True  # staff see the conversation first, as the sentence promises


# ---------------------------------------------------------------------- time


def on_timer(dialogue: Dialogue, event: TimerFired) -> None:
    """The hold is over: if nobody paid, the stock goes back and the payment page closes."""
    if event.timer != "order_hold":
        raise LookupError(f"there is no timer {event.timer!r}")
    order = orders.get(dialogue.session, UUID(event.arguments["order"]))
    if orders.expire(dialogue.session, order, at=dialogue.now):
        close_payment_page(dialogue, order)
        dialogue.say("utter_order_expired", purpose="order_update", **order_facts(order))


def unpaid_order(dialogue: Dialogue) -> Order | None:
    """The customer's latest order, if it is waiting for its payment."""
    order = orders.find(dialogue.session, dialogue.customer)
    return order if order is not None and order.status is OrderStatus.AWAITING_PAYMENT else None


def close_payment_page(dialogue: Dialogue, order: Order) -> None:
    """Nobody shall pay for an order that has ended."""
    if order.payment_session is not None:
        dialogue.turn.call("expire_checkout", {"session": order.payment_session}, dedupe=f"expire:{order.id}")
