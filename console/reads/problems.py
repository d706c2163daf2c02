"""What went wrong and needs a person: parked events, and messages or calls that will never leave."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.delivery.model import InboxEvent, InboxState, OutboxKind, OutboxRow, OutboxState
from console.elements import plain
from console.reads.conversations import channel_of, number_of
from console.reads.listing import Listed, count_and_cut

WORDS_MAX = 140


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that failed. `reason` is the error in a line, `trace` all that is known of it."""

    id: int
    what: str
    words: str
    where: str
    conversation_number: int | None
    at: datetime
    attempts: int
    reason: str
    trace: str


def parked(session: Session, *, page: int) -> Listed[Problem]:
    """Events whose turn failed too often, the newest first."""
    statement = select(InboxEvent).where(InboxEvent.state == InboxState.PARKED).order_by(InboxEvent.id.desc())
    total, shown, cut = count_and_cut(session, statement, page)
    return Listed([_event(session, event) for event in session.scalars(cut)], shown, total)


def dead(session: Session, *, page: int) -> Listed[Problem]:
    """Messages and calls that were refused for good or ran out of tries, the newest first."""
    statement = select(OutboxRow).where(OutboxRow.state == OutboxState.DEAD).order_by(OutboxRow.id.desc())
    total, shown, cut = count_and_cut(session, statement, page)
    return Listed([_row(session, row) for row in session.scalars(cut)], shown, total)


def _event(session: Session, event: InboxEvent) -> Problem:
    return Problem(
        id=event.id,
        what=_readable(event.payload.get("kind")),
        words=_words(event.payload),
        where=channel_of(event.conversation),
        conversation_number=number_of(session, event.conversation),
        at=event.received_at,
        attempts=event.attempts,
        reason=reason_of(event.error),
        trace=event.error or "",
    )


def _row(session: Session, row: OutboxRow) -> Problem:
    is_call = row.kind is OutboxKind.CALL
    return Problem(
        id=row.id,
        what=_readable(row.payload.get("call") if is_call else row.payload.get("kind")),
        words="" if is_call else _words(row.payload),
        where="Payment provider" if is_call else channel_of(row.conversation),
        conversation_number=number_of(session, row.conversation),
        at=row.sent_at or row.created_at,
        attempts=row.attempts,
        reason=reason_of(row.error),
        trace=row.error or "",
    )


def _readable(name: Any) -> str:
    """A name of ours as words: "call_returned" is Call returned."""
    return str(name or "unknown").replace("_", " ").capitalize()


def _words(payload: dict[str, Any]) -> str:
    return plain(str(payload.get("text") or payload.get("label") or ""))[:WORDS_MAX]


def reason_of(error: str | None) -> str:
    """The last line of a traceback is what happened."""
    lines = [line.strip() for line in (error or "").splitlines() if line.strip()]
    return lines[-1] if lines else "unknown"
