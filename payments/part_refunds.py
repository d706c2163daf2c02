"""Giving back a part of what an order's payments were, for goods called off or brought back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from payments import funds, refunds
from payments.model import Refund
from shop.money import Money


def ask_part(session: Session, order_id: UUID, amount: Money, *, reason: str, at: datetime) -> list[Refund]:
    """Write down that so much of the order's payments goes back, the newest payment first.

    Never more than is left of them: what was not paid yet needs no refund. Sending it is the caller's next step.
    """
    asked: list[Refund] = []
    missing = amount.minor
    for fund in reversed(funds.of_order(session, order_id)):
        payment, part = fund.payment, min(fund.left_minor, missing)
        if part > 0 and payment.currency == amount.currency:
            asked.append(
                refunds.ask(session, payment, reason=reason, at=at, amount_minor=part, order_id=order_id)
            )
            missing -= part
    return asked


def refundable(session: Session, order_id: UUID, currency: str) -> Money:
    """What is left of the order's payments."""
    left = (
        fund.left_minor for fund in funds.of_order(session, order_id) if fund.payment.currency == currency
    )
    return Money(sum(left), currency)
