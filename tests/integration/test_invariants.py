"""What stories and simulations check after every step: it holds when all goes well, and each rule can fail."""

import logging
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import structlog
from sqlalchemy import delete, insert, select, update

from app.stage import Stage
from bot.delivery.model import InboxEvent, InboxState, OutboxRow
from bot.transcript import Author, Utterance
from payments.model import Payment, Refund, RefundStatus
from sandbox.messenger import faults as messenger_faults
from sandbox.people.person import Person
from sandbox.stories.invariants import Invariants
from sandbox.stripe import disputes
from sandbox.stripe.disputes import LOSING, WINNING
from sandbox.telegram import faults as telegram_faults
from shop.catalogue.model import Product, Variant
from shop.orders.model import Order, OrderMove, OrderStatus
from storage.ids import new_id

pytestmark = pytest.mark.anyio

BANK_TIME = timedelta(minutes=2)  # the banks of the sandbox take one to decide


@pytest.fixture
def shop_database_url() -> None:
    """The one in the shop's home: SQLite will do for these."""


@pytest.fixture
def invariants(stage: Stage) -> Iterator[Invariants]:
    with Invariants(stage) as invariants:
        yield invariants


async def placed(stage: Stage, person: Person) -> None:
    for words in (
        "2 black mugs",
        "checkout",
        "Ana Ruiz",
        "standard",
        "Kouter 1, 9000 Ghent",
        "+32 9 123 45 67",
    ):
        await person.say(words)
        await stage.settle()
    await person.tap("Pay")
    await stage.settle()


async def bought(stage: Stage, person: Person, card: str = "visa") -> None:
    await placed(stage, person)
    assert (await person.pay(card)).paid
    await stage.settle()


async def change(stage: Stage, statement: Any) -> None:
    await stage.database.run(lambda session: session.execute(statement))


@pytest.mark.parametrize("channel", ["telegram", "messenger", "web"])
async def test_all_holds_while_somebody_buys_and_calls_it_off(
    stage: Stage, invariants: Invariants, channel: str
) -> None:
    ana = stage.person("Ana", channel)
    assert invariants.check() == []
    await placed(stage, ana)
    assert invariants.check() == []
    assert not (await ana.pay("declined")).paid
    await ana.pay("visa")
    await stage.settle()
    assert invariants.check() == []
    await ana.pay(again=True)
    await ana.say("cancel my order")
    await stage.settle()
    await ana.tap("Yes, cancel it")
    await stage.settle()
    assert invariants.check() == []
    await stage.crash()
    await stage.advance(timedelta(hours=30))
    assert invariants.check() == []


async def test_a_notice_that_is_late_or_lost_is_no_breach(stage: Stage, invariants: Invariants) -> None:
    ana, bo = stage.person("Ana", "web"), stage.person("Bo", "web")
    await placed(stage, ana)
    await placed(stage, bo)
    stage.sandbox.stripe.webhooks.next("checkout.session.completed", ["late:600", "lost"])
    await ana.pay()
    await bo.pay()
    await stage.settle()
    assert invariants.check() == []
    await stage.advance(timedelta(hours=25))
    assert invariants.check() == []


async def test_money_that_was_taken_and_is_not_in_our_books_is_named(
    stage: Stage, invariants: Invariants
) -> None:
    stage.sandbox.stripe.charge(2400, "EUR", "visa", "nobody's order")
    assert any("has no payment in our books" in each for each in invariants.check())


async def test_a_payment_that_nobody_made_is_named(stage: Stage, invariants: Invariants) -> None:
    ana = stage.person("Ana", "web")
    await bought(stage, ana)
    known: Payment = stage.database.read(lambda session: session.scalars(select(Payment)).one())
    values = {"id": new_id(), "order_id": known.order_id, "provider": "stripe", "reference": "pi_invented"}
    values |= {"amount_minor": 100, "currency": "EUR", "received_at": stage.clock.now()}
    await change(stage, insert(Payment).values(values))
    breaches = invariants.check()
    assert any("nobody was charged" in each for each in breaches)
    assert any("is owed" in each for each in breaches), "more was kept than the order costs"


