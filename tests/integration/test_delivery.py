"""The delivery engine's promises, on both databases: once, in order, never lost, never stuck."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.delivery import inbox, leases, outbox, timers
from bot.delivery.engine import Blocked, Delivery, TooFast
from bot.delivery.limits import UNLIMITED, Limiter, Limits, Rate
from bot.delivery.model import Conversation, InboxEvent, InboxState, OutboxRow, OutboxState
from bot.delivery.turn import Turn
from bot.events import CallReturned, Event, Inbound, Said, TimerFired
from bot.messages import Message, Say
from sandbox.clock import SimulatedClock
from shop.errors import Rejected, Unavailable
from storage.clock import Clock, SystemClock
from storage.engine import Database
from storage.types import JsonObject

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def said(text: str, *, chat: str = "ann", number: int = 1, source: str = "test") -> Inbound:
    return Inbound(
        source=source,
        external_id=f"{chat}-{number}",
        conversation=f"test:{chat}",
        sequence=number,
        event=Said(text=text),
    )


@dataclass
class Echo:
    """Answers every message with its words and a running number kept in the conversation's state."""

    fail_on: str | None = None
    seen: list[Event] = field(default_factory=list)

    def prepare(self, event: Event) -> Any:
        return getattr(event, "text", None)

    def handle(self, turn: Turn) -> None:
        self.seen.append(turn.event)
        match turn.event:
            case Said(text="call"):
                turn.call("sum", {"a": 1, "b": 2}, dedupe=f"sum:{turn.inbox_id}")
            case Said(text="later"):
                turn.set_timer("wake", f"wake:{turn.conversation.key}", due_at=turn.now)
            case Said(text=text):
                count = turn.conversation.state.get("count", 0) + 1
                turn.conversation.state = {"count": count}
                turn.send(Say(text=f"{text} {count}"))
                if text == self.fail_on:
                    raise ZeroDivisionError("a planted fault")
            case CallReturned(result=result, error=error):
                turn.send(Say(text=f"result {result and result['sum']} error {error}"))
            case TimerFired(timer=timer):
                turn.send(Say(text=f"timer {timer}"))
            case _:
                raise AssertionError(turn.event)

    def apologise(self, turn: Turn) -> None:
        turn.send(Say(text="sorry"))


@dataclass
class Phone:
    """The far end at our own port: keeps what it was sent, and refuses as told."""

    limits: Limits = UNLIMITED
    got: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    troubles: list[Exception] = field(default_factory=list)
    hang: asyncio.Event | None = None

    def is_group(self, chat: str) -> bool:
        return chat.startswith("-")

    async def send(self, chat: str, message: Message) -> str | None:
        if self.hang is not None:
            await self.hang.wait()
        if self.troubles:
            raise self.troubles.pop(0)
        assert isinstance(message, Say)
        self.got[chat].append(message.text)
        return f"ref-{len(self.got[chat])}"


async def add(call: str, arguments: JsonObject, key: str) -> JsonObject:
    assert call == "sum"
    assert key.startswith("sum:")
    return {"sum": arguments["a"] + arguments["b"]}


Start = Callable[..., Awaitable[Delivery]]


@asynccontextmanager
async def delivering(
    database: Database, handler: Echo, phone: Phone, caller: Any = add, clock: Clock | None = None
) -> AsyncIterator[Delivery]:
    delivery = Delivery(database, clock or SystemClock(), handler, senders={"test": phone}, caller=caller)
    await delivery.start()
    try:
        yield delivery
    finally:
        await delivery.stop()


async def settled(delivery: Delivery) -> None:
    async with asyncio.timeout(20):
        await delivery.settled()


def rows(database: Database, model: Any) -> list[Any]:
    return list(database.read(lambda session: session.scalars(select(model).order_by(model.id)).all()))


async def test_each_message_is_answered_once_and_in_order(database: Database) -> None:
    phone = Phone()
    async with delivering(database, Echo(), phone) as delivery:
        for number in range(1, 11):
            await delivery.receive([said("hi", number=number), said("ho", chat="bob", number=number)])
        await settled(delivery)
    assert phone.got["ann"] == [f"hi {number}" for number in range(1, 11)]
    assert phone.got["bob"] == [f"ho {number}" for number in range(1, 11)]


