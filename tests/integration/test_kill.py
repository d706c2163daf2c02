"""kill -9 at every point of a purchase, on both databases: after a restart it goes on, and nothing happened twice.

The shop is a process of its own (tests/killable.py); Telegram and Stripe are here, so that they can hold it at a
known point while it is killed.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString

import httpx
import psycopg
import pytest
from sqlalchemy import func, select, text

from app.stage import Template
from bot.delivery.model import InboxEvent, InboxState, OutboxRow
from sandbox.stripe import wire
from sandbox.telegram.faults import hang
from shop.orders.model import OrderStatus
from storage.clock import SystemClock
from tests.conftest import ENGINES
from tests.integration.killed_shop import ShopProcess, bought_once, heard, killable, url_of
from tests.open_shop import Telegrammer
from tests.scenarios.payments.buying import (
    charges,
    check_out,
    fill_cart,
    order,
    session_of,
    until,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(params=ENGINES)
async def shop(
    request: pytest.FixtureRequest, shop_template: Template, tmp_path: Path
) -> AsyncGenerator[ShopProcess]:
    async with killable(request, shop_template, tmp_path, request.param) as opened:
        yield opened


@pytest.fixture
async def shop_on_postgresql(
    request: pytest.FixtureRequest, shop_template: Template, tmp_path: Path
) -> AsyncGenerator[ShopProcess]:
    async with killable(request, shop_template, tmp_path, "postgresql") as opened:
        yield opened


@pytest.fixture
def stripe_holds(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """A request under the fault "slow" is worked on, and answered only once this is set."""
    released = asyncio.Event()

    async def linger(self: Any, asked: Any) -> None:
        self._idempotency.begin(asked.key)
        await released.wait()
        self._idempotency.end(asked.key)

    monkeypatch.setattr(wire.Api, "_linger", linger)
    return released


async def blocked_by_a_lock(shop: ShopProcess) -> None:
    """Somebody in the process waits for a lock that this test holds."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    await until(lambda: shop.read(lambda session: session.scalar(waiting)))


@contextmanager
def holding(shop: ShopProcess, statement: LiteralString) -> Generator[None]:
    """Row locks of another session, until the block ends."""
    with psycopg.connect(url_of(shop.database)) as connection:
        connection.execute(statement)
        yield
        connection.rollback()


# ---------------------------------------------------------------------- asking


async def test_a_message_that_was_kept_is_answered_after_the_restart(shop_on_postgresql: ShopProcess) -> None:
    """Killed between the inbox and the turn: another session holds the conversation meanwhile."""
    shop, ana = shop_on_postgresql, shop_on_postgresql.telegrammer("Ana")
    await fill_cart(shop, ana)
    await ana.says("hello again")
    with holding(shop, "SELECT key FROM conversation FOR UPDATE"):
        ana.user.say(shop.bot, "show my cart")
        kept = select(InboxEvent).where(InboxEvent.state == InboxState.WAITING)
        await until(lambda: shop.read(lambda session: session.scalars(kept).all()))
        shop.kill()
    await shop.start()
    assert "Black stoneware mug" in await ana.hears("€24.00")
    carts = [message for message in ana.shown() if "€24.00" in message.text]
    assert len(carts) == 1


async def test_an_order_is_placed_once_when_its_turn_was_killed_midway(
    shop_on_postgresql: ShopProcess,
) -> None:
    """The turn waits for the stock's row inside its transaction when it is killed."""
    shop, ana = shop_on_postgresql, shop_on_postgresql.telegrammer("Ana")
    await fill_cart(shop, ana)
    await check_out(ana)
    with holding(shop, "SELECT id FROM variant FOR UPDATE"):
        ana.user.tap(shop.bot, "Pay")
        await blocked_by_a_lock(shop)
        shop.kill()
        assert shop.orders() == []
    await shop.start()
    await until(lambda: any("invoice" in message.content for message in ana.shown()), seconds=30)
    assert (await ana.pays()).paid
    await ana.hears("Your payment of")
    bought_once(shop)
    heard(shop, ana)