async def test_a_payment_of_another_amount_is_named(stage: Stage, invariants: Invariants) -> None:
    await bought(stage, stage.person("Ana", "web"))
    await change(stage, update(Payment).values(amount_minor=1))
    assert any("was charged" in each for each in invariants.check())


async def test_a_cancelled_order_whose_money_stays_is_named(stage: Stage, invariants: Invariants) -> None:
    await bought(stage, stage.person("Ana", "telegram"))
    order: Order = stage.database.read(lambda session: session.scalars(select(Order)).one())
    move = {"order_id": order.id, "before": OrderStatus.PAID, "after": OrderStatus.CANCELLED, "by": "a test"}
    await change(stage, update(Order).values(status=OrderStatus.CANCELLED))
    await change(stage, insert(OrderMove).values({**move, "at": stage.clock.now(), "why": ""}))
    breaches = invariants.check()
    assert any("2890 was kept, and 0 is owed" in each for each in breaches)
    assert any("but orders hold 0" in each for each in breaches)


async def test_an_order_that_jumped_is_named(stage: Stage, invariants: Invariants) -> None:
    await placed(stage, stage.person("Ana", "telegram"))
    await change(stage, update(Order).values(status=OrderStatus.PACKED))
    await change(stage, update(Variant).values(on_hand=Variant.on_hand + 1))
    assert any("which no move of it led to" in each for each in invariants.check())


async def test_moves_that_do_not_follow_each_other_are_named(stage: Stage, invariants: Invariants) -> None:
    await bought(stage, stage.person("Ana", "telegram"))
    order: Order = stage.database.read(lambda session: session.scalars(select(Order)).one())
    again = {"before": OrderStatus.AWAITING_PAYMENT, "after": OrderStatus.PAID, "by": "a test", "why": ""}
    await change(stage, insert(OrderMove).values({**again, "order_id": order.id, "at": stage.clock.now()}))
    assert any("while it was paid" in each for each in invariants.check())


async def test_a_refund_of_which_our_books_know_nothing_is_named(
    stage: Stage, invariants: Invariants
) -> None:
    ana = stage.person("Ana", "web")
    await bought(stage, ana)
    await ana.say("cancel my order")
    await stage.settle()
    await ana.tap("Yes, cancel it")
    await stage.settle()
    assert invariants.check() == []
    with sqlite3.connect(stage.home.folder / "parley.db") as raw:  # a shop's own connection would refuse
        raw.execute("DELETE FROM refund")
    raw.close()
    breaches = invariants.check()
    assert any("our books know nothing" in each for each in breaches)


async def test_a_refund_that_is_promised_and_never_sent_is_named(
    stage: Stage, invariants: Invariants
) -> None:
    await bought(stage, stage.person("Ana", "web"))
    payment: Payment = stage.database.read(lambda session: session.scalars(select(Payment)).one())
    values = {
        "id": new_id(),
        "payment_id": payment.id,
        "amount_minor": 100,
        "currency": "EUR",
        "reason": "test",
    }
    await change(stage, insert(Refund).values({**values, "asked_at": stage.clock.now()}))
    assert any("nothing is under way to send it" in each for each in invariants.check())
    await change(stage, update(Refund).values(status=RefundStatus.SETTLED))
    assert any("Stripe gave nothing back" in each for each in invariants.check())


async def test_a_ledger_of_stripe_that_does_not_add_up_is_named(stage: Stage, invariants: Invariants) -> None:
    await bought(stage, stage.person("Ana", "web"))
    account = stage.sandbox.stripe.account
    line = next(iter(account.balance))
    account.balance.save(line.model_copy(update={"id": "txn_twice"}))
    assert any("Stripe's balance is" in each for each in invariants.check())


async def called_off(stage: Stage, person: Person) -> None:
    await person.say("cancel my order")
    await stage.settle()
    await person.tap("Yes, cancel it")
    await stage.settle()


