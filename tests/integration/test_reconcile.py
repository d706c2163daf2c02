"""Our books beside Stripe's: each difference is named, mended where that is safe, or left for staff."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.running import schedule_reconciling
from app.stage import Stage
from bot.actions.reconciling import Reconciled, next_night, reconcile
from payments import reconciliation, refunds
from payments.ledger.audit import audit
from payments.model import Payment, Reconciliation, Refund
from shop.orders.model import Order
from shop.tasks.model import Task
from tests.integration.test_disputes import balances
from tests.integration.test_invariants import BANK_TIME, bought, called_off, change, placed

pytestmark = pytest.mark.anyio


@pytest.fixture
def shop_database_url() -> None:
    """The one in the shop's home: SQLite will do for these."""


async def compared(stage: Stage) -> Reconciled:
    """Ask Stripe over the wire, compare, and let the shop hear what was mended."""
    assert stage.parley.stripe is not None
    at = stage.clock.now()
    since = at - timedelta(days=30)
    account = await stage.parley.stripe.call("list_account", reconciliation.window(since), "none")
    done = await stage.database.run(lambda session: reconcile(session, account, since=since, at=at))
    await stage.parley.delivery.wake()
    await stage.settle()
    return done


def kinds(found: list[reconciliation.Difference]) -> list[str]:
    return [each.kind.value for each in found]


def open_tasks(session: Session) -> list[str]:
    return [each.facts["kind"] for each in session.scalars(select(Task).where(Task.closed_at.is_(None)))]


def all_of(model: Any) -> Any:
    return lambda session: session.scalars(select(model)).all()


@pytest.mark.parametrize("channel", ["web", "telegram"])
async def test_a_clean_shop_reconciles_to_zero_and_its_fees_are_posted_once(
    stage: Stage, channel: str
) -> None:
    ana = stage.person("Ana", channel)
    await bought(stage, ana)
    first = await compared(stage)
    assert (first.mended, first.left, first.fees_posted) == ([], [], 1)
    assert first.kept.checked >= 1
    await called_off(stage, ana)
    second = await compared(stage)
    assert (second.mended, second.left, second.fees_posted) == ([], [], 0)
    net = sum(line.net for line in stage.sandbox.stripe.account.balance)
    assert stage.database.read(balances)["stripe"] == net
    assert stage.database.read(audit) == []


async def test_a_payment_whose_notice_was_lost_pays_its_order(stage: Stage) -> None:
    ana = stage.person("Ana", "web")
    await placed(stage, ana)
    stage.sandbox.stripe.webhooks.next("checkout.session.completed", ["lost"])
    await ana.pay()
    await stage.settle()
    done = await compared(stage)
    assert (kinds(done.mended), done.left) == (["session_paid"], [])
    (order,) = stage.database.read(all_of(Order))
    assert order.status == "paid"
    assert (await compared(stage)).mended == []


async def test_money_of_which_nothing_of_ours_knows_is_left_to_staff(stage: Stage) -> None:
    stage.sandbox.stripe.charge(2400, "EUR", "visa", "typed into the dashboard")
    assert (await compared(stage)).left == [], "it may be on its way to us"
    await stage.advance(timedelta(minutes=11))
    assert kinds((await compared(stage)).left) == ["unknown_payment"]
    assert stage.database.read(open_tasks) == ["unknown_payment"]


async def test_a_payment_that_the_provider_does_not_know_is_left_to_staff_until_it_is_gone(
    stage: Stage,
) -> None:
    await bought(stage, stage.person("Ana", "telegram"))
    (payment,) = stage.database.read(all_of(Payment))
    await change(stage, update(Payment).values(reference="pi_invented"))
    left = kinds((await compared(stage)).left)
    assert left == ["missing_at_provider"]
    await change(stage, update(Payment).values(reference=payment.reference))
    assert (await compared(stage)).left == []
    assert stage.database.read(open_tasks) == []


