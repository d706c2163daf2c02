"""What a payment notice means for its order: paid, known already, or money to give back."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments import refunds
from payments.model import Payment, Refund
from shop.catalogue.model import OutOfStock
from shop.money import Money
from shop.orders import service as orders
from shop.orders.model import Order, OrderStatus

NO_ORDER = "no_order"  # the reason of a refund for money that came for no order of ours


class Outcome(StrEnum):
    PAID = "paid"  # the order is paid by this
    KNOWN = "known"  # this very payment was settled before
    WRONG_AMOUNT = "wrong_amount"  # not what was due: given back
    TOO_LATE = "too_late"  # the order was cancelled, or its stock is gone: given back
    ALREADY_PAID = "already_paid"  # a second payment for a paid order: given back


@dataclass(frozen=True, slots=True)
class Settlement:
    outcome: Outcome
    order: Order
    refund: Refund | None = None


def settle(
    session: Session, order_id: UUID, *, provider: str, reference: str, amount: Money, at: datetime
) -> Settlement:
    """Apply a payment once, whenever and however often it is told. Money we cannot use goes back in full.

    The order's row is locked. Repeating the same `reference` changes nothing (`KNOWN`). Raises NoSuchOrder: then
    it is to be given back.
    """
    order = orders.get(session, order_id)
    if _is_known(session, reference):
        return Settlement(Outcome.KNOWN, order)
    payment = _keep(session, order.id, provider=provider, reference=reference, amount=amount, at=at)
    outcome = _apply(session, order, amount, at=at, provider=provider)
    if outcome is Outcome.PAID:
        return Settlement(outcome, order)
    return Settlement(outcome, order, refunds.ask(session, payment, reason=outcome.value, at=at))


def give_back(
    session: Session, *, provider: str, reference: str, amount: Money, at: datetime
) -> Refund | None:
    """Keep a payment that came for no order of ours, and ask for all of it to go back; None when known already."""
    if _is_known(session, reference):
        return None
    payment = _keep(session, None, provider=provider, reference=reference, amount=amount, at=at)
    return refunds.ask(session, payment, reason=NO_ORDER, at=at)


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
    return payment


def _apply(session: Session, order: Order, amount: Money, *, at: datetime, provider: str) -> Outcome:
    if amount != order.total:
        return Outcome.WRONG_AMOUNT
    if not order.can(OrderStatus.PAID):
        return Outcome.TOO_LATE if order.status is OrderStatus.CANCELLED else Outcome.ALREADY_PAID
    try:
        orders.pay(session, order, at=at, by=provider)
    except OutOfStock:
        return Outcome.TOO_LATE
    return Outcome.PAID
