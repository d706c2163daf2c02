"""The inbox: every event once, in its lane, in its source's order."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Integer, Select, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from bot.delivery.model import IS_WAITING, InboxEvent, InboxState
from bot.events import EVENT, Inbound
from storage.inserts import insert_new
from storage.notices import announce
from storage.types import JsonObject

ATTEMPTS_MAX = 5
RETRY_PAUSES_SECONDS = (0.2, 1.0, 3.0, 8.0)


def put(session: Session, inbounds: Iterable[Inbound], *, at: datetime) -> int:
    """Store what is new and say how many that were; a second delivery of the same event is passed over."""
    rows = [
        {
            "source": inbound.source,
            "external_id": inbound.external_id,
            "conversation": inbound.conversation,
            "sequence": inbound.sequence,
            "payload": _storable(EVENT.dump_python(inbound.event, mode="json")),
            "person": _storable(inbound.person.model_dump(mode="json")) if inbound.person else None,
            "state": InboxState.WAITING,
            "attempts": 0,
            "received_at": at,
        }
        for inbound in inbounds
    ]
    new = sum(insert_new(session, InboxEvent, row) is not None for row in rows)
    if new:
        announce(session)
    return new


def _storable(value: Any) -> Any:
    """Without what PostgreSQL cannot keep in text: NUL characters and halves of surrogate pairs."""
    match value:
        case str():
            return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
        case dict():
            return {key: _storable(inner) for key, inner in cast("JsonObject", value).items()}
        case list():
            return [_storable(inner) for inner in cast("list[Any]", value)]
        case _:
            return value


def lanes_waiting(session: Session, *, at: datetime, most: int) -> list[str]:
    """Conversations whose next event may be worked on now, the longest waiting first.

    Only the head of a lane counts: a failed event holds back what follows it, and however much waits in one
    lane, the others are seen.
    """
    return list(session.scalars(_READY, {"at": at, "most": most}))


def _heads() -> Select[int]:
    """The first waiting event of each lane."""
    return select(func.min(InboxEvent.id)).where(IS_WAITING).group_by(InboxEvent.conversation)


# Built once: these are asked whenever anything happens.
_READY = (
    select(InboxEvent.conversation)
    .where(
        InboxEvent.id.in_(_heads()),
        or_(InboxEvent.retry_at.is_(None), InboxEvent.retry_at <= bindparam("at")),
    )
    .order_by(InboxEvent.id)
    .limit(bindparam("most", type_=Integer))
)
_NEXT_DUE = select(func.min(func.coalesce(InboxEvent.retry_at, InboxEvent.received_at))).where(
    InboxEvent.id.in_(_heads())
)

_WAITING = select(InboxEvent).where(InboxEvent.conversation == bindparam("lane"), IS_WAITING)
_FIRST = _WAITING.order_by(InboxEvent.id).limit(1)
_NEXT = (
    _WAITING.where(
        InboxEvent.source == bindparam("of"),
        or_(InboxEvent.retry_at.is_(None), InboxEvent.retry_at <= bindparam("at")),
    )
    .order_by(InboxEvent.sequence, InboxEvent.id)
    .limit(1)
)


def next_due(session: Session) -> datetime | None:
    """When the next turn can begin; a time in the past means now."""
    return session.scalar(_NEXT_DUE)


def next_event(session: Session, conversation: str, *, at: datetime) -> InboxEvent | None:
    """The lane's next event: the one that came first, but of its source the one with the lowest sequence.

    Platforms deliver over several connections, so an earlier update may arrive after a later one.
    """
    first = session.scalars(_FIRST, {"lane": conversation}).one_or_none()
    if first is None or (first.retry_at is not None and first.retry_at > at):
        return None
    return session.scalars(_NEXT, {"lane": conversation, "of": first.source, "at": at}).one()


def finish(event: InboxEvent) -> None:
    """Mark it worked on; committed together with everything its turn decided."""
    event.state = InboxState.DONE
    event.retry_at = None


def record_failure(session: Session, event_id: int, *, error: str, at: datetime) -> bool:
    """Note that its turn failed: try again after a pause, or park it. True when it was parked just now."""
    event = session.get_one(InboxEvent, event_id, with_for_update=True)
    if event.state is not InboxState.WAITING:
        return False
    event.attempts += 1
    event.error = error
    if event.attempts >= ATTEMPTS_MAX:
        event.state = InboxState.PARKED
        return True
    event.retry_at = at + timedelta(seconds=RETRY_PAUSES_SECONDS[event.attempts - 1])
    return False


def retry_parked(session: Session, event_id: int) -> None:
    """Staff say: try it again."""
    session.execute(
        update(InboxEvent)
        .where(InboxEvent.id == event_id, InboxEvent.state == InboxState.PARKED)
        .values(state=InboxState.WAITING, attempts=0, retry_at=None)
    )
