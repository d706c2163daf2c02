"""What was said and sent in a conversation, forgotten once its person asked for that and had our last words."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from bot.delivery import timers
from bot.delivery.model import Conversation, InboxEvent, InboxState, OutboxKind, OutboxRow, OutboxState
from bot.delivery.turn import Turn
from bot.events import EVENT, TimerFired, Unreadable
from bot.messages import MESSAGE, Say
from bot.traces import TurnTrace
from bot.transcript import Utterance
from knowledge_base.questions import AskedQuestion
from shop.customers.forgetting import FORGOTTEN
from shop.customers.model import Customer

TIMER: Final = "forget"
WAITS: Final = timedelta(hours=1)
"""Until what was said goes: our last words must be sent, and platforms repeat what they told us within minutes."""

_DONE: Final = (OutboxState.SENT, OutboxState.DEAD)
_NO_EVENT: Final = EVENT.dump_python(Unreadable(what=FORGOTTEN), mode="json")
_NO_MESSAGE: Final = MESSAGE.dump_python(Say(text=""), mode="json")


def schedule(session: Session, customer: Customer, *, event_id: int, at: datetime) -> None:
    """Let go of the person in each of their conversations now, and of what was said there in an hour.

    `event_id` is the event that this turn works on, and the first that is kept.
    """
    # the newest line stays, and SQLite gives no number a second time: readers go on from the last one they saw
    newest = session.scalar(select(func.max(Utterance.id))) or 0
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
            arguments={"until": at.isoformat(), "said_before": newest, "heard_before": event_id},
        )


def on_event(turn: Turn) -> bool:
    """Wipe what is due. False when the event is something else."""
    if not (isinstance(turn.event, TimerFired) and turn.event.timer == TIMER):
        return False
    told = turn.event.arguments
    wipe(
        turn.session,
        turn.conversation.key,
        until=datetime.fromisoformat(told["until"]),
        said_before=told["said_before"],
        heard_before=told["heard_before"],
    )
    return True


def wipe(
    session: Session, conversation: str, *, until: datetime, said_before: int, heard_before: int
) -> None:
    """Delete what was said (lines before that number) and understood; empty what came (before that event) and was sent.

    Events and messages keep their rows and keys, without content: what is told again must still be recognised. What
    was asked stays, without who asked; the conversation's own row stays, with its key alone.
    """
    session.execute(
        delete(Utterance).where(Utterance.conversation == conversation, Utterance.id < said_before)
    )
    heard = (
        InboxEvent.conversation == conversation,
        InboxEvent.id < heard_before,
        InboxEvent.state != InboxState.WAITING,
    )
    session.execute(
        delete(TurnTrace).where(TurnTrace.event_id.in_(select(InboxEvent.id).where(*heard))),
        execution_options={"synchronize_session": False},
    )
    session.execute(update(InboxEvent).where(*heard).values(payload=_NO_EVENT, person=None, error=None))
    wish = InboxEvent.id == heard_before  # to be forgotten: it names them, too
    session.execute(update(InboxEvent).where(wish).values(person=None))
    sent = (
        OutboxRow.conversation == conversation,
        OutboxRow.kind == OutboxKind.MESSAGE,
        OutboxRow.created_at <= until,
        OutboxRow.state.in_(_DONE),
    )
    session.execute(update(OutboxRow).where(*sent).values(payload=_NO_MESSAGE))
    asked = (AskedQuestion.conversation == conversation, AskedQuestion.at <= until)
    session.execute(update(AskedQuestion).where(*asked).values(conversation=FORGOTTEN, wants_answer=False))
