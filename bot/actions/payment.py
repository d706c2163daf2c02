"""The money's way through a conversation: asking for it, hearing of it, giving it back.

None of this waits: a provider call is queued with the turn and its answer is an event of its own.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from babel.dates import format_date, format_time
from sqlalchemy.orm import Session

from bot.actions import disputes, seats
from bot.actions.own_order import order_of, own_order
from bot.actions.telegram_form import take_form
from bot.delivery.outbox import GAVE_UP
from bot.delivery.turn import Turn
from bot.dialogue.dialogue import Dialogue
from bot.events import CallReturned, Event, InvoiceChecked, InvoicePaid, ProviderNotified, TimerFired
from bot.messages import AnswerInvoiceCheck, PriceLine, Receipt, ReceiptLine, SendInvoice, ShowTyping
from payments import authorisations, refunds, settlement
from payments.authorisations import CAPTURE_WITHIN, Heard
from payments.currencies import from_provider
from payments.ledger import posting
from payments.ledger.model import Account
from payments.model import Payment, Refund, RefundStatus
from payments.provider_call import ProviderCall
from payments.settlement import Outcome as Settled
from payments.stripe_gateway import (
    DISPUTE_NOTICES,
    INTENT_NOTICES,
    REFUND_NOTICES,
    SESSION_PAID,
    checkout_arguments,
)
from shop.money import Money
from shop.orders import service as orders
from shop.orders.charges import Charge, charges
from shop.orders.model import NotPossible, Order, OrderStatus
from shop.orders.service import IN_FORM
from shop.payment_methods import PaymentKind

INVOICE_TITLE_LETTERS_MAX = 32  # Bot API sendInvoice
PRICE_LABEL_LETTERS_MAX = 60  # what a phone shows of one

log = structlog.get_logger()


def order_facts(order: Order) -> dict[str, Any]:
    """What sentences about an order may say."""
    return {
        "order": order.reference,
        "total": order.total,
        "owed": order.owed,
        "due": order.due,
        "status": order.status.value,
        "items": [{"title": line.name, "units": line.units} for line in order.lines],
        "method": order.payment_method.value,
        "hold_minutes": (order.hold_until - order.placed_at) // timedelta(minutes=1),
    }


def ask_for_payment(dialogue: Dialogue, order: Order) -> str:
    """Send the invoice, or have Stripe make a payment page; cash and transfers are up to the customer.

    The outcome says which: "invoice", "link_coming", "cash" or "transfer".
    """
    match order.payment_method:
        case PaymentKind.INVOICE:
            dialogue.send(_invoice(dialogue, order))
            return "invoice"
        case PaymentKind.CARD:
            _open_payment_page(dialogue, order)
            return "link_coming"
        case PaymentKind.CASH | PaymentKind.TRANSFER:
            return order.payment_method.value


def wait_for_payment(dialogue: Dialogue, order: Order) -> None:
    """Its goods are held for so long."""
    told = {"order": str(order.id)}
    dialogue.turn.set_timer("order_hold", f"order_hold:{order.id}", due_at=order.hold_until, arguments=told)


def _open_payment_page(dialogue: Dialogue, order: Order) -> None:
    named = [(charge_name(dialogue, each), each) for each in charges(order)]
    off = [name for name, each in named if each.minor < 0]
    method = dialogue.profile.payment_method(PaymentKind.CARD)
    arguments = checkout_arguments(
        lines=[(name, each.unit_minor, each.units) for name, each in named if each.minor >= 0],
        discount=(", ".join(off), -sum(each.minor for _, each in named if each.minor < 0)) if off else None,
        currency=order.currency,
        order_id=str(order.id),
        conversation=dialogue.conversation,
        # a seat is held for less time than Stripe's shortest page is open: that is closed when the hold is over
        expires_at=max(order.hold_until, dialogue.now + dialogue.profile.hold),
        return_url=dialogue.return_url,
        capture_later=(method is not None and method.captures_later)
        or seats.is_held_by_bank(dialogue, order),
    )
    dialogue.turn.call("create_checkout", arguments, dedupe=f"checkout:{order.id}")
    dialogue.turn.send(ShowTyping())


def _invoice(dialogue: Dialogue, order: Order) -> SendInvoice:
    lines = [_price_line(charge_name(dialogue, charge), charge) for charge in charges(order)]
    title = dialogue.words("words_invoice_title", **order_facts(order))[:INVOICE_TITLE_LETTERS_MAX]
    return SendInvoice(
        title=title,
        description=dialogue.words("words_invoice_description", **order_facts(order)),
        payload=str(order.id),
        currency=order.currency,
        lines=tuple(lines),
        form=order.delivery == IN_FORM,
    )


def charge_name(dialogue: Dialogue, charge: Charge) -> str:
    """What a line of the bill is called: goods by their own name, the rest in the customer's language."""
    return (
        charge.name
        if charge.kind == "goods"
        else dialogue.words(f"words_charge_{charge.kind}", label=charge.name)
    )


