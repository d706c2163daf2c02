"""What an order was paid with: payments of its own, and parts of other orders' payments that an exchange brought."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from payments.ledger import posting
from payments.model import Payment, PaymentTransfer, Refund
from shop.money import Money
from storage.sums import total


@dataclass(frozen=True, slots=True)
class Fund:
    """One payment as far as it is an order's; amounts in minor units."""

    payment: Payment
    came_minor: int
    left_minor: int  # neither gone on to another order nor (promised) back
    at: datetime


def of_order(session: Session, order_id: UUID) -> list[Fund]:
    """What it was paid with, the oldest first."""
    own = session.scalars(select(Payment).where(Payment.order_id == order_id).order_by(Payment.received_at))
    found = [_fund(session, payment, order_id, payment.received_at) for payment in own]
    moved = session.execute(
        select(Payment, func.min(PaymentTransfer.at))
        .join(PaymentTransfer, PaymentTransfer.payment_id == Payment.id)
        .where(PaymentTransfer.to_order_id == order_id)
        .group_by(Payment.id)
    )
    found += [_fund(session, payment, order_id, at) for payment, at in moved]
    return sorted(found, key=lambda fund: fund.at)


def left_minor(session: Session, payment: Payment, order_id: UUID | None) -> int:
    """How much of the payment the order still has, in minor units."""
    came = _came(session, payment, order_id)
    gone = _sum(
        session,
        PaymentTransfer.amount_minor,
        PaymentTransfer.payment_id == payment.id,
        PaymentTransfer.from_order_id == order_id,
    )
    back = _sum(session, Refund.amount_minor, Refund.payment_id == payment.id, Refund.order_id == order_id)
    return came - gone - back


def transfer(
    session: Session, amount: Money, *, from_order_id: UUID, to_order_id: UUID, at: datetime
) -> list[PaymentTransfer]:
    """Let so much of what the first order was paid with pay for the second, the newest payment first.

    Both orders and the payments are locked. Raises ValueError for more than is left.
    """
    missing, made = amount.minor, list[PaymentTransfer]()
    for fund in reversed(of_order(session, from_order_id)):
        session.refresh(fund.payment, with_for_update=True)
        part = min(left_minor(session, fund.payment, from_order_id), missing)
        if part <= 0 or fund.payment.currency != amount.currency:
            continue
        moved = PaymentTransfer(
            payment_id=fund.payment.id,
            from_order_id=from_order_id,
            to_order_id=to_order_id,
            amount_minor=part,
            at=at,
        )
        session.add(moved)
        session.flush()
        posting.exchanged(session, moved, fund.payment, at=at)
        made.append(moved)
        missing -= part
    if missing:
        raise ValueError(f"{amount} are not left of the order {from_order_id}")
    return made


def _fund(session: Session, payment: Payment, order_id: UUID, at: datetime) -> Fund:
    came, left = _came(session, payment, order_id), left_minor(session, payment, order_id)
    return Fund(payment, came, left, at)


def _came(session: Session, payment: Payment, order_id: UUID | None) -> int:
    moved = _sum(
        session,
        PaymentTransfer.amount_minor,
        PaymentTransfer.payment_id == payment.id,
        PaymentTransfer.to_order_id == order_id,
    )
    return moved + (payment.amount_minor if payment.order_id == order_id else 0)


def _sum(session: Session, column: InstrumentedAttribute[int], *conditions: ColumnElement[bool]) -> int:
    return session.scalars(select(total(column)).where(*conditions)).one()
