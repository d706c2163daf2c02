"""A customer's bank takes money back: the order stands still, staff get a task, and the ledger follows the money."""

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.currencies import from_provider
from payments.ledger import posting
from payments.model import Dispute, DisputeStatus, Payment
from shop.orders import service as orders

CLOSED: Final = {DisputeStatus.WON, DisputeStatus.LOST}
# https://docs.stripe.com/api/disputes/object#dispute_object-status
STATUSES: Final = {
    "warning_needs_response": DisputeStatus.INQUIRY,
    "warning_under_review": DisputeStatus.INQUIRY,
    "warning_closed": DisputeStatus.WON,
    "needs_response": DisputeStatus.OPEN,
    "under_review": DisputeStatus.OPEN,
    "prevented": DisputeStatus.WON,
    "won": DisputeStatus.WON,
    "lost": DisputeStatus.LOST,
}


def payment_of(session: Session, provider: dict[str, Any]) -> Payment | None:
    """Our payment that a refund or dispute of the provider's is about; it names the intent or the charge."""
    names = {provider.get("payment_intent"), provider.get("charge")} - {None}
    return session.scalars(select(Payment).where(Payment.reference.in_(names))).first() if names else None


def lane_of(session: Session, provider: dict[str, Any]) -> str | None:
    """The conversation of the order whose money a refund or dispute of the provider's is about."""
    payment = payment_of(session, provider)
    return (
        orders.get(session, payment.order_id, lock=False).conversation
        if payment and payment.order_id
        else None
    )


def record(session: Session, provider: dict[str, Any], *, at: datetime) -> Dispute | None:
    """Apply what the provider says of a dispute, in any order and as often as it likes.

    The dispute when this was news; None when it was known or its payment is none of ours. The order is frozen while the
    dispute is open. Locks the order and the payment.
    """
    payment = payment_of(session, provider)
    if payment is None:
        return None
    order = orders.get(session, payment.order_id) if payment.order_id else None  # locked before its payment
    session.refresh(payment, with_for_update=True)
    dispute = session.scalars(select(Dispute).where(Dispute.reference == provider["id"])).one_or_none()
    status = STATUSES[provider["status"]]
    _post(session, payment, provider, at=at)
    if dispute is None:
        dispute = _new(session, payment, provider, status, at=at)
    elif dispute.status is status or dispute.status in CLOSED or status is DisputeStatus.INQUIRY:
        return None
    dispute.status = status
    dispute.closed_at = at if status in CLOSED else None
    if status is DisputeStatus.LOST:
        posting.dispute_lost(session, payment, reference=dispute.reference, at=at)
    if order is not None:
        order.frozen = None if status is DisputeStatus.WON else f"{status.value} dispute {dispute.reference}"
    return dispute


def _new(
    session: Session, payment: Payment, provider: dict[str, Any], status: DisputeStatus, *, at: datetime
) -> Dispute:
    details: dict[str, Any] = provider.get("evidence_details") or {}
    due: int | None = details.get("due_by")
    dispute = Dispute(
        payment_id=payment.id,
        reference=provider["id"],
        amount_minor=from_provider(provider["amount"], provider["currency"]).minor,
        currency=provider["currency"].upper(),
        reason=provider["reason"],
        status=status,
        answer_by=datetime.fromtimestamp(due, UTC) if due else None,
        opened_at=at,
    )
    session.add(dispute)
    session.flush()
    return dispute


def _post(session: Session, payment: Payment, provider: dict[str, Any], *, at: datetime) -> None:
    """What the provider booked for it: the withdrawal with its fee, and what came back."""
    for booking in provider.get("balance_transactions") or ():
        currency: str = booking.get("currency", provider["currency"])
        if currency.upper() != payment.currency:
            continue  # the account is kept in another currency: what it was there is not comparable
        moved = from_provider(booking["amount"], currency).minor
        posting.dispute_moved(session, payment, reference=booking["id"], amount_minor=moved, at=at)
        if booking["fee"]:
            kept = from_provider(booking["fee"], currency).minor
            posting.fee(session, payment, reference=booking["id"], amount_minor=kept, at=at)
