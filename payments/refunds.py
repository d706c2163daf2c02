"""Giving money back: asked for once, sent by the outbox under the refund's own key, confirmed by the provider."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments import funds
from payments.currencies import to_provider
from payments.ledger import posting
from payments.ledger.model import Account
from payments.model import OWED, Payment, Refund, RefundStatus
from payments.provider_call import ProviderCall
from shop.deals import groups
from shop.deals.model import SeatStatus
from shop.errors import Refused
from shop.orders.model import Order
from shop.tasks import service as tasks
from shop.tasks.model import TaskKind
from storage.sums import total
from storage.types import JsonObject

BY_HAND: Final = "by_hand"
SENT_BY: Final = {"telegram": "charge", "stripe": "payment_intent"}  # what Stripe finds a payment by
STRIPE_REASONS = {"duplicate", "fraudulent", "requested_by_customer"}  # the API's enum


SEAT_STATUS: Final = {
    RefundStatus.PENDING: SeatStatus.REFUND_PENDING,
    RefundStatus.SETTLED: SeatStatus.REFUNDED,
    RefundStatus.OTHERWISE: SeatStatus.REFUNDED,
    RefundStatus.FAILED: SeatStatus.REFUND_FAILED,
}
"""What a refund's state means for the seat of a group deal that it was paid for."""

PROVIDER = "provider"  # who closes a task by what it says


class NotFailed(Refused):
    """This refund needs no help: it is on its way, or there already."""

    reply = "utter_refused"


class OverRefund(Refused):
    """More than is left of the payment."""

    reply = "utter_refund_too_much"


def ask(
    session: Session,
    payment: Payment,
    *,
    reason: str,
    at: datetime,
    amount_minor: int | None = None,
    order_id: UUID | None = None,
) -> Refund:
    """Write down that (the rest of) a payment goes back. Raises OverRefund. Sending it is the caller's next step.

    `order_id` is the order it is given back for, if that is another than the payment came for. Locks the payment: two who give back at once cannot give back more than it was.
    """
    session.refresh(payment, with_for_update=True)
    order_id = order_id or payment.order_id
    left = funds.left_minor(session, payment, order_id)
    amount = left if amount_minor is None else amount_minor
    if amount <= 0 or amount > left:
        raise OverRefund(left=left, asked=amount)
    refund = Refund(
        payment_id=payment.id,
        order_id=order_id,
        amount_minor=amount,
        currency=payment.currency,
        reason=reason,
        asked_at=at,
    )
    session.add(refund)
    session.flush()
    posting.refund_asked(session, refund, payment, at=at)
    return refund


def ask_all(session: Session, order_id: UUID, *, reason: str, at: datetime) -> list[Refund]:
    """Write down that whatever is left of the order's payments goes back."""
    return [
        ask(session, fund.payment, reason=reason, at=at, order_id=order_id)
        for fund in funds.of_order(session, order_id)
        if fund.left_minor
    ]


def refunded_minor(session: Session, payment: Payment) -> int:
    """What went back or is promised; what failed is still owed, and is sent by `retry` rather than asked for anew."""
    promised = select(total(Refund.amount_minor)).where(Refund.payment_id == payment.id)
    return session.scalars(promised).one()


def payments_of(session: Session, order_id: UUID) -> list[Payment]:
    return list(session.scalars(select(Payment).where(Payment.order_id == order_id)))


def coming_back_to(session: Session, customer_id: UUID) -> list[str]:
    """The references of the customer's orders of which money is still to go back."""
    unsettled = select(Refund.order_id).where(Refund.status.in_(OWED))
    found = select(Order.reference).where(Order.customer_id == customer_id, Order.id.in_(unsettled))
    return list(session.scalars(found.order_by(Order.placed_at)))


def of_order(session: Session, order_id: UUID) -> list[Refund]:
    """The order's refunds, oldest first."""
    return list(
        session.scalars(
            select(Refund).where(Refund.order_id == order_id).order_by(Refund.asked_at, Refund.id)
        )
    )


def call_arguments(session: Session, refund: Refund, *, conversation: str) -> JsonObject:
    """What the provider call `refund` needs. Telegram's native payments are refunded at the provider, by charge.

    What came in cash or by transfer is given back by hand: then `BY_HAND` names the payment.
    """
    payment = session.get_one(Payment, refund.payment_id)
    by = SENT_BY.get(payment.provider, BY_HAND)
    return {
        by: payment.reference,
        "amount": to_provider(refund.amount),
        "reason": "requested_by_customer",
        "metadata": {
            "refund": str(refund.id),
            "attempt": str(refund.attempt),
            "conversation": conversation,
        },
    }


def key_of(refund: Refund) -> str:
    """The idempotency key of its present attempt."""
    return f"refund:{refund.id}" if refund.attempt == 1 else f"refund:{refund.id}:{refund.attempt}"


def call_of(session: Session, refund: Refund, *, conversation: str) -> ProviderCall:
    """The call that sends it, whose notices name `conversation`; its key is the refund's own, so a repeat gives nothing twice."""
    arguments = call_arguments(session, refund, conversation=conversation)
    return ProviderCall("refund", arguments, key=key_of(refund))


