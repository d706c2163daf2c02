"""What may begin now, and when the next thing can: one look for all that the delivery does."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.delivery import inbox, outbox, timers
from bot.delivery.model import IS_WAITING, InboxEvent, OutboxKind, OutboxRow, OutboxState, is_open
from storage.clock import Clock


@dataclass(frozen=True, slots=True)
class Ahead:
    """The work at one moment."""

    lanes: list[str]  # conversations whose next turn may begin
    sends: list[tuple[OutboxKind, int]]  # kinds and priorities of which something may leave
    timers: bool  # whether one is due
    next_due: datetime | None  # when something else can begin; only told where nothing may begin now

    @property
    def is_empty(self) -> bool:
        """Whether nothing may begin now."""
        return not (self.lanes or self.sends or self.timers)


def look(session: Session, *, at: datetime, most: int) -> Ahead:
    """See what may begin `at` that moment, with `most` conversations at most."""
    lanes = inbox.lanes_waiting(session, at=at, most=most)
    sends = outbox.due(session, at=at)
    timer = timers.next_due(session)
    ahead = Ahead(lanes, sends, timers=timer is not None and timer <= at, next_due=None)
    if not ahead.is_empty:
        return ahead
    dues = filter(None, (timer, inbox.next_due(session), outbox.next_head_due(session)))
    return Ahead([], [], timers=False, next_due=min(dues, default=None))


def is_at_work(session: Session, clock: Clock, conversation: str | None = None) -> bool:
    """Whether an event waits or something is to leave now, maybe in that conversation alone: there may be more to come."""
    waiting = select(InboxEvent.id).where(IS_WAITING)
    unsent = select(OutboxRow.id).where(is_open())
    if conversation is not None:
        waiting = waiting.where(InboxEvent.conversation == conversation)
        unsent = unsent.where(OutboxRow.conversation == conversation)
    if session.scalar(select(waiting.exists())):
        return True
    now = clock.now()  # asked after the snapshot was taken: what is in it and due at once is not missed
    leaves = (OutboxRow.due_at <= now) | (OutboxRow.state == OutboxState.SENDING)
    return bool(session.scalar(select(unsent.where(leaves).exists())))
