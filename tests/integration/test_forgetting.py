"""Being forgotten: no table tells of the person any more, and the books are what they were."""

import json
import re
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.stage import Stage
from payments import refunds
from payments.ledger.audit import audit
from payments.ledger.model import Account, Posting
from payments.model import Payment
from sandbox.people.person import Person
from shop.customers.forgetting import FORGOTTEN
from shop.orders.model import Order, OrderStatus
from shop.tasks.model import TaskKind
from shop.tasks.service import open_task
from storage.types import Base
from tests.integration.test_invariants import bought

pytestmark = pytest.mark.anyio

OF_THE_PERSON = re.compile(r"\bana\b|kouter|\+3291234567|\+32 9 123|ana@example.com", re.IGNORECASE)


def told(session: Session) -> dict[str, set[str]]:
    """Table → which words about the person stand in it, in any column of any row."""
    found: dict[str, set[str]] = {}
    for table in Base.metadata.sorted_tables:
        rows = [list(row) for row in session.execute(select(table))]
        there = set(OF_THE_PERSON.findall(json.dumps(rows, default=str, ensure_ascii=False)))
        if there:
            found[table.name] = there
    return found


def postings(session: Session) -> list[tuple[object, ...]]:
    return [tuple(row) for row in session.execute(select(Posting.__table__).order_by(Posting.id))]


def the_order(session: Session) -> Order:
    return session.scalars(select(Order)).one()


async def say(stage: Stage, person: Person, words: str) -> str:
    await person.say(words)
    await stage.settle()
    return (await person.screen())[-1].text


async def forgotten(stage: Stage, person: Person) -> None:
    await say(stage, person, "delete my data")
    await person.tap("Yes, delete it")
    await stage.settle()


async def delivered(stage: Stage, person: Person) -> str:
    await bought(stage, person)
    reference = stage.database.read(the_order).reference
    for status in (OrderStatus.PACKED, OrderStatus.SHIPPED):
        await stage.staff_move(reference, status)
    await stage.staff_deliver(reference, None)
    await stage.settle()
    return reference


@pytest.mark.parametrize("channel", ["telegram", "messenger", "web"])
async def test_no_table_tells_of_them_and_the_books_are_what_they_were(stage: Stage, channel: str) -> None:
    ana = stage.person("Ana", channel)
    await delivered(stage, ana)
    assert stage.database.read(told), "there was something to forget"
    books = stage.database.read(postings)
    await forgotten(stage, ana)
    assert set(stage.database.read(told)) <= {"inbox", "outbox", "utterance", "turn_trace"}
    await stage.advance(timedelta(hours=2))
    assert stage.database.read(told) == {}
    assert stage.database.read(postings) == books
    assert stage.database.read(audit) == []
    order = stage.database.read(the_order)
    assert (order.status, order.name, order.conversation) == (OrderStatus.COMPLETED, FORGOTTEN, FORGOTTEN)


async def test_whoever_writes_again_is_somebody_new_and_what_they_say_stays(stage: Stage) -> None:
    ana = stage.person("Ana", "web")
    await delivered(stage, ana)
    await forgotten(stage, ana)
    assert "no orders" in await say(stage, ana, "where is my order?")
    await say(stage, ana, "2 black mugs")
    await stage.advance(timedelta(hours=2))
    assert "2 × Black stoneware mug" in await say(stage, ana, "show my cart")


async def test_a_parcel_on_its_way_and_open_business_of_staff_must_end_first(stage: Stage) -> None:
    ana = stage.person("Ana", "web")
    await bought(stage, ana)
    reference = stage.database.read(the_order).reference
    assert reference in await say(stage, ana, "delete my data")
    for status in (OrderStatus.PACKED, OrderStatus.SHIPPED):
        await stage.staff_move(reference, status)
    await stage.staff_deliver(reference, None)

    def open_one(session: Session) -> None:
        order = the_order(session)
        cause, at = f"dispute:{order.id}", stage.clock.now()
        open_task(session, TaskKind.DISPUTE, cause=cause, at=at, facts={}, order_id=order.id)

    await stage.database.run(open_one)
    assert reference in await say(stage, ana, "delete my data")


async def test_money_that_staff_gave_back_by_hand_is_not_waited_for(stage: Stage) -> None:
    ana = stage.person("Ana", "web")
    reference = await delivered(stage, ana)
    now = stage.clock.now()

    def fails(session: Session) -> UUID:
        payment = session.scalars(select(Payment)).one()
        refund = refunds.ask(session, payment, reason="goodwill", at=now, amount_minor=100)
        refunds.fail(session, refund.id, error="refused", unsure=False, at=now)
        return refund.id

    refund_id = await stage.database.run(fails)
    assert reference in await say(stage, ana, "delete my data")
    await stage.database.run(
        lambda session: refunds.give_otherwise(
            session, refund_id, out_of=Account.CASH, by="mia", at=now, note="at the counter"
        )
    )
    assert "Shall I?" in await say(stage, ana, "delete my data")
