"""A dispute reaches staff with what speaks for the shop: the order, where it went, and what was said."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.transcript import Utterance
from payments import disputes
from payments.model import Dispute, DisputeStatus, Payment
from shop.orders.model import Order, OrderMove
from shop.shipments import service as shipments
from shop.tasks import service as tasks
from shop.tasks.model import TaskKind
from storage.types import JsonObject


def hear(session: Session, provider: dict[str, Any], *, at: datetime) -> None:
    """Apply what the provider says of a dispute; staff get a task, which closes when it is won."""
    dispute = disputes.record(session, provider, at=at)
    if dispute is None:
        return
    payment = session.get_one(Payment, dispute.payment_id)
    cause = f"dispute:{dispute.id}"
    tasks.open_task(
        session,
        TaskKind.DISPUTE,
        cause=cause,
        at=at,
        facts=_facts(session, dispute, payment),
        order_id=payment.order_id,
        payment_id=payment.id,
    )
    if dispute.status is DisputeStatus.WON:
        tasks.close_cause(session, cause, by="provider", resolution="the dispute is won", at=at)


def _facts(session: Session, dispute: Dispute, payment: Payment) -> JsonObject:
    facts: JsonObject = {
        "dispute": dispute.reference,
        "status": dispute.status.value,
        "reason": dispute.reason,
        "amount_minor": dispute.amount_minor,
        "currency": dispute.currency,
        "answer_by": dispute.answer_by.isoformat() if dispute.answer_by else None,
        "payment": payment.reference,
    }
    order = session.get(Order, payment.order_id) if payment.order_id else None
    return facts | (_evidence(session, order) if order else {})


def _evidence(session: Session, order: Order) -> JsonObject:
    """What the shop can show its customer's bank."""
    moves = session.scalars(select(OrderMove).where(OrderMove.order_id == order.id).order_by(OrderMove.id))
    said = select(func.count()).select_from(Utterance).where(Utterance.conversation == order.conversation)
    sent = shipments.of_order(session, order.id)
    return {
        "order": order.reference,
        "customer": order.name,
        "address": order.address,
        "placed_at": order.placed_at.isoformat(),
        "history": [f"{move.at:%Y-%m-%d %H:%M} {move.after.value} ({move.by})" for move in moves],
        "tracking": [" ".join(filter(None, (each.carrier, each.tracking or each.link))) for each in sent],
        "messages": session.scalar(said) or 0,
    }
