"""Buttons pressed twice, late, from old messages, forged, or typed."""

import pytest

from tests.open_shop import OpenShop
from tests.scenarios.talking import Guest

pytestmark = pytest.mark.anyio


async def test_a_button_may_be_typed(guest: Guest) -> None:
    await guest.says("black mug")
    assert "is in your cart" in await guest.says("add to cart")
    assert "Who is it for?" in await guest.says("Checkout")


async def test_pay_pressed_twice_places_one_order_and_leads_to_the_page(
    quick_shop: OpenShop, guest: Guest
) -> None:
    await guest.reaches_summary()
    token = guest.button("Pay").token
    await guest.sends(token=token)
    again = await guest.sends(token=token)
    assert len(quick_shop.orders()) == 1
    assert "is waiting for your payment" in again
    assert "[Pay €21.90]" in again


async def test_an_answer_pressed_twice_counts_once(guest: Guest) -> None:
    await guest.says("add a linen apron")
    token = guest.button("Rust").token
    assert "1 × <b>Linen apron (Rust)</b>" in await guest.sends(token=token)
    assert "I have that already" in await guest.sends(token=token)
    assert "1 × Linen apron (Rust)" in await guest.says("cart")


async def test_an_answer_from_an_old_message_gets_a_kind_answer(guest: Guest) -> None:
    await guest.says("add a linen apron")
    token = guest.button("Oat").token
    await guest.says("rust", "mugs")
    assert "That button is from earlier" in await guest.sends(token=token)
    assert "Oat" not in await guest.says("cart")


async def test_an_old_button_in_the_middle_of_the_checkout_does_not_disturb_it(guest: Guest) -> None:
    await guest.says("add a linen apron")
    token = guest.button("Oat").token
    await guest.says("rust", "checkout")
    answer = await guest.sends(token=token)
    assert "That button is from earlier" in answer
    assert "Who is it for?" in answer


async def test_a_change_button_of_an_order_that_is_placed_changes_nothing(guest: Guest) -> None:
    await guest.reaches_summary()
    token = guest.button("Change address").token
    await guest.says("yes")
    assert "is waiting for your payment" in await guest.sends(token=token)


async def test_a_button_of_an_old_message_that_begins_something_still_works(guest: Guest) -> None:
    await guest.says("black mug")
    token = guest.button("Add to cart").token
    await guest.says("do you have teapots?")
    assert "Black stoneware mug</b> is in your cart" in await guest.sends(token=token)


async def test_a_forged_or_borrowed_button_does_nothing(quick_shop: OpenShop) -> None:
    anna, eve = Guest(quick_shop), Guest(quick_shop)
    await anna.says("black mug")
    token = anna.button("Add to cart").token
    assert token is not None
    for forged in (token, "add_to_cart?variant=x.0.AAAAAAAA", "", "?confirm=yes.1.AAAAAAAA", "🙂" * 20):
        if forged:
            assert "That button is from earlier" in await eve.sends(token=forged), forged
    assert "empty so far" in await eve.says("cart")


async def test_a_yes_presses_what_was_offered_and_nothing_else(guest: Guest) -> None:
    assert "Shall we find something? [Browse the shop]" in await guest.says("where is my order?")
    assert "Here is what we have" in await guest.says("yes")
    assert "What would you like to do?" in await guest.says("yes")
