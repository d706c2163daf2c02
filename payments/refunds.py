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
    """Write down that (the rest of) a payment goes back. Raises OverRefund. Sending it is the caller's next step.

    Locks the payment: two who give back at once cannot give back more than it was.
    """
    session.refresh(payment, with_for_update=True)
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


def ask_all(session: Session, order_id: UUID, *, reason: str, at: datetime) -> list[Refund]:
    """Write down that whatever is left of the order's payments goes back."""
    return [
        ask(session, payment, reason=reason, at=at)
        for payment in payments_of(session, order_id)
        if payment.amount_minor > refunded_minor(session, payment)
    ]


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
    status = {
        "succeeded": RefundStatus.SETTLED,
        "failed": RefundStatus.FAILED,
        "canceled": RefundStatus.FAILED,
    }.get(str(provider["status"]), RefundStatus.PENDING)
    is_news = _is_news(refund, status)
    refund.reference = refund.reference or provider["id"]
    if not is_news:
        return None
    refund.status = status
    refund.settled_at = at if status is RefundStatus.SETTLED else None
    refund.error = provider.get("failure_reason")
    return refund


def _is_news(refund: Refund, status: RefundStatus) -> bool:
    """A failure may follow a success (the bank sent it back); a late "pending" or "succeeded" undoes no failure.

    But a failure without the provider's reference is only that we gave up asking: its word counts more.
    """
    if status is refund.status or status is RefundStatus.PENDING:
        return False
    return refund.status is not RefundStatus.FAILED or refund.reference is None


def fail(session: Session, refund_id: UUID, *, error: str) -> Refund | None:
    """We gave up asking for it: staff must find another way. None when the provider did it after all."""
    refund = session.get_one(Refund, refund_id, with_for_update=True)
    if refund.status is not RefundStatus.PENDING or refund.reference is not None:
        return None
    refund.status, refund.error = RefundStatus.FAILED, error
    return refund


def failed(session: Session) -> list[tuple[Refund, Payment]]:
    """Refunds that did not reach the customer and whose payment is still with us, the oldest first."""
    rows = session.execute(
        select(Refund, Payment)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Refund.status == RefundStatus.FAILED)
        .order_by(Refund.asked_at)
    )
    return [
        (refund, payment)
        for refund, payment in rows
        if refunded_minor(session, payment) < payment.amount_minor
    ]