async def test_what_was_not_acknowledged_is_sent_again_and_answered_once(
    request: pytest.FixtureRequest, shop_template: Template, tmp_path: Path
) -> None:
    """On SQLite: another process holds the write lock, so that the event cannot be kept, when the shop is killed."""
    async with killable(request, shop_template, tmp_path, "sqlite") as shop:
        bo = shop.web_visitor()
        await fill_cart(shop, bo)
        said = {"id": "the-same-id", "text": "show my cart"}
        async with httpx.AsyncClient(timeout=30) as client:
            with shop.database.engine.connect() as connection:
                connection.exec_driver_sql("SELECT 1")  # begins, and so holds the lock
                asked = asyncio.create_task(client.post(bo.address, json=said))
                answered, _ = await asyncio.wait({asked}, timeout=1)
                assert not answered, "what is not on disk is not acknowledged"
                shop.kill()
            with pytest.raises(httpx.TransportError):
                await asked
            await shop.start()
            for _ in range(2):
                assert (await client.post(bo.address, json=said)).status_code == 202
        assert "€24.00" in await bo.hears("Black stoneware mug")
        await shop.settled()
        statement = select(func.count()).where(InboxEvent.external_id == "the-same-id")
        assert shop.read(lambda session: session.scalar(statement)) == 1


# ---------------------------------------------------------------------- paying


async def test_a_page_that_stripe_made_is_used_although_its_answer_was_never_read(
    shop: ShopProcess, stripe_holds: asyncio.Event
) -> None:
    bo, stripe = shop.web_visitor(), shop.sandbox.stripe
    await fill_cart(shop, bo)
    await check_out(bo)
    stripe.faults.next("POST /v1/checkout/sessions", ["slow"])
    await bo.taps("Pay")
    await until(lambda: list(stripe.account.sessions))
    await shop.restart()  # the first request is still being worked on when the same key comes again
    stripe_holds.set()
    await bo.hears("Pay safely")
    assert (await stripe.pay(session_of(bo))).paid
    await bo.hears("Thank you")
    await shop.settled()
    bought_once(shop)


async def test_a_payment_made_while_the_shop_is_dead_counts_when_stripe_tells_of_it(
    shop: ShopProcess,
) -> None:
    bo, stripe = shop.web_visitor(), shop.sandbox.stripe
    await order(shop, bo)
    stripe.webhooks.hold()
    assert (await stripe.pay(session_of(bo))).paid
    shop.kill()
    await shop.start()
    stripe.webhooks.release()
    await bo.hears("Thank you")
    await shop.settled()
    bought_once(shop)


async def test_a_notice_that_was_kept_counts_after_the_restart(shop_on_postgresql: ShopProcess) -> None:
    shop, stripe = shop_on_postgresql, shop_on_postgresql.sandbox.stripe
    bo = shop.web_visitor()
    await order(shop, bo)
    await shop.settled()
    with holding(shop, "SELECT key FROM conversation FOR UPDATE"):
        assert (await stripe.pay(session_of(bo))).paid
        kept = select(InboxEvent).where(InboxEvent.state == InboxState.WAITING)
        await until(lambda: shop.read(lambda session: session.scalars(kept).all()))
        shop.kill()
    await shop.start()
    await bo.hears("Thank you")
    await shop.settled()
    bought_once(shop)


async def test_a_telegram_payment_made_while_the_shop_is_dead_counts_when_it_is_back(
    shop: ShopProcess,
) -> None:
    ana, telegram, stripe = shop.telegrammer("Ana"), shop.sandbox.telegram, shop.sandbox.stripe
    await order(shop, ana)

    class Killer:
        """The card is charged, and at that moment the shop dies."""

        def charge(self, amount_minor: int, currency: str, card: str, description: str) -> str:
            shop.kill()
            return stripe.charge(amount_minor, currency, card, description)

    telegram.payments = Killer()
    assert (await ana.pays()).paid
    await shop.start()
    await ana.hears("Your payment of")
    bought_once(shop)
    heard(shop, ana)


