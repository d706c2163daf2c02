"""Money that a bank has promised: held when the customer pays, captured when the goods are packed, or let go.

What the provider says of a payment's state is heard in any order, late or twice, from notices and from the answers of
our own calls alike (https://docs.stripe.com/payments/place-a-hold-on-a-payment-method).
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments import seating
from payments.currencies import from_provider, to_provider
from payments.model import Authorisation, AuthorisationStatus
from payments.provider_call import ProviderCall
from shop.deals import groups
from shop.deals.model import SeatStatus
from shop.money import Money
from shop.orders import service as orders
from shop.orders.model import NotPossible, Order, OrderStatus
from shop.orders.service import NoSuchOrder
from shop.tasks import service as tasks
from shop.tasks.model import TaskKind
from storage.types import JsonObject

CAPTURE_WITHIN: Final = timedelta(days=4)
"""After so long we capture by ourselves: the shortest hold of the card networks is some five days, most are seven
(https://docs.stripe.com/payments/place-a-hold-on-a-payment-method#auth-capture-limitations)."""


class Heard(StrEnum):
    """What the provider's words about a payment's state come to."""

    HELD = "held"  # its order is authorised by it
    SEATED = "seated"  # its order is a seat, whose group still forms
    FILLED = "filled"  # that group is full by it: its cards are to be charged
    UNWANTED = "unwanted"  # nothing of ours can use it: it is to be let go
    CAPTURED = "captured"  # the money was taken: it is to be settled
    LAPSED = "lapsed"  # it is gone, and its order relied on it: that is cancelled now
    KNOWN = "known"  # nothing new, or nothing of ours


class BeingCharged(NotPossible):
    """The card is being charged already. Look again in a moment."""


def hear(session: Session, intent: JsonObject, *, at: datetime, low_stock_units: int = 0) -> Heard:
    """Take up a PaymentIntent's state; one that is charged at once means nothing here.

    The order's row is locked. `low_stock_units` is as in `orders.pay`.
    """
    order = _order_of(session, intent)
    if order is None or intent["capture_method"] != "manual":
        return Heard.KNOWN
    known = find(session, intent["id"])
    match intent["status"]:
        case "requires_capture" if known is None:
            return _hold(session, order, intent, at=at, low_stock_units=low_stock_units)
        case "succeeded":
            known = known or _keep(session, order, intent["id"], _amount(intent, "amount_received"), at=at)
            _end(known, AuthorisationStatus.CAPTURED, at=at)
            return Heard.CAPTURED
        case "canceled" if known is not None and known.status is AuthorisationStatus.HELD:
            _end(known, AuthorisationStatus.RELEASED, at=at)
            groups.refund_moved(session, order.id, SeatStatus.REFUNDED)
            return _lapse(session, order, at=at)
        case _:
            return Heard.KNOWN


def find(session: Session, reference: str) -> Authorisation | None:
    """By the provider's id."""
    return session.scalars(select(Authorisation).where(Authorisation.reference == reference)).one_or_none()


def held_for(session: Session, order_id: UUID) -> list[Authorisation]:
    """What a bank holds for the order now: one at most, unless somebody paid twice."""
    held = select(Authorisation).where(
        Authorisation.order_id == order_id, Authorisation.status == AuthorisationStatus.HELD
    )
    return list(session.scalars(held.order_by(Authorisation.held_at, Authorisation.id)))


def capture(session: Session, order: Order, *, at: datetime) -> ProviderCall:
    """The call that takes what is owed, for the caller to queue; what is held beyond it is free again.

    Raises NotPossible where nothing is held, and BeingCharged where it was asked for.
    """
    held = held_for(session, order.id) if order.status is OrderStatus.AUTHORISED else []
    if not held:
        raise NotPossible(reference=order.reference, status=order.status.value, wanted="charged")
    (first, *_) = held
    if first.capture_asked_at is not None:
        raise BeingCharged(reference=order.reference)
    first.capture_asked_at = at
    arguments = {"intent": first.reference, "amount_to_capture": to_provider(order.due)}
    return ProviderCall("capture", arguments, key=f"capture:{first.id}:{first.attempt}")


def not_captured(session: Session, reference: str, *, error: str, at: datetime) -> None:
    """The provider will not take it now: staff see that, and may try again or cancel the order."""
    held = find(session, reference)
    if held is None or held.status is not AuthorisationStatus.HELD:
        return
    if orders.get(session, held.order_id).status is not OrderStatus.AUTHORISED:  # it ended meanwhile
        return
    facts = {
        "amount_minor": held.amount_minor,
        "currency": held.currency,
        "payment": held.reference,
        "error": error,
    }
    tasks.open_task(
        session,
        TaskKind.CAPTURE_FAILED,
        cause=f"capture:{held.id}:{held.attempt}",
        at=at,
        facts=facts,
        order_id=held.order_id,
    )
    held.capture_asked_at, held.attempt = None, held.attempt + 1


def releases(session: Session, order: Order) -> list[ProviderCall]:
    """The calls that let go of all that is held for an order, for the caller to queue."""
    return [release(each.reference) for each in held_for(session, order.id)]


def release(reference: str) -> ProviderCall:
    """The call that lets go of it; where it was captured meanwhile, the answer says so."""
    return ProviderCall("release", {"intent": reference}, key=f"release:{reference}")


def _order_of(session: Session, intent: JsonObject) -> Order | None:
    metadata: dict[str, str] = intent.get("metadata") or {}
    try:
        return orders.get(session, UUID(metadata.get("order", "")))
    except (ValueError, NoSuchOrder):
        return None


def _amount(intent: JsonObject, name: str) -> Money:
    return from_provider(intent[name], intent["currency"])


def _hold(session: Session, order: Order, intent: JsonObject, *, at: datetime, low_stock_units: int) -> Heard:
    amount = _amount(intent, "amount_capturable")
    _keep(session, order, intent["id"], amount, at=at)
    if not order.can(OrderStatus.AUTHORISED) or amount != order.due:
        return Heard.UNWANTED
    try:
        if order.group_id is not None:
            seated = seating.take_seat(session, order, at=at, by="stripe", low_stock_units=low_stock_units)
            return Heard.FILLED if seated.confirmed else Heard.SEATED
        orders.authorise(session, order, at=at, by="stripe", low_stock_units=low_stock_units)
    except seating.REFUSALS:
        return Heard.UNWANTED
    return Heard.HELD


def _lapse(session: Session, order: Order, *, at: datetime) -> Heard:
    """Nothing pays for the order any more: its goods are free again."""
    relies_on_it = order.status in {OrderStatus.AUTHORISED, OrderStatus.WAITING}
    if not relies_on_it or held_for(session, order.id):
        return Heard.KNOWN
    orders.cancel(session, order, at=at, by="stripe", why="the bank let go of the money before it was taken")
    return Heard.LAPSED


def _keep(session: Session, order: Order, reference: str, amount: Money, *, at: datetime) -> Authorisation:
    held = Authorisation(
        order_id=order.id,
        reference=reference,
        amount_minor=amount.minor,
        currency=amount.currency,
        held_at=at,
    )
    session.add(held)
    session.flush()
    return held


def _end(held: Authorisation, status: AuthorisationStatus, *, at: datetime) -> None:
    if held.status is AuthorisationStatus.HELD:
        held.status, held.ended_at = status, at