async def test_another_amount_is_named_here_and_in_our_own_ledger(stage: Stage) -> None:
    await bought(stage, stage.person("Ana", "web"))
    await change(stage, update(Payment).values(amount_minor=1))
    assert kinds((await compared(stage)).left) == ["amount_differs", "ledger"]


async def test_a_refund_that_came_back_unheard_is_heard_now(stage: Stage) -> None:
    ana = stage.person("Ana", "web")
    await bought(stage, ana, "refund_fails")
    stage.sandbox.stripe.webhooks.next("refund.failed", ["lost"])
    stage.sandbox.stripe.webhooks.next("refund.updated", ["lost"])
    await called_off(stage, ana)
    await stage.advance(BANK_TIME)
    done = await compared(stage)
    assert (kinds(done.mended), done.left) == (["refund_status_differs"], [])
    (refund,) = stage.database.read(all_of(Refund))
    assert refund.status == "failed"


async def test_a_refund_that_was_never_sent_is_sent(stage: Stage) -> None:
    await bought(stage, stage.person("Ana", "web"))

    def promise(session: Session) -> None:
        (payment,) = session.scalars(select(Payment))
        refunds.ask(session, payment, reason="goodwill", at=stage.clock.now(), amount_minor=100)

    await stage.database.run(promise)
    assert (await compared(stage)).mended == [], "somebody may be about to send it"
    await stage.advance(timedelta(hours=3))
    done = await compared(stage)
    assert (kinds(done.mended), done.left) == (["refund_never_sent"], [])
    (refund,) = stage.database.read(all_of(Refund))
    assert refund.status == "settled"
    (there,) = stage.sandbox.stripe.account.refunds
    assert there.amount == 100


async def test_a_refund_made_in_the_dashboard_is_left_to_staff(stage: Stage) -> None:
    await bought(stage, stage.person("Ana", "web"))
    (payment,) = stage.database.read(all_of(Payment))
    assert stage.parley.stripe is not None
    await stage.parley.stripe.call("refund", {"payment_intent": payment.reference, "amount": 5}, "by hand")
    await stage.settle()
    assert kinds((await compared(stage)).left) == ["refund_unknown"]


async def test_a_dispute_of_which_no_notice_came_freezes_its_order(stage: Stage) -> None:
    for notice in ("charge.dispute.created", "charge.dispute.funds_withdrawn"):
        stage.sandbox.stripe.webhooks.next(notice, ["lost"])
    await bought(stage, stage.person("Ana", "web"), "disputed")
    await stage.advance(BANK_TIME)
    done = await compared(stage)
    assert (kinds(done.mended), done.left) == (["dispute_differs"], [])
    (order,) = stage.database.read(all_of(Order))
    assert order.frozen is not None


async def test_a_fee_of_another_amount_is_named(stage: Stage) -> None:
    await bought(stage, stage.person("Ana", "web"))
    assert (await compared(stage)).fees_posted == 1
    account = stage.sandbox.stripe.account
    (line,) = account.balance
    line.fee += 1
    account.balance.save(line)
    assert kinds((await compared(stage)).left) == ["fee_differs"]


async def test_it_runs_every_night_and_keeps_what_it_found(stage: Stage) -> None:
    await bought(stage, stage.person("Ana", "web"))
    schedule_reconciling(stage.parley)
    schedule_reconciling(stage.parley)
    await stage.advance(timedelta(days=2))
    kept: list[Reconciliation] = stage.database.read(all_of(Reconciliation))
    assert [each.found for each in kept] == [[], []]
    local = kept[0].at.astimezone(ZoneInfo(stage.settings.shop.time_zone))
    assert (local.hour, local.minute) == (3, 30)


def test_the_night_is_the_shops_own() -> None:
    brussels = ZoneInfo("Europe/Brussels")
    late = datetime(2026, 11, 22, 23, tzinfo=UTC)
    assert next_night(late, brussels) == datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
    assert next_night(datetime(2026, 11, 23, 2, 30, tzinfo=UTC), brussels) == datetime(
        2026, 11, 24, 2, 30, tzinfo=UTC
    )