async def test_a_shop_that_dies_before_its_last_word_charges_nobody(shop: ShopProcess) -> None:
    ana = shop.telegrammer("Ana")
    await order(shop, ana)
    shop.sandbox.telegram.faults.next("answerPreCheckoutQuery", [hang()])
    paying = asyncio.create_task(ana.pays())
    asked = select(OutboxRow).where(OutboxRow.dedupe.startswith("invoice-check:"))
    await until(
        lambda: shop.read(lambda session: [r for r in session.scalars(asked) if r.state == "sending"])
    )
    await shop.restart()
    outcome = await paying
    if not outcome.paid:  # the restart took longer than Telegram waits
        assert outcome.status == "timed_out"
        assert charges(shop) == []
        assert (await ana.pays()).paid
    await ana.hears("Your payment of")
    await shop.settled()
    (placed,) = shop.orders()
    assert placed.status is OrderStatus.PAID
    assert charges(shop) == [(3390, 0)]
    assert shop.parked() == []


# ---------------------------------------------------------------------- giving back


async def test_money_goes_back_once_although_the_answer_was_never_read(
    shop: ShopProcess, stripe_holds: asyncio.Event
) -> None:
    bo, stripe = shop.web_visitor(), shop.sandbox.stripe
    await order(shop, bo)
    assert (await stripe.pay(session_of(bo))).paid
    await bo.hears("Thank you")
    await bo.says("cancel my order")
    stripe.webhooks.hold()
    stripe.faults.next("POST /v1/refunds", ["slow"])
    await bo.taps("Yes, cancel it")
    await until(lambda: list(stripe.account.refunds))
    await shop.restart()
    stripe_holds.set()
    stripe.webhooks.release()
    await bo.hears("Your refund of")
    await shop.settled()
    bought_once(shop, refunded=True)
    told = [message for message in bo.messages if "Your refund of" in getattr(message, "text", "")]
    assert len(told) == 1


# ---------------------------------------------------------------------- at any time


async def keep_killing(shop: ShopProcess, luck: random.Random, times: int) -> None:
    """Kill it again and again, each time after it has answered for a while."""
    for _ in range(times):
        await SystemClock().sleep(luck.uniform(0.1, 2.0))
        await shop.restart()


async def buy_through_it_all(shop: ShopProcess, ana: Telegrammer) -> None:
    """A customer who does the next thing whenever the last one was answered, and tries again to pay."""

    async def until_shown(words: str) -> None:
        await until(lambda: any(words in message.text for message in ana.shown()[-4:]), seconds=90)

    ana.user.say(shop.bot, "checkout")
    await until_shown("How would you like to get it?")
    ana.user.tap(shop.bot, "Express")
    await until_shown("Shall I place it?")
    ana.user.tap(shop.bot, "Pay")
    await until(lambda: any("invoice" in message.content for message in ana.shown()), seconds=90)
    outcome = await ana.pays()
    while outcome.status == "timed_out":
        outcome = await ana.pays()
    assert outcome.paid, outcome.reason
    await until_shown("Your payment of")
    ana.user.say(shop.bot, "cancel my order")
    await until_shown("Shall I cancel order")
    ana.user.tap(shop.bot, "Yes, cancel it")
    await until_shown("Your refund of")


async def killed_at_random(shop: ShopProcess, seed: int, times: int) -> None:
    ana = shop.telegrammer("Ana")
    await fill_cart(shop, ana)
    await asyncio.gather(keep_killing(shop, random.Random(seed), times), buy_through_it_all(shop, ana))
    await shop.settled()
    bought_once(shop, refunded=True)
    said = heard(shop, ana)
    assert sum(times - 1 for times in said.values()) <= shop.kills, said


async def test_a_purchase_survives_a_kill_at_any_time(shop: ShopProcess) -> None:
    await killed_at_random(shop, seed=random.randrange(10**6), times=1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
async def test_a_purchase_survives_kills_at_any_time(shop: ShopProcess, seed: int) -> None:
    await killed_at_random(shop, seed=seed, times=4)
