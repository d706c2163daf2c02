"""What each turn understood, did and why (bot.dialogue.trace), kept in the turn's own commit.

A trace belongs to its event: whoever prunes or erases events takes their traces with them.
"""

from datetime import datetime
from typing import cast

from sqlalchemy import ForeignKey, Table, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from bot.delivery.model import InboxEvent
from bot.delivery.turn import Turn
from storage.types import Base, JsonObject


class TurnTrace(Base):
    """One turn's trace, with the keys of what it queued in the outbox."""

    __tablename__ = "turn_trace"

    event_id: Mapped[int] = mapped_column(
        ForeignKey("inbox.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    at: Mapped[datetime]
    content: Mapped[JsonObject]


_INSERT = cast(Table, TurnTrace.__table__).insert()  # built once: every turn does it


def note(turn: Turn, summary: JsonObject) -> None:
    """Keep a turn's trace, with what the turn queued and which timers it set."""
    content = {**summary}
    if turn.queued:
        content["queued"] = turn.queued
    if turn.timers:
        content["timers"] = turn.timers
    turn.session.execute(_INSERT, {"event_id": turn.inbox_id, "at": turn.now, "content": content})


def erase(session: Session, conversation: str) -> int:
    """Forget what was understood in a conversation, though its events are kept; how many turns that were."""
    events = select(InboxEvent.id).where(InboxEvent.conversation == conversation)
    erased = session.execute(
        delete(TurnTrace).where(TurnTrace.event_id.in_(events)).returning(TurnTrace.event_id),
        execution_options={"synchronize_session": False},
    )
    return len(erased.all())