async def test_every_log_line_of_a_turn_says_which_turn_it_was(database: Database) -> None:
    class Talkative(Echo):
        def handle(self, turn: Turn) -> None:
            structlog.get_logger().info("deciding")
            super().handle(turn)

    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        async with delivering(database, Talkative(), Phone()) as delivery:
            await delivery.receive([said("hi")])
            await settled(delivery)
    (event,) = rows(database, InboxEvent)
    assert [line["turn"] for line in lines if line["event"] == "deciding"] == [event.id]


async def test_a_second_delivery_of_an_event_changes_nothing(database: Database) -> None:
    phone = Phone()
    async with delivering(database, Echo(), phone) as delivery:
        assert await delivery.receive([said("hi"), said("hi")]) == 1
        assert await delivery.receive([said("hi")]) == 0
        await settled(delivery)
    assert phone.got["ann"] == ["hi 1"]


async def test_events_that_arrive_out_of_order_are_taken_in_the_order_of_their_source(
    database: Database,
) -> None:
    handler, phone = Echo(), Phone()
    delivery = Delivery(database, SystemClock(), handler, senders={"test": phone}, caller=add)
    await delivery.receive([said("third", number=3), said("first", number=1), said("second", number=2)])
    await delivery.start()
    await settled(delivery)
    await delivery.stop()
    assert phone.got["ann"] == ["first 1", "second 2", "third 3"]


async def test_a_poison_event_is_parked_with_an_apology_and_the_lane_goes_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "RETRY_PAUSES_SECONDS", (0.0, 0.0, 0.0, 0.0))
    phone = Phone()
    async with delivering(database, Echo(fail_on="poison"), phone) as delivery:
        await delivery.receive([said("before"), said("poison", number=2), said("after", number=3)])
        await settled(delivery)
    assert phone.got["ann"] == ["before 1", "sorry", "after 2"]
    parked = [row for row in rows(database, InboxEvent) if row.state is InboxState.PARKED]
    assert [row.payload["text"] for row in parked] == ["poison"]
    assert "planted fault" in parked[0].error
    assert parked[0].attempts == inbox.ATTEMPTS_MAX


async def test_a_parked_event_can_be_tried_again(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "RETRY_PAUSES_SECONDS", (0.0, 0.0, 0.0, 0.0))
    handler, phone = Echo(fail_on="poison"), Phone()
    async with delivering(database, handler, phone) as delivery:
        await delivery.receive([said("poison")])
        await settled(delivery)
        handler.fail_on = None
        await database.run(lambda session: inbox.retry_parked(session, 1))
        await delivery.wake()
        await settled(delivery)
    assert phone.got["ann"] == ["sorry", "poison 1"]


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800", "\udfff and more"])
async def test_characters_that_no_database_keeps_cost_nobody_their_message(
    database: Database, text: str
) -> None:
    handler, phone = Echo(), Phone()
    async with delivering(database, handler, phone) as delivery:
        await delivery.receive([said(text)])
        await settled(delivery)
    assert len(phone.got["ann"]) == 1


async def test_a_call_is_answered_in_its_own_conversation(database: Database) -> None:
    phone = Phone()
    async with delivering(database, Echo(), phone) as delivery:
        await delivery.receive([said("call")])
        await settled(delivery)
    assert phone.got["ann"] == ["result 3 error None"]


async def test_a_call_that_is_refused_for_good_comes_back_as_an_error(database: Database) -> None:
    async def refuse(_call: str, _arguments: JsonObject, _key: str) -> JsonObject:
        raise Rejected("no such thing")

    phone = Phone()
    async with delivering(database, Echo(), phone, refuse) as delivery:
        await delivery.receive([said("call")])
        await settled(delivery)
    assert phone.got["ann"] == ["result None error no such thing"]


async def test_a_due_timer_becomes_an_event_once(database: Database) -> None:
    phone = Phone()
    async with delivering(database, Echo(), phone) as delivery:
        await delivery.receive([said("later")])
        await settled(delivery)
    assert phone.got["ann"] == ["timer wake"]


