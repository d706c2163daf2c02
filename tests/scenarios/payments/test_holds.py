"""Stock waits for its payment so long; what is paid after that is sent if it can be, and given back if not."""

import pytest

from shop.orders.model import OrderStatus
from tests.open_shop import OpenShop
from tests.scenarios.payments.buying import (
    MUG,
    charges,
    end_hold,
    order,
    order_now,
    refunds,
    session_of,
    set_stock,
    webhooks_delivered,
)

pytestmark = pytest.mark.anyio
LOOK = "GET /v1/checkout/sessions/{session}"  # what is asked before a page is closed
AWAY = ["lost"] * 100  # for longer than these stories last


async def test_an_order_nobody_pays_gives_its_goods_back_and_closes_its_page(shop: OpenShop) -> None:
    bo = shop.web_visitor()
    placed = await order(shop, bo)
    assert shop.stock(MUG) == (11, 2)
    await end_hold(shop, placed)
    assert "was not paid in time" in await bo.hears("Nothing was charged")
    assert order_now(shop, placed.id).status is OrderStatus.EXPIRED
    assert shop.stock(MUG) == (11, 0)
    assert [page.status for page in shop.sandbox.stripe.account.sessions] == ["expired"]
    assert not (await shop.sandbox.stripe.pay(session_of(bo))).paid
    assert charges(shop) == []
    assert shop.parked() == []


async def test_an_invoice_nobody_pays_ends_the_same(shop: OpenShop) -> None:
    ana = shop.telegrammer("Ana")
    placed = await order(shop, ana)
    await end_hold(shop, placed)
    await ana.hears("was not paid in time")
    assert order_now(shop, placed.id).status is OrderStatus.EXPIRED
    assert shop.stock(MUG) == (11, 0)


async def test_a_paid_order_does_not_expire(shop: OpenShop) -> None:
    ana = shop.telegrammer("Ana")
    placed = await order(shop, ana)
    await ana.pays()
    await ana.hears("Thank you")
    await end_hold(shop, placed)
    assert order_now(shop, placed.id).status is OrderStatus.PAID
    assert shop.stock(MUG) == (11, 2)


async def test_a_payment_told_after_the_hold_is_good_while_the_goods_are_there(shop: OpenShop) -> None:
    bo, stripe = shop.web_visitor(), shop.sandbox.stripe
    placed = await order(shop, bo)
    stripe.webhooks.hold()
    assert (await stripe.pay(session_of(bo))).paid
    stripe.faults.next(LOOK, AWAY)  # closing the page would tell us too
    await end_hold(shop, placed)
    await bo.hears("was not paid in time")
    stripe.webhooks.release()
    await bo.hears("Thank you")
    assert order_now(shop, placed.id).status is OrderStatus.PAID
    assert shop.stock(MUG) == (11, 2)
    assert charges(shop) == [(3390, 0)]
    assert shop.parked() == []


async def test_a_payment_whose_notice_is_lost_is_found_when_the_page_is_closed(shop: OpenShop) -> None:
    bo, stripe = shop.web_visitor(), shop.sandbox.stripe
    placed = await order(shop, bo)
    stripe.webhooks.next("checkout.session.completed", ["lost"])
    assert (await stripe.pay(session_of(bo))).paid
    await end_hold(shop, placed)
    await bo.hears("Thank you")
    assert order_now(shop, placed.id).status is OrderStatus.PAID
    assert shop.stock(MUG) == (11, 2)
    assert charges(shop) == [(3390, 0)]
    assert shop.parked() == []


async def test_a_payment_told_after_the_goods_are_gone_goes_back_with_the_reason(shop: OpenShop) -> None:
    bo, cy, stripe = shop.web_visitor(), shop.web_visitor(), shop.sandbox.stripe
    await set_stock(shop, 2)
    placed = await order(shop, bo)
    stripe.webhooks.hold()
    assert (await stripe.pay(session_of(bo))).paid
    stripe.faults.next(LOOK, AWAY)
    await end_hold(shop, placed)
    await order(shop, cy, units=1)
    stripe.webhooks.release()
    heard = await bo.hears("Your refund of <b>€33.90</b> is sent")
    assert "arrived after the order had ended" in heard
    assert order_now(shop, placed.id).status is OrderStatus.EXPIRED
    assert [(refund.reason, refund.amount_minor) for refund in refunds(shop)] == [("too_late", 3390)]
    assert charges(shop) == [(3390, 3390)]
    assert shop.stock(MUG) == (2, 1), "the other one keeps theirs"
    assert shop.parked() == []


async def test_a_payment_told_after_they_called_it_off_goes_back(shop: OpenShop) -> None:
    bo, stripe = shop.web_visitor(), shop.sandbox.stripe
    placed = await order(shop, bo)
    stripe.webhooks.hold()
    assert (await stripe.pay(session_of(bo))).paid
    await bo.says("cancel my order")
    await bo.taps("Yes, cancel it")
    stripe.webhooks.release()
    await bo.hears("is sent")
    await webhooks_delivered(shop)
    assert order_now(shop, placed.id).status is OrderStatus.CANCELLED
    assert charges(shop) == [(3390, 3390)]
    assert shop.stock(MUG) == (11, 0)


async def test_two_people_at_the_last_one_leave_one_buyer(shop: OpenShop) -> None:
    ana, bo = shop.telegrammer("Ana"), shop.web_visitor()
    await set_stock(shop, 2)
    placed = await order(shop, ana, units=2)
    await bo.says("hello")
    said = await bo.says("I want to buy a black mug")
    assert "[Pay" not in said
    assert shop.stock(MUG) == (2, 2)
    await ana.pays()
    await ana.hears("Thank you")
    assert [each.id for each in shop.orders()] == [placed.id]
