"""The bank holds the money until the goods are packed: charged then, let go where the order ends before."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.settings import Settings
from app.stage import Stage
from console import fulfilment
from payments import authorisations
from payments.authorisations import CAPTURE_WITHIN, BeingCharged
from payments.ledger.audit import audit
from payments.ledger.model import Posting
from payments.model import Authorisation, Payment
from sandbox.stories.invariants import Invariants
from sandbox.stripe.model.payments import IntentStatus
from shop.orders import service as orders
from shop.orders.model import Order, OrderStatus
from shop.tasks.model import Task
from storage.engine import Database
from tests.integration.test_invariants import BANK_TIME, bought, placed
from tests.integration.test_ledger import ordered
from tests.integration.test_reconcile import all_of, compared, kinds
from tests.open_shop import settings_that_hold
from tests.trade import NOW

pytestmark = pytest.mark.anyio


@pytest.fixture
def stage_settings() -> Settings:
    """A shop that charges when it packs."""
    return settings_that_hold()


def the_order(session: Session) -> Order:
    return session.scalars(select(Order)).one()


def status(stage: Stage) -> OrderStatus:
    return stage.database.read(the_order).status


def held(stage: Stage) -> str:
    return stage.database.read(lambda session: session.scalars(select(Authorisation.status)).one()).value


def charged(stage: Stage) -> int:
    return sum(each.amount_captured for each in stage.sandbox.stripe.account.charges)


def breaches(stage: Stage) -> list[str]:
    with Invariants(stage) as invariants:
        return invariants.check()


async def screen(stage: Stage, person: Any) -> str:
    await stage.settle()
    return " ".join(str(seen) for seen in await person.screen())


async def charge(stage: Stage) -> None:
    await stage.staff_do(stage.database.read(the_order).reference, fulfilment.charge)
    await stage.settle()


async def cancel(stage: Stage, person: Any) -> None:
    await person.say("cancel my order")
    await stage.settle()
    await person.tap("Yes, cancel it")
    await stage.settle()


@pytest.mark.parametrize("channel", ["telegram", "messenger", "web"])
async def test_it_is_held_when_they_pay_and_charged_when_it_is_packed(stage: Stage, channel: str) -> None:
    ana = stage.person("Ana", channel)
    await bought(stage, ana)
    assert (status(stage), held(stage), charged(stage)) == (OrderStatus.AUTHORISED, "held", 0)
    assert "has set €28.90 aside" in await screen(stage, ana)
    assert breaches(stage) == []
    await charge(stage)
    assert (status(stage), held(stage), charged(stage)) == (OrderStatus.PAID, "captured", 2890)
    assert "Your payment of €28.90 is in" in await screen(stage, ana)
    await stage.staff_move(stage.database.read(the_order).reference, OrderStatus.PACKED)
    await stage.advance(CAPTURE_WITHIN + BANK_TIME)  # what would have charged by itself has nothing to do
    assert charged(stage) == 2890
    assert breaches(stage) == []
    assert (await compared(stage)).left == []


async def test_who_cancels_before_is_never_charged(stage: Stage) -> None:
    ana = stage.person("Ana", "web")
    await bought(stage, ana)
    await cancel(stage, ana)
    assert (status(stage), held(stage), charged(stage)) == (OrderStatus.CANCELLED, "released", 0)
    assert "Nothing was charged" in await screen(stage, ana)
    assert stage.database.read(all_of(Posting)) == []
    assert breaches(stage) == []
    assert (await compared(stage)).left == []


async def test_nobody_packs_and_it_is_charged_before_the_bank_lets_go(stage: Stage) -> None:
    await bought(stage, stage.person("Ana", "web"))
    await stage.advance(CAPTURE_WITHIN - timedelta(hours=1))
    assert status(stage) is OrderStatus.AUTHORISED
    await stage.advance(timedelta(hours=2))
    assert (status(stage), charged(stage)) == (OrderStatus.PAID, 2890)


async def test_what_is_taken_off_meanwhile_is_not_charged(stage: Stage) -> None:
    await bought(stage, stage.person("Ana", "web"))

    def one_less(desk: fulfilment.Desk) -> None:
        (line,) = desk.order.lines
        orders.call_off(desk.session, desk.order, {line.id: 1}, at=desk.at, by="staff")

    await stage.staff_do(stage.database.read(the_order).reference, one_less)
    await charge(stage)
    assert (status(stage), charged(stage)) == (OrderStatus.PAID, 1690)
    assert breaches(stage) == []
    assert (await compared(stage)).left == []


async def test_charging_and_cancelling_at_once_ends_in_one_of_them(stage: Stage) -> None:
    await bought(stage, stage.person("Ana", "web"))
    reference = stage.database.read(the_order).reference

    def both(desk: fulfilment.Desk) -> None:
        fulfilment.charge(desk)
        with pytest.raises(BeingCharged):
            fulfilment.charge(desk)
        fulfilment.cancel(desk, "we changed our mind")

    await stage.staff_do(reference, both)
    await stage.settle()
    await stage.advance(timedelta(hours=1))
    assert status(stage) is OrderStatus.CANCELLED
    account = stage.sandbox.stripe.account
    assert charged(stage) == sum(each.amount for each in account.refunds if each.metadata.get("refund"))
    assert breaches(stage) == []


async def test_the_bank_that_says_no_is_told_to_staff_who_may_try_again(stage: Stage) -> None:
    await bought(stage, stage.person("Ana", "web"))
    (intent,) = stage.sandbox.stripe.account.intents
    intent.amount = 100  # less than we ask for: Stripe refuses
    stage.sandbox.stripe.account.intents.save(intent)
    await charge(stage)
    (task,) = stage.database.read(all_of(Task))
    assert (task.kind.value, status(stage), charged(stage)) == ("capture_failed", OrderStatus.AUTHORISED, 0)
    intent.amount = 2890
    stage.sandbox.stripe.account.intents.save(intent)
    await charge(stage)
    assert (status(stage), charged(stage)) == (OrderStatus.PAID, 2890)


@pytest.mark.parametrize("answer", ["timeout", "lost", "500"])
async def test_it_is_charged_once_whatever_becomes_of_the_answer(stage: Stage, answer: str) -> None:
    await bought(stage, stage.person("Ana", "web"))
    stage.sandbox.stripe.faults.next("POST /v1/payment_intents/{intent}/capture", [answer])
    stage.sandbox.stripe.webhooks.next("payment_intent.succeeded", ["lost"])
    await charge(stage)
    await stage.advance(timedelta(minutes=10))
    assert (status(stage), charged(stage)) == (OrderStatus.PAID, 2890)
    assert breaches(stage) == []


async def test_a_hold_that_the_bank_ends_cancels_the_order(stage: Stage) -> None:
    from sandbox.stripe import intents  # noqa: PLC0415 - ours are called otherwise

    ana = stage.person("Ana", "web")
    await bought(stage, ana)
    account = stage.sandbox.stripe.account
    (intent,) = account.intents
    intents.lapse(account, intent)
    await stage.settle()
    await stage.advance(BANK_TIME)
    assert (status(stage), held(stage), charged(stage)) == (OrderStatus.CANCELLED, "released", 0)
    assert "let go of the €28.90" in await screen(stage, ana)
    assert breaches(stage) == []


async def test_a_hold_of_which_no_notice_came_is_found_when_the_page_closes(stage: Stage) -> None:
    ana = stage.person("Ana", "web")
    await placed(stage, ana)
    stage.sandbox.stripe.webhooks.next("payment_intent.amount_capturable_updated", ["lost"])
    await ana.pay()
    await stage.settle()
    assert status(stage) is OrderStatus.AWAITING_PAYMENT
    await stage.advance(timedelta(minutes=46))
    assert (status(stage), held(stage)) == (OrderStatus.AUTHORISED, "held")
    assert breaches(stage) == []


async def test_reconciling_finds_it_too(stage: Stage) -> None:
    ana = stage.person("Ana", "web")
    await placed(stage, ana)
    stage.sandbox.stripe.webhooks.next("payment_intent.amount_capturable_updated", ["lost"])
    await ana.pay()
    await stage.settle()
    done = await compared(stage)
    assert (kinds(done.mended), done.left) == (["hold_unknown"], [])
    assert status(stage) is OrderStatus.AUTHORISED


def intent(order: Order, state: str, **details: Any) -> dict[str, Any]:
    return {
        "id": "pi_1",
        "status": state,
        "capture_method": "manual",
        "amount_capturable": 2890 if state == "requires_capture" else 0,
        "amount_received": 2890 if state == "succeeded" else 0,
        "currency": "eur",
        "metadata": {"order": str(order.id)},
    } | details


ORDERS_OF_NOTICES = {
    "in order": (["requires_capture", "succeeded"], ["held", "captured"]),
    "the end first": (["succeeded", "requires_capture"], ["captured", "known"]),
    "each twice": (
        ["requires_capture", "requires_capture", "succeeded", "succeeded"],
        ["held", "known", "captured", "captured"],
    ),
    "let go": (["requires_capture", "canceled", "canceled"], ["held", "lapsed", "known"]),
    "let go, of which we know nothing": (["canceled"], ["known"]),
}


@pytest.mark.parametrize("story", ORDERS_OF_NOTICES)
def test_notices_may_come_in_any_order_and_twice(database: Database, story: str) -> None:
    states, expected = ORDERS_OF_NOTICES[story]

    def work(session: Session) -> None:
        order = session.get_one(Order, ordered(session))
        assert order.total_minor == 2890
        heard = [authorisations.hear(session, intent(order, state), at=NOW) for state in states]
        assert [each.value for each in heard] == expected
        assert audit(session) == []

    database.write_now(work)


def test_what_is_charged_at_once_or_another_shops_means_nothing_here(database: Database) -> None:
    def work(session: Session) -> None:
        order = session.get_one(Order, ordered(session))
        at_once = intent(order, "succeeded", capture_method="automatic_async")
        others = intent(order, "requires_capture", metadata={"order": "A-17"})
        heard = [authorisations.hear(session, each, at=NOW).value for each in (at_once, others)]
        assert heard == ["known", "known"]
        assert session.scalars(select(Payment)).all() == []

    database.write_now(work)


def test_another_amount_than_was_due_is_let_go(database: Database) -> None:
    def work(session: Session) -> None:
        order = session.get_one(Order, ordered(session))
        less = intent(order, IntentStatus.REQUIRES_CAPTURE.value, amount_capturable=100)
        assert authorisations.hear(session, less, at=NOW).value == "unwanted"
        assert order.status is OrderStatus.AWAITING_PAYMENT

    database.write_now(work)
