"""What may begin now, and when the next thing can: one look for all that the delivery does."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bot.delivery import inbox, outbox, timers
from bot.delivery.model import OutboxKind


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