def _price_line(name: str, charge: Charge) -> PriceLine:
    """A line of Telegram's price breakdown; discounts are negative (https://core.telegram.org/bots/payments#step-2-send-invoice)."""
    label = f"{charge.units} × {name}" if charge.kind == "goods" else name
    return PriceLine(label=label[:PRICE_LABEL_LETTERS_MAX], amount_minor=charge.minor)


# ---------------------------------------------------------------------- native invoices


def check_invoice(dialogue: Dialogue, event: InvoiceChecked) -> None:
    """The last place to say no before money moves: the order waits, is theirs, and costs this."""
    problem = _invoice_problem(dialogue, event)
    dialogue.turn.send(
        AnswerInvoiceCheck(query=event.query, error=dialogue.words(problem) if problem else None),
        dedupe=f"invoice-check:{event.query}",
    )


def _invoice_problem(dialogue: Dialogue, event: InvoiceChecked) -> str | None:
    order = own_order(dialogue, event.payload)
    if order is None:
        return "words_invoice_unknown"
    if order.status is OrderStatus.PAID:
        return "words_invoice_paid"
    if order.status is not OrderStatus.AWAITING_PAYMENT or order.hold_until <= dialogue.now:
        return "words_invoice_late"  # its stock may be gone: nobody is charged for what we cannot send
    if not take_form(dialogue, order, event):
        return "words_invoice_changed"
    if Money(event.amount_minor, event.currency) != order.due:
        return "words_invoice_changed"
    return None


def take_invoice_payment(dialogue: Dialogue, event: InvoicePaid) -> None:
    """Telegram says the money moved: it pays their order, or goes back."""
    _settle(
        dialogue,
        own_order(dialogue, event.payload),
        provider="telegram",
        reference=event.charge,
        amount=Money(event.amount_minor, event.currency),
    )


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
            if event.result.get("intent"):
                _on_intent(dialogue, event.result["intent"])
        case "capture" if event.result is None:
            reference, error = event.arguments["intent"], event.error or "refused"
            authorisations.not_captured(dialogue.session, reference, error=error, at=dialogue.now)
        case "capture" | "release" if event.result is not None:
            _on_intent(dialogue, event.result)
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
    if order.exchanged_minor:  # they were asked for the difference, maybe hours ago
        dialogue.say(
            "utter_exchange_pay_link", purpose="order_update", url=order.payment_url, **order_facts(order)
        )
        return
    dialogue.say("utter_pay_link", url=order.payment_url, **order_facts(order))


def _take_back(dialogue: Dialogue, order_id: UUID, why: str) -> None:
    """They cannot be asked for the money: no order, and the goods are in the cart again."""
    order = orders.get(dialogue.session, order_id)
    if order.status is not OrderStatus.AWAITING_PAYMENT:  # it ended before
        return
    orders.cancel(dialogue.session, order, at=dialogue.now, by="provider", why=why)
    if order.parent_id is not None:
        _tell_over(dialogue, order, order.parent_id)
        return
    if order.group_id is not None:
        dialogue.say("utter_seat_no_payment_page", purpose="order_update", **order_facts(order))
        return
    orders.return_to_cart(dialogue.session, order, at=dialogue.now)
    dialogue.say("utter_no_payment_page", purpose="order_update", **order_facts(order))