def test_setting_a_timer_again_moves_it_and_cancelling_stops_it(database: Database) -> None:
    def set_timer(at: datetime) -> Callable[[Session], None]:
        return lambda session: timers.set_timer(session, "t", "key", conversation="test:ann", due_at=at)

    database.write_now(set_timer(NOW))
    database.write_now(set_timer(NOW + timedelta(hours=1)))
    assert database.write_now(lambda session: timers.fire_due(session, at=NOW)) == 0
    database.write_now(lambda session: timers.cancel_timer(session, "key"))
    assert database.write_now(lambda session: timers.fire_due(session, at=NOW + timedelta(hours=2))) == 0
    database.write_now(set_timer(NOW))
    assert database.write_now(lambda session: timers.fire_due(session, at=NOW)) == 1
    assert database.write_now(lambda session: timers.fire_due(session, at=NOW)) == 0


async def test_an_unreachable_platform_is_tried_again_until_it_answers(database: Database) -> None:
    phone = Phone(
        troubles=[
            Unavailable("down", retry_after_seconds=0.01),
            Unavailable("down", retry_after_seconds=0.01),
        ]
    )
    async with delivering(database, Echo(), phone) as delivery:
        await delivery.receive([said("hi"), said("ho", number=2)])
        async with asyncio.timeout(20):
            while len(phone.got["ann"]) < 2:
                await delivery.settled()
                await delivery.wake()
    assert phone.got["ann"] == ["hi 1", "ho 2"]


async def test_what_a_platform_refuses_is_set_aside_and_the_lane_goes_on(database: Database) -> None:
    phone = Phone(troubles=[Blocked("bot was blocked by the user")])
    async with delivering(database, Echo(), phone) as delivery:
        await delivery.receive([said("hi"), said("ho", number=2)])
        await settled(delivery)
    assert phone.got["ann"] == ["ho 2"]
    dead, sent = rows(database, OutboxRow)
    assert (dead.state, dead.error) == (OutboxState.DEAD, "bot was blocked by the user")
    assert (sent.state, sent.provider_ref) == (OutboxState.SENT, "ref-1")


async def test_a_429_pauses_that_chat_and_nobody_else(database: Database) -> None:
    phone = Phone(troubles=[TooFast("slow down", retry_after_seconds=3600, whole_bot=False)])
    async with delivering(database, Echo(), phone) as delivery:
        await delivery.receive([said("hi")])
        await settled(delivery)
        await delivery.receive([said("ho", chat="bob")])
        await settled(delivery)
        assert phone.got == {"bob": ["ho 1"]}
        waiting = rows(database, OutboxRow)[0]
        assert waiting.state is OutboxState.DUE
        assert waiting.attempts == 0, "a pause that the platform asks for costs no try"


async def test_a_new_leader_sends_what_the_one_before_left_half_sent(database: Database) -> None:
    def leave_half_sent(session: Session) -> None:
        session.add(Conversation(key="test:ann", started_at=NOW, updated_at=NOW))
        outbox.queue_message(session, "test:ann", Say(text="hello"), dedupe="x", at=NOW)
        assert [row.payload["text"] for row in outbox.claim(session, at=NOW, epoch=0, most=5)] == ["hello"]

    database.write_now(leave_half_sent)
    phone = Phone()
    async with delivering(database, Echo(), phone) as delivery:
        await settled(delivery)
    assert phone.got["ann"] == ["hello"]


def test_an_acknowledgement_of_a_deposed_sender_is_ignored(database: Database) -> None:
    def work(session: Session) -> OutboxState:
        outbox.queue_message(session, "test:ann", Say(text="hello"), dedupe="x", at=NOW)
        (row,) = outbox.claim(session, at=NOW, epoch=1, most=5)
        outbox.reclaim(session, epoch=2)
        session.expire_all()
        outbox.claim(session, at=NOW, epoch=2, most=5)
        outbox.acknowledge(session, row.id, epoch=1, at=NOW, reference=None)
        return session.get_one(OutboxRow, row.id).state

    assert database.write_now(work) is OutboxState.SENDING


def test_the_same_message_is_queued_once(database: Database) -> None:
    def work(session: Session) -> list[bool]:
        return [
            outbox.queue_message(session, "test:ann", Say(text="hello"), dedupe="x", at=NOW) for _ in range(2)
        ]

    assert database.write_now(work) == [True, False]


