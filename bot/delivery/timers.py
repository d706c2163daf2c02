"""Timers: durable, set and cancelled in the turn's own transaction, fired as events of their conversation."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.delivery import inbox
from bot.delivery.model import IS_SET, Timer, TimerState
from bot.events import Inbound, TimerFired
from storage.types import JsonObject

_NEXT_DUE = select(func.min(Timer.due_at)).where(IS_SET)  # built once: it is asked all the time


def set_timer(
    session: Session,
    kind: str,
    key: str,
    *,
    conversation: str,
    due_at: datetime,
    arguments: JsonObject | None = None,
) -> None:
    """Fire `kind` at `due_at`. The same key again moves it (and revives a fired one)."""
    timer = session.scalars(select(Timer).where(Timer.key == key).with_for_update()).one_or_none()
    if timer is None:
        timer = Timer(kind=kind, key=key, settings=0)
        session.add(timer)
    timer.conversation, timer.due_at, timer.arguments = conversation, due_at, arguments or {}
    timer.state = TimerState.SET
    timer.settings += 1


def set_if_none(
    session: Session,
    kind: str,
    *,
    key: str | None = None,
    conversation: str,
    due_at: datetime,
    arguments: JsonObject | None = None,
) -> None:
    """Have it fire at `due_at`; planned already, it stays as it is. Without a key there is one of its kind."""
    key = key or kind
    if session.scalar(select(Timer.id).where(Timer.key == key, IS_SET)) is None:
        set_timer(session, kind, key, conversation=conversation, due_at=due_at, arguments=arguments)


def cancel_timer(session: Session, key: str) -> None:
    """Forget it; nothing when it fired already or never was."""
    timer = session.scalars(select(Timer).where(Timer.key == key).with_for_update()).one_or_none()
    if timer is not None and timer.state is TimerState.SET:
        timer.state = TimerState.CANCELLED


def fire_due(session: Session, *, at: datetime, most: int = 200) -> int:
    """Turn what is due into events, in one commit with marking it fired. How many that were."""
    due = session.scalars(
        select(Timer)
        .where(IS_SET, Timer.due_at <= at)
        .order_by(Timer.due_at, Timer.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    for timer in due:
        timer.state = TimerState.FIRED
    inbox.put(session, [_event(timer) for timer in due], at=at)
    return len(due)


def next_due(session: Session) -> datetime | None:
    """When the earliest timer that is set is due."""
    return session.scalar(_NEXT_DUE)


def _event(timer: Timer) -> Inbound:
    return Inbound(
        source="timer",
        external_id=f"{timer.id}:{timer.settings}",
        conversation=timer.conversation,
        sequence=timer.id,
        event=TimerFired(timer=timer.kind, arguments=timer.arguments),
    )
