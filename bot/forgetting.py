"""What was said and sent in a conversation, forgotten once its person asked for that and had our last words."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot.delivery import timers
from bot.delivery.model import Conversation, InboxEvent, InboxState, OutboxRow, OutboxState
from bot.delivery.turn import Turn
from bot.events import TimerFired
from bot.transcript import Utterance
from knowledge_base.questions import AskedQuestion
from shop.customers.forgetting import FORGOTTEN
from shop.customers.model import Customer

TIMER: Final = "forget"
WAITS: Final = timedelta(hours=1)
"""Until what was said goes: our last words must be sent, and platforms repeat what they told us within minutes."""

_DONE: Final = (OutboxState.SENT, OutboxState.DEAD)


def schedule(session: Session, customer: Customer, *, at: datetime) -> None:
    """Let go of the person in each of their conversations now, and of what was said there in an hour."""
    theirs = select(Conversation).where(Conversation.customer_id == customer.id)
    for conversation in session.scalars(theirs):
        conversation.customer_id = None
        conversation.state = {}
        timers.set_timer(
            session,
            TIMER,
            f"{TIMER}:{conversation.key}",
            conversation=conversation.key,
            due_at=at + WAITS,
            arguments={"until": at.isoformat()},
        )


def on_event(turn: Turn) -> bool:
    """Wipe what is due. False when the event is something else."""
    if not (isinstance(turn.event, TimerFired) and turn.event.timer == TIMER):
        return False
    until = datetime.fromisoformat(turn.event.arguments["until"])
    wipe(turn.session, turn.conversation.key, until=until)
    return True


def wipe(session: Session, conversation: str, *, until: datetime) -> None:
    """Delete what was said and sent up to then, with its traces; what was asked stays, without who asked.

    The conversation's own row stays, with its key alone.
    """
    said = (Utterance.conversation == conversation, Utterance.at <= until)
    heard = (
        InboxEvent.conversation == conversation,
        InboxEvent.received_at <= until,
        InboxEvent.state != InboxState.WAITING,
    )
    sent = (
        OutboxRow.conversation == conversation,
        OutboxRow.created_at <= until,
        OutboxRow.state.in_(_DONE),
    )
    session.execute(delete(Utterance).where(*said))
    session.execute(delete(InboxEvent).where(*heard))
    session.execute(delete(OutboxRow).where(*sent))
    asked = (AskedQuestion.conversation == conversation, AskedQuestion.at <= until)
    session.execute(update(AskedQuestion).where(*asked).values(conversation=FORGOTTEN, wants_answer=False))