def test_only_the_head_of_a_lane_is_claimed(database: Database) -> None:
    def work(session: Session) -> list[list[str]]:
        for number, chat in enumerate(["ann", "ann", "bob"]):
            outbox.queue_message(
                session, f"test:{chat}", Say(text=f"{chat}{number}"), dedupe=str(number), at=NOW
            )
        first = [row.payload["text"] for row in outbox.claim(session, at=NOW, epoch=1, most=5)]
        second = [row.payload["text"] for row in outbox.claim(session, at=NOW, epoch=1, most=5)]
        return [first, second]

    assert database.write_now(work) == [["ann0", "bob2"], []]


async def test_two_workers_on_one_postgresql_share_the_work_and_keep_the_order(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However slow this machine is: a leader that sleeps longer than its lease is another test's business.
    monkeypatch.setattr(leases, "LEASE_SECONDS", 600)
    first, second = Database.open(postgres_url), Database.open(postgres_url)
    phone = Phone()
    async with (
        delivering(first, Echo(), phone) as one,
        delivering(second, Echo(), phone) as two,
    ):
        for number in range(1, 21):
            for chat in ("ann", "bob", "cy"):
                await (one if number % 2 else two).receive([said("m", chat=chat, number=number)])
        await settled(one)
        await settled(two)
    first.close()
    second.close()
    for chat in ("ann", "bob", "cy"):
        assert phone.got[chat] == [f"m {number}" for number in range(1, 21)]


async def test_one_process_at_a_time_does_what_must_be_led_and_the_next_takes_over(postgres_url: str) -> None:
    first, second = Database.open(postgres_url), Database.open(postgres_url)
    began: list[str] = []
    working = {name: asyncio.Event() for name in ("first", "second")}

    async def work(name: str) -> None:
        began.append(name)
        working[name].set()
        await asyncio.Event().wait()

    one = Delivery(first, SystemClock(), Echo(), senders={}, caller=add)
    clock = SimulatedClock(SystemClock().now())
    two = Delivery(second, clock, Echo(), senders={}, caller=add)
    leading = asyncio.create_task(one.lead("poll", lambda: work("first")))
    async with asyncio.timeout(10):
        await working["first"].wait()
        waiting = asyncio.create_task(two.lead("poll", lambda: work("second")))
        await clock.somebody_sleeps()
        assert began == ["first"]
        leading.cancel()
        await asyncio.gather(leading, return_exceptions=True)
        await one.stop()
        clock.advance(5)
        await working["second"].wait()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert began == ["first", "second"]
    first.close()
    second.close()


async def test_the_limiter_spaces_messages_to_one_chat(sqlite_url: str) -> None:
    database = Database.open(sqlite_url)
    phone = Phone(limits=Limits(Rate(1000, 10), Rate(20, 1), Rate(1, 1)))
    started = asyncio.get_running_loop().time()
    async with delivering(database, Echo(), phone) as delivery:
        await delivery.receive([said("hi", number=number) for number in range(1, 6)])
        await settled(delivery)
    assert asyncio.get_running_loop().time() - started >= 4 * 0.05
    assert len(phone.got["ann"]) == 5
    database.close()


async def test_more_than_may_wait_for_the_platform_at_once_is_at_rest_too_while_time_stands_still(
    sqlite_url: str,
) -> None:
    database, clock, people = Database.open(sqlite_url), SimulatedClock(SystemClock().now()), 50
    phone = Phone(limits=Limits(Rate(1, 1), Rate(1, 1), Rate(1, 1)))
    async with delivering(database, Echo(), phone, clock=clock) as delivery, asyncio.timeout(20):
        await delivery.receive([said("hi", chat=f"person-{number}") for number in range(people)])
        while (due := await delivery.at_rest()) is not None:
            clock.advance((due - clock.now()).total_seconds())
            await delivery.wake()
    assert [len(got) for got in phone.got.values()] == [1] * people
    database.close()


def test_where_a_platform_has_no_limits_nothing_is_held_back_while_time_stands_still() -> None:
    limiter, now = Limiter(UNLIMITED), SystemClock().now()
    assert {limiter.reserve("ann", group=False, now=now) for _ in range(5000)} == {0}
