"""The outbox: what is to be done outside, in order per lane, at least once, under a key of our own."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, bindparam, func, select, update
from sqlalchemy.orm import Session, aliased

from bot import conversations
from bot.delivery import inbox
from bot.delivery.model import IS_DUE, IS_SENDING, OutboxKind, OutboxRow, OutboxState, is_open
from bot.events import CallReturned, Inbound
from bot.messages import MESSAGE, AnswerInvoiceCheck, AnswerShipping, AnswerTap, Message, Post, Say, ShowCards
from storage.inserts import insert_new
from storage.notices import announce
from storage.types import JsonObject

GAVE_UP = "gave up after"  # how the error of a call begins whose last word we do not know
ATTEMPTS_MAX = 14  # with the pauses below: about an hour
PAUSE_MAX_SECONDS = 600.0
URGENT, ANSWER, BROADCAST = 0, 1, 2


def queue_message(
    session: Session,
    conversation: str,
    message: Message,
    *,
    dedupe: str,
    at: datetime,
    priority: int = ANSWER,
) -> bool:
    """Queue a message to a conversation; False when this very message was queued before.

    Raises ValueError for what is for one person alone, where a whole group would read it.
    """
    if conversations.is_in_group(conversation) and not _is_for_all(message):
        raise ValueError(f"{conversation} is read by a whole group: no place for {message.kind!r}")
    lane = conversation
    if isinstance(
        message, AnswerInvoiceCheck | AnswerShipping | AnswerTap
    ):  # have their own deadlines: nothing may hold them up
        lane, priority = f"{conversation}:{dedupe}", URGENT
    return _queue(
        session,
        kind=OutboxKind.MESSAGE,
        conversation=conversation,
        lane=lane,
        priority=priority,
        dedupe=dedupe,
        payload=MESSAGE.dump_python(message, mode="json"),
        at=at,
    )


def _is_for_all(message: Message) -> bool:
    """Answers are; news of an order, words of staff and whatever is about money are not."""
    match message:
        case Say(purpose=purpose):
            return purpose == "answer"
        case ShowCards() | Post() | AnswerTap():
            return True
        case _:
            return False


def queue_call(
    session: Session, conversation: str, call: str, arguments: JsonObject, *, dedupe: str, at: datetime
) -> bool:
    """Queue a call to the payment provider; its answer comes back as CallReturned in the same conversation.

    `dedupe` is also the provider's idempotency key, so it is made of our own ids and never of a random number.
    """
    return _queue(
        session,
        kind=OutboxKind.CALL,
        conversation=conversation,
        lane=f"call:{dedupe}",
        priority=ANSWER,
        dedupe=dedupe,
        payload={"call": call, "arguments": arguments},
        at=at,
    )


def requeue_call(session: Session, dedupe: str, *, at: datetime) -> bool:
    """Make a call that was given up once more, under the same key; False when it is not a dead one."""
    row = session.scalars(
        select(OutboxRow)
        .where(OutboxRow.dedupe == dedupe, OutboxRow.kind == OutboxKind.CALL)
        .with_for_update()
    ).one_or_none()
    if row is None or row.state is not OutboxState.DEAD:
        return False
    row.state, row.due_at, row.attempts, row.error, row.sent_at = OutboxState.DUE, at, 0, None, None
    announce(session)
    return True


def _queue(session: Session, *, at: datetime, **row: Any) -> bool:
    values = {**row, "state": OutboxState.DUE, "due_at": at, "attempts": 0, "epoch": 0, "created_at": at}
    new = insert_new(session, OutboxRow, values) is not None
    if new:
        announce(session)
    return new


def claim(
    session: Session,
    *,
    at: datetime,
    epoch: int,
    most: int,
    kind: OutboxKind | None = None,
    priority_max: int = BROADCAST,
) -> list[OutboxRow]:
    """Take the due heads of lanes, the urgent ones first; a lane with a row under way waits for it."""
    rows = session.scalars(
        _CLAIM,
        {
            "at": at,
            "now_epoch": epoch,
            "most": most,
            "kinds": [kind] if kind else list(OutboxKind),
            "priority_max": priority_max,
        },
        execution_options={"synchronize_session": False},
    )
    return sorted(rows, key=lambda row: (row.priority, row.id))


def _is_head() -> ColumnElement[bool]:
    """The first open row of its lane; the others wait for it."""
    earlier = aliased(OutboxRow)
    return ~(
        select(earlier.id)
        .where(earlier.lane == OutboxRow.lane, is_open(earlier), earlier.id < OutboxRow.id)
        .exists()
    )


# Built once: these are asked whenever anything happens.
_CLAIM = (
    update(OutboxRow)
    .where(
        OutboxRow.id.in_(
            select(OutboxRow.id)
            .where(
                IS_DUE,
                OutboxRow.due_at <= bindparam("at"),
                OutboxRow.priority <= bindparam("priority_max"),
                OutboxRow.kind.in_(bindparam("kinds", expanding=True)),
                _is_head(),
            )
            .order_by(OutboxRow.priority, OutboxRow.id)
            .limit(bindparam("most", type_=Integer))
            .with_for_update(skip_locked=True)
        )
    )
    .values(state=OutboxState.SENDING, epoch=bindparam("now_epoch"), attempts=OutboxRow.attempts + 1)
    .returning(OutboxRow)
)
_NEXT_HEAD_DUE = select(func.min(OutboxRow.due_at)).where(IS_DUE, _is_head())
_DUE = (
    select(OutboxRow.kind, OutboxRow.priority)
    .where(IS_DUE, OutboxRow.due_at <= bindparam("at"), _is_head())
    .distinct()
)


def next_head_due(session: Session) -> datetime | None:
    """When the next row can be claimed; a time in the past means now."""
    return session.scalar(_NEXT_HEAD_DUE)


def due(session: Session, *, at: datetime) -> list[tuple[OutboxKind, int]]:
    """The kinds and priorities of what `claim` would take."""
    return [(kind, priority) for kind, priority in session.execute(_DUE, {"at": at})]


def reclaim(session: Session, *, epoch: int) -> int:
    """A new leader takes over what the one before it left half sent; each is sent once more at most."""
    result = session.execute(
        update(OutboxRow)
        .where(IS_SENDING, OutboxRow.epoch < epoch)
        .values(state=OutboxState.DUE)
        .returning(OutboxRow.id)
    )
    return len(result.all())


def acknowledge(
    session: Session,
    row_id: int,
    *,
    epoch: int,
    at: datetime,
    reference: str | None,
    result: JsonObject | None = None,
) -> None:
    """It is done. A call's answer enters the inbox in the same commit, so neither is ever without the other.

    So does where a post is now, for whoever changes it next.
    """
    row = _mine(session, row_id, epoch)
    if row is None:
        return
    row.state, row.sent_at, row.provider_ref, row.error = OutboxState.SENT, at, reference, None
    if row.kind is OutboxKind.CALL:
        _answer(session, row, at=at, result=result or {})
    elif row.payload["kind"] == "post":
        _answer(session, row, at=at, result={"message": reference})


def postpone(
    session: Session, row_id: int, *, epoch: int, at: datetime, error: str, seconds: float | None
) -> bool:
    """It failed for now. `seconds` is the pause the outside asked for, which costs no try. True if it died."""
    row = _mine(session, row_id, epoch)
    if row is None:
        return False
    if seconds is not None:
        row.attempts -= 1
    if row.attempts >= ATTEMPTS_MAX:
        return bury(session, row_id, epoch=epoch, at=at, error=f"{GAVE_UP} {row.attempts} tries: {error}")
    pause = seconds if seconds is not None else min(PAUSE_MAX_SECONDS, 0.5 * 2**row.attempts)
    row.state, row.error, row.due_at = OutboxState.DUE, error, at + timedelta(seconds=pause)
    return False


def bury(session: Session, row_id: int, *, epoch: int, at: datetime, error: str) -> bool:
    """It will never succeed. The lane goes on; a call's failure is answered like a result. True if ours.

    So is a post's, and an invoice's: there an order waits for money that nobody can pay.
    """
    row = _mine(session, row_id, epoch)
    if row is None:
        return False
    row.state, row.error, row.sent_at = OutboxState.DEAD, error, at
    if row.kind is OutboxKind.CALL or row.payload["kind"] in {"post", "send_invoice"}:
        _answer(session, row, at=at, error=error)
    return True


def _mine(session: Session, row_id: int, epoch: int) -> OutboxRow | None:
    """The row, unless another sender has taken over since (its epoch is newer)."""
    row = session.get_one(OutboxRow, row_id, with_for_update=True)
    return row if row.state is OutboxState.SENDING and row.epoch == epoch else None


def _answer(
    session: Session,
    row: OutboxRow,
    *,
    at: datetime,
    result: JsonObject | None = None,
    error: str | None = None,
) -> None:
    is_call = row.kind is OutboxKind.CALL
    event = CallReturned(
        call=row.payload["call" if is_call else "kind"],
        arguments=row.payload["arguments"] if is_call else row.payload,
        result=result,
        error=error,
    )
    inbound = Inbound(
        source="call",
        external_id=f"{row.id}:{row.attempts}",
        conversation=row.conversation,
        sequence=row.id,
        event=event,
    )
    inbox.put(session, [inbound], at=at)
