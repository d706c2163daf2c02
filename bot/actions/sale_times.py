"""Starting and ending sales at their time, by a durable timer that always waits for the next of these moments."""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from bot.actions.watching import LANE
from bot.delivery import timers
from bot.delivery.turn import Turn
from bot.events import TimerFired
from shop.sales import service as sales

TIMER: Final = "sale_change"


def schedule(session: Session, *, at: datetime) -> None:
    """Wake up when the next sale starts or ends; at once where that was missed."""
    moment = sales.next_change(session)
    if moment is not None:
        timers.set_timer(session, TIMER, TIMER, conversation=LANE, due_at=max(moment, at))


def on_event(turn: Turn) -> bool:
    """Change the prices that are to change now. False when the event is something else."""
    if not (isinstance(turn.event, TimerFired) and turn.event.timer == TIMER):
        return False
    sales.run_due(turn.session, at=turn.now)
    schedule(turn.session, at=turn.now)
    return True