async def test_a_refund_that_the_bank_sends_back_is_no_breach_once_we_know_of_it(
    stage: Stage, invariants: Invariants
) -> None:
    ana = stage.person("Ana", "web")
    await bought(stage, ana, "refund_fails")
    stage.sandbox.stripe.webhooks.next("refund.failed", ["late:3600"])
    await called_off(stage, ana)
    assert invariants.check() == []
    await stage.advance(BANK_TIME)
    (refund,) = stage.sandbox.stripe.account.refunds
    assert refund.came_back
    assert invariants.check() == [], "its notice is late"
    await stage.advance(timedelta(hours=2))
    assert invariants.check() == []
    await change(stage, update(Refund).values(status=RefundStatus.SETTLED))
    assert any("is settled in our books, but at Stripe it came back" in each for each in invariants.check())


async def test_a_refund_that_was_called_off_at_stripe_is_the_shops_money_again(
    stage: Stage, invariants: Invariants
) -> None:
    ana = stage.person("Ana", "web")
    await bought(stage, ana, "refund_pending")
    await called_off(stage, ana)
    (refund,) = stage.sandbox.stripe.account.refunds
    stage.sandbox.stripe.cancel_refund(refund.id)
    await stage.settle()
    assert invariants.check() == []
    await change(stage, update(Refund).values(status=RefundStatus.PENDING))
    assert any("is pending in our books, but at Stripe it was called off" in e for e in invariants.check())


async def test_a_refund_that_arrived_and_failed_in_our_books_is_named(
    stage: Stage, invariants: Invariants
) -> None:
    ana = stage.person("Ana", "web")
    await bought(stage, ana)
    await called_off(stage, ana)
    await change(stage, update(Refund).values(status=RefundStatus.FAILED))
    assert any("is failed in our books, but at Stripe it arrived" in each for each in invariants.check())


@pytest.mark.parametrize("ending", ["open", "won", "lost", "inquiry"])
async def test_a_disputed_payment_is_in_the_ledger_as_it_ends(
    stage: Stage, invariants: Invariants, ending: str
) -> None:
    ana, account = stage.person("Ana", "web"), stage.sandbox.stripe.account
    await bought(stage, ana, "inquiry" if ending == "inquiry" else "disputed")
    await stage.advance(BANK_TIME)
    (dispute,) = account.disputes
    assert invariants.check() == []
    if ending in {"won", "lost"}:
        evidence = {"uncategorized_text": WINNING if ending == "won" else LOSING}
        disputes.update(account, dispute, evidence=evidence, submit=True, metadata={})
        await stage.advance(BANK_TIME)
        assert dispute.status == ending
    assert dispute.blocks_refunds == (ending in {"open", "lost"})
    assert invariants.check() == []
    await called_off(stage, ana)
    assert invariants.check() == []


@pytest.mark.parametrize("what", ["a withdrawal", "a refund that came back"])
async def test_money_that_moved_and_is_not_in_the_ledger_is_named(
    stage: Stage, invariants: Invariants, what: str
) -> None:
    ana, account = stage.person("Ana", "web"), stage.sandbox.stripe.account
    await bought(stage, ana, "disputed" if what == "a withdrawal" else "refund_fails")
    if what != "a withdrawal":
        await called_off(stage, ana)
    await stage.advance(BANK_TIME)
    assert invariants.check() == []
    kind = "adjustment" if what == "a withdrawal" else "refund_failure"
    (line,) = (each for each in account.balance if each.type == kind)
    account.balance.delete(line.id)
    assert any("Stripe's balance is" in each for each in invariants.check())


async def test_stock_below_zero_is_named(stage: Stage, invariants: Invariants) -> None:
    with sqlite3.connect(stage.home.folder / "parley.db") as raw:
        raw.execute("PRAGMA ignore_check_constraints = ON")  # or the database itself would refuse
        raw.execute("UPDATE variant SET on_hand = -1 WHERE tracked = 1 AND oversell = 0")
    raw.close()
    assert any("-1 on hand" in each for each in invariants.check())


