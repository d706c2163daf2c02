"""The delivery engine when something breaks: nothing stays stuck, and nobody waits for somebody else's trouble."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from bot.delivery import engine, inbox, leases, outbox
from bot.delivery.engine import Delivery
from bot.delivery.model import Conversation, InboxEvent, InboxState, OutboxRow, OutboxState
from bot.delivery.turn import Turn
from bot.events import BotBlocked, CallReturned, Event, Inbound, Said
from bot.messages import AnswerInvoiceCheck, Message, PriceLine, Say, SendInvoice
from shop.errors import Rejected
from storage.clock import SystemClock
from storage.engine import Database
from storage.types import JsonObject
from tests.integration.test_delivery import NOW, Echo, Phone, add, delivering, rows, said, settled

pytestmark = pytest.mark.anyio


class Speechless(Echo):
    """Whatever breaks the turn breaks the apology too."""

    def apologise(self, turn: Turn) -> None:
        turn.send(Say(text="sorry"))
        raise ZeroDivisionError("a planted fault")


async def test_an_event_is_parked_even_when_no_apology_can_be_made(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "RETRY_PAUSES_SECONDS", (0.0, 0.0, 0.0, 0.0))
    phone = Phone()
    async with delivering(database, Speechless(fail_on="poison"), phone) as delivery:
        await delivery.receive([said("poison"), said("after", number=2)])
        await settled(delivery)
    assert phone.got["ann"] == ["after 1"], "the lane goes on, and nothing half said was sent"
    assert [row.state for row in rows(database, InboxEvent)] == [InboxState.PARKED, InboxState.DONE]


def test_a_flooded_lane_hides_no_other(database: Database) -> None:
    def work(session: Session) -> list[str]:
        inbox.put(session, [said("spam", number=number) for number in range(500)], at=NOW)
        inbox.put(session, [said("hello", chat="bob")], at=NOW)
        return inbox.lanes_waiting(session, at=NOW, most=2)

    assert database.write_now(work) == ["test:ann", "test:bob"]


def test_lanes_whose_first_event_must_wait_take_no_place(database: Database) -> None:
    def work(session: Session) -> list[str]:
        inbox.put(
            session, [said("a", chat="ann"), said("b", chat="bob"), said("c", chat="bob", number=2)], at=NOW
        )
        inbox.record_failure(session, 1, error="planted", at=NOW)
        return inbox.lanes_waiting(session, at=NOW, most=1)

    assert database.write_now(work) == ["test:bob"]


@dataclass
class Saboteur(Phone):
    """While a message is on its way, the outbox goes away."""

    database: Database | None = None

    async def send(self, chat: str, message: Message) -> str | None:
        assert self.database is not None
        if not self.got[chat]:
            await self.database.run(
                lambda session: session.execute(text("ALTER TABLE outbox RENAME TO gone"))
            )
        return await super().send(chat, message)


async def test_what_was_sent_is_written_down_once_the_database_is_back(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "POLL_SECONDS", 0.05)
    phone = Saboteur(database=database)
    with capture_logs() as logs:
        async with delivering(database, Echo(), phone) as delivery:
            await delivery.receive([said("hi"), said("ho", number=2)])
            async with asyncio.timeout(20):
                while not any(entry["event"] == "outbox.unsettled" for entry in logs):
                    await delivery.clock.sleep(0.01)
                await database.run(lambda session: session.execute(text("ALTER TABLE gone RENAME TO outbox")))
            await settled(delivery)
    assert phone.got["ann"] == ["hi 1", "ho 2"], "once each"
    assert {row.state for row in rows(database, OutboxRow)} == {OutboxState.SENT}


@dataclass
class Switchboard(Echo):
    """Starts a call for everyone, and greets whoever says so."""

    def handle(self, turn: Turn) -> None:
        if turn.event == Said(text="call"):
            turn.call("sum", {"a": 1, "b": 2}, dedupe=f"sum:{turn.inbox_id}")
        elif isinstance(turn.event, Said):
            turn.send(Say(text=turn.event.text))


async def test_nobody_waits_for_a_provider_that_does_not_answer(database: Database) -> None:
    released, waiting = asyncio.Event(), Counter[str]()

    async def slow(call: str, arguments: JsonObject, key: str) -> JsonObject:
        waiting["calls"] += 1
        await released.wait()
        return await add(call, arguments, key)

    phone = Phone()
    async with delivering(database, Switchboard(), phone, slow) as delivery:
        await delivery.receive([said("call", chat=f"buyer-{number}") for number in range(80)])
        async with asyncio.timeout(20):
            while waiting["calls"] < 16:
                await delivery.clock.sleep(0.01)
            await delivery.receive([said("hello", chat="bob")])
            while not phone.got["bob"]:
                await delivery.clock.sleep(0.01)
        released.set()
        await settled(delivery)
    assert phone.got["bob"] == ["hello"]


async def test_on_sqlite_the_next_process_leads_at_once_after_a_kill(sqlite_url: str) -> None:
    database = Database.open(sqlite_url)
    database.write_now(lambda session: leases.take(session, "sender", "killed", at=SystemClock().now()))
    phone = Phone()
    async with delivering(database, Echo(), phone) as delivery:
        await delivery.receive([said("hi")])
        async with asyncio.timeout(leases.LEASE_SECONDS - 1):
            await delivery.settled()
    assert phone.got["ann"] == ["hi 1"]
    assert delivery.epoch == 2
    database.close()


def test_on_postgresql_a_living_leader_is_left_alone_and_a_dead_one_followed(postgres_url: str) -> None:
    database = Database.open(postgres_url)

    def take(owner: str, seconds: float) -> int | None:
        at = NOW + (leases.RENEW_AFTER * seconds / leases.RENEW_AFTER.total_seconds())
        return database.write_now(lambda session: leases.take(session, "sender", owner, at=at))

    assert take("one", 0) == 1
    assert take("two", leases.LEASE_SECONDS - 1) is None
    assert take("one", leases.LEASE_SECONDS - 1) == 1
    assert take("two", leases.LEASE_SECONDS + 1) is None, "it was renewed"
    assert take("two", 2 * leases.LEASE_SECONDS) == 2
    assert take("one", 2 * leases.LEASE_SECONDS) is None
    database.close()


async def test_a_leader_whose_database_was_away_leads_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RENEW_AFTER", "RENEW_ALONE_AFTER"):
        monkeypatch.setattr(leases, name, timedelta(seconds=0.05))
    states: asyncio.Queue[str] = asyncio.Queue()

    async def work() -> None:
        await states.put("leads")
        try:
            await asyncio.Event().wait()
        finally:
            await states.put("rests")

    async def rename(before: str, after: str) -> None:
        statement = text(f"ALTER TABLE {before} RENAME TO {after}")
        await database.run(lambda session: session.execute(statement))

    delivery = Delivery(database, SystemClock(), Echo(), senders={}, caller=add)
    leading = asyncio.create_task(delivery.lead("poll", work))
    async with asyncio.timeout(20):
        assert await states.get() == "leads"
        await rename("lease", "gone")
        assert await states.get() == "rests"
        await rename("gone", "lease")
        assert await states.get() == "leads"
    leading.cancel()
    await asyncio.gather(leading, return_exceptions=True)


INVOICE = SendInvoice(
    title="Order 7K3Q9T",
    description="a mug",
    payload="7",
    currency="EUR",
    lines=(PriceLine(label="Mug", amount_minor=1200),),
)


@dataclass
class Biller(Echo):
    """Sends an invoice, and remembers what comes of it."""

    returned: list[CallReturned] = field(default_factory=list)

    def handle(self, turn: Turn) -> None:
        if isinstance(turn.event, CallReturned):
            self.returned.append(turn.event)
        else:
            turn.send(INVOICE)


async def test_an_invoice_that_no_one_will_take_comes_back_as_an_event(database: Database) -> None:
    handler, phone = Biller(), Phone(troubles=[Rejected("no payment provider")])
    async with delivering(database, handler, phone) as delivery:
        await delivery.receive([said("bill me")])
        await settled(delivery)
    (returned,) = handler.returned
    assert (returned.call, returned.result, returned.error) == ("send_invoice", None, "no payment provider")
    assert returned.arguments["payload"] == "7"


@dataclass
class Blockable(Echo):
    """Greets, and notes who has stopped the bot; answers invoice checks always."""

    def handle(self, turn: Turn) -> None:
        match turn.event:
            case BotBlocked(blocked=blocked):
                turn.conversation.blocked = blocked
            case Said(text="check"):
                assert turn.send(AnswerInvoiceCheck(query="q1"), dedupe="check")
            case Said(text=words):
                assert turn.send(Say(text=words)) is not turn.conversation.blocked
            case _:
                raise AssertionError(turn.event)


@dataclass
class AnyPhone(Phone):
    """Takes everything."""

    messages: list[Message] = field(default_factory=list)

    async def send(self, chat: str, message: Message) -> str | None:
        self.messages.append(message)
        return None


def event(what: Event, number: int) -> Inbound:
    return said("").model_copy(update={"event": what, "external_id": str(number), "sequence": number})


async def test_who_stopped_the_bot_hears_nothing_but_the_answer_to_a_payment(database: Database) -> None:
    phone = AnyPhone()
    blocked, back = BotBlocked(blocked=True), BotBlocked(blocked=False)
    story: list[Any] = [Said(text="a"), blocked, Said(text="b"), Said(text="check"), back, Said(text="c")]
    async with delivering(database, Blockable(), phone) as delivery:
        await delivery.receive([event(what, number) for number, what in enumerate(story)])
        await settled(delivery)
    said_to_them = [message for message in phone.messages if isinstance(message, Say)]
    assert said_to_them == [Say(text="a"), Say(text="c")]
    assert AnswerInvoiceCheck(query="q1") in phone.messages
    assert not database.read(lambda session: session.get_one(Conversation, "test:ann").blocked)
    assert {row.state for row in rows(database, OutboxRow)} == {OutboxState.SENT}


def test_each_room_is_claimed_from_on_its_own(database: Database) -> None:
    def work(session: Session) -> list[list[str]]:
        outbox.queue_call(session, "test:ann", "sum", {}, dedupe="call", at=NOW)
        outbox.queue_message(session, "test:ann", Say(text="hello"), dedupe="message", at=NOW)
        outbox.queue_message(session, "test:ann", AnswerInvoiceCheck(query="q"), dedupe="check", at=NOW)
        return [
            [
                row.dedupe
                for row in outbox.claim(
                    session, at=NOW, epoch=1, most=9, kind=room.kind, priority_max=room.priority_max
                )
            ]
            for room in engine.ROOMS
        ]

    assert database.write_now(work) == [["check"], ["message"], ["call"]]


async def test_a_postgresql_that_hangs_up_on_us_loses_and_repeats_nothing(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "RETRY_PAUSES_SECONDS", (0.05, 0.05, 0.05, 0.05))
    monkeypatch.setattr(engine, "POLL_SECONDS", 0.05)
    database = Database.open(postgres_url)
    url = postgres_url.replace("postgresql+psycopg://", "postgresql://")
    phone = Phone()
    async with delivering(database, Echo(), phone) as delivery:
        for number in range(1, 16):
            await _insist(delivery, said("m", number=number))
            if number % 5 == 0:
                await asyncio.to_thread(_hang_up, url)
        await settled(delivery)
    database.close()
    assert phone.got["ann"] == [f"m {number}" for number in range(1, 16)]


async def _insist(delivery: Delivery, inbound: Inbound) -> None:
    """As a platform does: deliver again what was not acknowledged."""
    while True:
        try:
            await delivery.receive([inbound])
        except OperationalError:
            continue
        return


def _hang_up(url: str) -> None:
    """Close every connection to this database but our own."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
