"""Telegram's pre-checkout query: the last place to say no before money moves, answered in time whatever happens."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update

from sandbox.stripe import wire
from sandbox.telegram.state import Invoice
from shop.orders.model import Order, OrderStatus
from tests.open_shop import OpenShop, Telegrammer
from tests.scenarios.payments.buying import (
    MUG,
    change,
    charges,
    check_out,
    end_hold,
    fill_cart,
    order,
    order_now,
    payments,
    refunds,
)

pytestmark = pytest.mark.anyio


async def refused(ana: Telegrammer, why: str) -> None:
    """Their payment is turned down with these words, and nothing was charged."""
    outcome = await ana.pays()
    assert outcome.status == "refused"
    assert why in outcome.reason
    assert "Nothing was charged" in outcome.reason
    assert charges(ana.shop) == []
    assert payments(ana.shop) == []


async def test_no_one_pays_for_an_order_whose_time_is_over(shop: OpenShop) -> None:
    ana = shop.telegrammer("Ana")
    placed = await order(shop, ana)
    await end_hold(shop, placed)
    assert order_now(shop, placed.id).status is OrderStatus.EXPIRED
    assert shop.stock(MUG) == (11, 0)
    await refused(ana, "no longer valid")


async def test_no_one_pays_in_the_moment_before_the_clock_ends_the_order(shop: OpenShop) -> None:
    ana = shop.telegrammer("Ana")
    placed = await order(shop, ana)
    past = update(Order).where(Order.id == placed.id).values(hold_until=placed.placed_at)
    await change(shop, lambda session: session.execute(past))
    await refused(ana, "no longer valid")


async def test_no_one_pays_for_an_order_they_called_off(shop: OpenShop) -> None:
    ana = shop.telegrammer("Ana")
    await order(shop, ana)
    await ana.says("cancel my order")
    await ana.taps("Yes, cancel it")
    await refused(ana, "no longer valid")


async def test_no_one_pays_an_amount_that_is_not_the_orders(shop: OpenShop) -> None:
    ana = shop.telegrammer("Ana")
    placed = await order(shop, ana)
    dearer = update(Order).where(Order.id == placed.id).values(items_minor=9900, total_minor=9900 + 990)
    await change(shop, lambda session: session.execute(dearer))
    await refused(ana, "not what this order costs")


def invoice_of(shop: OpenShop) -> Invoice:
    return next(iter(shop.sandbox.telegram.store.all(Invoice)))


@pytest.mark.parametrize("payload", ["019aa000-0000-7000-8000-000000000000", "not-ours"])
async def test_no_one_pays_for_an_order_that_we_do_not_know(shop: OpenShop, payload: str) -> None:
    ana = shop.telegrammer("Ana")
    await order(shop, ana)
    invoice_of(shop).details["payload"] = payload
    await refused(ana, "can’t find this order")
    assert shop.parked() == []


async def test_no_one_pays_for_an_order_of_somebody_else(shop: OpenShop) -> None:
    ana, bo = shop.telegrammer("Ana"), shop.telegrammer("Bo")
    placed = await order(shop, ana)
    await order(shop, bo)
    for invoice in shop.sandbox.telegram.store.all(Invoice):
        invoice.details["payload"] = str(placed.id)
    await refused(bo, "can’t find this order")


async def test_an_order_that_is_paid_is_not_paid_again(shop: OpenShop) -> None:
    ana = shop.telegrammer("Ana")
    placed = await order(shop, ana)
    await ana.pays()
    await ana.hears("Thank you")
    invoice_of(shop).paid_by.clear()  # a second copy of it, as in a forwarded message
    outcome = await ana.pays()
    assert (outcome.status, outcome.reason) == (
        "refused",
        "This order is paid already. Nothing was charged again.",
    )
    assert charges(shop) == [(3390, 0)]
    assert order_now(shop, placed.id).status is OrderStatus.PAID


async def test_the_answer_comes_in_time_while_stripe_is_slow_for_everybody_else(
    shop: OpenShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = asyncio.Event()

    async def stuck(self: wire.Api, asked: Any) -> None:
        await released.wait()

    monkeypatch.setattr(wire.Api, "_linger", stuck)
    ana, slow = shop.telegrammer("Ana"), [shop.web_visitor() for _ in range(3)]
    await order(shop, ana)
    shop.sandbox.stripe.faults.next("POST /v1/checkout/sessions", ["slow"] * len(slow))
    for visitor in slow:
        await fill_cart(shop, visitor, units=1)
        await check_out(visitor)
        await visitor.taps("Pay")
    outcome = await ana.pays()
    assert outcome.paid, outcome.reason
    released.set()
    for visitor in slow:
        await visitor.hears("Pay safely")
    assert order_now(shop, shop.orders()[0].id).status is OrderStatus.PAID


# ---------------------------------------------------------------------- and if the money moved all the same


async def test_money_for_an_order_that_we_do_not_know_goes_back_at_once(shop: OpenShop) -> None:
    ana = shop.telegrammer("Ana")
    await ana.says("hello")
    stripe = shop.sandbox.stripe
    payment = {
        "currency": "EUR",
        "total_amount": 1500,
        "invoice_payload": str(uuid4()),
        "telegram_payment_charge_id": "tg_1",
        "provider_payment_charge_id": stripe.charge(1500, "EUR", "visa", "an order from before"),
    }
    ana.user.tell(shop.bot, {"successful_payment": payment})
    heard = await ana.hears("Your refund of €15.00 is sent")
    assert "can’t find the order it was for" in heard
    assert charges(shop) == [(1500, 1500)]
    assert [(payment.order_id, payment.amount_minor) for payment in payments(shop)] == [(None, 1500)]
    assert [(refund.reason, refund.status.value) for refund in refunds(shop)] == [("no_order", "settled")]
    assert shop.parked() == []
