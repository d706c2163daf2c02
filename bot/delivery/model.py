"""The tables that make delivery durable: inbox, conversation, outbox, timer, lease."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.types import Base, JsonObject


class InboxState(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    PARKED = "parked"  # failed too often: staff see it, the lane goes on


class InboxEvent(Base):
    """One event, kept before it is acknowledged and worked on exactly once."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        Index(
            "ix_inbox_waiting",
            "conversation",
            "id",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    source: Mapped[str]  # "telegram:<bot>", "stripe", "timer", "call", …
    external_id: Mapped[str]
    conversation: Mapped[str]
    sequence: Mapped[int]  # the source's own order
    payload: Mapped[JsonObject]  # a bot.events.Event
    person: Mapped[JsonObject | None]
    state: Mapped[InboxState] = mapped_column(default=InboxState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[datetime | None]
    error: Mapped[str | None]
    received_at: Mapped[datetime]


class Conversation(Base):
    """One chat with one person on one channel, private or in a group; its row is the lock of its lane."""

    __tablename__ = "conversation"

    key: Mapped[str] = mapped_column(primary_key=True)
    customer_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("customer.id", ondelete="SET NULL"), index=True
    )
    state: Mapped[JsonObject] = mapped_column(default=dict)  # a bot.dialogue.conversation.State
    blocked: Mapped[bool] = mapped_column(default=False)  # the person stopped the bot, the group put it out
    started_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class OutboxState(StrEnum):
    DUE = "due"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"  # refused for good, or out of tries: staff see it


class OutboxKind(StrEnum):
    MESSAGE = "message"
    CALL = "call"


class OutboxRow(Base):
    """Something to do outside: a message to send or a call to make, under a key that makes repeats harmless."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_open",
            "lane",
            "id",
            sqlite_where=text("state IN ('due', 'sending')"),
            postgresql_where=text("state IN ('due', 'sending')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    kind: Mapped[OutboxKind]
    conversation: Mapped[str]  # where a message goes, and where a call's answer comes back
    lane: Mapped[str]  # rows of one lane leave in order, one at a time
    priority: Mapped[int] = mapped_column(default=1)  # 0 urgent answers, 1 answers to people, 2 broadcasts
    dedupe: Mapped[str] = mapped_column(unique=True)
    payload: Mapped[JsonObject]
    state: Mapped[OutboxState] = mapped_column(default=OutboxState.DUE)
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    epoch: Mapped[int] = mapped_column(default=0)  # of the sender that took it
    provider_ref: Mapped[str | None]
    error: Mapped[str | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class TimerState(StrEnum):
    SET = "set"
    FIRED = "fired"
    CANCELLED = "cancelled"


class Timer(Base):
    """Something to look at later. Setting the same key again moves it."""

    __tablename__ = "timer"
    __table_args__ = (
        Index(
            "ix_timer_due",
            "due_at",
            sqlite_where=text("state = 'set'"),
            postgresql_where=text("state = 'set'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    kind: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    conversation: Mapped[str]
    arguments: Mapped[JsonObject] = mapped_column(default=dict)
    state: Mapped[TimerState] = mapped_column(default=TimerState.SET)
    due_at: Mapped[datetime]
    settings: Mapped[int] = mapped_column(default=1)  # how often it was set: each setting fires once


class Lease(Base):
    """Who leads something, until when; a new leader gets a new epoch, and the old one's writes are refused."""

    __tablename__ = "lease"

    name: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str]
    epoch: Mapped[int]
    until: Mapped[datetime]


# Conditions in the very words of the indexes above: a planner that sees a parameter there cannot know that one of
# them would do, and reads the whole table (https://www.sqlite.org/partialindex.html).


def _literally(state: StrEnum) -> ColumnElement[Any]:
    return literal_column(f"'{state.value}'")


def is_open(row: type[OutboxRow] = OutboxRow) -> ColumnElement[bool]:
    """Neither sent nor given up; an aliased class may be asked too."""
    return row.state.in_([_literally(OutboxState.DUE), _literally(OutboxState.SENDING)])


IS_WAITING = InboxEvent.state == _literally(InboxState.WAITING)
IS_DUE = is_open() & (OutboxRow.state == OutboxState.DUE)
IS_SENDING = is_open() & (OutboxRow.state == OutboxState.SENDING)
IS_SET = Timer.state == _literally(TimerState.SET)
