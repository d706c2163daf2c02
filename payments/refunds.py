"""Giving money back: asked for once, sent by the outbox under the refund's own key, confirmed by the provider."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from payments.model import Payment, Refund, RefundStatus
from shop.errors import Refused
from storage.types import JsonObject

STRIPE_REASONS = {"duplicate", "fraudulent", "requested_by_customer"}  # the API's enum


class OverRefund(Refused):
    """More than is left of the payment."""

    reply = "utter_refund_too_much"


def ask(
    session: Session, payment: Payment, *, reason: str, at: datetime, amount_minor: int | None = None
) -> Refund:
    """Write down that (the rest of) a payment goes back. Raises OverRefund. Sending it is the caller's next step."""
    left = payment.amount_minor - refunded_minor(session, payment)
    amount = left if amount_minor is None else amount_minor
    if amount <= 0 or amount > left:
        raise OverRefund(left=left, asked=amount)
    refund = Refund(
        payment_id=payment.id, amount_minor=amount, currency=payment.currency, reason=reason, asked_at=at
    )
    session.add(refund)
    session.flush()
    return refund


def refunded_minor(session: Session, payment: Payment) -> int:
    """What went back or is on its way; a failed refund does not count."""
    return (
        session.scalar(
            select(func.coalesce(func.sum(Refund.amount_minor), 0)).where(
                Refund.payment_id == payment.id, Refund.status != RefundStatus.FAILED
            )
        )
        or 0
    )


def payments_of(session: Session, order_id: UUID) -> list[Payment]:
    return list(session.scalars(select(Payment).where(Payment.order_id == order_id)))


def of_order(session: Session, order_id: UUID) -> list[Refund]:
    """The order's refunds, oldest first."""
    return list(
        session.scalars(
            select(Refund)
            .join(Payment, Payment.id == Refund.payment_id)
            .where(Payment.order_id == order_id)
            .order_by(Refund.asked_at)
        )
    )


def call_arguments(session: Session, refund: Refund, *, conversation: str) -> JsonObject:
    """What the provider call `refund` needs. Telegram's native payments are refunded at the provider, by charge."""
    payment = session.get_one(Payment, refund.payment_id)
    by = "charge" if payment.provider == "telegram" else "payment_intent"
    return {
        by: payment.reference,
        "amount": refund.amount_minor,
        "reason": "requested_by_customer",
        "metadata": {"refund": str(refund.id), "conversation": conversation},
    }


def record(session: Session, refund_id: UUID, provider: dict[str, Any], *, at: datetime) -> Refund | None:
    """Apply what the provider says of a refund (its object). The refund when its status changed, else None."""
    refund = session.get_one(Refund, refund_id, with_for_update=True)
    refund.reference = refund.reference or provider["id"]
    status = {
        "succeeded": RefundStatus.SETTLED,
        "failed": RefundStatus.FAILED,
        "canceled": RefundStatus.FAILED,
    }.get(str(provider["status"]), RefundStatus.PENDING)
    # A failure may follow a success (the bank sent it back); a late "pending" never undoes either.
    if status is refund.status or status is RefundStatus.PENDING or refund.status is RefundStatus.FAILED:
        return None
    refund.status = status
    refund.settled_at = at if status is RefundStatus.SETTLED else None
    refund.error = provider.get("failure_reason")
    return refund


def fail(session: Session, refund_id: UUID, *, error: str) -> Refund:
    """The provider refused it for good: staff must find another way."""
    refund = session.get_one(Refund, refund_id, with_for_update=True)
    refund.status, refund.error = RefundStatus.FAILED, error
    return refund