def on_provider_notified(dialogue: Dialogue, event: ProviderNotified) -> None:
    """A verified Stripe notice: in any order, late or twice."""
    match event.type:
        case type_ if type_ in SESSION_PAID:
            _on_session_paid(dialogue, event.object)
        case type_ if type_ in INTENT_NOTICES:
            _on_intent(dialogue, event.object)
        case type_ if type_ in REFUND_NOTICES:
            _on_refund(dialogue, event.object)
        case type_ if type_ in DISPUTE_NOTICES:
            disputes.hear(dialogue.session, event.object, at=dialogue.now)
        case _:
            pass  # facts that we do not act on


def on_nobodys_news(turn: Turn) -> bool:
    """What became of money that no customer of ours can be told about. False when the event is something else."""
    session, at = turn.session, turn.now
    match turn.event:
        case ProviderNotified(type=type_) if type_ in SESSION_PAID | INTENT_NOTICES:
            pass  # neither order nor conversation is ours: to give it back would be another shop's loss
        case ProviderNotified(type=type_, object=provider) if type_ in REFUND_NOTICES:
            metadata: dict[str, str] = provider.get("metadata") or {}
            if "refund" in metadata:
                refunds.record(session, UUID(metadata["refund"]), provider, at=at)
        case ProviderNotified(type=type_, object=provider) if type_ in DISPUTE_NOTICES:
            disputes.hear(session, provider, at=at)
        case CallReturned(call="refund"):
            _note_refund_call(session, turn.event, at=at)
        case _:
            return False
    return True


def _payment_of(session: dict[str, Any]) -> dict[str, Any]:
    """What a paid Checkout Session says of its money."""
    return {
        "provider": "stripe",
        "reference": session["payment_intent"],
        "amount": from_provider(session["amount_total"], session["currency"]),
    }


def _give_back(turn: Turn, **payment: Any) -> Refund | None:
    """Money for no order of ours goes back; None when that is known already."""
    refund = settlement.give_back(turn.session, **payment)
    if refund is not None:
        log.error("payment.no_order", reference=payment["reference"], conversation=turn.conversation.key)
        _queue_refund(turn, refund)
    return refund


def _on_session_paid(dialogue: Dialogue, session: dict[str, Any]) -> None:
    if session["payment_status"] != "paid":  # a slow method: its own notice follows
        return
    _settle(
        dialogue,
        order_of(dialogue.session, session.get("client_reference_id")),
        **_payment_of(session),
    )


def buyer(session: Session, event: Event) -> UUID | None:
    """The customer whose order a notice is about, for when the conversation it names knows nobody."""
    match event:
        case ProviderNotified(type=type_, object=paid) if type_ in SESSION_PAID:
            named = paid.get("client_reference_id")
        case ProviderNotified(type=type_, object=intent) if type_ in INTENT_NOTICES:
            metadata: dict[str, str] = intent.get("metadata") or {}
            named = metadata.get("order")
        case _:
            return None
    order = order_of(session, named)
    return order.customer_id if order else None


def _settle(dialogue: Dialogue, order: Order | None, *, provider: str, reference: str, amount: Money) -> None:
    """Money has moved: it pays its order or goes back, and the customer hears which."""
    payment: Any = {"provider": provider, "reference": reference, "amount": amount, "at": dialogue.now}
    if order is not None:
        low = dialogue.profile.low_stock_units
        settled = settlement.settle(dialogue.session, order.id, **payment, low_stock_units=low)
        _tell(dialogue, settled, amount)
        return
    if _give_back(dialogue.turn, **payment) is not None:
        dialogue.say("utter_payment_no_order", purpose="order_update", amount=amount)


def _tell(dialogue: Dialogue, result: settlement.Settlement, amount: Money) -> None:
    """Thank them, and say of what goes back why, and send it."""
    if result.outcome is Settled.KNOWN:
        return
    if result.seated is not None:
        seats.tell_seated(dialogue, result.order, result.seated)
    elif result.is_paid:
        dialogue.say("utter_thank_you", purpose="order_update", **order_facts(result.order))
        if dialogue.abilities.receipts:
            dialogue.turn.send(_receipt(dialogue, result.order))
    if result.refund is not None:
        facts = order_facts(result.order) | {"paid": amount, "back": result.refund.amount}
        dialogue.say(f"utter_payment_{result.outcome.value}", purpose="order_update", **facts)
        send_refund(dialogue, result.refund)


