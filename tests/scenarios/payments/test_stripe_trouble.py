"""Stripe's notices come twice, late and in any order; its answers get lost; sometimes it is away altogether."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from bot.delivery.model import OutboxRow, OutboxState
from sandbox.stripe import wire
from shop.orders.model import OrderStatus
from tests.open_shop import OpenShop, Visitor
from tests.scenarios.payments.buying import (
    MUG,
    cart_of,
    change,
    charges,
    check_out,
    fill_cart,
    order,
    order_now,
    payments,
    session_of,
    set_price,
    until,
    webhooks_delivered,
)

pytestmark = pytest.mark.anyio
CREATE = "POST /v1/checkout/sessions"


async def bought(shop: OpenShop, bo: Visitor) -> None:
    """One order, paid once, its stock held, told once, and nothing left over."""
    (placed,) = shop.orders()
    assert placed.status is OrderStatus.PAID
    assert charges(shop) == [(placed.total_minor, 0)]
    assert [payment.amount_minor for payment in payments(shop)] == [placed.total_minor]
    assert len(list(shop.sandbox.stripe.account.sessions)) == 1
    assert shop.stock(MUG) == (11, 2)
    thanks = [message for message in bo.messages if "Your payment of" in getattr(message, "text", "")]
    assert len(thanks) == 1
    assert shop.parked() == []


@pytest.mark.parametrize("way", ["ok", "twice", "late:1", "lost_then_resent"])
async def test_a_payment_is_told_once_however_often_and_late_stripe_tells_it(
    shop: OpenShop, way: str
) -> None:
    bo, stripe = shop.web_visitor(), shop.sandbox.stripe
    await order(shop, bo)
    stripe.webhooks.next("checkout.session.completed", ["lost" if way == "lost_then_resent" else way])
    await stripe.pay(session_of(bo))
    if way == "lost_then_resent":
        (event,) = [e for e in stripe.account.events if e.type == "checkout.session.completed"]
        stripe.webhooks.resend(event.id)
        stripe.webhooks.resend(event.id)
    await bo.hears("Thank you")
    await webhooks_delivered(shop)
    await bought(shop, bo)


async def test_notices_in_the_wrong_order_end_the_same(shop: OpenShop) -> None:
    bo, stripe = shop.web_visitor(), shop.sandbox.stripe
    await order(shop, bo)
    stripe.webhooks.hold()
    await stripe.pay(session_of(bo))
    stripe.webhooks.release(reverse=True)
    await bo.hears("Thank you")
    await webhooks_delivered(shop)
    await bought(shop, bo)


async def test_a_forged_or_stale_notice_pays_nothing(shop: OpenShop) -> None:
    bo, stripe = shop.web_visitor(), shop.sandbox.stripe
    placed = await order(shop, bo)
    stripe.webhooks.next("*", ["forged"] * 9)
    await stripe.pay(session_of(bo))
    await webhooks_delivered(shop)
    assert order_now(shop, placed.id).status is OrderStatus.AWAITING_PAYMENT
    assert payments(shop) == []


@pytest.mark.parametrize("trouble", ["timeout", "lost", "500", "503", "429"])
async def test_a_payment_page_is_made_once_whatever_becomes_of_the_answer(
    shop: OpenShop, trouble: str
) -> None:
    bo, stripe = shop.web_visitor(), shop.sandbox.stripe
    stripe.faults.next(CREATE, [trouble])
    await order(shop, bo)
    await stripe.pay(session_of(bo))
    await bo.hears("Thank you")
    await bought(shop, bo)


async def test_a_notice_may_come_before_the_answer_about_the_page(
    shop: OpenShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They pay while our own request for the page still waits for its answer."""
    released = asyncio.Event()

    async def stuck(self: object, asked: object) -> None:
        await released.wait()

    monkeypatch.setattr(wire.Api, "_linger", stuck)
    bo, stripe = shop.web_visitor(), shop.sandbox.stripe
    await fill_cart(shop, bo)
    await check_out(bo)
    stripe.faults.next(CREATE, ["slow"])
    await bo.taps("Pay")
    await until(lambda: list(stripe.account.sessions))
    (page,) = stripe.account.sessions
    await stripe.pay(page.id)
    await bo.hears("Thank you")
    assert shop.orders()[0].payment_session is None, "the answer is not here yet"
    released.set()
    await shop.settled()
    await bought(shop, bo)
    assert not any("Pay safely" in getattr(message, "text", "") for message in bo.messages)


async def test_when_stripe_is_away_the_page_comes_once_it_is_back(shop: OpenShop) -> None:
    bo, stripe = shop.web_visitor(), shop.sandbox.stripe
    stripe.faults.next(CREATE, ["503", "lost", "503"])
    await order(shop, bo)
    await stripe.pay(session_of(bo))
    await bo.hears("Thank you")
    await bought(shop, bo)


