"""A turn: one event against one conversation, in one transaction, touching nothing outside the database."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol, Self

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.delivery import inbox, outbox, timers
from bot.delivery.model import Conversation, InboxEvent
from bot.events import EVENT, Event, Inbound, Person
from bot.messages import AnswerInvoiceCheck, AnswerShipping, AnswerTap, Message
from storage.types import JsonObject

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was made of an event before its lane was locked; `more` only when the turn asked for it."""

    event_id: int
    understood: Any
    more: Any = None


class PrepareMore(Exception):  # noqa: N818 - a wish, not a fault
    """The turn needs something that takes time. All it did is undone; `work` makes it, and the turn is taken again."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__("the turn waits for something that is made while no lock is held")
        self._work = work
        self._before: Prepared | None = None

    def of(self, before: Prepared) -> Self:
        """The same wish, with what was prepared for the turn so far."""
        self._before = before
        return self

    def prepare(self) -> Prepared:
        """Do the work. Not to be called while a lane is locked."""
        assert self._before is not None, "`take` said what it was raised in"
        return replace(self._before, more=self._work())


@dataclass
class Turn:
    """What a turn works with, and where it leaves its decisions; all of it commits or none."""

    session: Session
    now: datetime
    conversation: Conversation
    inbox_id: int
    event: Event
    person: Person | None
    dedupe_prefix: str = ""
    prepared: Any = None  # what `Handler.prepare` made of the event before the transaction
    more: Any = None  # what an earlier try of this turn asked for (PrepareMore)
    followed_from: str = ""  # the conversation in a group from which this wish came along
    queued: list[str] = field(default_factory=list[str], init=False)  # under these keys of the outbox
    timers: list[str] = field(default_factory=list[str], init=False)  # of these kinds
    _messages: int = field(default=0, init=False)

    def send(self, message: Message, *, to: str | None = None, dedupe: str | None = None) -> bool:
        """Queue a message, to this conversation unless said otherwise.

        False when it was queued before, or when the person has stopped the bot and so will hear nothing.
        """
        unheard = self.conversation.blocked and not isinstance(
            message, AnswerInvoiceCheck | AnswerShipping | AnswerTap
        )
        if to is None and unheard:
            return False
        dedupe = dedupe or self._next_dedupe()
        to = to or self.conversation.key
        return self._note(
            dedupe, new=outbox.queue_message(self.session, to, message, dedupe=dedupe, at=self.now)
        )

    def call(self, call: str, arguments: JsonObject, *, dedupe: str) -> bool:
        """Queue a provider call whose answer returns to this conversation; False when it was queued before."""
        new = outbox.queue_call(
            self.session, self.conversation.key, call, arguments, dedupe=dedupe, at=self.now
        )
        return self._note(dedupe, new=new)

    def set_timer(
        self, kind: str, key: str, *, due_at: datetime, arguments: JsonObject | None = None
    ) -> None:
        """Have this conversation look again at `due_at`."""
        timers.set_timer(
            self.session,
            kind,
            key,
            conversation=self.conversation.key,
            due_at=due_at,
            arguments=arguments,
        )
        self.timers.append(kind)

    def _note(self, dedupe: str, *, new: bool) -> bool:
        if new:
            self.queued.append(dedupe)
        return new

    def _next_dedupe(self) -> str:
        self._messages += 1
        return f"{self.dedupe_prefix or f'in:{self.inbox_id}'}:{self._messages}"


class Handler(Protocol):
    """Who decides what a turn does."""

    def prepare(self, event: Event) -> Any:
        """Pure work on the event alone (understanding its words), done before any lock is held."""
        ...

    def handle(self, turn: Turn) -> None:
        """Decide: change the state, queue messages and calls, set timers. Raises to have it all undone.

        Raises PrepareMore to be called again with `turn.more`; not for what it was given already.
        """
        ...

    def apologise(self, turn: Turn) -> None:
        """The event was parked: tell the person something went wrong on our side."""
        ...


def peek(session: Session, conversation: str, *, at: datetime) -> tuple[int, Event] | None:
    """The lane's next event, to prepare for it; it may be another one by the time the lane is locked."""
    row = inbox.next_event(session, conversation, at=at)
    return (row.id, EVENT.validate_python(row.payload)) if row else None


def take(session: Session, conversation: str, handler: Handler, *, at: datetime, prepared: Prepared) -> bool:
    """Work on the lane's next event. False when there is none, or when another worker holds the lane.

    Raises PrepareMore, and whatever the handler raises.
    """
    locked = _lock(session, conversation, at=at)
    if locked is None:
        return False
    row = inbox.next_event(session, conversation, at=at)
    if row is None:
        return False
    turn = _turn(session, locked, row, at=at)
    if prepared.event_id != row.id:
        prepared = Prepared(row.id, handler.prepare(turn.event))
    turn.prepared, turn.more = prepared.understood, prepared.more
    with structlog.contextvars.bound_contextvars(turn=row.id):  # also on the writer's own thread
        try:
            handler.handle(turn)
        except PrepareMore as wanted:
            raise wanted.of(prepared) from None
    locked.updated_at = at
    inbox.finish(row)
    return True


def give_up(session: Session, event_id: int, handler: Handler, *, error: str, at: datetime) -> bool:
    """Note a failed turn; when it was the last try, park the event and apologise. True when it was parked.

    What keeps the turn from working may keep the apology from working too: the event is parked all the same.
    """
    if not inbox.record_failure(session, event_id, error=error, at=at):
        return False
    row = session.get_one(InboxEvent, event_id)
    locked = _lock(session, row.conversation, at=at, wait=True)
    assert locked is not None, "a waited-for lock is always granted"
    turn = _turn(session, locked, row, at=at)
    turn.dedupe_prefix = f"parked:{row.id}"  # staff may try the event again: its answers are other messages
    try:
        with session.begin_nested():
            handler.apologise(turn)
    except Exception:
        log.exception("turn.no_apology", event_id=event_id, conversation=row.conversation)
    return True


def as_inbound(row: InboxEvent) -> Inbound:
    """The event as it came in, for the console and for replays."""
    return Inbound(
        source=row.source,
        external_id=row.external_id,
        conversation=row.conversation,
        sequence=row.sequence,
        event=EVENT.validate_python(row.payload),
        person=Person.model_validate(row.person) if row.person else None,
    )


def _turn(session: Session, conversation: Conversation, row: InboxEvent, *, at: datetime) -> Turn:
    inbound = as_inbound(row)
    return Turn(session, at, conversation, row.id, inbound.event, inbound.person)


def _lock(session: Session, key: str, *, at: datetime, wait: bool = False) -> Conversation | None:
    """Hold the conversation's row. None while another worker holds it (PostgreSQL; SQLite has one writer)."""
    statement = select(Conversation).where(Conversation.key == key)
    locked = session.scalars(statement.with_for_update(skip_locked=not wait)).one_or_none()
    if locked is not None:
        return locked
    if session.get(Conversation, key) is not None:
        return None
    session.add(Conversation(key=key, state={}, started_at=at, updated_at=at))
    session.flush()  # a second worker that adds the same row fails here, and its turn is tried again
    return session.scalars(statement.with_for_update(skip_locked=not wait)).one_or_none()
