"""Cards that are refused, and people who pay more than once."""

import asyncio

import pytest

from shop.orders.model import OrderStatus
from tests.open_shop import OpenShop
from tests.scenarios.payments.buying import MUG, charges, order, order_now, payments, refunds, session_of

pytestmark = pytest.mark.anyio


async def test_a_declined_card_costs_nothing_and_another_one_pays_the_invoice(shop: OpenShop) -> None:
    ana = shop.telegrammer("Ana")
    placed = await order(shop, ana)
    declined = await ana.pays("declined")
    assert (declined.status, declined.reason) == ("declined", "generic_decline")
    assert order_now(shop, placed.id).status is OrderStatus.AWAITING_PAYMENT
    assert (await ana.pays("visa")).paid
    assert placed.reference in await ana.hears("Thank you")
    assert charges(shop) == [(3390, 0)]
    assert [payment.amount_minor for payment in payments(shop)] == [3390]
    assert shop.stock(MUG) == (11, 2)


async def test_a_declined_card_costs_nothing_and_another_one_pays_on_the_page(shop: OpenShop) -> None:
    bo = shop.web_visitor()
    placed = await order(shop, bo)
    for card in ("insufficient", "three_d_secure_refused", "abandon"):
        assert not (await shop.sandbox.stripe.pay(session_of(bo), card)).paid
    await shop.settled()
    assert order_now(shop, placed.id).status is OrderStatus.AWAITING_PAYMENT
    assert (await shop.sandbox.stripe.pay(session_of(bo), "three_d_secure")).paid
    await bo.hears("Thank you")
    assert charges(shop) == [(3390, 0)]
    assert order_now(shop, placed.id).status is OrderStatus.PAID


async def test_an_invoice_paid_on_two_phones_at_once_is_paid_once_and_the_other_goes_back(
    shop: OpenShop,
) -> None:
    ana = shop.telegrammer("Ana")
    placed = await order(shop, ana)
    outcomes = await asyncio.gather(ana.pays("visa"), ana.pays("mastercard"))
    assert [outcome.paid for outcome in outcomes] == [True, True], "both were asked before either had paid"
    await ana.hears("second payment")
    await ana.hears("Your refund of €33.90 is sent")
    assert sorted(charges(shop)) == [(3390, 0), (3390, 3390)]
    assert [(refund.reason, refund.status.value) for refund in refunds(shop)] == [("already_paid", "settled")]
    assert order_now(shop, placed.id).status is OrderStatus.PAID
    assert shop.stock(MUG) == (11, 2)
    assert shop.parked() == []


async def test_a_payment_page_takes_one_payment(shop: OpenShop) -> None:
    bo = shop.web_visitor()
    await order(shop, bo)
    page = session_of(bo)
    assert (await shop.sandbox.stripe.pay(page)).paid
    assert not (await shop.sandbox.stripe.pay(page)).paid
    await bo.hears("Thank you")
    assert charges(shop) == [(3390, 0)]