async def test_an_order_that_stripe_makes_no_page_for_is_no_order_and_the_cart_is_as_it_was(
    shop: OpenShop,
) -> None:
    bo = shop.web_visitor()
    await set_price(shop, 10)  # Stripe takes nothing under 50 cents
    await fill_cart(shop, bo, units=1)
    await check_out(bo, "Pickup")
    said = await bo.taps("Pay")
    if "wouldn’t open" not in said:
        said = await bo.hears("wouldn’t open")
    assert "Your cart is as it was" in said
    (placed,) = shop.orders()
    assert placed.status is OrderStatus.CANCELLED
    assert "amount_too_small" in placed.moves[-1].why
    assert cart_of(shop, bo) == {MUG: 1}
    assert shop.stock(MUG) == (11, 0)
    await set_price(shop, 1200)
    assert "now costs €12.00" in await bo.says("checkout"), "and it can be bought after all"
    assert shop.parked() == []


async def test_an_order_that_telegram_takes_no_invoice_for_is_no_order_and_the_cart_is_as_it_was(
    shop: OpenShop,
) -> None:
    ana = shop.telegrammer("Ana")
    shop.bot.provider_tokens.clear()
    await fill_cart(shop, ana)
    await check_out(ana)
    await ana.taps("Pay")
    await ana.hears("")
    assert any("wouldn’t open" in message.text for message in ana.shown())
    assert [placed.status for placed in shop.orders()] == [OrderStatus.CANCELLED]
    assert cart_of(shop, ana) == {MUG: 2}
    assert shop.stock(MUG) == (11, 0)
    assert shop.parked() == []


async def test_stripe_answering_for_good_with_500_costs_the_customer_nothing(shop: OpenShop) -> None:
    """A 500 is kept under its key and replayed, so trying again is of no use; at last the order is taken back."""
    bo, stripe = shop.web_visitor(), shop.sandbox.stripe
    await fill_cart(shop, bo)
    await check_out(bo)
    stripe.faults.next(CREATE, ["500_saved"])
    await bo.taps("Pay")
    await shop.settled()
    due = datetime.now(UTC) - timedelta(seconds=1)
    open_calls = update(OutboxRow).where(OutboxRow.state == OutboxState.DUE)
    for _ in range(20):  # an hour of pauses, without waiting for them
        await change(shop, lambda session: session.execute(open_calls.values(due_at=due)))
        await shop.settled()
    await bo.hears("wouldn’t open")
    assert cart_of(shop, bo) == {MUG: 2}
    assert shop.stock(MUG) == (11, 0)
    assert shop.parked() == []


async def test_a_customer_who_calls_off_while_the_page_is_made_cannot_pay_it(
    shop: OpenShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = asyncio.Event()

    async def stuck(self: object, asked: object) -> None:
        await released.wait()

    monkeypatch.setattr(wire.Api, "_linger", stuck)
    bo, stripe = shop.web_visitor(), shop.sandbox.stripe
    await fill_cart(shop, bo)
    await check_out(bo)
    stripe.faults.next(CREATE, ["slow"])
    await bo.taps("Pay")
    await bo.says("cancel my order")
    assert "Nothing was charged" in await bo.taps("Yes, cancel it")
    released.set()
    await until(lambda: [page.status for page in stripe.account.sessions] == ["expired"])
    await shop.settled()
    assert shop.stock(MUG) == (11, 0)
    assert not any("Pay safely" in getattr(message, "text", "") for message in bo.messages)
    assert shop.parked() == []


async def test_a_customer_who_calls_off_before_stripe_refuses_hears_of_it_once(shop: OpenShop) -> None:
    bo, stripe = shop.web_visitor(), shop.sandbox.stripe
    await set_price(shop, 10)
    await fill_cart(shop, bo, units=1)
    await check_out(bo, "Pickup")
    stripe.faults.next(CREATE, ["503", "503", "503"])  # so that the refusal comes some seconds later
    await bo.taps("Pay")
    await bo.says("cancel my order")
    await bo.taps("Yes, cancel it")
    refused = select(OutboxRow).where(OutboxRow.state == OutboxState.DEAD)
    await until(lambda: shop.read(lambda session: session.scalars(refused).all()))
    await shop.settled()
    assert [placed.status for placed in shop.orders()] == [OrderStatus.CANCELLED]
    assert not any(re.search("wouldn’t open", getattr(message, "text", "")) for message in bo.messages)
    assert shop.stock(MUG) == (11, 0)
    assert shop.parked() == []