async def test_stock_that_is_promised_to_nobody_is_named(stage: Stage, invariants: Invariants) -> None:
    of_mug = select(Product.id).where(Product.handle == "black-mug").scalar_subquery()
    await change(stage, update(Variant).where(Variant.product_id == of_mug).values(allocated=1))
    assert any("black-mug" in each and "orders hold 0" in each for each in invariants.check())


@pytest.mark.parametrize("channel", ["telegram", "messenger", "stripe"])
async def test_an_event_that_was_acknowledged_and_is_not_there_is_named(
    stage: Stage, invariants: Invariants, channel: str
) -> None:
    ana = stage.person("Ana", "web" if channel == "stripe" else channel)
    await bought(stage, ana)
    await change(stage, delete(InboxEvent).where(InboxEvent.source == channel))
    assert any("is not in the inbox" in each for each in invariants.check())


async def test_something_said_that_had_its_effect_twice_or_never_is_named(
    stage: Stage, invariants: Invariants
) -> None:
    ana = stage.person("Ana", "telegram")
    await ana.say("hello")
    await stage.settle()
    assert invariants.check() == []
    said: Utterance = stage.database.read(
        lambda session: session.scalars(select(Utterance).where(Utterance.author == Author.CUSTOMER)).first()
    )
    line = {"conversation": said.conversation, "author": Author.CUSTOMER, "content": said.content}
    await change(stage, insert(Utterance).values({**line, "at": stage.clock.now()}))
    assert any("2 things said were worked on, but 3 had an effect" in each for each in invariants.check())
    await change(stage, delete(Utterance))
    assert any("but 0 had an effect" in each for each in invariants.check())


async def test_an_event_that_was_given_up_is_named(stage: Stage, invariants: Invariants) -> None:
    await stage.person("Ana", "web").say("hello")
    await stage.settle()
    await change(stage, update(InboxEvent).values(state=InboxState.PARKED, error="Boom\nKeyError: 'x'"))
    assert any("was given up: KeyError: 'x'" in each for each in invariants.check())


@pytest.mark.parametrize("channel", ["telegram", "messenger"])
async def test_a_message_that_was_sent_twice_without_need_is_named(
    stage: Stage, invariants: Invariants, channel: str
) -> None:
    ana = stage.person("Ana", channel)
    await ana.say("hello")
    await stage.settle()
    assert invariants.check() == []
    row: OutboxRow = stage.database.read(
        lambda session: session.scalars(
            select(OutboxRow)
            .where(OutboxRow.payload["kind"].as_string() == "say")
            .order_by(OutboxRow.id.desc())
        ).first()
    )
    await stage.parley.delivery._send_message(row)
    assert any("was told 2 times, and 1 were meant" in each for each in invariants.check())


@pytest.mark.parametrize("channel", ["telegram", "messenger"])
async def test_a_message_sent_twice_because_its_answer_was_lost_is_no_breach(
    stage: Stage, invariants: Invariants, channel: str
) -> None:
    ana = stage.person("Ana", channel)
    await ana.say("hello")
    await stage.settle()
    stage.sandbox.telegram.faults.next("sendMessage", [telegram_faults.drop(served=True)])
    stage.sandbox.messenger.faults.next("messages", [messenger_faults.drop(served=True)])
    await ana.look()
    await ana.say("what can you do?")
    await stage.settle()
    assert stage.sandbox.telegram.faults.unanswered + stage.sandbox.messenger.faults.unanswered == 1
    assert invariants.check() == []


async def test_a_traceback_in_a_log_is_named(stage: Stage, invariants: Invariants) -> None:
    assert invariants.check() == []
    try:
        {}["planted"]
    except KeyError:
        structlog.get_logger().exception("something.broke")
        logging.getLogger("a.library").exception("something else broke")
    breaches = invariants.check()
    assert [each for each in breaches if "something.broke: KeyError: 'planted'" in each]
    assert [each for each in breaches if "a.library: something else broke" in each]


async def test_logs_are_let_go_of_at_the_end(stage: Stage) -> None:
    before = list(structlog.get_config()["processors"]), list(logging.getLogger().handlers)
    Invariants(stage).close()
    assert (list(structlog.get_config()["processors"]), list(logging.getLogger().handlers)) == before
