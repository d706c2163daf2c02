"""One customer's whole way: hello, find, ask, put in the cart, check out, pay, ask where it is, cancel, refund."""

import re

import httpx
import pytest

from shop.orders.model import OrderStatus
from tests.open_shop import OpenShop

pytestmark = pytest.mark.anyio


async def test_a_customer_buys_on_telegram_with_a_native_invoice_and_cancels(shop: OpenShop) -> None:
    ana = shop.telegrammer("Ana")
    assert "[Browse the shop]" in await ana.says("hi")
    found = await ana.says("I need a black mug for coffee, under 15 euros")
    assert "Black stoneware mug" in found
    assert "€12.00" in found
    assert "in stock" in found
    assert "[Add to cart]" in found
    answer = await ana.says("do they go in the dishwasher?")
    assert "60 °C" in answer
    assert "Source:" in answer
    assert "€24.00" in await ana.says("2 of them please")
    assert "Who is it for?" in await ana.taps("Checkout")
    assert "How would you like to get it?" in await ana.says("Ana Ruiz")
    assert "Where shall we send it?" in await ana.taps("Express")
    assert "phone number" in await ana.says("Main Street 5, 9000 Ghent")
    summary = await ana.says("+32 9 123 45 67")
    assert "Total €33.90" in summary
    assert "Main Street 5" in summary
    assert "\n\n\n" not in summary, "what is left out of it leaves no hole"
    assert "Order" in await ana.taps("Pay")
    assert shop.stock("black-mug") == (11, 2), "payment has begun: the stock is held"
    outcome = await ana.pays()
    assert outcome.status == "paid"
    thanks = await ana.hears("Thank you, Ana")
    (order,) = shop.orders()
    assert order.reference in thanks
    assert order.status is OrderStatus.PAID
    assert order.total_minor == 3390
    status = await ana.says("where is my order?")
    assert order.reference in status
    assert "paid" in status
    assert "Shall I cancel" in await ana.says("cancel my order please")
    assert "on their way back" in await ana.taps("Yes, cancel it")
    await ana.hears("Your refund of €33.90 is sent")
    assert shop.orders()[0].status is OrderStatus.CANCELLED
    assert shop.stock("black-mug") == (11, 0)
    (charge,) = shop.sandbox.stripe.account.charges
    assert (charge.amount, charge.amount_refunded) == (3390, 3390)
    assert shop.parked() == []


@pytest.mark.parametrize("terminal", [False, True], ids=["web", "terminal"])
async def test_a_customer_buys_in_the_hosted_chats_with_a_payment_page(
    shop: OpenShop, terminal: bool
) -> None:
    bo = shop.web_visitor(terminal=terminal)
    assert "Welcome" in await bo.says("hello")
    await bo.says("I need a black mug for coffee, under 15 euros")
    assert "60 °C" in await bo.says("do they go in the dishwasher?")
    await bo.says("2 of them please")
    await bo.says("checkout")
    await bo.says("Bo Lind")
    await bo.says("standard")
    await bo.says("Hauptstr. 7, 10115 Berlin")
    assert "<b>Total €28.90</b>" in await bo.says("+49 30 1234567")
    said = await bo.says("yes")
    if "Pay safely" not in said:
        await bo.hears("Pay safely")
    page = bo.link()
    async with httpx.AsyncClient() as client:
        assert (await client.get(page)).status_code == 200
    outcome = await shop.sandbox.stripe.pay(page.rsplit("/", 1)[1], "visa")
    assert outcome.paid
    thanks = await bo.hears("Thank you, Bo")
    (order,) = shop.orders()
    assert order.reference in thanks
    assert order.status is OrderStatus.PAID
    assert re.search(r"paid and waits", await bo.says("where is my order?"))
    await bo.says("cancel my order")
    await bo.says("yes")
    await bo.hears("refund of")
    (charge,) = shop.sandbox.stripe.account.charges
    assert charge.amount_refunded == order.total_minor
    assert shop.stock("black-mug") == (11, 0)
    assert shop.parked() == []


async def test_a_customer_buys_on_messenger_with_a_payment_page_and_cancels(shop: OpenShop) -> None:
    eva = shop.page_visitor("Eva Maes", phone="+3291234567")
    assert "[Browse the shop]" in await eva.says("hi")
    found = await eva.says("I need a black mug for coffee, under 15 euros")
    assert "Black stoneware mug" in found
    assert "€12.00" in found
    assert "[Add to cart]" in found
    picture = eva.person.screen()[-1].cards[0].picture
    assert picture
    async with httpx.AsyncClient() as client:
        assert (await client.get(picture)).headers["content-type"] == "image/jpeg"
    answer = await eva.says("do they go in the dishwasher?")
    assert "60 °C" in answer
    assert "Source:" in answer
    assert "€24.00" in await eva.says("2 of them please")
    assert "Who is it for?" in await eva.taps("Checkout")
    await eva.says("Eva Maes")
    assert "Where shall we send it?" in await eva.taps("Express")
    assert "phone number" in await eva.says("Main Street 5, 9000 Ghent")
    eva.person.share_phone()
    summary = await eva.hears("Total")
    assert "Total €33.90" in summary
    assert "Main Street 5" in summary
    assert "\n\n\n" not in summary, "what is left out of it leaves no hole"
    said = await eva.taps("Pay")
    if "Pay safely" not in said:
        await eva.hears("Pay safely")
    assert shop.stock("black-mug") == (11, 2), "payment has begun: the stock is held"
    assert await eva.pays()
    thanks = await eva.hears("Receipt")
    (order,) = shop.orders()
    assert "Thank you, Eva" in thanks
    assert f"Receipt {order.reference}" in thanks
    assert order.status is OrderStatus.PAID
    assert order.total_minor == 3390
    status = await eva.says("where is my order?")
    assert order.reference in status
    assert "Shall I cancel" in await eva.says("cancel my order please")
    assert "on their way back" in await eva.taps("Yes, cancel it")
    await eva.hears("Your refund of €33.90 is sent")
    assert shop.orders()[0].status is OrderStatus.CANCELLED
    assert shop.stock("black-mug") == (11, 0)
    (charge,) = shop.sandbox.stripe.account.charges
    assert (charge.amount, charge.amount_refunded) == (3390, 3390)
    assert shop.parked() == []
    assert not shop.sandbox.messenger.refusals