def record(session: Session, refund_id: UUID, provider: dict[str, Any], *, at: datetime) -> Refund | None:
    """Apply what the provider says of a refund (its object). The refund when its status changed, else None."""
    refund = session.get_one(Refund, refund_id, with_for_update=True)
    if attempt_of(provider) != refund.attempt:  # late word of one that failed before
        return None
    status = status_of(provider)
    is_news = _is_news(refund, status)
    refund.reference = refund.reference or provider["id"]
    if not is_news:
        return None
    _post(session, refund, status, at=at)
    refund.status = status
    refund.settled_at = at if status is RefundStatus.SETTLED else None
    refund.error = provider.get("failure_reason")
    groups.refund_moved(session, refund.order_id, SEAT_STATUS[status])
    if status is RefundStatus.FAILED:
        _open_task(session, refund, at=at)
    else:
        tasks.close_cause(session, _cause(refund), by=PROVIDER, resolution="the refund was sent", at=at)
    return refund


def _cause(refund: Refund) -> str:
    return f"refund:{refund.id}"


def _open_task(session: Session, refund: Refund, *, at: datetime) -> None:
    payment = session.get_one(Payment, refund.payment_id)
    facts = {
        "amount_minor": refund.amount_minor,
        "currency": refund.currency,
        "reason": refund.reason,
        "error": refund.error or "no reason was given",
        "payment": payment.reference,
    }
    tasks.open_task(
        session,
        TaskKind.REFUND_FAILED,
        cause=_cause(refund),
        at=at,
        facts=facts,
        order_id=refund.order_id,
        payment_id=payment.id,
        refund_id=refund.id,
    )


def is_by_hand(session: Session, refund: Refund) -> bool:
    """Whether no provider can send it: the money came in cash or by transfer."""
    return session.get_one(Payment, refund.payment_id).provider not in SENT_BY


def status_of(provider: dict[str, Any]) -> RefundStatus:
    """Where the provider's refund stands, in our words."""
    return {
        "succeeded": RefundStatus.SETTLED,
        "failed": RefundStatus.FAILED,
        "canceled": RefundStatus.FAILED,
    }.get(str(provider["status"]), RefundStatus.PENDING)


def attempt_of(provider: dict[str, Any]) -> int:
    """Which attempt of ours the provider's refund was."""
    metadata: dict[str, str] = provider.get("metadata") or {}
    return int(metadata.get("attempt") or 1)


def _post(session: Session, refund: Refund, status: RefundStatus, *, at: datetime) -> None:
    payment = session.get_one(Payment, refund.payment_id)
    if status is RefundStatus.SETTLED:
        posting.refund_settled(session, refund, payment, at=at)
    elif refund.status is RefundStatus.SETTLED:
        posting.refund_came_back(session, refund, payment, at=at)


def _is_news(refund: Refund, status: RefundStatus) -> bool:
    """A failure may follow a success (the bank sent it back); a late "pending" or "succeeded" undoes no failure.

    But a failure without the provider's reference is only that we gave up asking: its word counts more.
    """
    if status is refund.status or status is RefundStatus.PENDING or refund.status is RefundStatus.OTHERWISE:
        return False
    return refund.status is not RefundStatus.FAILED or refund.reference is None


def fail(session: Session, refund_id: UUID, *, error: str, unsure: bool, at: datetime) -> Refund | None:
    """It was refused, or we gave up asking (`unsure`): staff must find another way.

    None when the provider did it after all.
    """
    refund = session.get_one(Refund, refund_id, with_for_update=True)
    if refund.status is not RefundStatus.PENDING or refund.reference is not None:
        return None
    refund.status, refund.error, refund.unsure = RefundStatus.FAILED, error, unsure
    groups.refund_moved(session, refund.order_id, SEAT_STATUS[refund.status])
    _open_task(session, refund, at=at)
    return refund


def retry(session: Session, refund_id: UUID, *, by: str, at: datetime) -> Refund:
    """Make it pending once more; sending it under `key_of` is the caller's next step. Raises NotFailed.

    Where the provider may have done it already, the key stays as it was, so that it is not done twice; where it said
    no, or the bank sent the money back, the attempt is a new one.
    """
    refund = _failed(session, refund_id)
    if not refund.unsure:
        refund.attempt += 1
        refund.reference = None
    refund.status, refund.unsure, refund.error = RefundStatus.PENDING, False, None
    groups.refund_moved(session, refund.order_id, SEAT_STATUS[refund.status])
    tasks.close_cause(session, _cause(refund), by=by, resolution="sent once more", at=at)
    return refund


def give_otherwise(
    session: Session, refund_id: UUID, *, out_of: Account, by: str, at: datetime, note: str
) -> Refund:
    """Staff gave it back in cash or by a transfer. Raises NotFailed."""
    refund = _failed(session, refund_id)
    payment = session.get_one(Payment, refund.payment_id)
    posting.given_otherwise(session, refund, payment, out_of=out_of, at=at, memo=note)
    refund.status, refund.settled_at = RefundStatus.OTHERWISE, at
    groups.refund_moved(session, refund.order_id, SEAT_STATUS[refund.status])
    words = f"given back out of {out_of.value}: {note}"
    tasks.close_cause(session, _cause(refund), by=by, resolution=words, at=at)
    return refund


def _failed(session: Session, refund_id: UUID) -> Refund:
    refund = session.get_one(Refund, refund_id, with_for_update=True, populate_existing=True)
    if refund.status is not RefundStatus.FAILED:
        raise NotFailed
    return refund


def failed(session: Session) -> list[tuple[Refund, Payment]]:
    """Refunds that did not reach the customer, the oldest first."""
    rows = session.execute(
        select(Refund, Payment)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Refund.status == RefundStatus.FAILED)
        .order_by(Refund.asked_at)
    )
    return [(refund, payment) for refund, payment in rows]
