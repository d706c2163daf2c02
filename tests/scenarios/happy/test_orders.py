"""After buying: where the order is, and calling it off."""

import asyncio

import pytest

from tests.open_shop import OpenShop
from tests.scenarios.talking import Guest

pytestmark = pytest.mark.anyio


async def test_an_order_that_awaits_payment_leads_to_the_payment_page(guest: Guest) -> None:
    await guest.reaches_summary()
    await guest.says("yes")
    for question in ("where is my order?", "checkout", "I want to pay"):
        answer = await guest.says(question)
        assert "is waiting for your payment" in answer or "Pay" in answer, question
        assert "[Pay €21.90]" in answer, question


async def test_somebody_elses_order_is_not_found(quick_shop: OpenShop) -> None:
    anna, eve = Guest(quick_shop), Guest(quick_shop)
    await anna.reaches_summary()
    await anna.says("yes")
    (order,) = quick_shop.orders()
    answer = await eve.says(f"where is order {order.reference}?")
    assert "I can’t find that order among yours" in answer
    assert "Anna" not in answer
    assert "I can’t find that order among yours" in await eve.says(f"cancel order {order.reference}")
    assert "waiting for your payment" in await anna.says(f"where is order {order.reference}?")


async def test_an_order_is_called_off_after_one_more_question(guest: Guest) -> None:
    await guest.reaches_summary()
    await guest.says("yes")
    assert "Shall I cancel order" in await guest.says("cancel my order")
    assert "stays as it is" in await guest.says("no, keep it")
    assert "Shall I cancel order" in await guest.says("cancel")
    assert "Nothing was charged" in await guest.says("yes, cancel it")
    assert "is cancelled" in await guest.says("refund status?")


async def test_cancel_it_answers_the_question_whether_to_cancel(guest: Guest) -> None:
    await guest.reaches_summary()
    await guest.says("yes", "cancel my order")
    assert "is cancelled" in await guest.says("cancel it")


async def test_without_orders_every_question_about_them_says_so(quick_shop: OpenShop) -> None:
    for question in ("where is my order?", "refund status", "when will my order arrive?"):
        assert "You have no orders with us yet" in await Guest(quick_shop).says(question), question
    for wish in ("cancel", "cancel my order", "never mind"):
        assert "nothing to cancel" in await Guest(quick_shop).says(wish), wish


async def test_a_message_while_the_payment_page_is_opened_is_answered(quick_shop: OpenShop) -> None:
    guest = Guest(quick_shop)
    await guest.reaches_summary()
    token = guest.button("Pay").token
    # Both lie in the lane before Stripe can have answered.
    await asyncio.gather(
        guest.sends(token=token), guest.sends(text="does the black mug go in the dishwasher?")
    )
    said = guest.transcript()
    assert "Dishwasher: Yes" in said
    assert "Pay safely" in said
    assert len(quick_shop.orders()) == 1
