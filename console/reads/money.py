"""Tasks about money as staff read them, and what the last comparison with the provider found."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments.model import Reconciliation, Refund, RefundStatus
from shop.money import Money
from shop.orders.model import Order
from shop.tasks import service as tasks
from shop.tasks.model import ABOUT_MONEY, Task, TaskKind

SLIPS_PATH: Final = "/staff/slips"
SLIP_WORDS: Final = (
    "Look for it on the bank’s statement, and note it on the order’s page: a slip is no money yet."
)
CAPTURE_WORDS: Final = (
    "Nothing was charged. Try again on the order’s page, or cancel the order: then the bank lets go of it."
)
TITLES: Final = {
    TaskKind.PAYMENT_MISMATCH: "A payment was not what was due",
    TaskKind.REFUND_FAILED: "A refund did not go through",
    TaskKind.CAPTURE_FAILED: "The bank did not give the money it holds",
    TaskKind.DISPUTE: "A customer’s bank disputes a payment",
    TaskKind.TRANSFER_SLIP: "A customer says they have transferred the money",
    TaskKind.RECONCILIATION: "Our books and the provider’s differ",
}
MISMATCHES: Final = {
    "too_much": "More came than was due. The order is paid, and the rest goes back by itself.",
    "too_little": "Less came than was due. All of it goes back by itself.",
    "other_currency": "It came in another currency. All of it goes back by itself.",
    "no_order": "It came for no order of ours. All of it goes back by itself.",
}
LABELS: Final = {
    "reason": "Reason",
    "error": "What the provider said",
    "payment": "Payment",
    "dispute": "Dispute",
    "status": "Status",
    "answer_by": "Answer by",
    "customer": "Customer",
    "address": "Sent to",
    "placed_at": "Ordered",
    "tracking": "Tracking",
    "messages": "Messages in the chat",
    "history": "History",
}


@dataclass(frozen=True, slots=True)
class MoneyTask:
    """One task: what it is, what is known (label, words), and what may be done."""

    id: UUID
    kind: TaskKind
    title: str
    words: str
    amount: Money | None
    facts: tuple[tuple[str, str], ...]
    order: str | None
    order_id: UUID | None
    is_frozen: bool
    refund_id: UUID | None
    slip: str  # where the picture of a transfer slip is to be seen; empty where there is none
    opened_at: datetime


def open_tasks(session: Session) -> list[MoneyTask]:
    """What waits, the oldest first."""
    return [_task(session, task) for task in tasks.open_tasks(session, ABOUT_MONEY)]


def last_reconciliation(session: Session) -> Reconciliation | None:
    """The latest comparison; None when there was none yet."""
    return session.scalars(select(Reconciliation).order_by(Reconciliation.at.desc()).limit(1)).one_or_none()


def _task(session: Session, task: Task) -> MoneyTask:
    order = session.get(Order, task.order_id) if task.order_id else None
    refund = session.get(Refund, task.refund_id) if task.refund_id else None
    facts = task.facts
    return MoneyTask(
        id=task.id,
        kind=task.kind,
        title=TITLES[task.kind],
        words=_sentence(task),
        amount=Money(facts["amount_minor"], facts["currency"]) if "amount_minor" in facts else None,
        facts=tuple((label, _words(facts[name])) for name, label in LABELS.items() if facts.get(name)),
        order=order.reference if order else None,
        order_id=order.id if order else None,
        is_frozen=order is not None and order.frozen is not None,
        refund_id=refund.id if refund and refund.status is RefundStatus.FAILED else None,
        slip=_slip(task),
        opened_at=task.opened_at,
    )


def _sentence(task: Task) -> str:
    what = str(task.facts.get("what", ""))
    match task.kind:
        case TaskKind.RECONCILIATION:
            return what
        case TaskKind.TRANSFER_SLIP:
            return SLIP_WORDS
        case TaskKind.CAPTURE_FAILED:
            return CAPTURE_WORDS
        case _:
            return MISMATCHES.get(what, "")


def _slip(task: Task) -> str:
    """Meta's own address of the picture; what lies at Telegram is fetched when it is looked at."""
    reference, channel = task.facts.get("slip", ""), task.facts.get("channel")
    if reference.startswith("https://"):
        return reference
    return f"{SLIPS_PATH}/{task.id}" if reference and channel == "telegram" else ""


def _words(value: Any) -> str:
    match value:
        case dict():
            return ", ".join(str(part) for part in value.values() if part)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        case list():
            return "; ".join(str(part) for part in value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        case _:
            return str(value)
