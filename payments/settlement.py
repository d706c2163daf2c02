"""What a payment notice means for its order: paid, known already, or money to give back."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments import exchanges, refunds, seating
from payments.ledger import posting
from payments.model import Payment, Refund
from payments.seating import Seated
from shop.money import Money
from shop.orders import service as orders
from shop.orders.model import PAID_FOR, Order, OrderStatus
from shop.tasks import service as tasks
from shop.tasks.model import TaskKind

NO_ORDER = "no_order"  # the reason of a refund for money that came for no order of ours


class Outcome(StrEnum):
    PAID = "paid"  # the order is paid by this
    TOO_MUCH = "too_much"  # the order is paid by this, and what is over goes back
    KNOWN = "known"  # this very payment was settled before
    TOO_LITTLE = "too_little"  # less than was due: given back
    OTHER_CURRENCY = "other_currency"  # not what the order is priced in: given back
    TOO_LATE = "too_late"  # the order was cancelled, or its stock or coupon is gone: given back
    ALREADY_PAID = "already_paid"  # a second payment for a paid order: given back


MISMATCHES = {Outcome.TOO_MUCH, Outcome.TOO_LITTLE, Outcome.OTHER_CURRENCY}


@dataclass(frozen=True, slots=True)
class Settlement:
    outcome: Outcome
    order: Order
    payment: Payment | None = None  # None: it was known before
    refund: Refund | None = None
    seated: Seated | None = None  # it took a seat in a group of a deal

    @property
    def is_paid(self) -> bool:
        """Whether the order is paid by this payment; of a seat, whether it is taken by it."""
        return self.outcome in {Outcome.PAID, Outcome.TOO_MUCH}


def settle(
    session: Session,
    order_id: UUID,
    *,
    provider: str,
    reference: str,
    amount: Money,
    at: datetime,
    low_stock_units: int = 0,
) -> Settlement:
    """Apply a payment once, whenever and however often it is told. What is over goes back, and what we cannot use.

    `provider` is one of ledger.model.PROVIDER_ACCOUNTS. The order's row is locked. Repeating the same `reference` changes nothing (`KNOWN`). Raises NoSuchOrder: then
    it is to be given back. `low_stock_units` counts for an order whose stock was free again: it is taken anew.
    """
    order = orders.get(session, order_id)
    if _is_known(session, reference):
        return Settlement(Outcome.KNOWN, order)
    payment = _keep(session, order.id, provider=provider, reference=reference, amount=amount, at=at)
    outcome, seated = _apply(session, order, payment, at=at, low_stock_units=low_stock_units)
    if outcome is Outcome.PAID:
        return Settlement(outcome, order, payment, seated=seated)
    over = payment.amount_minor - order.due.minor if outcome is Outcome.TOO_MUCH else None
    refund = refunds.ask(session, payment, reason=outcome.value, at=at, amount_minor=over)
    if outcome in MISMATCHES:
        _open_task(session, payment, outcome.value, order, at=at)
    return Settlement(outcome, order, payment, refund, seated)


def give_back(
    session: Session, *, provider: str, reference: str, amount: Money, at: datetime
) -> Refund | None:
    """Keep a payment that came for no order of ours, and ask for all of it to go back; None when known already."""
    if _is_known(session, reference):
        return None
    payment = _keep(session, None, provider=provider, reference=reference, amount=amount, at=at)
    _open_task(session, payment, NO_ORDER, None, at=at)
    return refunds.ask(session, payment, reason=NO_ORDER, at=at)


def _open_task(session: Session, payment: Payment, what: str, order: Order | None, *, at: datetime) -> None:
    """A person should see what arrived and was not what was due, although it goes back by itself."""
    facts = {
        "what": what,
        "amount_minor": payment.amount_minor,
        "currency": payment.currency,
        "payment": payment.reference,
        "due_minor": order.due.minor if order else 0,
    }
    tasks.open_task(
        session,
        TaskKind.PAYMENT_MISMATCH,
        cause=f"payment:{payment.id}",
        at=at,
        facts=facts,
        order_id=payment.order_id,
        payment_id=payment.id,
    )


def _is_known(session: Session, reference: str) -> bool:
    return session.scalar(select(Payment.id).where(Payment.reference == reference)) is not None


def _keep(
    session: Session, order_id: UUID | None, *, provider: str, reference: str, amount: Money, at: datetime
) -> Payment:
    payment = Payment(
        order_id=order_id,
        provider=provider,
        reference=reference,
        amount_minor=amount.minor,
        currency=amount.currency,
        received_at=at,
    )
    session.add(payment)
    session.flush()
    posting.received(session, payment, at=at)
    return payment


def _apply(
    session: Session, order: Order, payment: Payment, *, at: datetime, low_stock_units: int
) -> tuple[Outcome, Seated | None]:
    """Pay the order with it, if it is what was due and still can be."""
    refused = _refusal(session, order, payment)
    if refused is not None:
        return refused, None
    due_minor = order.due.minor  # paying a late order takes its stock anew, and changes nothing of this
    outcome = Outcome.TOO_MUCH if payment.amount_minor > due_minor else Outcome.PAID
    by = payment.provider
    try:
        if order.group_id is not None and order.can(OrderStatus.WAITING):
            return outcome, seating.take_seat(session, order, at=at, by=by, low_stock_units=low_stock_units)
        if order.can(OrderStatus.PAID):
            orders.pay(session, order, at=at, by=by, low_stock_units=low_stock_units)
        else:
            orders.take_late_payment(session, order, at=at, by=by)
    except seating.REFUSALS:
        return Outcome.TOO_LATE, None
    posting.earned(session, order, [*exchanges.shares_of(session, order.id), (payment, due_minor)], at=at)
    return outcome, None


def _refusal(session: Session, order: Order, payment: Payment) -> Outcome | None:
    """Why it cannot pay the order as that is now."""
    if order.status is OrderStatus.WAITING:
        return Outcome.ALREADY_PAID
    if not order.can(OrderStatus.PAID) and not _is_paid_later(session, order):
        return Outcome.TOO_LATE if order.status is OrderStatus.CANCELLED else Outcome.ALREADY_PAID
    if payment.currency != order.currency:
        return Outcome.OTHER_CURRENCY
    return Outcome.TOO_LITTLE if payment.amount_minor < order.due.minor else None


def _is_paid_later(session: Session, order: Order) -> bool:
    """Whether it was sent before anybody paid: cash on delivery."""
    return order.status in PAID_FOR and not posting.is_earned(session, order)