def _receipt(dialogue: Dialogue, order: Order) -> Receipt:
    return Receipt(
        order=order.reference,
        name=order.name,
        currency=order.currency,
        payment="Stripe",
        lines=tuple(
            ReceiptLine(title=line.name, units=line.units, unit_price_minor=line.unit_price_minor)
            for line in order.lines
        ),
        discounts=tuple(
            PriceLine(label=charge_name(dialogue, charge), amount_minor=charge.minor)
            for charge in charges(order)
            if charge.minor < 0
        ),
        delivery_minor=order.delivery_minor,
        tax_minor=order.tax_minor,
        tax_included=order.tax_included,
        total_minor=order.total_minor - order.exchanged_minor,
    )


# ---------------------------------------------------------------------- held by the bank


def _on_intent(dialogue: Dialogue, intent: dict[str, Any]) -> None:
    """The bank holds money for an order, gave it to us, or let go of it."""
    session, at = dialogue.session, dialogue.now
    low = dialogue.profile.low_stock_units
    heard = authorisations.hear(session, intent, at=at, low_stock_units=low)
    if heard is Heard.KNOWN:
        return
    order = orders.get(session, UUID(intent["metadata"]["order"]))
    match heard:
        case Heard.HELD:
            due, told = at + CAPTURE_WITHIN, {"order": str(order.id)}
            dialogue.turn.set_timer("capture", f"capture:{order.id}", due_at=due, arguments=told)
            dialogue.say("utter_money_held", purpose="order_update", **order_facts(order))
        case Heard.SEATED | Heard.FILLED:
            seats.tell_held(dialogue, order, is_full=heard is Heard.FILLED)
        case Heard.UNWANTED:
            make_call(dialogue.turn, authorisations.release(intent["id"]))
            dialogue.say("utter_money_not_taken", purpose="order_update", **order_facts(order))
        case Heard.CAPTURED:
            amount = from_provider(intent["amount_received"], intent["currency"])
            _settle(dialogue, order, provider="stripe", reference=intent["id"], amount=amount)
        case Heard.LAPSED:
            if order.group_id is None:
                orders.return_to_cart(session, order, at=at)
            dialogue.say("utter_money_lapsed", purpose="order_update", **order_facts(order))


def let_go(dialogue: Dialogue, order: Order) -> None:
    """What a bank holds for an order that has ended is the customer's again."""
    for call in authorisations.releases(dialogue.session, order):
        make_call(dialogue.turn, call)


def on_capture_due(dialogue: Dialogue, event: TimerFired) -> None:
    """The bank will not hold it much longer: it is taken, if nobody has done so."""
    order = orders.get(dialogue.session, UUID(event.arguments["order"]))
    try:
        make_call(dialogue.turn, authorisations.capture(dialogue.session, order, at=dialogue.now))
    except NotPossible:  # it was taken or has ended
        return


def make_call(turn: Turn, call: ProviderCall) -> None:
    """Queue it with the turn."""
    turn.call(call.name, call.arguments, dedupe=call.key)


# ---------------------------------------------------------------------- giving back


def send_refund(dialogue: Dialogue, refund: Refund) -> None:
    """Queue the provider call; its key is the refund's own id, so that a repeat gives back nothing twice."""
    _queue_refund(dialogue.turn, refund)


def _queue_refund(turn: Turn, refund: Refund) -> None:
    make_call(turn, refunds.call_of(turn.session, refund, conversation=turn.conversation.key))


def refund_order(dialogue: Dialogue, order: Order, *, reason: str) -> list[Refund]:
    """Give back everything that was paid for an order."""
    asked = refunds.ask_all(dialogue.session, order.id, reason=reason, at=dialogue.now)
    for refund in asked:
        send_refund(dialogue, refund)
    return asked


def _on_refund_call(dialogue: Dialogue, event: CallReturned) -> None:
    _tell_refund(dialogue, _note_refund_call(dialogue.session, event, at=dialogue.now))


def _note_refund_call(session: Session, event: CallReturned, *, at: datetime) -> Refund | None:
    refund_id = UUID(event.arguments["metadata"]["refund"])
    if event.result is not None:
        return refunds.record(session, refund_id, event.result, at=at)
    error = event.error or "refused"
    return refunds.fail(session, refund_id, error=error, unsure=error.startswith(GAVE_UP), at=at)


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
    reply = "utter_refund_by_hand" if refunds.is_by_hand(dialogue.session, refund) else "utter_refund_failed"
    dialogue.say(reply, purpose="order_update", amount=refund.amount)
    dialogue.customer.wants_person = True  # staff see the conversation first, as the sentence promises


def refund_words(dialogue: Dialogue, refund: Refund) -> str:
    """Where the money is: when it was sent or asked for, in the shop's time, and what is still to come."""
    payment = dialogue.session.get_one(Payment, refund.payment_id)
    zone = ZoneInfo(dialogue.profile.time_zone)
    moment = (refund.settled_at or refund.asked_at).astimezone(zone)
    is_today = moment.date() == dialogue.now.astimezone(zone).date()
    return dialogue.words(
        "words_refund",
        state=refund.status.value,
        amount=refund.amount,
        time=format_time(moment, "HH:mm", locale=dialogue.language) if is_today else None,
        date=format_date(moment, "d MMM", locale=dialogue.language),
        by_provider=posting.held_at(payment) is Account.STRIPE,
    )


# ---------------------------------------------------------------------- time


def on_hold_over(dialogue: Dialogue, event: TimerFired) -> None:
    """The hold is over: if nobody paid, the stock goes back and the payment page closes."""
    order = orders.get(dialogue.session, UUID(event.arguments["order"]))
    if not orders.expire(dialogue.session, order, at=dialogue.now):
        return
    close_payment_page(dialogue, order)
    if order.parent_id is not None:
        _tell_over(dialogue, order, order.parent_id)
    elif order.group_id is not None:
        dialogue.say("utter_seat_let_go", purpose="order_update", **order_facts(order))
    elif order.payment_method is PaymentKind.CARD and order.payment_session is None:  # they never could pay
        orders.return_to_cart(dialogue.session, order, at=dialogue.now)
        dialogue.say("utter_no_payment_page", purpose="order_update", **order_facts(order))
    else:
        dialogue.say("utter_order_expired", purpose="order_update", **order_facts(order))


def on_exchange_payment(dialogue: Dialogue, event: TimerFired) -> None:
    """Something dearer is wanted for what came back: ask for the difference, while it is still waited for."""
    order = orders.get(dialogue.session, UUID(event.arguments["order"]))
    if order.status is not OrderStatus.AWAITING_PAYMENT:
        return
    came_back = Money(order.exchanged_minor, order.currency)
    hours = dialogue.shop.returns.exchange_hold_hours
    facts = order_facts(order) | {"came_back": came_back, "hours": hours}
    dialogue.say("utter_exchange_difference", purpose="order_update", **facts)
    ask_for_payment(dialogue, order)


def _tell_over(dialogue: Dialogue, order: Order, parent_id: UUID) -> None:
    """Nobody paid what follows another order: that one stays as it is, and what came back is paid back in money."""
    if order.goes_along:
        parent = orders.get(dialogue.session, parent_id, lock=False).reference
        dialogue.say("utter_addition_over", purpose="order_update", **order_facts(order), parent=parent)
        return
    back = refund_order(dialogue, order, reason="exchange_unpaid")
    amount = Money(sum(refund.amount_minor for refund in back), order.currency)
    dialogue.say("utter_exchange_over", purpose="order_update", **order_facts(order) | {"amount": amount})


def unpaid_order(dialogue: Dialogue) -> Order | None:
    """The customer's latest order, if it is waiting for its payment."""
    order = orders.find(dialogue.session, dialogue.customer)
    return order if order is not None and order.status is OrderStatus.AWAITING_PAYMENT else None


def close_payment_page(dialogue: Dialogue, order: Order) -> None:
    """Nobody shall pay for an order that has ended."""
    if order.payment_session is not None:
        make_call(dialogue.turn, ProviderCall.closing(order.payment_session, order.id))
